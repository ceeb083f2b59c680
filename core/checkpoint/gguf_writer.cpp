#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/config_json.h"
#include "checkpoint/gguf_container.h"
#include "checkpoint/gguf_keys.h"
#include "checkpoint/model_tensors.h"
#include "checkpoint/packed_trits.h"

namespace ternion {
namespace {

std::uint64_t aligned(std::uint64_t at) { return (at + ggufAlignment - 1) / ggufAlignment * ggufAlignment; }

StoredType storedType(TritEncoding encoding) { return encoding == TritEncoding::TQ2_0 ? StoredType::TQ2_0 : StoredType::TQ1_0; }

StoredType storedType(FloatType type) {
    return type == FloatType::F32 ? StoredType::F32 : type == FloatType::F16 ? StoredType::F16 : StoredType::BF16;
}

/// Everything before the tensors' data.
class Header {
public:
    void text(const std::string& key, std::string_view value) {
        begin(key, GgufValueType::String);
        put(value);
    }
    void bytes(const std::string& key, std::string_view value) {
        beginArray(key, GgufValueType::U8, value.size());
        values_ += value;
    }
    void texts(const std::string& key, const std::vector<std::string>& values) {
        beginArray(key, GgufValueType::String, values.size());
        for (const auto& value : values) put(value);
    }
    template <class T>
    void number(const std::string& key, GgufValueType type, T value) {
        begin(key, type);
        raw(values_, value);
    }
    void fields(const std::string& prefix, const nlohmann::ordered_json& json) {
        for (const auto& [name, value] : json.items()) {
            if (value.is_boolean())
                number(prefix + name, GgufValueType::Bool, static_cast<std::uint8_t>(value.get<bool>()));
            else if (value.is_number_float())
                number(prefix + name, GgufValueType::F32, value.get<float>());
            else
                number(prefix + name, GgufValueType::I32, value.get<std::int32_t>());
        }
    }
    void tensor(const std::string& name, StoredType type, Shape shape) {
        const std::uint64_t size = *storedSize(type, shape);
        raw(tensors_, static_cast<std::uint64_t>(name.size()));
        tensors_ += name;
        raw(tensors_, static_cast<std::uint32_t>(shape.size()));
        std::reverse(shape.begin(), shape.end());  // ggml names the innermost extent first
        for (const std::int64_t extent : shape) raw(tensors_, extent);
        raw(tensors_, ggmlNumber(type));
        raw(tensors_, dataBytes_);
        dataBytes_ = aligned(dataBytes_ + size);
        ++tensorCount_;
    }
    std::string finish() const {
        std::string out(ggufMagic);
        raw(out, ggufVersion);
        raw(out, tensorCount_);
        raw(out, valueCount_);
        out += values_ + tensors_;
        out.resize(aligned(out.size()), '\0');
        return out;
    }
    std::uint64_t tensorCount() const { return tensorCount_; }
    std::uint64_t dataBytes() const { return dataBytes_; }

private:
    template <class T>
    static void raw(std::string& out, T value) {
        out.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void put(std::string_view value) {
        raw(values_, static_cast<std::uint64_t>(value.size()));
        values_ += value;
    }
    void begin(const std::string& key, GgufValueType type) {
        put(key);
        raw(values_, static_cast<std::uint32_t>(type));
        ++valueCount_;
    }
    void beginArray(const std::string& key, GgufValueType element, std::uint64_t count) {
        begin(key, GgufValueType::Array);
        raw(values_, static_cast<std::uint32_t>(element));
        raw(values_, count);
    }

    std::string values_;
    std::string tensors_;
    std::uint64_t valueCount_ = 0;
    std::uint64_t tensorCount_ = 0;
    std::uint64_t dataBytes_ = 0;
};

/// First visit: the list of tensors.
struct Lister {
    Header& header;
    StoredType packed;

    Status trits(const std::string& name, const TernaryMatrix& matrix, Shape shape) {
        header.tensor(scaleName(name), StoredType::F32, {1});
        shape.back() = TernaryMatrix::paddedColumns(matrix.cols());
        header.tensor(name, packed, std::move(shape));
        return {};
    }
    Status floats(const std::string& name, const std::vector<float>&, Shape shape) {
        header.tensor(name, StoredType::F32, std::move(shape));
        return {};
    }
    Status embedding(const std::string& name, const Embedding& embedding, Shape shape) {
        header.tensor(name, storedType(embedding.type()), std::move(shape));
        return {};
    }
    Status lowerBounds(const Model& model) {
        header.tensor(packedLowerBounds, StoredType::F32, {model.config.numLayers, model.config.stateSize()});
        return {};
    }
};

/// Second visit: their data.
class Writer {
public:
    Writer(AtomicFile& file, std::uint64_t start, StoredType packed, double all, const Progress& progress)
        : file_(file), start_(start), at_(start), packed_(packed), all_(all), progress_(progress) {}

