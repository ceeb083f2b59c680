#include "engine/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

namespace ternion {
namespace {

TEST(EngineWorker, NewerRequestReplacesQueuedOneOfTheSameTag) {
    std::promise<void> gate;
    std::promise<void> done;
    std::vector<int> ran;
    EngineWorker worker;
    worker.post("hold", [&](const std::stop_token&) { gate.get_future().wait(); });
    for (int k = 0; k < 5; ++k) worker.post("view", [&ran, k](const std::stop_token&) { ran.push_back(k); });
    worker.post("other", [&](const std::stop_token&) { ran.push_back(100); });
    worker.post("last", [&](const std::stop_token&) { done.set_value(); });
    gate.set_value();
    done.get_future().wait();
    EXPECT_EQ(ran, (std::vector<int>{4, 100}));
}

TEST(EngineWorker, StopReachesOnlyTheRunningJob) {
    std::promise<void> started;
    std::promise<bool> second;
    EngineWorker worker;
    worker.post("a", [&](const std::stop_token& stop) {
        started.set_value();
        while (!stop.stop_requested()) std::this_thread::yield();
    });
    worker.post("b", [&](const std::stop_token& stop) { second.set_value(stop.stop_requested()); });
    started.get_future().wait();
    EXPECT_FALSE(worker.idle());
    worker.stopCurrent();
    EXPECT_FALSE(second.get_future().get());
}

TEST(EngineWorker, DestructionStopsTheRunningJobAndDropsTheRest) {
    std::atomic<bool> stopped = false;
    std::atomic<bool> dropped = true;
    {
        std::promise<void> started;
        EngineWorker worker;
        worker.post("a", [&](const std::stop_token& stop) {
            started.set_value();
            while (!stop.stop_requested()) std::this_thread::yield();
            stopped = true;
        });
        worker.post("b", [&](const std::stop_token&) { dropped = false; });
        started.get_future().wait();
    }
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(dropped);
}

}  // namespace
}  // namespace ternion
