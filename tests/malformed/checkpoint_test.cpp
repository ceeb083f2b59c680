// Checkpoints from hostile files: a clear error or a whole model, never a crash (runs under ASan and UBSan).
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>

#include "checkpoint/pickle.h"
#include "checkpoint_files.h"

namespace ternion {
namespace {

using namespace files;

std::string errorOf(const std::filesystem::path& path) {
    const auto opened = openCheckpoint(path);
    return opened ? "" : opened.error().text();
}

void expectNamed(const std::string& text, const std::string& name) {
    EXPECT_NE(text.find(name), std::string::npos) << name << " is not in: " << text;
}

class MalformedCheckpoint : public testing::Test {
protected:
    void SetUp() override {
        model_ = latentModel(smallConfig(), FloatType::F16);
        writeConfig(model_, folder());
    }
    std::filesystem::path folder() const { return scratch_ / "folder"; }
    std::string withSafetensors(const std::string& bytes) const {
        write(folder() / "model.safetensors", bytes);
        return errorOf(folder());
    }
    std::string withHeader(const std::function<void(nlohmann::json&)>& change) const {
        return withSafetensors(safetensors(model_.tensors, change));
    }
    std::string withPickle(const std::string& pickle) const {
        writePytorch(folder() / "pytorch_model.bin", {pickle, {}});
        return errorOf(folder());
    }
    std::filesystem::path packed(TritEncoding encoding = TritEncoding::TQ2_0) const {
        write(folder() / "model.safetensors", safetensors(model_.tensors));
        const auto checkpoint = openCheckpoint(folder());
        EXPECT_TRUE(checkpoint.ok() && writeGguf(*checkpoint, scratch_ / "packed.gguf", encoding).ok());
        return scratch_ / "packed.gguf";
    }
    /// Every length below the first 300 bytes, then ever longer steps: each must be refused.
    static void cutEverywhere(const std::filesystem::path& path, const std::filesystem::path& open) {
        const std::string whole = read(path);
        ASSERT_EQ(errorOf(open), "");
        for (std::size_t length = 0; length < whole.size(); length += length < 300 ? 7 : 1 + whole.size() / 60) {
            write(path, whole.substr(0, length));
            expectNamed(errorOf(open), path.filename());
        }
        write(path, whole.substr(0, whole.size() - 1));
        expectNamed(errorOf(open), path.filename());
    }
    /// Changed bytes give an error or a model, and no crash.
    static void changeAnywhere(const std::filesystem::path& path, const std::filesystem::path& open, std::size_t within) {
        const std::string whole = read(path);
        std::mt19937 random(5);
        for (int round = 0; round < 300; ++round) {
            std::string changed = whole;
            const std::size_t end = round % 2 == 0 ? std::min(within, whole.size()) : whole.size();
            for (unsigned k = 1 + random() % 4; k > 0; --k) changed[random() % end] = static_cast<char>(random());
            write(path, changed);
            errorOf(open);
        }
    }

