#include "program/model_program.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace ternion::fpga {
namespace {

constexpr std::uint64_t page = 4096;
constexpr int embeddingRows = 1024;  // tokens of one piece of the image

std::uint64_t aligned(std::uint64_t bytes) { return (bytes + page - 1) / page * page; }

std::vector<std::int32_t> widened(const std::vector<std::int16_t>& mantissas) { return {mantissas.begin(), mantissas.end()}; }

std::string mebibytes(std::uint64_t bytes) { return std::to_string((bytes + (1U << 20) - 1) >> 20) + " MiB"; }

}  // namespace

std::vector<std::byte> packMatrix(const TernaryMatrix& matrix, int first, int rows, const Configuration& c) {
    const int groups = c.groupsFor(rows), chunks = c.chunksFor(matrix.cols());
    std::vector<std::byte> packed(static_cast<std::size_t>(groups) * static_cast<std::size_t>(chunks) *
                                  static_cast<std::size_t>(c.wordBytes()));
    const auto trit = [&](int row, int column) {
        return row < rows && column < matrix.cols() ? matrix.trit(first + row, column) : 0;
    };
    auto out = packed.begin();
    for (int r = 0; r < groups; ++r)
        for (int chunk = 0; chunk < chunks; ++chunk)
            for (int g = 0; g < c.groups; ++g)
                for (int lane = 0; lane < c.lanes; ++lane, ++out) {
                    unsigned byte = 0;
                    for (int j = c.rowsOfByte() - 1; j >= 0; --j) {
                        const int value = trit(r * c.rows() + g * c.rowsOfByte() + j, chunk * c.lanes + lane);
                        byte = c.dense ? byte * 3 + static_cast<unsigned>(value + 1)
                                       : byte << 2 | (static_cast<unsigned>(value) & 3U);
                    }
                    *out = static_cast<std::byte>(byte);
                }
    return packed;
}

std::vector<std::byte> packVector(std::span<const std::int32_t> values, const Configuration& c) {
    std::vector<std::byte> packed(static_cast<std::size_t>(c.wordsFor(static_cast<int>(values.size()))) *
                                  static_cast<std::size_t>(c.wordBytes()));
    std::memcpy(packed.data(), values.data(), values.size_bytes());
    return packed;
}

// ---- Places ---------------------------------------------------------------------------------------------------------------

ModelProgram::ModelProgram(std::shared_ptr<const Model> model, const Configuration& configuration)
    : model_(std::move(model)),
      configuration_(configuration),
      weights_(std::make_shared<const fixed::Weights>(fixed::Weights::of(*model_))) {
    placeImage();
    placeRegisters();
    placeBuffers();
}

Result<ModelProgram> ModelProgram::create(std::shared_ptr<const Model> model, const Configuration& configuration,
                                          std::uint64_t memoryBytes) {
    ModelProgram made(std::move(model), configuration);
    made.memoryBytes_ = memoryBytes;
    TERNION_CHECK(made.checkFit());
    return made;
}

std::uint32_t ModelProgram::place(std::uint32_t words, std::function<std::vector<std::byte>()> make) {
    const auto at = static_cast<std::uint32_t>(words_);
    pieces_.push_back({words_ * static_cast<std::uint64_t>(configuration_.wordBytes()), std::move(make)});
    words_ += words;
    return at;
}

std::uint32_t ModelProgram::placeNorm(const fixed::NormWeights& weights) {
    return place(static_cast<std::uint32_t>(configuration_.wordsFor(static_cast<int>(weights.mantissas.size()))),
                 [&weights, c = configuration_] { return packVector(widened(weights.mantissas), c); });
}

std::uint32_t ModelProgram::placeMatrix(const TernaryMatrix& matrix, int first, int rows) {
    const auto words = static_cast<std::uint32_t>(configuration_.groupsFor(rows) * configuration_.chunksFor(matrix.cols()));
    weightBytes_ += std::uint64_t{words} * static_cast<std::uint64_t>(configuration_.wordBytes());
    return place(words, [&matrix, first, rows, c = configuration_] { return packMatrix(matrix, first, rows, c); });
}