    Status trits(const std::string& name, const TernaryMatrix& matrix, const Shape&) {
        TERNION_CHECK(begin(name));
        const float gamma = matrix.gamma();
        TERNION_CHECK(write(std::as_bytes(std::span(&gamma, 1))));
        at_ = aligned(at_);
        const std::size_t rowBytes = packedRowSize(packed_, matrix.cols());
        const auto rowsAtOnce = static_cast<int>(std::max<std::size_t>(1, (std::size_t{1} << 20) / rowBytes));
        for (int row = 0; row < matrix.rows();) {
            const int count = std::min(rowsAtOnce, matrix.rows() - row);
            buffer_.resize(static_cast<std::size_t>(count) * rowBytes);
            for (int k = 0; k < count; ++k, ++row)
                packRow(packed_, matrix, row, std::span(buffer_).subspan(static_cast<std::size_t>(k) * rowBytes, rowBytes));
            TERNION_CHECK(write(buffer_));
        }
        return {};
    }
    Status floats(const std::string& name, const std::vector<float>& values, const Shape&) {
        TERNION_CHECK(begin(name));
        return write(std::as_bytes(std::span(values)));
    }
    Status embedding(const std::string& name, const Embedding& embedding, const Shape&) {
        TERNION_CHECK(begin(name));
        return write(embedding.bytes());
    }
    Status lowerBounds(const Model& model) {
        TERNION_CHECK(begin(packedLowerBounds));
        const std::vector<float> zeros(static_cast<std::size_t>(model.config.stateSize()));
        for (const Layer& layer : model.layers)
            TERNION_CHECK(write(std::as_bytes(std::span(layer.lowerBound.empty() ? zeros : layer.lowerBound))));
        return {};
    }
    /// Zeros up to the last tensor's padded end.
    Status pad(std::uint64_t end) {
        const std::vector<std::byte> zeros(end - at_);
        return write(zeros);
    }

private:
    Status begin(const std::string& name) {
        if (progress_.stopped()) return Error{ErrorCode::Cancelled, "writing was stopped", {}};
        progress_.tell("Writing " + name, static_cast<double>(at_ - start_) / all_);
        at_ = aligned(at_);
        return {};
    }
    Status write(std::span<const std::byte> bytes) {
        TERNION_CHECK(file_.write(at_, bytes));
        at_ += bytes.size();
        return {};
    }

    AtomicFile& file_;
    std::uint64_t start_;
    std::uint64_t at_;
    StoredType packed_;
    double all_;
    const Progress& progress_;
    std::vector<std::byte> buffer_;
};

void describe(const Checkpoint& checkpoint, TritEncoding encoding, Header& header) {
    header.text(gguf::architectureKey, gguf::architecture);
    header.text(gguf::nameKey, checkpoint.model->name);
    header.number("general.alignment", GgufValueType::U32, static_cast<std::uint32_t>(ggufAlignment));
    header.number("general.quantization_version", GgufValueType::U32, std::uint32_t{2});
    header.number("general.file_type", GgufValueType::U32, std::uint32_t{encoding == TritEncoding::TQ1_0 ? 36U : 37U});
    header.fields(gguf::configPrefix, toFields(checkpoint.model->config));
    header.fields(gguf::generationPrefix, toFields(checkpoint.generation));
    if (!checkpoint.chatTemplateJinja.empty()) header.text(gguf::chatTemplateKey, checkpoint.chatTemplateJinja);
    if (!checkpoint.tokenizer) return;
    if (checkpoint.tokenizer->kind == TokenizerSource::Kind::HuggingFaceJson)
        header.text(gguf::tokenizerJsonKey, checkpoint.tokenizer->bytes);
    else
        header.bytes(gguf::sentencePieceKey, checkpoint.tokenizer->bytes);
    // The list is for other tools; a tokenizer that we cannot run is carried all the same.
    if (const auto tokenizer = makeTokenizer(*checkpoint.tokenizer)) {
        std::vector<std::string> pieces;
        pieces.reserve(static_cast<std::size_t>((*tokenizer)->vocabSize()));
        for (int id = 0; id < (*tokenizer)->vocabSize(); ++id) pieces.push_back((*tokenizer)->piece(id));
        header.texts(gguf::tokensKey, pieces);
    }
}

}  // namespace

Result<PackedFileInfo> writeGguf(const Checkpoint& checkpoint, const std::filesystem::path& path, TritEncoding encoding,
                                 const Progress& progress) {
    const Model& model = *checkpoint.model;
    Header header;
    describe(checkpoint, encoding, header);
    Lister lister{header, storedType(encoding)};
    TERNION_CHECK(visitTensors(model, lister));
    const std::string text = header.finish();
    TERNION_TRY(auto file, AtomicFile::create(path));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(text))));
    const auto all = static_cast<double>(header.dataBytes());
    Writer writer(file, text.size(), storedType(encoding), all, progress);
    TERNION_CHECK(visitTensors(model, writer));
    TERNION_CHECK(writer.pad(text.size() + header.dataBytes()));
    if (progress.stopped()) return Error{ErrorCode::Cancelled, "writing was stopped", path.string()};
    TERNION_CHECK(file.commit());
    progress.tell("Model written", 1.0);
    return PackedFileInfo{text.size() + header.dataBytes(), static_cast<int>(header.tensorCount())};
}

}  // namespace ternion
