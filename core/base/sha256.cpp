#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>

namespace ternion {

Result<std::string> sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        return Error{ErrorCode::Unsupported, "the cryptographic library of this system gives no SHA-256", {}};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * std::size_t{length});
    for (unsigned k = 0; k < length; ++k) {
        text += digits[digest[k] >> 4U];
        text += digits[digest[k] & 15U];
    }
    return text;
}

}  // namespace ternion
