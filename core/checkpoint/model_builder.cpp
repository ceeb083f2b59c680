#include "checkpoint/model_builder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <set>

#include "base/parallel.h"
#include "checkpoint/model_tensors.h"
#include "checkpoint/packed_trits.h"

namespace ternion {
namespace {

constexpr const char* embeddingsName = "model.embeddings.weight";
constexpr const char* headName = "lm_head.weight";

Shape boundsShape(const ModelConfig& config) { return {config.numLayers, config.stateSize()}; }

const char* boundsName(SourceKind kind) { return kind == SourceKind::Packed ? packedLowerBounds : rawLowerBounds; }

/// A row of a packed tensor is whole blocks.
Shape storedShape(SourceKind kind, Shape shape) {
    if (kind == SourceKind::Packed) shape.back() = TernaryMatrix::paddedColumns(static_cast<int>(shape.back()));
    return shape;
}

/// First visit: every tensor is there with the right shape and type, before anything is allocated for one.
class Checker {
public:
    Checker(SourceKind kind, const TensorSource& source) : kind_(kind), source_(source) {}

    Status trits(const std::string& name, const TernaryMatrix&, Shape shape) {
        if (kind_ == SourceKind::Latent) return tied(name) ? Status() : expect(name, shape);
        TERNION_CHECK(expect(scaleName(name), {1}));
        return expect(name, storedShape(kind_, std::move(shape)), true);
    }
    Status floats(const std::string& name, const std::vector<float>&, const Shape& shape) { return expect(name, shape); }
    Status embedding(const std::string& name, const Embedding&, const Shape& shape) { return expect(name, shape); }
    Status lowerBounds(const Model& model) {
        auto status = expect(boundsName(kind_), boundsShape(model.config));
        if (status || model.config.expandRatio == 1) return status;
        Error error = status.error();
        error.message += "; with an expand_ratio of " + std::to_string(model.config.expandRatio) +
                         " the gates are wider than hidden_size, and each of their channels needs a bound";
        return error;
    }
    /// After the visit.
    Status nothingElse() const {
        for (const auto& [name, tensor] : source_.tensors())
            if (!expected_.contains(name))
                return Error{ErrorCode::BadInput,
                             "the model that the configuration describes has no such tensor (its shape is " +
                                 toText(tensor.shape) + ", " + std::string(nameOf(tensor.type)) + ")",
                             source_.context(name)};
        return {};
    }
    void tieHead() { tied_ = true; }

private:
    bool tied(const std::string& name) const { return tied_ && name == headName && source_.find(name) == nullptr; }
    Status expect(const std::string& name, const Shape& shape, bool packed = false) {
        expected_.insert(name);
        const StoredTensor* tensor = source_.find(name);
        const auto bad = [&](const std::string& found) {
            return Error{ErrorCode::BadInput, "expected " + toText(shape) + ", found " + found, source_.context(name)};
        };
        if (tensor == nullptr) return bad("no tensor of this name");
        if (tensor->shape != shape) return bad(toText(tensor->shape));
        if (asFloat(tensor->type).has_value() == packed)
            return bad(std::string(nameOf(tensor->type)) + " where " + (packed ? "TQ2_0 or TQ1_0" : "F32, F16 or BF16") +
                       " belongs");
        return {};
    }

    SourceKind kind_;
    const TensorSource& source_;
    bool tied_ = false;
    std::set<std::string, std::less<>> expected_;
};

/// Second visit: reads. Shapes and types have been checked.
class Loader {
public:
    Loader(SourceKind kind, const TensorSource& source, const Progress& progress)
        : kind_(kind), source_(source), progress_(progress) {
        for (const auto& [name, tensor] : source.tensors()) all_ += static_cast<double>(tensor.bytes.size());
        ahead_ = source.readAhead();
    }

