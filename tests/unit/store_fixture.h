// A database file in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "store/conversation_store.h"

namespace ternion {

class StoreFixture : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "ternion-store-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        path_ = folder_ / "data" / "ternion.sqlite";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<ConversationStore> opened() const {
        auto result = ConversationStore::open(path_);
        EXPECT_TRUE(result.ok()) << result.error().text();
        if (!result) return nullptr;
        EXPECT_EQ(result->notice, "");
        return std::move(result->store);
    }

    std::filesystem::path folder_;
    std::filesystem::path path_;
};

}  // namespace ternion
