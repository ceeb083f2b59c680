#include "store/search_text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <sstream>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

utf8proc_int32_t simplified(utf8proc_int32_t code, void* /*unused*/) {
    constexpr utf8proc_int32_t capitalDottedI = 0x130;
    constexpr utf8proc_int32_t smallDotlessI = 0x131;
    if (code == capitalDottedI || code == smallDotlessI) return 'i';
    const auto category = utf8proc_category(code);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP ? ' '
                                                                                                                    : code;
}

}  // namespace

std::string foldCase(std::string_view text) {
    std::string wellFormed = utf8::lossy(text);
    utf8proc_uint8_t* mapped = nullptr;
    const auto size = utf8proc_map_custom(
        reinterpret_cast<const utf8proc_uint8_t*>(wellFormed.data()), static_cast<utf8proc_ssize_t>(wellFormed.size()), &mapped,
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD), simplified, nullptr);
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
    if (size < 0) return wellFormed;
    return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

std::vector<std::string> foldedWords(std::string_view text) {
    std::istringstream stream(foldCase(text));
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

}  // namespace ternion
