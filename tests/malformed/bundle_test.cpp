// Bundles from enemies: a clear error that names the entry, or a run, never a crash (runs under ASan and UBSan).
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "base/sha256.h"
#include "base/zip_entries.h"
#include "runs/run_bundle.h"

namespace ternion {
namespace {

using Json = nlohmann::json;

class MalformedBundle : public testing::Test {
protected:
    MalformedBundle() {
        std::string name = (std::filesystem::temp_directory_path() / "ternion-bundle-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        entries_ = {
            {"text.json", R"({"prompt":"Hi","prompt_ids":[1,2],"answer":"Ho"})"},
            {"tokens.csv", "position,time_ns,token\n0,10,5\n1,20,6\n"},
            {"kernels.csv", "prefill,tokens,layer,seconds,weight_bytes,kernel\n0,1,0,0.5,64,bit_linear\n"},
            {"series.json", R"({"series":[{"name":"token_latency","unit":"s","source":"measured","period":0,"detail":"",)"
                            R"("missing":"","samples":"samples/0.csv"}]})"},
            {"samples/0.csv", "time_ns,value\n10,0.5\n20,0.25\n"}};
        manifest_ = Json::parse(R"({"format":1,"run":{"kind":"chat","model":{"hash":"h","name":"m","path":"","parameters":1,
            "unoptimised_bytes":2},"device":{"backend":"cpu","index":0,"name":"d","driver":"v","memory_bytes":1,
            "pci_address":"","software":false},"packing":"2bit","profile":"float","program":"p","shader_hash":"",
            "sampler":{"temperature":0,"top_k":0,"top_p":1,"min_p":0,"repetition_penalty":1,"repetition_window":0,
            "seed":"18446744073709551615"},"max_tokens":2,"settings":"{}","sweep":"","intervention":[{"tensor":"glu",
            "layer":0,"first_channel":0,"channels":0,"kind":"pin","a":0,"b":0}]},"state":"finished","started_at_ms":1,
            "seconds":1,"error":"","figures":[{"name":"decode_tok_s","value":2,"unit":"1/s","source":"measured"}],
            "missing":[{"name":"energy","reason":"none"}],"tags":["a"],"note":"","annotations":[{"text":"x"}]})");
    }
    ~MalformedBundle() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path path() const { return folder_ / "run.zip"; }
    void writeBytes(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
    std::string readBytes() const {
        std::ifstream file(path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void writeZip(std::vector<ZipEntry> entries, const std::string& manifest) const {
        entries.insert(entries.begin(), {"manifest.json", manifest});
        const auto bytes = zipOf(entries);
        ASSERT_TRUE(bytes.ok());
        writeBytes({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    }
    std::string errorOf() const {
        const auto bundle = readBundle(path());
        if (bundle) return "";
        EXPECT_TRUE(bundle.error().code == ErrorCode::BadInput || bundle.error().code == ErrorCode::Unsupported);
        return bundle.error().text();
    }
    /// What a bundle of these entries, with the right hashes, is told.
    std::string error(const std::map<std::string, std::string>& entries, Json manifest) const {
        std::vector<ZipEntry> all;
        for (const auto& [name, text] : entries) {
            manifest["sha256"][name] = sha256(text).value();
            all.push_back({name, text});
        }
        writeZip(all, manifest.dump());
        return errorOf();
    }
    std::string with(const std::string& entry, const std::string& text) const {
        auto entries = entries_;
        entries[entry] = text;
        return error(entries, manifest_);
    }
    std::string withManifest(const char* pointer, const Json& value) const {
        Json manifest = manifest_;
        manifest[Json::json_pointer(pointer)] = value;
        return error(entries_, manifest);
    }
    static void expectNamed(const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
    }

    std::filesystem::path folder_;
    std::map<std::string, std::string> entries_;
    Json manifest_;
};

TEST_F(MalformedBundle, CutShortAnywhere) {
    ASSERT_EQ(error(entries_, manifest_), "");
    const std::string whole = readBytes();
    for (std::size_t length = 0; length < whole.size(); length += length < 300 ? 7 : 1 + whole.size() / 100) {
        writeBytes(whole.substr(0, length));
        expectNamed(errorOf(), "run.zip");
    }
    std::filesystem::remove(path());
    EXPECT_EQ(readBundle(path()).error().code, ErrorCode::NotFound);
}

TEST_F(MalformedBundle, BytesChangedAnywhere) {
    ASSERT_EQ(error(entries_, manifest_), "");
    const std::string whole = readBytes();
    std::mt19937 random(5);
    for (int round = 0; round < 400; ++round) {
        std::string changed = whole;
        for (unsigned k = 1 + random() % 4; k > 0; --k) changed[random() % changed.size()] = static_cast<char>(random());
        writeBytes(changed);
        static_cast<void>(readBundle(path()));
    }
}

TEST_F(MalformedBundle, EntriesThatAreNotWhatTheManifestSays) {
    Json manifest = manifest_;
    std::vector<ZipEntry> all;
    for (const auto& [name, text] : entries_) {
        manifest["sha256"][name] = sha256(text).value();
        all.push_back({name, text});
    }
    auto changed = all;
    for (auto& entry : changed)
        if (entry.name == "samples/0.csv") entry.bytes[entry.bytes.size() - 2] = '6';
    writeZip(changed, manifest.dump());
    expectNamed(errorOf(), "samples/0.csv: it is not what was exported");
    Json wrong = manifest;
    wrong["sha256"]["text.json"] = 7;
    writeZip(all, wrong.dump());
    expectNamed(errorOf(), "text.json");
    wrong = manifest;
    wrong["sha256"].erase("tokens.csv");
    writeZip(all, wrong.dump());
    expectNamed(errorOf(), "tokens.csv");
    auto more = all;
    more.push_back({"../../etc/passwd", "x"});
    writeZip(more, manifest.dump());
    expectNamed(errorOf(), "../../etc/passwd: a bundle has no such entry");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "../../etc/passwd/x"));
    more.back().name = "samples/1.csv";
    wrong = manifest;
    wrong["sha256"]["samples/1.csv"] = sha256("x").value();
    writeZip(more, wrong.dump());
    expectNamed(errorOf(), "samples/1.csv: a bundle has no such entry");
    auto fewer = all;
    std::erase_if(fewer, [](const ZipEntry& entry) { return entry.name == "samples/0.csv"; });
    writeZip(fewer, manifest.dump());
    expectNamed(errorOf(), "samples/0.csv: there is no such entry");
    writeZip(all, "");
    expectNamed(errorOf(), "manifest.json");
}

TEST_F(MalformedBundle, TwoEntriesOfOneName) {
    auto entries = entries_;
    entries["tokens.csw"] = entries["tokens.csv"];
    ASSERT_NE(error(entries, manifest_), "");
    std::string bytes = readBytes();
    for (auto at = bytes.find("tokens.csw"); at != std::string::npos; at = bytes.find("tokens.csw")) bytes[at + 9] = 'v';
    writeBytes(bytes);
    expectNamed(errorOf(), "tokens.csv: there are two entries of this name");
}

TEST_F(MalformedBundle, Bombs) {
    // A gigabyte and more of spaces, that packs well.
    auto entries = entries_;
    entries["text.json"] = std::string(std::size_t{65} << 20U, ' ');
    expectNamed(error(entries, manifest_), "text.json: it is 68157440 bytes long");
    // A size of two gigabytes, of an entry that holds a few bytes: in the local header (not looked at) and in the directory.
    ASSERT_EQ(error(entries_, manifest_), "");
    std::string bytes = readBytes();
    const auto setSize = [&](std::uint32_t size) {
        std::string changed = bytes;
        const auto name = changed.rfind("samples/0.csv");
        for (std::size_t k = 0; k < 4; ++k) changed[name - 46 + 24 + k] = static_cast<char>(size >> (8 * k));
        writeBytes(changed);
    };
    setSize(0x7FFFFFFFU);
    expectNamed(errorOf(), "samples/0.csv: with it, the archive holds more than");
    setSize(0x3FF00000U);
    expectNamed(errorOf(), "samples/0.csv: it is");  // shorter than that, found without taking so much memory
    setSize(1);
    expectNamed(errorOf(), "samples/0.csv: it is");
    // More entries than any run has.
    std::vector<ZipEntry> many;
    for (int k = 0; k < 10200; ++k) many.push_back({"samples/" + std::to_string(k) + ".csv", ""});
    writeZip(many, manifest_.dump());
    expectNamed(errorOf(), "entries; expected at most");
}

TEST_F(MalformedBundle, ManifestsOfNoSense) {
    struct Row {
        const char* pointer;
        Json value;
        const char* named;
    };
    const std::vector<Row> rows{
        {"/format", 0, "format"},
        {"/format", 2, "newer version"},
        {"/format", 1e300, "format"},
        {"/run", 3, "run"},
        {"/run/model/path", "/home/somebody/model", "path"},
        {"/run/model/parameters", -1, "parameters"},
        {"/run/model/unoptimised_bytes", 18446744073709551615U, "unoptimised_bytes"},
        {"/run/device/index", -1, "index"},
        {"/run/device/index", 4294967296, "index"},
        {"/run/device/software", 1, "software"},
        {"/run/device/memory_bytes", -5, "memory_bytes"},
        {"/run/sampler/temperature", -1, "temperature"},
        {"/run/sampler/temperature", 1e39, "temperature"},
        {"/run/sampler/top_p", 0, "top-p"},
        {"/run/sampler/seed", 7, "seed"},
        {"/run/sampler/seed", "-1", "seed"},
        {"/run/sampler/seed", "18446744073709551616", "seed"},
        {"/run/sampler/seed", "", "seed"},
        {"/run/max_tokens", -1, "max_tokens"},
        {"/run/max_tokens", 99999999999, "max_tokens"},
        {"/run/intervention/0/tensor", "soul", "soul"},
        {"/run/intervention/0/kind", "explode", "kind"},
        {"/run/intervention/0/layer", -1, "layer"},
        {"/run/intervention/0/channels", -1, "channels"},
        {"/run/intervention/0/a", 1e300, "its a"},
        {"/run/intervention/0", 5, "intervention 0"},
        {"/run/intervention", Json::object(), "intervention"},
        {"/state", "running", "state"},
        {"/state", "asleep", "state"},
        {"/started_at_ms", -1, "started_at_ms"},
        {"/seconds", -1, "seconds"},
        {"/seconds", nullptr, "seconds"},  // what JSON makes of NaN
        {"/figures/0/value", "2", "value"},
        {"/figures/0/source", "guessed", "source"},
        {"/figures/1", manifest_["figures"][0], "figures 1"},
        {"/missing/0/name", "decode_tok_s", "missing 0"},
        {"/tags", Json::array({1}), "tags"},
        {"/annotations/0/text", 1, "text"},
        {"/annotations/0/seconds", "soon", "seconds"},
        {"/sha256", Json::array(), "sha256"},
    };
    for (const Row& row : rows) {
        if (std::string(row.pointer) == "/sha256") {
            Json manifest = manifest_;
            manifest["sha256"] = row.value;
            writeZip({}, manifest.dump());
            expectNamed(errorOf(), row.named);
            continue;
        }
        const std::string text = withManifest(row.pointer, row.value);
        expectNamed(text, "manifest.json");
        expectNamed(text, row.named);
    }
    for (const auto& [key, value] : manifest_.items()) {
        Json manifest = manifest_;
        manifest.erase(key);
        expectNamed(error(entries_, manifest), "it lacks '" + key + "'");
    }
    Json many = manifest_;
    many["tags"] = Json(std::vector<std::string>(10001, "t"));
    expectNamed(error(entries_, many), "tags");
    const std::string deep(1000000, '[');
    for (const std::string& text : {std::string("[]"), std::string("{"), deep, std::string("{\"a\":\"\xFF\"}"),
                                    std::string("{\"format\":1e999}"), std::string(1, '\0')}) {
        writeZip({}, text);
        expectNamed(errorOf(), "manifest.json");
    }
}

TEST_F(MalformedBundle, TablesOfNoSense) {
    const std::string samples = "time_ns,value\n", tokens = "position,time_ns,token\n",
                      kernels = "prefill,tokens,layer,seconds,weight_bytes,kernel\n";
    struct Row {
        const char* entry;
        std::string text;
    };
    const std::vector<Row> rows{
        {"samples/0.csv", ""},
        {"samples/0.csv", "time,value\n"},
        {"samples/0.csv", samples + "1\n"},
        {"samples/0.csv", samples + "1,2,3\n"},
        {"samples/0.csv", samples + "1,nan\n"},
        {"samples/0.csv", samples + "1,inf\n"},
        {"samples/0.csv", samples + "1,1e999\n"},
        {"samples/0.csv", samples + "1,\n"},
        {"samples/0.csv", samples + "1,0x10\n"},
        {"samples/0.csv", samples + "1, 2\n"},
        {"samples/0.csv", samples + "-1,2\n"},
        {"samples/0.csv", samples + "9223372036854775807,2\n"},
        {"samples/0.csv", samples + "9223372036854775808,2\n"},
        {"samples/0.csv", samples + "2,1\n1,1\n"},
        {"samples/0.csv", samples + "2,1\n2,1\n"},
        {"samples/0.csv", samples + "2,1\n\n3,1\n"},
        {"tokens.csv", tokens + "0,1\n"},
        {"tokens.csv", tokens + "-1,1,1\n"},
        {"tokens.csv", tokens + "0,1,-2\n"},
        {"tokens.csv", tokens + "0,1,2147483648\n"},
        {"tokens.csv", tokens + "2147483647,1,1\n"},
        {"tokens.csv", tokens + "0,5,1\n0,6,1\n"},
        {"tokens.csv", tokens + "0,5,1\n1,4,1\n"},
        {"kernels.csv", kernels + "2,1,0,0.5,64,k\n"},
        {"kernels.csv", kernels + "0,0,0,0.5,64,k\n"},
        {"kernels.csv", kernels + "0,1,-2,0.5,64,k\n"},
        {"kernels.csv", kernels + "0,1,0,-0.5,64,k\n"},
        {"kernels.csv", kernels + "0,1,0,nan,64,k\n"},
        {"kernels.csv", kernels + "0,1,0,0.5,-1,k\n"},
        {"kernels.csv", kernels + "0,1,0,0.5,64\n"},
        {"kernels.csv", kernels + "0,1,0,0.5,64,\xFF\xFE\n"},
        {"text.json", "[]"},
        {"text.json", R"({"prompt":7})"},
        {"text.json", R"({"prompt_ids":[-1]})"},
        {"text.json", R"({"prompt_ids":[2147483648]})"},
        {"text.json", R"({"prompt_ids":[1.5]})"},
        {"text.json", R"({"prompt_ids":{"a":1}})"},
        {"text.json", "{\"answer\":\"\xC3\"}"},
        {"text.json", std::string(100, '[')},
        {"series.json", "{}"},
        {"series.json", R"({"series":[7]})"},
        {"series.json", R"({"series":[{"name":"a","unit":"s","source":"measured","period":-1,"detail":"","missing":"",)"
                        R"("samples":"samples/0.csv"}]})"},
        {"series.json", R"({"series":[{"name":"a","unit":"s","source":"dreamt","period":0,"detail":"","missing":"",)"
                        R"("samples":"samples/0.csv"}]})"},
        {"series.json", R"({"series":[{"name":"a","unit":"s","source":"measured","period":0,"detail":"","missing":"",)"
                        R"("samples":"../../etc/passwd"}]})"},
        {"series.json", R"({"series":[{"name":"a","unit":"s","source":"measured","period":0,"detail":"","missing":"",)"
                        R"("samples":"samples/0.csv"},{"name":"a","unit":"s","source":"measured","period":0,"detail":"",)"
                        R"("missing":"","samples":"samples/1.csv"}]})"},
    };
    for (const Row& row : rows) {
        const std::string text = with(row.entry, row.text);
        EXPECT_NE(text.find(row.entry), std::string::npos) << row.text << " gave: " << text;
    }
    EXPECT_EQ(with("samples/0.csv", samples), "");  // none is fine
    EXPECT_EQ(with("tokens.csv", tokens + "0,1,\n"), "");
    EXPECT_EQ(with("kernels.csv", kernels + "0,1,0,0.5,64,a, \"b\"\n"), "");
}

}  // namespace
}  // namespace ternion
