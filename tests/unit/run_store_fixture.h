// A run to be written and read.
#pragma once

#include "store/run_reader.h"
#include "store/run_store.h"
#include "unit/store_fixture.h"

namespace ternion {

class RunStoreFixture : public StoreFixture {
protected:
    std::unique_ptr<RunStore> openedRuns() const {
        auto result = RunStore::open(path_);
        EXPECT_TRUE(result.ok()) << result.error().text();
        if (!result) return nullptr;
        EXPECT_EQ(result->notice, "");
        return std::move(result->store);
    }

    static RunFacts facts() {
        RunFacts facts;
        facts.kind = "bench";
        facts.model = {"0123456789abcdef", "Ternary", "/models/ternary.gguf", 48'900'000, 97'800'000};
        facts.device.backend = "cpu";
        facts.device.name = "A processor";
        facts.device.driver = "avx2";
        facts.device.memoryBytes = std::uint64_t{1} << 34U;
        facts.packing = "2bit";
        facts.program = "ternion 0.1.0";
        facts.shaderHash = "feedbeef";
        facts.sampler = {0.7F, 40, 0.9F, 0.05F, 1.1F, 64, 0xFEDCBA9876543210U};
        facts.maxTokens = 128;
        facts.settings = R"({"prompt_tokens":512})";
        facts.sweep = "sizes";
        facts.intervention = {{TraceTensor::ForgetGate, 2, 3, 4, Edit::Kind::Scale, 0.5F, 0.0F}};
        return facts;
    }
};

}  // namespace ternion
