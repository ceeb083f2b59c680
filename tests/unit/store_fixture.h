// A database file in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "scratch.h"
#include "store/conversation_store.h"

namespace ternion {

class StoreFixture : public testing::Test {
protected:
    std::unique_ptr<ConversationStore> opened() const {
        auto result = ConversationStore::open(path_);
        EXPECT_TRUE(result.ok()) << result.error().text();
        if (!result) return nullptr;
        EXPECT_EQ(result->notice, "");
        return std::move(result->store);
    }

    const files::Scratch scratch_;
    std::filesystem::path folder_ = scratch_.path();
    std::filesystem::path path_ = folder_ / "data" / "ternion.sqlite";
};

}  // namespace ternion
