// Which device a name leads to, and which drivers that loads.
#include <gtest/gtest.h>

#include "backend/backend.h"
#include "backend/cpu/cpu_backend.h"

namespace ternion {
namespace {

/// A backend with one real GPU, which tells how often it was asked.
class CountedBackend final : public Backend {
public:
    explicit CountedBackend(int& asked) : asked_(asked) {}
    std::string_view name() const override { return "gpu"; }
    std::vector<DeviceInfo> devices() override {
        ++asked_;
        DeviceInfo info;
        info.backend = "gpu";
        info.name = "A GPU";
        info.usable = true;
        return {info};
    }
    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model>, int, const Progress&, const LoadOptions&) override {
        return Error{ErrorCode::DeviceUnavailable, "never loaded here", "gpu"};
    }

private:
    int& asked_;
};

TEST(BackendRegistry, OnlyTheBackendThatIsNamedIsAsked) {
    int asked = 0;
    BackendRegistry registry;
    registry.add(std::make_unique<CountedBackend>(asked));
    registry.add(makeCpuBackend());
    EXPECT_EQ(registry.find("cpu")->id(), "cpu");
    EXPECT_EQ(asked, 0);
    EXPECT_EQ(registry.find("gpu")->id(), "gpu:0");
    EXPECT_EQ(registry.find("gpu:0")->id(), "gpu:0");
    EXPECT_EQ(registry.find("")->id(), "gpu:0");
    EXPECT_EQ(registry.devices().size(), 2U);
}

TEST(BackendRegistry, AWrongNameIsAnsweredWithWhatThereIs) {
    int asked = 0;
    BackendRegistry registry;
    registry.add(std::make_unique<CountedBackend>(asked));
    registry.add(makeCpuBackend());
    for (const char* id : {"gpu:1", "abacus", "cpu:7", ":"}) {
        const auto found = registry.find(id);
        ASSERT_FALSE(found.ok()) << id;
        EXPECT_EQ(found.error().code, ErrorCode::DeviceUnavailable) << id;
        EXPECT_NE(found.error().text().find("gpu:0 (A GPU), cpu"), std::string::npos) << found.error().text();
    }
}

}  // namespace
}  // namespace ternion
