// A model as a board holds it: where everything lies in device memory, and the instructions of one token.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/fixed_weights.h"
#include "backend/trace.h"
#include "base/progress.h"
#include "model/model.h"
#include "program/configuration.h"
#include "program/instruction.h"

namespace ternion::fpga {

/// Trits in the array's order: row group after row group, in each chunk after chunk of columns, one word each; byte
/// l + lanes * g holds column l of the chunk and rows g * P to g * P + P - 1 of the group, two bits a trit (00, 01: +1, 11: -1)
/// or five trits a byte (sum of (trit + 1) * 3^j). Rows from `first` on, `rows` of them; what is beyond the matrix is 0.
std::vector<std::byte> packMatrix(const TernaryMatrix& matrix, int first, int rows, const Configuration& configuration);

/// int32 elements, zeros up to a whole word.
std::vector<std::byte> packVector(std::span<const std::int32_t> values, const Configuration& configuration);

/// What a program is asked for besides the token's way through the layers.
struct ProgramRequest {
    bool head = true;                           ///< the logits go to memory
    std::optional<int> onlyLayer = {};          ///< what goes in is in `vector()`, and so is what comes out
    bool onlyHead = false;                      ///< of what is in `vector()`
    std::vector<TraceRequest::Item> keep = {};  ///< written to traceSlot(0), traceSlot(1), ... as they are made
    std::vector<TraceRequest::Item> edit = {};  ///< the program stops after each of them, see Part
};

/// Instructions up to HALT. After the last part but one the host edits what `edited` names, in its slot of `edits()`, and the
/// next part takes it from there.
struct ProgramPart {
    std::vector<Instruction> instructions;
    std::optional<TraceRequest::Item> edited;
};

/// Immutable; keeps the model.
class ModelProgram {
public:
    /// DeviceOutOfMemory, with what is needed and what there is, where the accelerator's memories or `memoryBytes` are too
    /// small.
    static Result<ModelProgram> create(std::shared_ptr<const Model> model, const Configuration& configuration,
                                       std::uint64_t memoryBytes);

    const Model& model() const { return *model_; }
    const Configuration& configuration() const { return configuration_; }

    /// Gives every part of the image with its device address, some megabytes at a time. Stops at the first error of `write`.
    Status writeImage(const std::function<Status(std::uint64_t address, std::span<const std::byte>)>& write,
                      const Progress& progress) const;

    std::vector<ProgramPart> program(const ProgramRequest& request) const;
    /// Between the vector memory and the states at `address`: all layers.
    std::vector<Instruction> saveStates(std::uint64_t address) const;
    std::vector<Instruction> loadStates(std::uint64_t address) const;

    // Device addresses, bytes.
    std::uint64_t programs() const { return programs_; }  ///< room for programBytes() of instructions
    std::uint64_t programBytes() const { return programBytes_; }
    std::uint64_t logits() const { return logits_; }  ///< `[V]`
    std::uint64_t vector() const { return vector_; }  ///< `[D]`
    std::uint64_t edited() const { return edited_; }  ///< the widest tensor
    std::uint64_t traceSlot(int index) const { return traces_ + static_cast<std::uint64_t>(index) * slotBytes_; }
    std::uint64_t states() const { return states_; }  ///< from here to the end of memory: states, stateBytes() each
    std::uint64_t stateBytes() const;
    int stateWidth() const;                                     ///< int32 a layer, padding included
    int stateSlots() const;                                     ///< how many fit
    std::uint64_t weightBytes() const { return weightBytes_; }  ///< trits, as packed
    std::uint64_t imageBytes() const { return imageBytes_; }

    std::uint64_t slotBytes() const { return slotBytes_; }
    static constexpr int mostTraced = 512;  ///< tensors of one program

private:
    struct LinearPlace {
        const fixed::Linear* linear = nullptr;
        std::uint32_t weights = 0;          ///< words
        std::vector<std::uint32_t> matrix;  ///< words; two where the rows are halves
    };
    struct LayerPlaces {
        std::uint32_t attention = 0, output = 0, mlp = 0, bound = 0;
        LinearPlace i, f, g, o, gate, down;
    };
    /// Words of the vector memory.
    struct Registers {
        std::uint16_t x = 0, i = 0, f = 0, g = 0, u = 0, mixed = 0, glu = 0, states = 0;
    };
    /// A part of the image, made when it is written.
    struct Piece {
        std::uint64_t address = 0;
        std::function<std::vector<std::byte>()> make;
    };
    class Emitter;

    ModelProgram(std::shared_ptr<const Model> model, const Configuration& configuration);
    void placeImage();
    void placeRegisters();
    void placeBuffers();
    Status checkFit() const;
    std::uint32_t place(std::uint32_t words, std::function<std::vector<std::byte>()> make);
    std::uint32_t placeNorm(const fixed::NormWeights& weights);
    std::uint32_t placeMatrix(const TernaryMatrix& matrix, int first, int rows);
    LinearPlace placeLinear(const fixed::Linear& linear, int parts = 1);
    std::uint16_t stateRegister(int layer) const;

    std::shared_ptr<const Model> model_;
    Configuration configuration_;
    std::shared_ptr<const fixed::Weights> weights_;
    Registers registers_;
    int vectorWords_ = 0;
    std::uint32_t embeddings_ = 0, finalNorm_ = 0;
    std::vector<LayerPlaces> layers_;
    LinearPlace head_;
    std::vector<Piece> pieces_;
    std::uint64_t words_ = 0;  ///< placed so far
    std::uint64_t programs_ = 0, programBytes_ = 0, logits_ = 0, vector_ = 0, edited_ = 0, traces_ = 0, slotBytes_ = 0,
                  states_ = 0;
    std::uint64_t memoryBytes_ = 0, weightBytes_ = 0, imageBytes_ = 0;
};

}  // namespace ternion::fpga
