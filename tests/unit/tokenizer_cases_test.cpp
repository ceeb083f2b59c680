// Against what the tokenizers and sentencepiece packages themselves give.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tokenizer/tokenizer.h"

namespace ternion {
namespace {

const std::string tokenizersGolden = std::string(TERNION_TEST_DATA) + "/tokenizers/";

std::shared_ptr<const Tokenizer> load(const std::string& path) {
    const auto source = readTokenizerSource(tokenizersGolden + path);
    EXPECT_TRUE(source.ok()) << source.error().text();
    const auto tokenizer = makeTokenizer(*source);
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().text();
    return *tokenizer;
}

nlohmann::json cases(const std::string& path) {
    std::ifstream file(tokenizersGolden + path);
    return nlohmann::json::parse(file);
}

using Ids = std::vector<TokenId>;

TEST(TokenizerCases, SampleModelAsTheTokenizersPackage) {
    const auto tokenizer = load("sample/tokenizer.json");
    const auto all = cases("sample/cases.json");
    ASSERT_FALSE(all.empty());
    for (const auto& row : all) {
        const auto text = row["text"].get<std::string>();
        const Ids ids = tokenizer->encode(text, true);
        EXPECT_EQ(ids, row["ids_no_special"].get<Ids>()) << text;
        EXPECT_EQ(tokenizer->decode(ids), row["decoded"].get<std::string>()) << text;
        EXPECT_EQ(tokenizer->decode(row["ids"].get<Ids>(), true), row["decoded_keep_special"].get<std::string>()) << text;
    }
}

TEST(TokenizerCases, MistralAsTheSentencePiecePackage) {
    const auto tokenizer = load("mistral-v1/tokenizer.model");
    const auto all = cases("mistral-v1/cases.json");
    ASSERT_FALSE(all.empty());
    for (const auto& row : all) {
        const auto text = row["text"].get<std::string>();
        const Ids ids = tokenizer->encode(text, false);
        EXPECT_EQ(ids, row["ids"].get<Ids>()) << text;
        EXPECT_EQ(tokenizer->decode(ids), row["decoded"].get<std::string>()) << text;
        std::vector<std::string> pieces;
        for (const TokenId id : ids) pieces.push_back(tokenizer->piece(id));
        EXPECT_EQ(pieces, row["pieces"].get<std::vector<std::string>>()) << text;
    }
}

}  // namespace
}  // namespace ternion
