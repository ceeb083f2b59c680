#include "estimate/cycle_model.h"

#include <algorithm>

namespace ternion::fpga {
namespace {

// Cycles from the one in which the sequencer takes an instruction to the one in which its unit is done, besides those of its
// words. They are the depths of the RTL's pipelines.
constexpr double loadCycles = 1, storeCycles = 2, scaleCycles = 2, normCycles = 8, elementwiseCycles = 11;
constexpr double quantPassCycles = 6;                              // the pass over a
constexpr double quantCodesCycles = 33;                            // reciprocal, and the pass over u but for its words
constexpr double quantScaleCycles = 64;                            // reciprocal and multiplier, beside that pass
constexpr double matvecCycles = 9, logitsCycles = 2;               // array, rescaler, gathering; handing over the last word
constexpr double startReads = 2, startCycles = 12, endCycles = 6;  // the program's first word, then the row of the token

constexpr double fifoWords = 512;  // rtl/weight_streamer.sv

/// The streamer's FIFO: memory fills it while nothing, or little, is taken.
class Stream {
public:
    Stream(double words, const MemoryTiming& memory)
        : left_(words), supply_(std::min(memory.wordsPerCycle, fifoWords / std::max(memory.latency, 1.0))) {}

    void wait(double cycles) {
        const double came = std::min({left_, fifoWords - stored_, supply_ * cycles});
        stored_ += came;
        left_ -= came;
    }
    /// `words` are taken over `cycles`, while memory takes `written` too. Returns the cycles that it waits for memory.
    double take(double words, double cycles, double written = 0.0) {
        if (words <= 0.0) {
            wait(cycles);
            return 0.0;
        }
        const double supply = supply_ * words / (words + written);
        const double comes = std::min(supply * cycles, left_);
        const double missing = std::max(0.0, words - stored_ - comes);
        const double stall = missing / supply;
        const double came = std::min(comes + missing, fifoWords - stored_ + words);
        stored_ = std::max(0.0, stored_ + came - words);
        left_ = std::max(0.0, left_ - came);
        return stall;
    }

private:
    double left_;  ///< of the program's words, still in memory
    double supply_;
    double stored_ = 0.0;
};

bool isMatVec(Opcode opcode) { return opcode == Opcode::Matvec || opcode == Opcode::Head; }

/// Words that an instruction takes from memory.
double streamed(const Instruction& instruction, const Configuration& c) {
    switch (instruction.opcode) {
        case Opcode::Load:
        case Opcode::Quant:
            return instruction.count;
        case Opcode::Norm:
        case Opcode::Forget:
            return instruction.has(flag::weighted) ? instruction.count : 0.0;
        case Opcode::Matvec:
        case Opcode::Head:
            return static_cast<double>(c.groupsFor(static_cast<int>(instruction.count))) * instruction.b;
        default:
            return 0.0;
    }
}

double written(const Instruction& instruction, const Configuration& c) {
    if (instruction.opcode == Opcode::Store) return instruction.count;
    return instruction.has(flag::logits) && instruction.opcode == Opcode::Head
               ? instruction.count / static_cast<double>(c.elements())
               : 0.0;
}

/// Cycles after the last word has been taken, or all of them where none is.
double cyclesBeside(const Instruction& instruction, const Configuration& c, const MemoryTiming& memory) {
    const double count = instruction.count;
    switch (instruction.opcode) {
        case Opcode::Load:
            return loadCycles;
        case Opcode::Store:
            return storeCycles + count + memory.latency;
        case Opcode::Scale:
            return scaleCycles;
        case Opcode::Norm:
            return normCycles + (instruction.has(flag::weighted) ? 0.0 : count);
        case Opcode::Quant:
            return quantPassCycles + std::max(count + quantCodesCycles, quantScaleCycles);
        case Opcode::Matvec:
        case Opcode::Head: {
            const auto rows = static_cast<int>(instruction.count);
            const int last = rows - (c.groupsFor(rows) - 1) * c.rows();  // of the last row group
            return matvecCycles + last + (instruction.opcode == Opcode::Head ? logitsCycles : 0.0);
        }
        case Opcode::Halt:
            return 0.0;
        default:
            return elementwiseCycles + (instruction.has(flag::weighted) ? 0.0 : count);
    }
}

struct Widths {
    int hidden, state, inner;  ///< vector words
    Widths(const ModelConfig& model, const Configuration& c)
        : hidden(c.wordsFor(model.hiddenSize)),
          state(c.wordsFor(model.stateSize())),
          inner(c.wordsFor(model.intermediateSize)) {}
};

/// The order of ModelProgram, which a test holds it against.
class Shape {
public:
    Shape(const ModelConfig& model, const Configuration& configuration)
        : model_(model), c_(configuration), words_(model, configuration) {}