ModelProgram::LinearPlace ModelProgram::placeLinear(const fixed::Linear& linear, int parts) {
    LinearPlace at{&linear, placeNorm(linear.weights), {}};
    const TernaryMatrix& matrix = linear.source->weight;
    const int rows = matrix.rows() / parts;
    for (int part = 0; part < parts; ++part) at.matrix.push_back(placeMatrix(matrix, part * rows, rows));
    return at;
}

void ModelProgram::placeImage() {
    const ModelConfig& config = model_->config;
    const auto rowWords = static_cast<std::uint32_t>(configuration_.wordsFor(config.hiddenSize));
    embeddings_ = 0;
    for (int first = 0; first < config.vocabSize; first += embeddingRows) {
        const int count = std::min(embeddingRows, config.vocabSize - first);
        place(rowWords * static_cast<std::uint32_t>(count), [first, count, rowWords, c = configuration_, model = model_] {
            const auto width = static_cast<std::size_t>(model->config.hiddenSize);
            std::vector<std::byte> rows;
            std::vector<float> row(width);
            std::vector<std::int32_t> values(static_cast<std::size_t>(rowWords) * static_cast<std::size_t>(c.elements()));
            for (int token = first; token < first + count; ++token) {
                model->embeddings.row(token, row);
                std::transform(row.begin(), row.end(), values.begin(),
                               [](float v) { return fixed::fromFloat(v, fixed::valueFraction); });
                const auto packed = packVector(values, c);
                rows.insert(rows.end(), packed.begin(), packed.end());
            }
            return rows;
        });
    }
    layers_.reserve(weights_->layers.size());
    for (const fixed::LayerWeights& w : weights_->layers) {
        LayerPlaces& at = layers_.emplace_back();
        at.attention = placeNorm(w.attention.weights);
        at.i = placeLinear(w.i);
        at.f = placeLinear(w.f);
        at.g = placeLinear(w.g);
        if (!w.lowerBound.empty())
            at.bound = place(static_cast<std::uint32_t>(configuration_.wordsFor(config.stateSize())),
                             [&w, c = configuration_] { return packVector(w.lowerBound, c); });
        at.output = placeNorm(w.output.weights);
        at.o = placeLinear(w.o);
        at.mlp = placeNorm(w.mlp.weights);
        at.gate = placeLinear(w.gate, 2);  // u and v apart, so that each begins a word
        at.down = placeLinear(w.down);
    }
    finalNorm_ = placeNorm(weights_->final.weights);
    head_ = placeLinear(weights_->head);
    imageBytes_ = words_ * static_cast<std::uint64_t>(configuration_.wordBytes());
}

void ModelProgram::placeRegisters() {
    const ModelConfig& config = model_->config;
    const int hidden = configuration_.wordsFor(config.hiddenSize), state = configuration_.wordsFor(config.stateSize()),
              inner = configuration_.wordsFor(config.intermediateSize);
    int next = 0;
    const auto take = [&](int words) { return static_cast<std::uint16_t>(std::exchange(next, next + words)); };
    registers_.x = take(hidden);
    registers_.i = take(state);
    registers_.f = take(state);
    registers_.g = take(state);
    registers_.u = take(std::max({hidden, state, inner}));
    registers_.mixed = take(hidden);
    registers_.glu = take(2 * inner);
    registers_.states = take(state * config.numLayers);
    vectorWords_ = next;
}