    Status trits(const std::string& name, TernaryMatrix& matrix, const Shape& shape) {
        const bool own = source_.find(name) != nullptr;
        TERNION_TRY(const auto* tensor, begin(own ? name : embeddingsName));
        auto read = [&]() -> Result<TernaryMatrix> {
            const auto rows = static_cast<int>(shape[0]), cols = static_cast<int>(shape[1]);
            if (kind_ == SourceKind::Latent)
                return TernaryMatrix::fromLatent(*asFloat(tensor->type), tensor->bytes, rows, cols);
            float gamma = 0.0F;
            toFloats(FloatType::F32, source_.find(scaleName(name))->bytes, std::span(&gamma, 1));
            return unpackRows(tensor->type, tensor->bytes, rows, cols, gamma);
        }();
        if (!read) return named(read.error(), name);
        matrix = std::move(*read);
        end(*tensor);
        return {};
    }
    Status floats(const std::string& name, std::vector<float>& values, const Shape& shape) {
        TERNION_TRY(const auto* tensor, begin(name));
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        values.resize(static_cast<std::size_t>(count));
        toFloats(*asFloat(tensor->type), tensor->bytes, values);
        TERNION_CHECK(finite(name, values, 0, shape.size() > 1 ? shape.back() : count));
        end(*tensor);
        return {};
    }
    Status embedding(const std::string& name, Embedding& embedding, const Shape& shape) {
        TERNION_TRY(const auto* tensor, begin(name));
        TERNION_TRY(auto data, AlignedBuffer::allocate(tensor->bytes.size()));
        const FloatType type = *asFloat(tensor->type);
        std::atomic<bool> good = true;
        inParallel(data.size() / bytesOf(type), std::size_t{1} << 19, [&](std::size_t first, std::size_t last) {
            const auto part = tensor->bytes.subspan(first * bytesOf(type), (last - first) * bytesOf(type));
            std::memcpy(data.data() + first * bytesOf(type), part.data(), part.size());
            if (!allFinite(type, part)) good = false;
        });
        end(*tensor);
        TERNION_TRY(embedding,
                    Embedding::create(std::move(data), type, static_cast<int>(shape[0]), static_cast<int>(shape[1])));
        if (good) return {};
        std::vector<float> row(static_cast<std::size_t>(shape[1]));
        for (int token = 0; token < embedding.rows(); ++token) {
            embedding.row(token, row);
            TERNION_CHECK(finite(name, row, token, shape[1]));
        }
        return {};
    }
    Status lowerBounds(Model& model) {
        std::vector<float> bounds;
        TERNION_CHECK(floats(boundsName(kind_), bounds, boundsShape(model.config)));
        const int width = model.config.stateSize();
        if (kind_ == SourceKind::Latent) bounds = lowerBoundsFrom(bounds, model.config.numLayers, width);
        for (std::size_t l = 1; l < model.layers.size(); ++l) {
            const auto first = bounds.begin() + static_cast<std::ptrdiff_t>(l) * width;
            model.layers[l].lowerBound.assign(first, first + width);
        }
        return {};
    }

private:
    Error named(Error error, const std::string& name) const {
        error.context = source_.context(name);
        return error;
    }
    Result<const StoredTensor*> begin(const std::string& name) {
        if (progress_.stopped()) return Error{ErrorCode::Cancelled, "loading was stopped", {}};
        progress_.tell("Reading " + name, done_ / std::max(all_, 1.0));
        return source_.find(name);
    }
    void end(const StoredTensor& tensor) {
        done_ += static_cast<double>(tensor.bytes.size());
        source_.release(tensor);
    }
    Status finite(const std::string& name, const std::vector<float>& values, std::int64_t row, std::int64_t width) const {
        const auto bad = std::find_if(values.begin(), values.end(), [](float w) { return !std::isfinite(w); });
        if (bad == values.end()) return {};
        const std::int64_t index = bad - values.begin();
        return named({ErrorCode::BadInput,
                      "the value at row " + std::to_string(row + index / width) + ", column " + std::to_string(index % width) +
                          " is not a finite number; the checkpoint is damaged or its training diverged",
                      {}},
                     name);
    }

    SourceKind kind_;
    const TensorSource& source_;
    const Progress& progress_;
    double all_ = 0.0;
    double done_ = 0.0;
    std::jthread ahead_;
};

/// With tied embeddings, a head that is stored all the same must be the embeddings.
Status checkTiedHead(const TensorSource& source) {
    const StoredTensor* head = source.find(headName);
    const StoredTensor* embeddings = source.find(embeddingsName);
    if (head == nullptr || embeddings == nullptr) return {};
    if (head->type == embeddings->type && std::ranges::equal(head->bytes, embeddings->bytes)) return {};
    return Error{ErrorCode::BadInput,
                 "tie_word_embeddings is true, so it should equal model.embeddings.weight, but it differs; set "
                 "tie_word_embeddings to false in config.json if the head is its own",
                 source.context(headName)};
}

}  // namespace

Result<Model> buildModel(const ModelConfig& config, SourceKind kind, const TensorSource& source, const Progress& progress) {
    Model model;
    model.config = config;
    model.layers.resize(static_cast<std::size_t>(config.numLayers));
    Checker checker(kind, source);
    if (config.tieWordEmbeddings) checker.tieHead();
    TERNION_CHECK(visitTensors(model, checker));
    TERNION_CHECK(checker.nothingElse());
    if (config.tieWordEmbeddings && kind == SourceKind::Latent) TERNION_CHECK(checkTiedHead(source));
    Loader loader(kind, source, progress);
    TERNION_CHECK(visitTensors(model, loader));
    progress.tell("Model read", 1.0);
    return model;
}

}  // namespace ternion
