// The pipeline cache on disk: what is kept comes back, and nothing else is ever handed to a driver.
#include "backend/vulkan/pipeline_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include "scratch.h"

namespace ternion::vulkan {
namespace {

class PipelineCache : public testing::Test {
protected:
    /// As a driver makes it: its header, then bytes of its own.
    std::vector<std::byte> dataOf(const DeviceKey& key, std::size_t more = 1000) const {
        std::vector<std::byte> data(32 + more, std::byte{0x5A});
        const std::uint32_t head[] = {32, 1, key.vendor, key.device};
        std::memcpy(data.data(), head, sizeof head);
        std::memcpy(data.data() + sizeof head, key.uuid.data(), key.uuid.size());
        return data;
    }
    std::string fileText() const {
        std::ifstream in(folder_ / key_.fileName("pipelines"), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    const files::Scratch scratch_;
    const std::filesystem::path folder_ = scratch_.path();
    DeviceKey key_{0x10DE, 0x2330, 7, {1, 2, 3}};
};

TEST_F(PipelineCache, ComesBackInAFolderOfTheUsersOwn) {
    const auto inner = folder_ / "made" / "here";
    const auto data = dataOf(key_);
    ASSERT_TRUE(savePipelineCache(inner, key_, data).ok());
    EXPECT_EQ(loadPipelineCache(inner, key_), data);
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(inner).permissions(), perms::owner_all);
    EXPECT_EQ(std::filesystem::status(inner / key_.fileName("pipelines")).permissions(),
              perms::owner_read | perms::owner_write);
    const auto longer = dataOf(key_, 5000);
    ASSERT_TRUE(savePipelineCache(inner, key_, longer).ok());
    EXPECT_EQ(loadPipelineCache(inner, key_), longer);
}

TEST_F(PipelineCache, OfAnotherDriverOrDeviceIsNone) {
    ASSERT_TRUE(savePipelineCache(folder_, key_, dataOf(key_)).ok());
    auto other = key_;
    other.driver = 8;
    EXPECT_TRUE(loadPipelineCache(folder_, other).empty());
    // Even where a file has the name of one and the data of another.
    for (const auto& change : std::initializer_list<std::function<void(DeviceKey&)>>{
             [](auto& k) { k.vendor = 1; }, [](auto& k) { k.device = 1; }, [](auto& k) { k.uuid[15] = 1; }}) {
        other = key_;
        change(other);
        std::filesystem::copy_file(folder_ / key_.fileName("pipelines"), folder_ / other.fileName("pipelines"));
        EXPECT_TRUE(loadPipelineCache(folder_, other).empty());
        ASSERT_TRUE(savePipelineCache(folder_, other, dataOf(key_)).ok());
        EXPECT_TRUE(loadPipelineCache(folder_, other).empty());
    }
}

TEST_F(PipelineCache, DamagedIsNone) {
    EXPECT_TRUE(loadPipelineCache(folder_, key_).empty());
    ASSERT_TRUE(savePipelineCache(folder_, key_, dataOf(key_, 64)).ok());
    const std::string whole = fileText();
    const auto withText = [&](const std::string& text) {
        std::ofstream(folder_ / key_.fileName("pipelines"), std::ios::binary) << text;
        return loadPipelineCache(folder_, key_);
    };
    ASSERT_FALSE(withText(whole).empty());
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_TRUE(withText(whole.substr(0, length)).empty()) << length;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        EXPECT_TRUE(withText(damaged).empty()) << at;
    }
    EXPECT_TRUE(withText(whole + "x").empty());
}

TEST_F(PipelineCache, WhereItCannotBeKeptIsAnErrorThatSaysWhy) {
    std::filesystem::create_directories(folder_ / key_.fileName("pipelines"));
    EXPECT_TRUE(loadPipelineCache(folder_, key_).empty());
    EXPECT_FALSE(savePipelineCache(folder_, key_, dataOf(key_)).ok());
    std::ofstream(folder_ / "file") << "in the way";
    const auto status = savePipelineCache(folder_ / "file", key_, dataOf(key_));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Io);
}

/// A driver that makes caches of no more than `mostTaken` bytes, and counts those that live.
std::size_t mostTaken = 0;
int alive = 0;
VkResult VKAPI_CALL make(VkDevice, const VkPipelineCacheCreateInfo* info, const VkAllocationCallbacks*,
                         VkPipelineCache* cache) {
    if (info->initialDataSize > mostTaken) return VK_ERROR_INITIALIZATION_FAILED;
    ++alive;
    *cache = reinterpret_cast<VkPipelineCache>(&alive);
    return VK_SUCCESS;
}
void VKAPI_CALL destroy(VkDevice, VkPipelineCache, const VkAllocationCallbacks*) { --alive; }

TEST_F(PipelineCache, ThatADriverRefusesBeginsEmpty) {
    Api api;
    api.vkCreatePipelineCache = make;
    api.vkDestroyPipelineCache = destroy;
    const auto whole = dataOf(key_);
    for (const bool refused : {false, true}) {
        mostTaken = refused ? 0 : whole.size();
        auto data = whole;
        const auto cache = makePipelineCache(api, VK_NULL_HANDLE, data);
        EXPECT_TRUE(cache);
        EXPECT_EQ(alive, 1);
        EXPECT_EQ(data.empty(), refused);
    }
    EXPECT_EQ(alive, 0);
    api.vkCreatePipelineCache = [](auto...) { return VK_ERROR_OUT_OF_HOST_MEMORY; };
    auto data = whole;
    EXPECT_FALSE(makePipelineCache(api, VK_NULL_HANDLE, data));
}

}  // namespace
}  // namespace ternion::vulkan