void ModelProgram::placeBuffers() {
    const ModelConfig& config = model_->config;
    const auto bytes = [&](int elements) {
        return static_cast<std::uint64_t>(configuration_.wordsFor(elements)) *
               static_cast<std::uint64_t>(configuration_.wordBytes());
    };
    std::uint64_t next = imageBytes_;
    const auto take = [&](std::uint64_t size) {
        next = aligned(next);
        return std::exchange(next, next + size);
    };
    constexpr std::uint64_t mostInstructions = 64;  // of a layer or the head, what is kept or edited aside
    programBytes_ = (mostInstructions * (layers_.size() + 1) + 3 * mostTraced) * Instruction::bytes;
    slotBytes_ = aligned(std::max({bytes(config.hiddenSize), bytes(config.stateSize()), 2 * bytes(config.intermediateSize)}));
    programs_ = take(programBytes_);
    logits_ = take(bytes(config.vocabSize));
    vector_ = take(bytes(config.hiddenSize));
    edited_ = take(slotBytes_);
    traces_ = take(slotBytes_ * mostTraced);
    states_ = aligned(next);
}

std::uint64_t ModelProgram::stateBytes() const {
    return aligned(static_cast<std::uint64_t>(stateWidth()) * sizeof(std::int32_t) * layers_.size());
}

int ModelProgram::stateWidth() const { return configuration_.wordsFor(model_->config.stateSize()) * configuration_.elements(); }

int ModelProgram::stateSlots() const {
    return memoryBytes_ < states_ ? 0 : static_cast<int>(std::min<std::uint64_t>((memoryBytes_ - states_) / stateBytes(), 64));
}

Status ModelProgram::checkFit() const {
    const ModelConfig& config = model_->config;
    const int codeWords = configuration_.chunksFor(std::max({config.hiddenSize, config.stateSize(), config.intermediateSize}));
    const auto tooSmall = [&](const std::string& what, const std::string& needed, const std::string& there) {
        return Error{
            ErrorCode::DeviceOutOfMemory,
            what + ": " + needed + " are needed, the board has " + there + "; take a smaller model or a board built for it",
            model_->name};
    };
    if (vectorWords_ > configuration_.vectorWords)
        return tooSmall("the model does not fit the accelerator's vector memory", std::to_string(vectorWords_) + " words",
                        std::to_string(configuration_.vectorWords));
    if (codeWords > configuration_.codeWords)
        return tooSmall("the model does not fit the accelerator's code memory", std::to_string(codeWords) + " words",
                        std::to_string(configuration_.codeWords));
    if (words_ > 0xFFFFFFFFU || states_ + stateBytes() > memoryBytes_)
        return tooSmall("the model does not fit the board's memory", mebibytes(states_ + stateBytes()),
                        mebibytes(memoryBytes_));
    return {};
}

std::uint16_t ModelProgram::stateRegister(int layer) const {
    return static_cast<std::uint16_t>(registers_.states + layer * configuration_.wordsFor(model_->config.stateSize()));
}

Status ModelProgram::writeImage(const std::function<Status(std::uint64_t, std::span<const std::byte>)>& write,
                                const Progress& progress) const {
    for (const Piece& piece : pieces_) {
        if (progress.stopped()) return Error{ErrorCode::Cancelled, "stopped", model_->name};
        TERNION_CHECK(write(piece.address, piece.make()));
        progress.tell("Writing the model to the board", static_cast<double>(piece.address) / static_cast<double>(imageBytes_));
    }
    return {};
}

// ---- Programs -------------------------------------------------------------------------------------------------------------

/// Writes the parts of one program.
class ModelProgram::Emitter {
public:
    Emitter(const ModelProgram& program, const ProgramRequest& request)
        : program_(program), request_(request), c_(program.configuration_), r_(program.registers_) {
        const ModelConfig& config = program.model_->config;
        hidden_ = static_cast<std::uint32_t>(c_.wordsFor(config.hiddenSize));
        state_ = static_cast<std::uint32_t>(c_.wordsFor(config.stateSize()));
        inner_ = static_cast<std::uint32_t>(c_.wordsFor(config.intermediateSize));
        parts_.emplace_back();
    }

