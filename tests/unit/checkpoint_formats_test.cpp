// One model, whatever file it comes from: the same trits, scales and everything else.
#include <gtest/gtest.h>

#include "checkpoint_files.h"

namespace ternion {
namespace {

using namespace files;

const std::filesystem::path goldenFolder = TERNION_TEST_DATA;

/// The model's hash, or the error's text.
std::string hashOf(const std::filesystem::path& path) {
    const auto checkpoint = openCheckpoint(path);
    return checkpoint ? checkpoint->model->hash() : checkpoint.error().text();
}

struct Variant {
    const char* name;
    ModelConfig config;
};

std::vector<Variant> variants() {
    const auto with = [](const char* name, auto change) {
        Variant variant{name, smallConfig()};
        change(variant.config);
        return variant;
    };
    return {with("plain", [](auto&) {}),
            with("whole blocks",
                 [](auto& c) {
                     c.hiddenSize = 256;
                     c.intermediateSize = 512;
                 }),
            with("odd",
                 [](auto& c) {
                     c.vocabSize = 41;
                     c.hiddenSize = 301;
                     c.intermediateSize = 129;
                 }),
            with("tied", [](auto& c) { c.tieWordEmbeddings = true; }),
            with("no bounds", [](auto& c) { c.useLowerBound = false; }),
            with("wide",
                 [](auto& c) {
                     c.expandRatio = 2;
                     c.numHeads = 2;
                     c.useLowerBound = false;
                 }),
            with("wide with bounds", [](auto& c) { c.expandRatio = 2; })};
}

TEST(CheckpointFormats, EveryReaderGivesTheSameModel) {
    for (const auto& [name, config] : variants())
        for (const auto type : {FloatType::F32, FloatType::F16, FloatType::BF16}) {
            SCOPED_TRACE(std::string(name) + ", type " + std::to_string(static_cast<int>(type)));
            const Scratch scratch;
            const auto model = latentModel(config, type);
            const auto folder = writeSafetensorsFolder(model, scratch / "single");
            const auto checkpoint = openCheckpoint(folder);
            ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
            const std::string hash = checkpoint->model->hash();
            EXPECT_EQ(checkpoint->model->config, *readModelConfig(folder));
            EXPECT_EQ(hashOf(writeShardedFolder(model, scratch / "shards", ".safetensors")), hash);
            EXPECT_EQ(hashOf(writePytorchFolder(model, scratch / "bin")), hash);
            EXPECT_EQ(hashOf(writePytorchFolder(model, scratch / "shared storages", true)), hash);
            EXPECT_EQ(hashOf(writeShardedFolder(model, scratch / "bin shards", ".bin")), hash);
            for (const auto encoding : {TritEncoding::TQ2_0, TritEncoding::TQ1_0}) {
                const auto packed = writeGguf(*checkpoint, scratch / "model.gguf", encoding);
                ASSERT_TRUE(packed.ok()) << packed.error().text();
                EXPECT_EQ(packed->bytes, std::filesystem::file_size(scratch / "model.gguf"));
                EXPECT_EQ(hashOf(scratch / "model.gguf"), hash);
                EXPECT_EQ(*readModelConfig(scratch / "model.gguf"), checkpoint->model->config);
            }
        }
}

TEST(CheckpointFormats, TheStoredTypeChangesNoTrit) {
    const Scratch scratch;
    std::vector<std::string> seen;
    for (const auto type : {FloatType::F32, FloatType::F16, FloatType::BF16}) {
        const auto folder = writeSafetensorsFolder(latentModel(smallConfig(), type), scratch / "folder");
        std::string all;
        openCheckpoint(folder)->model->forEachBitLinear([&](const std::string&, const BitLinear& linear) {
            const auto packed = linear.weight.packed();
            all.append(reinterpret_cast<const char*>(packed.data()), packed.size());
            all += raw(linear.weight.gamma());
        });
        seen.push_back(all);
    }
    EXPECT_EQ(seen[0], seen[1]);
    EXPECT_EQ(seen[0], seen[2]);
}

TEST(CheckpointFormats, ParametersAreReadAsTheirTensors) {
    const Scratch scratch;
    const auto model = latentModel(smallConfig(), FloatType::BF16);
    const std::string hash = hashOf(writePytorchFolder(model, scratch / "tensors"));
    Archive archive = pickled(model.tensors);
    // As torch.save spells an nn.Parameter: a call around the tensor's, with requires_grad and empty hooks.
    const std::string tensor = "ctorch._utils\n_rebuild_tensor_v2\n", tensorEnd = "\x89h\x01)RtR";
    for (std::size_t at = 0; (at = archive.pickle.find(tensor, at)) != std::string::npos;) {
        const std::string parameter = "ctorch._utils\n_rebuild_parameter\n(";
        archive.pickle.insert(at, parameter);
        at = archive.pickle.find(tensorEnd, at + parameter.size()) + tensorEnd.size();
        archive.pickle.insert(at, "\x88h\x01)RtR");
    }
    writePytorch(scratch / "parameters/pytorch_model.bin", archive);
    EXPECT_EQ(hashOf(writeConfig(model, scratch / "parameters")), hash);
}

TEST(CheckpointFormats, AnyFileOfTheFolderOpensIt) {
    const Scratch scratch;
    const auto model = latentModel(smallConfig(), FloatType::F16);
    const auto folder = writeSafetensorsFolder(model, scratch / "folder");
    writePytorchFolder(model, scratch / "folder");
    write(folder / "notes.txt", "hello");
    const std::string hash = hashOf(folder);
    for (const char* name : {"config.json", "model.safetensors", "pytorch_model.bin", "notes.txt"})
        EXPECT_EQ(hashOf(folder / name), hash) << name;
    const auto shards = writeShardedFolder(model, scratch / "shards", ".safetensors");
    EXPECT_EQ(hashOf(shards / "model.safetensors.index.json"), hash);
    EXPECT_EQ(hashOf(shards / "model-00001-of-00002.safetensors"), hash);
}

TEST(CheckpointFormats, ATiedHeadIsTheEmbeddingsAndNothingElse) {
    const Scratch scratch;
    ModelConfig config = smallConfig();
    config.tieWordEmbeddings = true;
    auto model = latentModel(config, FloatType::BF16);
    const std::string hash = hashOf(writeSafetensorsFolder(model, scratch / "absent"));
    Tensor head = model.find("model.embeddings.weight");
    head.name = "lm_head.weight";
    model.tensors.push_back(head);
    EXPECT_EQ(hashOf(writeSafetensorsFolder(model, scratch / "present")), hash);
    model.tensors.back().bytes[0] ^= 1;
    EXPECT_NE(hashOf(writeSafetensorsFolder(model, scratch / "other")).find("lm_head.weight: tie_word_embeddings is true"),
              std::string::npos);
}

/// Trits and scales as the reference implementation in NumPy gives them.
void expectReference(const Model& model, const std::string& file) {
    const auto reference = nlohmann::json::parse(read(goldenFolder / "ternary" / file));
    std::size_t seen = 0;
    model.forEachBitLinear([&](const std::string& name, const BitLinear& linear) {
        const TernaryMatrix& weight = linear.weight;
        const auto& expected = reference.at(name + ".weight");
        ++seen;
        EXPECT_EQ(expected["shape"], nlohmann::json({weight.rows(), weight.cols()})) << name;
        EXPECT_EQ(weight.counts(), (TritCounts{expected["minus"], expected["zero"], expected["plus"]})) << name;
        EXPECT_EQ(weight.gamma(), expected["gamma"].get<float>()) << name;
        std::uint64_t checksum = 0, index = 0;  // of code times position, so that a trit in the wrong place shows
        for (int row = 0; row < weight.rows(); ++row)
            for (int col = 0; col < weight.cols(); ++col)
                checksum += static_cast<std::uint64_t>(weight.trit(row, col) + 1) * (++index * 0x9E3779B97F4A7C15U);
        EXPECT_EQ(checksum, expected["checksum"].get<std::uint64_t>()) << name;
    });
    EXPECT_EQ(seen, reference.size());
}

TEST(CheckpointReference, TheAuthorsFolderHasTheReferencesTritsAndScales) {
    const auto checkpoint = openCheckpoint(goldenFolder / "hgrn-256x4");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
    EXPECT_EQ(checkpoint->model->name, "hgrn-256x4");
    expectReference(*checkpoint->model, "hgrn-256x4.json");
}

TEST(CheckpointReference, TheSampleModelIsWholeInItsOneFile) {
    const std::filesystem::path file = std::filesystem::path(TERNION_RESOURCES) / "sample-model/ternary-49m.gguf";
    const auto checkpoint = openCheckpoint(file);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
    expectReference(*checkpoint->model, "sample-model.json");
    EXPECT_EQ(checkpoint->model->name, "Ternary 49M");
    EXPECT_EQ(checkpoint->model->embeddings.type(), Embedding::Type::BF16);
    EXPECT_EQ(checkpoint->tokenizer->bytes, read(goldenFolder / "tokenizers/sample/tokenizer.json"));
    EXPECT_NE(checkpoint->chatTemplateJinja.find("<|assistant|>"), std::string::npos);
    EXPECT_EQ(checkpoint->generation.temperature, 0.7F);
    EXPECT_EQ(checkpoint->generation.topK, 40);
    EXPECT_EQ(checkpoint->generation.repetitionPenalty, 1.1F);
    EXPECT_FALSE(checkpoint->generation.topP.has_value());
    EXPECT_LT(std::filesystem::file_size(file), std::uintmax_t{24} << 20);
}

TEST(CheckpointFormats, APackedFileCarriesWhatIsNotWeights) {
    const Scratch scratch;
    const auto folder = writeSafetensorsFolder(latentModel(smallConfig(), FloatType::F16), scratch / "Some model");
    std::filesystem::copy(goldenFolder / "tokenizers/mistral-v1/tokenizer.model", folder);
    write(folder / "chat_template.jinja", "{{ messages }}");
    write(folder / "generation_config.json", R"({"do_sample": false, "temperature": 0.5, "top_p": 0.9, "min_p": 0.05})");
    const auto from = openCheckpoint(folder);
    ASSERT_TRUE(from.ok()) << from.error().text();
    ASSERT_TRUE(writeGguf(*from, scratch / "m.gguf", TritEncoding::TQ1_0).ok());
    const auto to = openCheckpoint(scratch / "m.gguf");
    ASSERT_TRUE(to.ok()) << to.error().text();
    EXPECT_EQ(to->model->name, "Some model");
    EXPECT_EQ(to->tokenizer->kind, TokenizerSource::Kind::SentencePiece);
    EXPECT_EQ(to->tokenizer->bytes, read(goldenFolder / "tokenizers/mistral-v1/tokenizer.model"));
    EXPECT_EQ(to->chatTemplateJinja, "{{ messages }}");
    EXPECT_EQ(to->generation.temperature, 0.0F);  // do_sample false: greedy
    EXPECT_EQ(to->generation.topP, 0.9F);
    EXPECT_EQ(to->generation.minP, 0.05F);
    EXPECT_FALSE(to->generation.topK.has_value());
}

TEST(CheckpointFormats, AbsentFieldsAreWhatThePublicCodeTakes) {
    const Scratch scratch;
    auto model = latentModel(smallConfig(), FloatType::F16);
    for (const char* field : {"num_heads", "expand_ratio", "hidden_ratio", "attn_mode", "use_short_conv", "hidden_act",
                              "rms_norm_eps", "tie_word_embeddings", "use_lower_bound", "bos_token_id", "eos_token_id"})
        model.config.erase(field);
    model.config["intermediate_size"] = nullptr;
    model.config["bos_token_id"] = nullptr;
    const auto config = readModelConfig(writeConfig(model, scratch / "folder"));
    ASSERT_TRUE(config.ok()) << config.error().text();
    EXPECT_EQ(config->intermediateSize, 256);
    EXPECT_EQ(config->bosId, -1);
    EXPECT_EQ(config->eosId, 2);
    EXPECT_TRUE(config->useLowerBound);
    EXPECT_EQ(config->rmsNormEps, 1e-6F);
}

}  // namespace
}  // namespace ternion