    std::vector<Instruction> token() {
        add(Opcode::Load, words_.hidden, flag::indexed);
        for (int l = 0; l < model_.numLayers; ++l) layer(model_.useLowerBound && l > 0);
        add(Opcode::Norm, words_.hidden, flag::weighted | flag::first);
        quantise(words_.hidden);
        multiply(Opcode::Head, model_.vocabSize, model_.hiddenSize, flag::logits);
        add(Opcode::Halt, 0);
        return std::move(program_);
    }

private:
    void add(Opcode opcode, int count, std::uint8_t flags = 0) {
        program_.push_back({opcode, flags, 0, 0, 0, static_cast<std::uint32_t>(count), 0});
    }
    void quantise(int words) {
        add(Opcode::Scale, 0);
        add(Opcode::Quant, words);
    }
    void multiply(Opcode opcode, int rows, int columns, std::uint8_t flags = 0) {
        add(opcode, c_.paddedRows(rows), flags);
        program_.back().b = static_cast<std::uint16_t>(c_.chunksFor(columns));
    }
    void layer(bool bound) {
        add(Opcode::Norm, words_.hidden, flag::weighted | flag::first);
        for (int projection = 0; projection < 3; ++projection) {
            quantise(words_.hidden);
            multiply(Opcode::Matvec, model_.stateSize(), model_.hiddenSize);
        }
        add(Opcode::Forget, words_.state, bound ? flag::weighted : std::uint8_t{0});
        add(Opcode::Cand, words_.state);
        add(Opcode::Decay, words_.state);
        add(Opcode::Add, words_.state, flag::state);
        add(Opcode::Gate, words_.state);
        add(Opcode::Norm, words_.state, flag::weighted);
        quantise(words_.state);
        multiply(Opcode::Matvec, model_.hiddenSize, model_.stateSize());
        add(Opcode::Add, words_.hidden);

        add(Opcode::Norm, words_.hidden, flag::weighted | flag::first);
        quantise(words_.hidden);
        for (int half = 0; half < 2; ++half) multiply(Opcode::Matvec, model_.intermediateSize, model_.hiddenSize);
        add(Opcode::Glu, words_.inner);
        add(Opcode::Norm, words_.inner);
        quantise(words_.inner);
        multiply(Opcode::Matvec, model_.hiddenSize, model_.intermediateSize);
        add(Opcode::Add, words_.hidden);
    }

    const ModelConfig& model_;
    const Configuration& c_;
    Widths words_;
    std::vector<Instruction> program_;
};

}  // namespace

std::vector<Instruction> tokenShape(const ModelConfig& model, const Configuration& configuration) {
    return Shape(model, configuration).token();
}

MemoryNeeds memoryNeeds(const ModelConfig& model, const Configuration& configuration) {
    const Widths words(model, configuration);
    MemoryNeeds needs;
    // x, mixed; i, f, g; u; both halves of the GLU; the states of all layers.
    needs.vectorWords = 2 * words.hidden + 3 * words.state + std::max({words.hidden, words.state, words.inner}) +
                        2 * words.inner + words.state * model.numLayers;
    needs.codeWords = configuration.chunksFor(std::max({model.hiddenSize, model.stateSize(), model.intermediateSize}));
    double all = static_cast<double>(model.vocabSize) * words.hidden, trits = 0.0;
    for (const Instruction& instruction : tokenShape(model, configuration)) {
        if (instruction.opcode == Opcode::Load) continue;
        all += streamed(instruction, configuration);
        if (isMatVec(instruction.opcode)) trits += streamed(instruction, configuration);
    }
    needs.imageBytes = all * configuration.wordBytes();
    needs.tritBytes = trits * configuration.wordBytes();
    return needs;
}

CycleEstimate estimateCycles(std::span<const Instruction> program, const Configuration& configuration,
                             const MemoryTiming& memory) {
    CycleEstimate estimate;
    for (const Instruction& instruction : program) {
        estimate.readWords += streamed(instruction, configuration);
        estimate.writtenWords += written(instruction, configuration);
    }
    const double perWord = static_cast<double>(configuration.wordBytes()) / Instruction::bytes;
    const double programWords = static_cast<double>(program.size()) / std::max(perWord, 1.0);
    // The program comes from the same memory.
    const double share = estimate.readWords / std::max(estimate.readWords + programWords, 1.0);
    Stream stream(estimate.readWords, {memory.wordsPerCycle * share, memory.latency});
    estimate.readWords += programWords;

    const double lastAnswer = estimate.writtenWords > 0.0 ? memory.latency : 0.0;
    estimate.total = startReads * memory.latency + startCycles + endCycles + lastAnswer;
    for (const Instruction& instruction : program) {
        const double words = streamed(instruction, configuration);
        double taking = words;
        if (isMatVec(instruction.opcode) && instruction.b < configuration.rows()) {
            const double groups = words / instruction.b;
            taking = (groups - 1) * configuration.rows() + instruction.b;  // the results of a row group leave one by one
        }
        const double stall = stream.take(words, taking, written(instruction, configuration));
        const double beside = cyclesBeside(instruction, configuration, memory);
        stream.wait(beside);
        estimate.total += taking + stall + beside;
        estimate.streamStalls += stall;
        if (!isMatVec(instruction.opcode)) continue;
        estimate.array += words;
        estimate.drainStalls += taking - words;
        estimate.matVec += taking + stall + beside;
    }
    return estimate;
}

}  // namespace ternion::fpga