    std::vector<ProgramPart> emit() {
        const int layers = program_.model_->config.numLayers;
        const bool given = request_.onlyLayer || request_.onlyHead;
        const auto words = static_cast<std::uint64_t>(c_.wordBytes());
        if (given)
            add({Opcode::Load, 0, r_.x, 0, 0, hidden_, static_cast<std::uint32_t>(program_.vector_ / words)});
        else
            add({Opcode::Load, flag::indexed, r_.x, 0, 0, hidden_, program_.embeddings_});
        if (request_.onlyLayer)
            layer(*request_.onlyLayer);
        else if (!request_.onlyHead)
            for (int l = 0; l < layers; ++l) layer(l);
        if (request_.onlyLayer)
            add({Opcode::Store, 0, 0, r_.x, 0, hidden_, static_cast<std::uint32_t>(program_.vector_ / words)});
        else if (!given)
            see(TraceTensor::Residual, layers, r_.x, hidden_);
        if (request_.head || request_.onlyHead) head();
        add({});
        return std::move(parts_);
    }

private:
    void add(const Instruction& instruction) { parts_.back().instructions.push_back(instruction); }

    /// Keeps a tensor that lies in `words` words from `from` on, and lets the host edit it.
    void see(TraceTensor tensor, int layer, std::uint16_t from, std::uint32_t words) {
        const TraceRequest::Item item{tensor, layer};
        const auto address = [&](std::uint64_t bytes) {
            return static_cast<std::uint32_t>(bytes / static_cast<std::uint64_t>(c_.wordBytes()));
        };
        if (std::find(request_.edit.begin(), request_.edit.end(), item) != request_.edit.end()) {
            add({Opcode::Store, 0, 0, from, 0, words, address(program_.edited_)});
            add({});
            parts_.back().edited = item;
            parts_.emplace_back();
            add({Opcode::Load, 0, from, 0, 0, words, address(program_.edited_)});
        }
        for (std::size_t slot = 0; slot < request_.keep.size(); ++slot)
            if (request_.keep[slot] == item)
                add({Opcode::Store, 0, 0, from, 0, words, address(program_.traceSlot(static_cast<int>(slot)))});
    }

    /// Both norms are in `norm`; the product is in `to`, halves of its rows one after the other.
    void project(const LinearPlace& at, const fixed::Norm& norm, std::uint16_t from, std::uint32_t words, std::uint16_t to) {
        quantise(at, norm, from, words);
        const TernaryMatrix& matrix = at.linear->source->weight;
        const int rows = matrix.rows() / static_cast<int>(at.matrix.size());
        for (const std::uint32_t place : at.matrix) {
            add({Opcode::Matvec, 0, to, 0, static_cast<std::uint16_t>(c_.chunksFor(matrix.cols())),
                 static_cast<std::uint32_t>(c_.paddedRows(rows)), place});
            to = static_cast<std::uint16_t>(to + c_.wordsFor(rows));
        }
    }
    void quantise(const LinearPlace& at, const fixed::Norm& norm, std::uint16_t from, std::uint32_t words) {
        add(scaleInstruction(at.linear->scale, norm.epsilon));
        add({Opcode::Quant, 0, r_.u, from, 0, words, at.weights});
    }

