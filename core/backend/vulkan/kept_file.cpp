#include "backend/vulkan/kept_file.h"

#include <cstring>
#include <system_error>

#include "base/atomic_file.h"
#include "base/mapped_file.h"

namespace ternion::vulkan {
namespace {

constexpr std::size_t mostBytes = std::size_t{256} << 20;

struct Header {
    FileKind kind{};
    std::uint64_t size = 0;
    std::uint64_t checksum = 0;
};

std::uint64_t checksumOf(std::span<const std::byte> data) {  // FNV-1a: against damage, not against malice
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const std::byte byte : data) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3U;
    return hash;
}

}  // namespace

std::string DeviceKey::fileName(std::string_view what) const {
    constexpr auto digits = "0123456789abcdef";
    std::string name(what);
    const auto append = [&](std::span<const std::uint8_t> bytes) {
        name += '-';
        for (const std::uint8_t byte : bytes) (name += digits[byte >> 4]) += digits[byte & 15];
    };
    for (const std::uint32_t number : {vendor, device, driver}) {
        std::array<std::uint8_t, sizeof number> bytes{};
        for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::uint8_t>(number >> (24 - 8 * k));
        append(bytes);
    }
    append(uuid);
    return name + ".bin";
}

std::vector<std::byte> loadKept(const std::filesystem::path& path, const FileKind& kind) {
    const auto file = MappedFile::open(path);
    if (!file || file->bytes().size() < sizeof(Header) || file->bytes().size() > mostBytes) return {};
    Header header;
    std::memcpy(&header, file->bytes().data(), sizeof header);
    const auto data = file->bytes().subspan(sizeof header);
    if (header.kind != kind || header.size != data.size() || header.checksum != checksumOf(data)) return {};
    return {data.begin(), data.end()};
}

Status saveKept(const std::filesystem::path& path, const FileKind& kind, std::span<const std::byte> data) {
    if (data.size() > mostBytes - sizeof(Header)) return {};  // loading would not take it
    std::error_code failure;
    if (std::filesystem::create_directories(path.parent_path(), failure))
        std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, failure);
    const Header header{kind, data.size(), checksumOf(data)};
    TERNION_TRY(auto file, AtomicFile::create(path, AtomicFile::Readers::UserAlone));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(&header, 1))));
    TERNION_CHECK(file.write(sizeof header, data));
    return file.commit();
}

}  // namespace ternion::vulkan
