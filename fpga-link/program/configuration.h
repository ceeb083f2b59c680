// What an accelerator was built with, and what follows from it (fpga-link/README.md, "Parameters").
#pragma once

#include <cstdint>

namespace ternion::fpga {

inline constexpr std::uint32_t acceleratorId = 0x4E4E5254;
inline constexpr std::uint32_t acceleratorVersion = 0x00010000;  ///< major in the high half: another one is another interface
inline constexpr std::uint32_t shellId = 0x4C485354;

struct Configuration {
    int lanes = 64;          ///< columns that the array takes in a cycle
    int groups = 1;          ///< bytes of a column in a word: 4 rows each, or 5
    bool dense = false;      ///< five trits a byte
    int vectorWords = 2048;  ///< of the vector memory
    int codeWords = 32;      ///< of the code memory, `lanes` codes each
    bool operator==(const Configuration&) const = default;

    /// One word of memory, stream and vector memory alike.
    int wordBytes() const { return lanes * groups; }
    int elements() const { return wordBytes() / 4; }    ///< int32 a word
    int rowsOfByte() const { return dense ? 5 : 4; }    ///< of one column
    int rows() const { return groups * rowsOfByte(); }  ///< that the array makes together
    int wordsFor(int elementCount) const { return (elementCount + elements() - 1) / elements(); }
    int chunksFor(int columns) const { return (columns + lanes - 1) / lanes; }
    /// What a mat-vec makes of `rowCount` rows: whole words of results.
    int paddedRows(int rowCount) const { return wordsFor(rowCount) * elements(); }
    int groupsFor(int rowCount) const { return (paddedRows(rowCount) + rows() - 1) / rows(); }

    /// What the register CONFIG_HASH says: FNV-1a over 32-bit values.
    std::uint32_t hash() const {
        std::uint32_t hash = 2166136261U;
        for (const std::uint32_t value : {acceleratorVersion, static_cast<std::uint32_t>(lanes),
                                          static_cast<std::uint32_t>(groups), static_cast<std::uint32_t>(dense),
                                          static_cast<std::uint32_t>(vectorWords), static_cast<std::uint32_t>(codeWords)})
            hash = (hash ^ value) * 16777619U;
        return hash;
    }
    std::uint32_t arrayRegister() const {
        return static_cast<std::uint32_t>(lanes) | static_cast<std::uint32_t>(rows()) << 16 | (dense ? 1U << 24 : 0U);
    }
    std::uint32_t memoriesRegister() const {
        return static_cast<std::uint32_t>(vectorWords) | static_cast<std::uint32_t>(codeWords) << 16;
    }
    /// What the registers ARRAY and MEMORIES say. Of anything at all: the caller compares the hash.
    static Configuration of(std::uint32_t array, std::uint32_t memories) {
        Configuration made;
        made.lanes = static_cast<int>(array & 0xFFFFU);
        made.dense = (array >> 24 & 1U) != 0;
        made.groups = static_cast<int>(array >> 16 & 0xFFU) / made.rowsOfByte();
        made.vectorWords = static_cast<int>(memories & 0xFFFFU);
        made.codeWords = static_cast<int>(memories >> 16);
        return made;
    }
};

}  // namespace ternion::fpga