    void layer(int l) {
        const LayerPlaces& at = program_.layers_[static_cast<std::size_t>(l)];
        const fixed::LayerWeights& w = program_.weights_->layers[static_cast<std::size_t>(l)];
        const std::uint16_t h = program_.stateRegister(l);
        see(TraceTensor::Residual, l, r_.x, hidden_);
        add({Opcode::Norm, flag::weighted | flag::first, 0, r_.x, 0, hidden_, at.attention});
        project(at.i, w.attention, r_.x, hidden_, r_.i);
        see(TraceTensor::CandidateProjection, l, r_.i, state_);
        project(at.f, w.attention, r_.x, hidden_, r_.f);
        see(TraceTensor::ForgetProjection, l, r_.f, state_);
        project(at.g, w.attention, r_.x, hidden_, r_.g);
        see(TraceTensor::OutputGate, l, r_.g, state_);
        add({Opcode::Forget, w.lowerBound.empty() ? std::uint8_t{0} : flag::weighted, r_.f, r_.f, 0, state_, at.bound});
        see(TraceTensor::ForgetGate, l, r_.f, state_);
        add({Opcode::Cand, 0, r_.i, r_.i, r_.f, state_, 0});
        see(TraceTensor::Candidate, l, r_.i, state_);
        add({Opcode::Decay, 0, r_.f, r_.f, h, state_, 0});
        add({Opcode::Add, flag::state, h, r_.f, r_.i, state_, 0});
        see(TraceTensor::State, l, h, state_);
        add({Opcode::Gate, 0, r_.i, r_.g, h, state_, 0});
        add({Opcode::Norm, flag::weighted, 0, r_.i, 0, state_, at.output});
        project(at.o, w.output, r_.i, state_, r_.mixed);
        see(TraceTensor::TokenMixer, l, r_.mixed, hidden_);
        add({Opcode::Add, 0, r_.x, r_.x, r_.mixed, hidden_, 0});

        see(TraceTensor::MidResidual, l, r_.x, hidden_);
        add({Opcode::Norm, flag::weighted | flag::first, 0, r_.x, 0, hidden_, at.mlp});
        project(at.gate, w.mlp, r_.x, hidden_, r_.glu);
        see(TraceTensor::GluProjection, l, r_.glu, 2 * inner_);
        add({Opcode::Glu, 0, r_.glu, r_.glu, static_cast<std::uint16_t>(r_.glu + inner_), inner_, 0});
        see(TraceTensor::Glu, l, r_.glu, inner_);
        add({Opcode::Norm, 0, 0, r_.glu, 0, inner_, 0});
        project(at.down, w.glu, r_.glu, inner_, r_.mixed);
        see(TraceTensor::ChannelMixer, l, r_.mixed, hidden_);
        add({Opcode::Add, 0, r_.x, r_.x, r_.mixed, hidden_, 0});
        see(TraceTensor::LayerOutput, l, r_.x, hidden_);
    }

    void head() {
        const TernaryMatrix& matrix = program_.head_.linear->source->weight;
        add({Opcode::Norm, flag::weighted | flag::first, 0, r_.x, 0, hidden_, program_.finalNorm_});
        quantise(program_.head_, program_.weights_->final, r_.x, hidden_);
        add({Opcode::Head, flag::logits, 0, 0, static_cast<std::uint16_t>(c_.chunksFor(matrix.cols())),
             static_cast<std::uint32_t>(c_.paddedRows(matrix.rows())), program_.head_.matrix.front()});
    }

    const ModelProgram& program_;
    const ProgramRequest& request_;
    const Configuration& c_;
    const Registers& r_;
    std::uint32_t hidden_ = 0, state_ = 0, inner_ = 0;
    std::vector<ProgramPart> parts_;
};

std::vector<ProgramPart> ModelProgram::program(const ProgramRequest& request) const { return Emitter(*this, request).emit(); }

std::vector<Instruction> ModelProgram::saveStates(std::uint64_t address) const {
    const auto words =
        static_cast<std::uint32_t>(configuration_.wordsFor(model_->config.stateSize()) * model_->config.numLayers);
    return {{Opcode::Store, 0, 0, registers_.states, 0, words,
             static_cast<std::uint32_t>(address / static_cast<std::uint64_t>(configuration_.wordBytes()))},
            {}};
}

std::vector<Instruction> ModelProgram::loadStates(std::uint64_t address) const {
    const auto words =
        static_cast<std::uint32_t>(configuration_.wordsFor(model_->config.stateSize()) * model_->config.numLayers);
    return {{Opcode::Load, 0, registers_.states, 0, 0, words,
             static_cast<std::uint32_t>(address / static_cast<std::uint64_t>(configuration_.wordBytes()))},
            {}};
}

}  // namespace ternion::fpga