    LatentModel model_;
    Scratch scratch_;
};

// safetensors

TEST_F(MalformedCheckpoint, SafetensorsHeadersOfNoSense) {
    expectNamed(withSafetensors(""), "0 bytes");
    expectNamed(withSafetensors("short"), "too short");
    expectNamed(withSafetensors(raw(~std::uint64_t{0}) + "{}"), "18446744073709551615");
    expectNamed(withSafetensors(raw(std::uint64_t{1} << 40) + "{}"), "damaged");
    expectNamed(withSafetensors(safetensorsBytes("{", "")), "not valid JSON");
    expectNamed(withSafetensors(safetensorsBytes("[]", "")), "not a JSON object");
    expectNamed(withSafetensors(safetensorsBytes(std::string(1000000, '['), "")), "64 levels");
    expectNamed(withSafetensors(safetensorsBytes("{\"x\":1e999}", "")), "too large");
    expectNamed(withSafetensors(safetensorsBytes("{}", "")), "no tensor of this name");
    expectNamed(withSafetensors(safetensorsBytes("{\"\xFF\":{}}", "")), "not valid JSON");
}

TEST_F(MalformedCheckpoint, SafetensorsEntriesOfNoSense) {
    constexpr const char* name = "model.norm.weight";
    const auto set = [&](const char* key, nlohmann::json value) {
        return withHeader([&](auto& header) { header[name][key] = value; });
    };
    expectNamed(set("dtype", "I32"), "model.norm.weight: its type is I32; expected F32, F16 or BF16");
    expectNamed(set("dtype", "F32"), "do not fit its shape [24] of F32");
    expectNamed(set("dtype", 5), "dtype");
    expectNamed(set("shape", {23}), "[23]");
    expectNamed(set("shape", {-24}), "shape");
    expectNamed(set("shape", "24"), "shape");
    expectNamed(set("shape", {std::uint64_t{1} << 62, 8}), "4611686018427387904");
    expectNamed(set("shape", {std::uint64_t{1} << 32, std::uint64_t{1} << 32, 0}), "4294967296");
    expectNamed(set("data_offsets", {0, 48}), "overlaps");  // over the first tensor
    expectNamed(set("data_offsets", {96, 48}), "[96, 48]");
    expectNamed(set("data_offsets", {1 << 30, (1 << 30) + 48}), "gaps");
    expectNamed(set("data_offsets", {~std::uint64_t{0} - 48, ~std::uint64_t{0}}), "data_offsets");
    expectNamed(set("data_offsets", {1}), "data_offsets");
    expectNamed(withHeader([&](auto& header) { header[name] = 7; }), "not an object");
}

TEST_F(MalformedCheckpoint, SafetensorsOverlapsGapsAndDoubles) {
    const auto place = [&](const char* name) {
        nlohmann::json header;
        safetensors(model_.tensors, [&](auto& h) { header = h; });
        return header[name]["data_offsets"];
    };
    expectNamed(withHeader([&](auto& h) {
                    h["model.layers.0.attn_norm.weight"]["data_offsets"] = place("model.layers.1.attn_norm.weight");
                }),
                "overlaps or leaves gaps");
    expectNamed(withHeader([](auto& h) { h.erase("lm_head.norm.weight"); }), "has");  // bytes of no tensor at the end
    std::string header = nlohmann::json{{"a", {{"dtype", "F16"}, {"shape", {1}}, {"data_offsets", {0, 2}}}}}.dump();
    header = header.substr(0, header.size() - 1) + R"(,"a":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}})";
    expectNamed(withSafetensors(safetensorsBytes(header, "abcd")), "gaps");
}

TEST_F(MalformedCheckpoint, SafetensorsCutAndChanged) {
    const auto file = folder() / "model.safetensors";
    write(file, safetensors(model_.tensors));
    changeAnywhere(file, folder(), 3000);
    write(file, safetensors(model_.tensors));
    cutEverywhere(file, folder());
}

// pytorch_model.bin

TEST_F(MalformedCheckpoint, APickleThatCallsAFunctionIsRefusedByName) {
    const auto marker = scratch_ / "executed";
    const std::string argument = pickledText("touch " + marker.string());
    for (const auto& [pickle, name] : {std::pair{"\x80\x02"
                                                 "cos\nsystem\n" +
                                                     argument + "\x85R.",
                                                 "os.system"},
                                       {"\x80\x04\x8c\x05posix\x8c\x06system\x93" + argument + "\x85R.", "posix.system"},
                                       {std::string("cbuiltins\neval\n(") + pickledText("1") + "tR.", "builtins.eval"},
                                       {std::string("ctorch\nload\n)R."), "torch.load"},
                                       {std::string("ctorch._utils\n_rebuild_tensor\n)R."), "torch._utils._rebuild_tensor"},
                                       {std::string("ctorch\nevil.Storage\n)R."), "torch.evil.Storage"},
                                       {"(" + argument + "ios\nsystem\n.", "instruction 105"},  // INST
                                       {std::string("}") + pickledText("x") + "cos\nsystem\ns.", "os.system"}})
        expectNamed(withPickle(pickle), name);
    EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST_F(MalformedCheckpoint, PicklesOfNoSense) {
    for (const auto& [pickle, named] : {std::pair{std::string(), "cut short"},
                                        {std::string("."), "not there"},
                                        {std::string("\x80"), "cut short"},
                                        {std::string("X\xFF\xFF\xFF\xFF"), "cut short"},
                                        {std::string("N."), "no dictionary"},
                                        {std::string("t."), "mark"},
                                        {std::string("h\x07."), "slot 7"},
                                        {std::string("Na."), "not there"},
                                        {std::string("NNa."), "none"},
                                        {std::string("}(Nu."), "none"},
                                        {std::string("NQ."), "persistent id"},
                                        {std::string("))R."), "no function"},
                                        {std::string("ccollections\nOrderedDict\nNR."), "no function"},
                                        {std::string("ctorch._utils\n_rebuild_tensor_v2\n)R."), "arguments"},
                                        {std::string("ctorch._utils\n_rebuild_parameter\n(NNNtR."), "arguments"},
                                        {std::string("\x8a\x09") + "123456789.", "64 bits"},
                                        {"}" + pickledText("epoch") + "K\x03s.", "epoch"},
                                        {std::string("ccollections"), "cut short"}})
        expectNamed(withPickle(pickle), named);
    // Nesting and repetition cost what they take in the file: a deep tuple, a dictionary in itself, a tuple of a thousand
    // tuples.
    expectNamed(withPickle("N" + std::string(1000000, '\x85') + "."), "no dictionary");
    expectNamed(withPickle("}q\x01" + pickledText("me") + "h\x01s."), "'me' is not a tensor");
    expectNamed(withPickle(std::string(3 << 20, 'N') + "."), "data.pkl is");
}

TEST_F(MalformedCheckpoint, TensorsThatDoNotFitTheirStorage) {
    const auto archiveWith = [&](const Tensor& tensor, std::int64_t offset, const Shape& strides,
                                 const std::string& key = "0") {
        return Archive{"ccollections\nOrderedDict\nq\x01)R" + pickledText(tensor.name) +
                           pickledTensor(tensor, key, tensor.count(), offset, strides) + "s.",
                       {tensor.bytes}};
    };
    const Tensor& norm = model_.find("model.norm.weight");
    const Tensor& matrix = model_.find("model.layers.0.mlp.down_proj.weight");
    const auto refused = [&](const Archive& archive) {
        writePytorch(folder() / "pytorch_model.bin", archive);
        return errorOf(folder());
    };
    expectNamed(refused(archiveWith(norm, 1, {1})), "model.norm.weight");
    expectNamed(refused(archiveWith(norm, 1, {1})), "from element 1");
    expectNamed(refused(archiveWith(norm, -1, {1})), "element -1");
    expectNamed(refused(archiveWith(norm, 0, {2})), "strides [2]");
    expectNamed(refused(archiveWith(matrix, 0, {1, 24})), "contiguous");
    expectNamed(refused(archiveWith(norm, 0, {1}, "7")), "data/7");
    expectNamed(refused(archiveWith(norm, 0, {1}, "../../config.json")), "no entry");
    Tensor changed = norm;
    changed.shape = {0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF};
    expectNamed(refused(archiveWith(changed, 0, contiguous({1, 1, 1}))), "2147483647");
    changed.shape = {-24};
    expectNamed(refused(archiveWith(changed, 0, {1})), "[-24]");
    Archive other = archiveWith(norm, 0, {1});
    other.pickle.replace(other.pickle.find("HalfStorage"), 11, "LongStorage");
    expectNamed(refused(other), "torch.LongStorage");
}

TEST_F(MalformedCheckpoint, ArchivesThatTorchDoesNotWrite) {
    const auto file = folder() / "pytorch_model.bin";
    write(file, "");
    expectNamed(errorOf(folder()), "pytorch_model.bin");
    write(file, "this is no zip archive");
    expectNamed(errorOf(folder()), "zip");
    write(file, std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15));
    expectNamed(errorOf(folder()), "before 1.6");
    writePytorch(file, pickled(model_.tensors), ZIP_CM_DEFLATE);
    expectNamed(errorOf(folder()), "compressed");
    writePytorch(file, pickled(model_.tensors), ZIP_CM_STORE, "big");
    expectNamed(errorOf(folder()), "little-endian");
}

TEST_F(MalformedCheckpoint, PytorchCutAndChanged) {
    const auto file = folder() / "pytorch_model.bin";
    writePytorch(file, pickled(model_.tensors));
    changeAnywhere(file, folder(), 6000);
    writePytorch(file, pickled(model_.tensors));
    cutEverywhere(file, folder());
    // The pickle alone, so that no checksum or length of the archive stands before it.
    const std::string pickle = pickled(model_.tensors).pickle;
    std::mt19937 random(6);
    for (int round = 0; round < 5000; ++round) {
        std::string changed = pickle;
        for (unsigned k = 1 + random() % 4; k > 0; --k) changed[random() % changed.size()] = static_cast<char>(random());
        const auto tensors = readTensorPickle(changed, "pickle");
        if (tensors.ok()) {
            EXPECT_LE(tensors->size(), model_.tensors.size());
        }
    }
}

// GGUF

TEST_F(MalformedCheckpoint, GgufOfNoSense) {
    const auto file = scratch_ / "bad.gguf";
    const auto refused = [&](const std::string& bytes) {
        write(file, bytes);
        return errorOf(file);
    };
    const auto u32 = [](std::uint32_t value) { return raw(value); };
    const auto u64 = [](std::uint64_t value) { return raw(value); };
    const auto text = [&](const std::string& value) { return u64(value.size()) + value; };
    const auto begin = [&](std::uint64_t tensors, std::uint64_t values) {
        return "GGUF" + u32(3) + u64(tensors) + u64(values);
    };
    const std::string architecture = text("general.architecture") + u32(8) + text("hgrn_bit");
    expectNamed(refused(""), "GGUF");
    expectNamed(refused("GGML"), "GGUF");
    expectNamed(refused("GGUF" + u32(2) + u64(0) + u64(0)), "version 2");
    expectNamed(refused("GGUF" + u32(3 << 24) + u64(0) + u64(0)), "little-endian");
    expectNamed(refused(begin(0, 0)), "general.architecture");
    expectNamed(refused(begin(0, 1) + text("general.architecture") + u32(8) + text("llama")), "'llama'");
    expectNamed(refused(begin(0, 1) + architecture), "vocab_size is missing");
    expectNamed(refused(begin(~std::uint64_t{0}, 0)), "cut short");
    expectNamed(refused(begin(0, ~std::uint64_t{0})), "cut short");
    expectNamed(refused(begin(0, 2) + architecture + architecture), "twice");
    expectNamed(refused(begin(0, 1) + text("x") + u32(13)), "'x'");
    expectNamed(refused(begin(0, 1) + text("x") + u32(9) + u32(8) + u64(~std::uint64_t{0})), "'x'");
    expectNamed(refused(begin(0, 1) + text("x") + u32(9) + u32(9) + u64(1) + u32(9) + u64(1)), "'x'");
    expectNamed(refused(begin(0, 1) + u64(~std::uint64_t{0}) + "x"), "cut short");
    expectNamed(refused(begin(0, 1) + text("general.alignment") + u32(4) + u32(0)), "power of two");
    expectNamed(refused(begin(0, 1) + text("general.alignment") + u32(4) + u32(33)), "power of two");
    const auto tensor = [&](const std::string& shape, std::uint32_t type, std::uint64_t offset) {
        return refused(begin(1, 1) + architecture + text("t") + shape + u32(type) + u64(offset) + std::string(200, '\0'));
    };
    expectNamed(tensor(u32(5), 0, 0), "5 dimensions");
    expectNamed(tensor(u32(1) + u64(~std::uint64_t{0}), 0, 0), "absurd");
    expectNamed(tensor(u32(2) + u64(std::uint64_t{1} << 62) + u64(64), 0, 0), "impossible");
    expectNamed(tensor(u32(1) + u64(8), 2, 0), "type 2");
    expectNamed(tensor(u32(1) + u64(8), 35, 0), "impossible");  // no whole block
    expectNamed(tensor(u32(1) + u64(8), 0, 64), "expected 0");
    expectNamed(tensor(u32(1) + u64(8), 0, 7), "expected 0");
    expectNamed(tensor(u32(1) + u64(1 << 20), 0, 0), "outside the file");
}

TEST_F(MalformedCheckpoint, PackedTritsAreChecked) {
    const auto file = packed();
    const std::string whole = read(file);
    const auto changed = [&](std::size_t fromEnd, std::uint8_t value) {
        std::string bytes = whole;
        bytes[bytes.size() - fromEnd] = static_cast<char>(value);
        write(file, bytes);
        return errorOf(file);
    };
    // The last tensors: lm_head.weight, 40 rows of one block of 66 bytes, then lm_head.norm.weight, 24 floats; each from a
    // multiple of 32.
    constexpr std::size_t norm = 96, head = norm + 2656;
    ASSERT_EQ(errorOf(file), "");
    expectNamed(changed(head, 0x57), "lm_head.weight: packed trits hold the code 3");
    expectNamed(changed(head - 31, 0x41), "lm_head.weight: padding after column 24 of row 0");
    expectNamed(changed(head - 64, 0x7F), "lm_head.weight: the scale of block 0");
    expectNamed(changed(norm - 3, 0xFF), "");
    write(file, whole + "more");
    EXPECT_EQ(errorOf(file).find("bytes after") != std::string::npos, true);
}

TEST_F(MalformedCheckpoint, GgufCutAndChanged) {
    for (const auto encoding : {TritEncoding::TQ2_0, TritEncoding::TQ1_0}) {
        auto file = packed(encoding);
        const std::string whole = read(file);
        changeAnywhere(file, file, 4000);
        write(file, whole);
        cutEverywhere(file, file);
    }
}

// The folder

TEST_F(MalformedCheckpoint, JsonBombsAreRefusedAtOnce) {
    const auto start = std::chrono::steady_clock::now();
    const auto file = folder() / "config.json";
    expectNamed((write(file, std::string(3 << 20, '[')), errorOf(folder())), "config.json: it nests deeper than 64 levels");
    // A gigabyte of nesting, as a sparse file.
    write(file, "[");
    std::filesystem::resize_file(file, std::uintmax_t{1} << 30);
    expectNamed(errorOf(folder()), "config.json: it is 1073741824 bytes long");
    for (const char* name : {"generation_config.json", "tokenizer_config.json", "tokenizer.json"}) {
        writeConfig(model_, folder());
        write(folder() / name, "[");
        std::filesystem::resize_file(folder() / name, std::uintmax_t{1} << 30);
        expectNamed(errorOf(folder()), name);
        std::filesystem::remove(folder() / name);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(MalformedCheckpoint, AbsurdSizesAskForNoMemory) {
    write(folder() / "model.safetensors", safetensors(model_.tensors));
    for (const auto& [field, value] : {std::pair{"vocab_size", std::int64_t{1} << 22},
                                       {"hidden_size", std::int64_t{1} << 17},
                                       {"num_hidden_layers", 4096},
                                       {"intermediate_size", std::int64_t{1} << 20},
                                       {"vocab_size", std::int64_t{1} << 40},
                                       {"hidden_size", -(std::int64_t{1} << 40)}}) {
        auto changed = model_;
        changed.config[field] = value;
        writeConfig(changed, folder());
        const auto start = std::chrono::steady_clock::now();
        EXPECT_NE(errorOf(folder()), "") << field;
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1)) << field;
    }
}

TEST_F(MalformedCheckpoint, AFolderWithoutPermissionSaysSo) {
    write(folder() / "model.safetensors", safetensors(model_.tensors));
    const auto visit = [&] {  // as a user without rights, whoever runs the tests
        const pid_t child = fork();
        if (child == 0) {
            if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
            const auto opened = openCheckpoint(folder());
            const bool refused = !opened && opened.error().code == ErrorCode::Io &&
                                 opened.error().text().find("Permission denied") != std::string::npos &&
                                 opened.error().text().find("folder") != std::string::npos;
            _exit(refused ? 0 : opened ? 1 : 3);
        }
        int status = 0;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    EXPECT_EQ(visit(), 1);  // readable
    chmod(folder().c_str(), 0);
    EXPECT_EQ(visit(), 0);
    chmod(folder().c_str(), 0755);
    chmod((folder() / "model.safetensors").c_str(), 0);
    EXPECT_EQ(visit(), 0);
    chmod((folder() / "model.safetensors").c_str(), 0644);
}

TEST_F(MalformedCheckpoint, FoldersWhereFilesBelong) {
    std::filesystem::create_directories(folder() / "model.safetensors");
    expectNamed(errorOf(folder()), "model.safetensors");
    std::filesystem::remove(folder() / "config.json");
    std::filesystem::create_directories(folder() / "config.json");
    expectNamed(errorOf(folder()), "config.json");
}

}  // namespace
}  // namespace ternion
