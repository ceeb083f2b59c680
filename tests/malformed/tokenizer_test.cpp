// Tokenizers from hostile files: an error or a working tokenizer, never a crash (runs under ASan and UBSan).
#include <gtest/gtest.h>

#include <random>

#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer.h"

namespace ternion {
namespace {

const std::string golden = std::string(TERNION_TEST_DATA) + "/tokenizers/";

Result<std::shared_ptr<const Tokenizer>> fromJson(std::string text) {
    return makeTokenizer({TokenizerSource::Kind::HuggingFaceJson, std::move(text)});
}

/// Whatever was made of it must be usable.
void use(const Tokenizer& tokenizer) {
    const auto ids = tokenizer.encode("Hello <s> w\xFFrld \xF0\x9F\x98\x80", true);
    tokenizer.decode(ids, true);
    tokenizer.decode(std::vector<TokenId>{-1, 0, 1 << 30, 7});
    tokenizer.piece(-5);
}

TEST(MalformedTokenizer, EachIsRefusedWithTheFieldAtFault) {
    struct Row {
        std::string json;
        std::string names;
    };
    const std::string body = R"("merges":[],"vocab":{"a":0}})";
    const std::vector<Row> rows{
        {"", "byte"},
        {"[]", "object"},
        {"{}", "model"},
        {R"({"model":{"type":"Unigram",)" + body + "}", "Unigram"},
        {R"({"model":{"vocab":[],"merges":[]}})", "vocab"},
        {R"({"model":{"vocab":{"a":-1},"merges":[]}})", "-1"},
        {R"({"model":{"vocab":{"a":99999999999},"merges":[]}})", "99999999999"},
        {R"({"model":{"vocab":{"a":"x"},"merges":[]}})", "'a'"},
        {R"({"model":{"vocab":{"a":0}}})", "merges"},
        {R"({"model":{"vocab":{"a":0},"merges":["a b"]}})", "merge 0"},
        {R"({"model":{"vocab":{"a":0},"merges":["ab"]}})", "merge 0"},
        {R"({"model":{"vocab":{"a":0},"merges":[5]}})", "merge 0"},
        {R"({"model":{"unk_token":"?",)" + body + "}", "'?'"},
        {R"({"model":{"dropout":0.1,)" + body + "}", "dropout"},
        {R"({"model":{"end_of_word_suffix":"</w>",)" + body + "}", "end_of_word_suffix"},
        {R"({"normalizer":{"type":"BertNormalizer"},"model":{)" + body + "}", "BertNormalizer"},
        {R"({"normalizer":{"type":"Sequence"},"model":{)" + body + "}", "normalizers"},
        {R"({"normalizer":{"type":"Replace","pattern":{"String":""},"content":"x"},"model":{)" + body + "}", "empty"},
        {R"({"normalizer":5,"model":{)" + body + "}", "normalizer"},
        {R"({"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"},"model":{)" + body + "}",
         "(a+)+$"},
        {R"({"decoder":{"type":"WordPiece"},"model":{)" + body + "}", "WordPiece"},
        {R"({"added_tokens":{},"model":{)" + body + "}", "added_tokens"},
        {R"({"added_tokens":[{"id":-4,"content":"x"}],"model":{)" + body + "}", "added_tokens"},
        {R"({"added_tokens":[{"id":4}],"model":{)" + body + "}", "added_tokens"},
    };
    for (const auto& row : rows) {
        const auto made = fromJson(row.json);
        ASSERT_FALSE(made.ok()) << row.json;
        EXPECT_NE(made.error().text().find(row.names), std::string::npos) << row.json << " said " << made.error().text();
    }
}

TEST(MalformedTokenizer, ANestingBombIsRefusedAtOnce) {
    EXPECT_NE(fromJson(std::string(std::size_t{64} << 20, '[')).error().message.find("64 levels"), std::string::npos);
    std::string objects;
    for (int k = 0; k < 100000; ++k) objects += "{\"a\":";
    EXPECT_FALSE(fromJson(objects).ok());
}

TEST(MalformedTokenizer, CutAndChangedFilesNeverCrash) {
    std::mt19937 random(3);
    for (const auto& [name, kind, rounds] : {std::tuple{"sample/tokenizer.json", TokenizerSource::Kind::HuggingFaceJson, 40},
                                             {"mistral-v1/tokenizer.model", TokenizerSource::Kind::SentencePiece, 30}}) {
        const auto source = readTokenizerSource(golden + name);
        ASSERT_TRUE(source.ok());
        for (int round = 0; round < rounds; ++round) {
            TokenizerSource changed = *source;
            changed.kind = kind;
            if (round % 2 == 0)
                changed.bytes.resize(random() % changed.bytes.size());
            else
                for (int k = 0; k < 8; ++k) changed.bytes[random() % changed.bytes.size()] = static_cast<char>(random());
            if (const auto made = makeTokenizer(changed)) use(**made);
        }
    }
}

TEST(MalformedTokenizer, ChatTemplatesOfAnyKindAreReadOrRefused) {
    const std::string parts[] = {"{%",        "%}", "{{",  "}}", "for m in messages", "endfor", "if m['role'] == 'user'",
                                 "endif",     "-",  " ",   "'",  "m['content']",      "+",      "\\",
                                 "bos_token", "\n", "else"};
    std::mt19937 random(4);
    for (int round = 0; round < 20000; ++round) {
        std::string jinja;
        for (unsigned k = random() % 30; k > 0; --k) jinja += parts[random() % std::size(parts)];
        if (const auto read = ChatTemplate::fromJinja(jinja)) {
            EXPECT_NE(read->user.find("{text}"), std::string::npos) << jinja;
        }
    }
}

TEST(MalformedTokenizer, MissingFilesAreNamed) {
    EXPECT_NE(readTokenizerSource(golden).error().message.find("tokenizer.json nor tokenizer.model"), std::string::npos);
    EXPECT_EQ(readTokenizerSource(golden + "nothing.json").error().code, ErrorCode::NotFound);
    EXPECT_FALSE(makeTokenizer({TokenizerSource::Kind::SentencePiece, ""}).ok());
}

}  // namespace
}  // namespace ternion
