#include "backend/vulkan/pipeline_cache.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "base/atomic_file.h"
#include "base/mapped_file.h"

namespace ternion::vulkan {
namespace {

constexpr std::size_t mostBytes = std::size_t{256} << 20;

/// Before the driver's data.
struct Header {
    std::array<char, 8> magic{'T', 'R', 'N', 'P', 'I', 'P', 'E', '1'};
    std::uint64_t size = 0;
    std::uint64_t checksum = 0;
};

/// How the driver's data begins (VkPipelineCacheHeaderVersionOne).
struct DriverHeader {
    std::uint32_t size, version, vendor, device;
    std::array<std::uint8_t, 16> uuid;
};

std::uint64_t checksumOf(std::span<const std::byte> data) {  // FNV-1a: against damage, not against malice
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const std::byte byte : data) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3U;
    return hash;
}

bool isFrom(std::span<const std::byte> data, const PipelineCacheKey& key) {
    DriverHeader header{};
    if (data.size() < sizeof header) return false;
    std::memcpy(&header, data.data(), sizeof header);
    return header.size == sizeof header && header.version == 1 && header.vendor == key.vendor && header.device == key.device &&
           header.uuid == key.uuid;
}

}  // namespace

std::string PipelineCacheKey::fileName() const {
    constexpr auto digits = "0123456789abcdef";
    std::string name = "pipelines";
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

std::vector<std::byte> loadPipelineCache(const std::filesystem::path& folder, const PipelineCacheKey& key) {
    const auto file = MappedFile::open(folder / key.fileName());
    if (!file || file->bytes().size() < sizeof(Header) || file->bytes().size() > mostBytes) return {};
    Header header;
    const Header expected;
    std::memcpy(&header, file->bytes().data(), sizeof header);
    const auto data = file->bytes().subspan(sizeof header);
    if (header.magic != expected.magic || header.size != data.size() || header.checksum != checksumOf(data) ||
        !isFrom(data, key))
        return {};
    return {data.begin(), data.end()};
}

Status savePipelineCache(const std::filesystem::path& folder, const PipelineCacheKey& key, std::span<const std::byte> data) {
    if (data.size() > mostBytes - sizeof(Header) || !isFrom(data, key)) return {};  // loading would not take it
    std::error_code failure;
    if (std::filesystem::create_directories(folder, failure))
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
    Header header;
    header.size = data.size();
    header.checksum = checksumOf(data);
    TERNION_TRY(auto file, AtomicFile::create(folder / key.fileName(), AtomicFile::Readers::UserAlone));
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(&header, 1))));
    TERNION_CHECK(file.write(sizeof header, data));
    return file.commit();
}

Owned<VkPipelineCache> makePipelineCache(const Api& api, VkDevice device, std::vector<std::byte>& data) {
    VkPipelineCache cache = VK_NULL_HANDLE;
    const auto make = [&] {
        const VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, nullptr, 0, data.size(),
                                             data.data()};
        return api.vkCreatePipelineCache(device, &info, nullptr, &cache) == VK_SUCCESS;
    };
    if (!make()) {
        data.clear();
        if (!make()) return {};
    }
    return {cache, [&api, device](VkPipelineCache c) { api.vkDestroyPipelineCache(device, c, nullptr); }};
}

}  // namespace ternion::vulkan
