// The vectors that the authors' own implementation gave (tests/golden/*/expected.safetensors).
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ternion::accuracy {

struct ExpectedVectors {
    std::vector<std::int32_t> inputIds;  ///< `[T]`
    std::vector<float> logits;           ///< `[T, V]`
    std::vector<float> hiddenStates;     ///< `[L + 1, T, D]`
};

/// Trusted files of 32-bit elements; throws where they are not.
inline ExpectedVectors readExpected(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::uint64_t headerSize = 0;
    std::memcpy(&headerSize, bytes.data(), sizeof headerSize);
    const auto header = nlohmann::json::parse(bytes.substr(8, headerSize));
    const auto read = [&]<class T>(const char* name, std::vector<T>& into) {
        const auto begin = header.at(name).at("data_offsets").at(0).template get<std::size_t>();
        const auto end = header.at(name).at("data_offsets").at(1).template get<std::size_t>();
        into.resize((end - begin) / sizeof(T));
        std::memcpy(into.data(), bytes.data() + 8 + headerSize + begin, end - begin);
    };
    ExpectedVectors expected;
    read("input_ids", expected.inputIds);
    read("logits", expected.logits);
    read("hidden_states", expected.hiddenStates);
    return expected;
}

}  // namespace ternion::accuracy
