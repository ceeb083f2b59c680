#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace ternion {
namespace {

const std::string streamGolden = std::string(TERNION_TEST_DATA) + "/tokenizers/";

std::shared_ptr<const Tokenizer> loadTokenizer(const std::string& path) {
    return *makeTokenizer(*readTokenizerSource(streamGolden + path));
}

/// A small byte-level BPE of the GPT-2 kind: the 256 byte pieces and a few merges.
std::shared_ptr<const Tokenizer> byteLevel() {
    static const std::string json = [] {
        std::string vocab, escaped;
        int id = 0;
        const auto add = [&](const std::string& piece) {
            if (id > 0) vocab += ',';
            vocab += '"';
            if (piece == "\"" || piece == "\\") vocab += '\\';
            vocab += piece + "\":" + std::to_string(id);
            ++id;
        };
        // The alphabet: printable bytes as themselves, the others from U+0100 on.
        int next = 256;
        for (int byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            const int code = printable ? byte : next++;
            add(code < 0x80 ? std::string(1, static_cast<char>(code))
                            : std::string{static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))});
        }
        for (const char* piece : {"he", "ll", "hell", "hello", "\u0120w", "\u0120wo"}) add(piece);
        return R"({"added_tokens":[{"id":262,"content":"<|end|>","special":true,"normalized":false}],"pre_tokenizer":{"type":"ByteLevel",
"add_prefix_space":false,"use_regex":true},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{)" +
               vocab + R"(},"merges":["h e","l l",["he","ll"],"hell o","Ġ w","Ġw o"]}})";
    }();
    const auto made = makeTokenizer({TokenizerSource::Kind::HuggingFaceJson, json});
    EXPECT_TRUE(made.ok()) << made.error().text();
    return *made;
}

std::vector<std::shared_ptr<const Tokenizer>> all() {
    return {loadTokenizer("sample/tokenizer.json"), loadTokenizer("mistral-v1/tokenizer.model"), byteLevel()};
}

std::string randomText(std::mt19937& random, int characters) {
    std::string text;
    for (int k = 0; k < characters; ++k) {
        // Every length of UTF-8, with ASCII and spaces frequent.
        const std::uint32_t ranges[][2] = {{0x20, 0x7E},    {0x20, 0x20},     {0, 0x7F},          {0x80, 0x7FF},
                                           {0x800, 0xD7FF}, {0xE000, 0xFFFF}, {0x10000, 0x10FFFF}};
        const auto& range = ranges[random() % 7];
        const std::uint32_t code = range[0] + random() % (range[1] - range[0] + 1);
        if (code < 0x80) {
            text += static_cast<char>(code);
        } else if (code < 0x800) {
            text += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
        } else if (code < 0x10000) {
            text += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
                     static_cast<char>(0x80 | (code & 0x3F))};
        } else {
            text += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3F)),
                     static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
        }
    }
    return text;
}

TEST(TokenizerStream, AnyTextComesBackWholeAndInParts) {
    std::mt19937 random(1);
    for (const auto& tokenizer : all())
        for (int round = 0; round < 300; ++round) {
            const std::string text = randomText(random, 1 + static_cast<int>(random() % 40));
            const auto ids = tokenizer->encode(text, false);
            const std::string whole = tokenizer->decode(ids);
            // SentencePiece normalises: what it gives back must at least be a fixed point.
            if (tokenizer->vocabSize() != 32000)
                ASSERT_EQ(whole, text);
            else
                ASSERT_EQ(tokenizer->decode(tokenizer->encode(whole, false)), whole);
            StreamDecoder stream(tokenizer);
            std::string joined;
            for (const TokenId id : ids) {
                const std::string part = stream.append(id);
                for (std::string_view rest = part; !rest.empty(); rest.remove_prefix(utf8::characterLength(rest)))
                    ASSERT_GT(utf8::wellFormedLength(rest), 0U) << "half a character";
                joined += part;
            }
            ASSERT_EQ(joined + stream.finish(), whole);
        }
}

TEST(TokenizerStream, ContinuesATextAndBeginsAnAnswer) {
    const auto tokenizer = loadTokenizer("sample/tokenizer.json");
    const auto prompt = tokenizer->encode("<|user|>Hello<|assistant|>", true);
    const auto answer = tokenizer->encode("Hello again", false);
    StreamDecoder begins(tokenizer, prompt);
    StreamDecoder continues(tokenizer, tokenizer->encode("Once", false));
    std::string first, second;
    for (const TokenId id : answer) {
        first += begins.append(id);
        second += continues.append(id);
    }
    EXPECT_EQ(first + begins.finish(), "Hello again");
    EXPECT_EQ(second + continues.finish(), " Hello again");
}

TEST(TokenizerStream, ACutCharacterIsShownOnlyAtTheEnd) {
    const auto tokenizer = loadTokenizer("sample/tokenizer.json");
    StreamDecoder stream(tokenizer);
    for (const char* piece : {"<0xF0>", "<0x9F>", "<0x98>"}) EXPECT_EQ(stream.append(*tokenizer->idOf(piece)), "");
    EXPECT_FALSE(stream.finish().empty());
}

TEST(Tokenizer, ByteLevelMergesAndSplitsAsGpt2) {
    const auto tokenizer = byteLevel();
    const auto pieces = [&](const char* text) {
        std::vector<std::string> out;
        for (const TokenId id : tokenizer->encode(text, true)) out.push_back(tokenizer->piece(id));
        return out;
    };
    using Pieces = std::vector<std::string>;
    EXPECT_EQ(pieces("hello world"), (Pieces{"hello", "\u0120wo", "r", "l", "d"}));
    EXPECT_EQ(pieces("he'll<|end|>"), (Pieces{"he", "'", "ll", "<|end|>"}));
    EXPECT_EQ(pieces("a  w"), (Pieces{"a", "\u0120", "\u0120w"}));  // the last space belongs to the word
}

TEST(Tokenizer, PeoplesTextCannotForgeSpecialTokens) {
    const auto tokenizer = loadTokenizer("sample/tokenizer.json");
    for (const TokenId id : tokenizer->encode("a<|user|>b</s>", false)) EXPECT_FALSE(tokenizer->isSpecial(id));
    const auto special = tokenizer->encode("a<|user|>b</s>", true);
    EXPECT_EQ(std::count_if(special.begin(), special.end(), [&](TokenId id) { return tokenizer->isSpecial(id); }), 2);
}

TEST(Tokenizer, AMegabyteInOneWordTakesNoLongerThanItsLength) {
    const auto tokenizer = loadTokenizer("sample/tokenizer.json");
    std::string text;
    std::mt19937 random(2);
    while (text.size() < (std::size_t{1} << 20)) text += static_cast<char>('a' + random() % 26);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text, true)), text);
    // Quadratic work would take hours; the bound is far above what it takes.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(Tokenizer, IllFormedBytesBecomeByteTokens) {
    const auto tokenizer = loadTokenizer("sample/tokenizer.json");
    const auto ids = tokenizer->encode("a\xFF\xC3", false);
    ASSERT_GE(ids.size(), 2U);
    EXPECT_EQ(tokenizer->piece(ids[ids.size() - 2]), "<0xFF>");
    EXPECT_EQ(tokenizer->piece(ids.back()), "<0xC3>");
}

}  // namespace
}  // namespace ternion
