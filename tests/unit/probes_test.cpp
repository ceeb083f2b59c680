// Probes over trees of files as each kernel driver makes them, over a fake NVML, and over this machine.
#include "measure/probes.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "observed_device.h"
#include "scratch.h"

namespace ternion {
namespace {

using std::filesystem::path;

/// A device by its facts alone, and a driver that counts its memory.
class CountingDevice : public ObservedDevice {
public:
    CountingDevice(DeviceInfo info, Result<std::uint64_t> bytes)
        : ObservedDevice(nullptr, std::move(info), {}), bytes_(std::move(bytes)) {}
    Result<std::uint64_t> memoryInUse() const override { return bytes_; }

private:
    Result<std::uint64_t> bytes_;
};

constexpr const char* address = "0000:03:00.0";

DeviceInfo gpu(std::string pciAddress = address) {
    DeviceInfo info;
    info.backend = "vulkan";
    info.name = "a GPU";
    info.pciAddress = std::move(pciAddress);
    return info;
}

DeviceInfo processor() {
    DeviceInfo info;
    info.backend = "cpu";
    info.name = "a processor";
    return info;
}

class ProbesOfFiles : public testing::Test {
protected:
    void write(const path& file, const std::string& text) const {
        std::filesystem::create_directories((scratch_.path() / file).parent_path());
        std::ofstream(scratch_.path() / file) << text;
    }
    path hwmon(const std::string& file) const { return path("sys/bus/pci/devices") / address / "hwmon/hwmon4" / file; }
    void gpuOfAmd() const {
        write(path("sys/bus/pci/devices") / address / "vendor", "0x1002\n");
        write(hwmon("name"), "amdgpu\n");
        write(hwmon("power1_average"), "31250000\n");
        write(hwmon("update_interval"), "250\n");
    }
    void package(const std::string& zone, const std::string& name, const std::string& energy,
                 const std::string& range = "262143328850\n") const {
        const path folder = path("sys/class/powercap") / zone;
        write(folder / "name", name + "\n");
        write(folder / "energy_uj", energy);
        write(folder / "max_energy_range_uj", range);
    }

    const files::Scratch scratch_;
    const ProbeSources sources_{scratch_.path() / "sys", scratch_.path() / "proc", TERNION_FAKE_NVML};
};

Probe* named(const Probes& probes, const std::string& name) {
    for (const auto& probe : probes)
        if (probe->facts().name == name) return probe.get();
    return nullptr;
}

Probe& only(const Probes& probes) {
    EXPECT_EQ(probes.size(), 1U);
    return *probes.at(0);
}

/// Missing, says why in words that hold `reason`, and is not read.
void expectMissing(Probe& probe, const std::string& reason) {
    EXPECT_NE(probe.facts().missing.find(reason), std::string::npos) << probe.facts().name << ": " << probe.facts().missing;
    const auto value = probe.read();
    ASSERT_FALSE(value.ok()) << probe.facts().name << " is " << *value;
    EXPECT_EQ(value.error().code, ErrorCode::Unsupported);
    EXPECT_EQ(value.error().message, probe.facts().missing);
}

void expectValue(Probe& probe, double value) {
    EXPECT_EQ(probe.facts().missing, "") << probe.facts().name;
    const auto read = probe.read();
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_NEAR(*read, value, 1e-9 * value) << probe.facts().name;
}

const std::vector<std::string> noNumbers{"", "\n", "watt\n", "-5\n", "12 W\n", "1e6\n", "0x10\n", "99999999999999999999999\n"};

// --- the host's memory

constexpr const char* rollup =
    "5575f3925000-7ffd639f8000 ---p 00000000 00:00 0                          [rollup]\n"
    "Rss:              159200 kB\n"
    "Pss:               43600 kB\n"
    "Pss_Dirty:           112 kB\n"
    "Private_Clean:        64 kB\n"
    "Private_Dirty:      1120 kB\n"
    "Swap:                  0 kB\n";

TEST_F(ProbesOfFiles, HostMemory) {
    write("proc/self/smaps_rollup", rollup);
    const auto probes = hostMemoryProbes(sources_);
    ASSERT_EQ(probes.size(), 3U);
    EXPECT_EQ(probes[0]->facts().name, "host_memory.resident");
    expectValue(*probes[0], 159200.0 * 1024);
    EXPECT_EQ(probes[1]->facts().name, "host_memory.proportional");
    expectValue(*probes[1], 43600.0 * 1024);
    EXPECT_EQ(probes[2]->facts().name, "host_memory.private");
    expectValue(*probes[2], (64.0 + 1120.0) * 1024);
    for (const auto& probe : probes) {
        EXPECT_EQ(probe->facts().unit, "B");
        EXPECT_EQ(probe->facts().kind, ProbeFacts::Kind::Level);
        EXPECT_EQ(probe->facts().source, Source::Measured);
        EXPECT_EQ(probe->facts().together, probes[0]->facts().together);
        EXPECT_FALSE(probe->facts().together.empty());
    }
}

TEST_F(ProbesOfFiles, HostMemoryIsReadOnceForWhatIsAskedTogether) {
    write("proc/self/smaps_rollup", rollup);
    const auto probes = hostMemoryProbes(sources_);
    constexpr auto later = std::chrono::milliseconds(20);
    std::this_thread::sleep_for(later);
    const auto begin = std::chrono::steady_clock::now();
    expectValue(*probes[0], 159200.0 * 1024);
    write("proc/self/smaps_rollup", "Rss: 1 kB\nPss: 2 kB\nPrivate_Clean: 3 kB\nPrivate_Dirty: 4 kB\n");
    const auto together = probes[1]->read();
    ASSERT_TRUE(together.ok());
    if (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(4)) {
        EXPECT_EQ(*together, 43600.0 * 1024);
    }
    std::this_thread::sleep_for(later);
    expectValue(*probes[1], 2.0 * 1024);
    expectValue(*probes[0], 1.0 * 1024);
    std::filesystem::remove(scratch_.path() / "proc/self/smaps_rollup");
    std::this_thread::sleep_for(later);
    const auto gone = probes[0]->read();
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code, ErrorCode::Io);
}

TEST_F(ProbesOfFiles, HostMemoryThatNobodyTells) {
    for (const auto& probe : hostMemoryProbes(sources_)) expectMissing(*probe, "Linux tells it since 4.14");
    for (const char* text :
         {"", "Rss: many kB\n", "Rss: -5 kB\n", "Rss: 99999999999999999999999 kB\n", "Rss: 5 MB\n", "Rss:"}) {
        write("proc/self/smaps_rollup", text);
        expectMissing(*hostMemoryProbes(sources_).at(0), "does not tell Rss");
    }
}

// --- the device's memory

TEST(DeviceMemoryProbe, IsWhatTheDriverCounts) {
    const auto probes = deviceMemoryProbes(std::make_shared<CountingDevice>(gpu(), std::uint64_t{3} << 30));
    Probe& probe = only(probes);
    EXPECT_EQ(probe.facts().name, "device_memory.in_use");
    EXPECT_EQ(probe.facts().unit, "B");
    EXPECT_EQ(probe.facts().source, Source::VendorEstimate);
    expectValue(probe, 3.0 * 1024 * 1024 * 1024);
    const auto silent = deviceMemoryProbes(
        std::make_shared<CountingDevice>(gpu(), Error{ErrorCode::Unsupported, "its driver does not tell", "vulkan:0"}));
    expectMissing(only(silent), "its driver does not tell");
}

// --- AMD and Intel

TEST_F(ProbesOfFiles, AmdTellsPower) {
    gpuOfAmd();
    const auto probes = hwmonProbes(gpu(), sources_);
    ASSERT_EQ(probes.size(), 2U);
    Probe& power = *named(probes, "power.gpu");
    expectValue(power, 31.25);
    EXPECT_EQ(power.facts().unit, "W");
    EXPECT_EQ(power.facts().kind, ProbeFacts::Kind::Level);
    EXPECT_EQ(power.facts().source, Source::VendorEstimate);
    EXPECT_DOUBLE_EQ(power.facts().period, 0.25);
    EXPECT_NE(power.facts().detail.find("amdgpu, power1_average"), std::string::npos) << power.facts().detail;
    expectMissing(*named(probes, "energy.gpu"), "no energy1_input");
    EXPECT_TRUE(nvmlProbes(gpu(), sources_).empty());
}

TEST_F(ProbesOfFiles, NewerAmdTellsPowerByAnotherName) {
    gpuOfAmd();
    std::filesystem::remove(scratch_.path() / hwmon("power1_average"));
    write(hwmon("power1_input"), "7000000\n");
    const auto probes = hwmonProbes(gpu(), sources_);
    expectValue(*named(probes, "power.gpu"), 7.0);
}

TEST_F(ProbesOfFiles, IntelTellsEnergy) {
    write(path("sys/bus/pci/devices") / address / "vendor", "0x8086\n");
    write(path("sys/bus/pci/devices") / address / "hwmon/hwmon1/name", "acpi\n");  // sensors of something else
    write(hwmon("name"), "xe\n");
    write(hwmon("energy1_input"), "123456789012\n");
    const auto probes = hwmonProbes(gpu(), sources_);
    Probe& energy = *named(probes, "energy.gpu");
    expectValue(energy, 123456.789012);
    EXPECT_EQ(energy.facts().unit, "J");
    EXPECT_EQ(energy.facts().kind, ProbeFacts::Kind::Counter);
    EXPECT_NE(energy.facts().detail.find("0.1 s is assumed"), std::string::npos) << energy.facts().detail;
    EXPECT_DOUBLE_EQ(energy.facts().period, 0.1);
    expectMissing(*named(probes, "power.gpu"), "no power1_average or power1_input");
}

TEST_F(ProbesOfFiles, TheRealPeriodOfASensorIsSeen) {
    gpuOfAmd();
    std::filesystem::remove(scratch_.path() / hwmon("update_interval"));
    constexpr auto renewed = std::chrono::milliseconds(50);
    std::jthread driver([&](const std::stop_token& stop) {
        for (int i = 0; !stop.stop_requested(); ++i) {
            // As the kernel does: never half a value.
            write("next", std::to_string(30000000 + i) + "\n");
            std::filesystem::rename(scratch_.path() / "next", scratch_.path() / hwmon("power1_average"));
            std::this_thread::sleep_for(renewed);
        }
    });
    const auto probes = hwmonProbes(gpu(), sources_);
    EXPECT_GT(named(probes, "power.gpu")->facts().period, 0.02);
    EXPECT_LT(named(probes, "power.gpu")->facts().period, 0.09);
    EXPECT_EQ(named(probes, "power.gpu")->facts().detail.find("assumed"), std::string::npos);
}

TEST_F(ProbesOfFiles, AGpuWhoseSensorsTellNonsenseHasNone) {
    gpuOfAmd();
    for (const auto& text : noNumbers) {
        write(hwmon("power1_average"), text);
        const auto probes = hwmonProbes(gpu(), sources_);
        expectMissing(*named(probes, "power.gpu"), "power1_average");
    }
    std::filesystem::remove(scratch_.path() / hwmon("power1_average"));
    std::filesystem::create_directory(scratch_.path() / hwmon("power1_average"));  // cannot be read, not even by root
    const auto probes = hwmonProbes(gpu(), sources_);
    expectMissing(*named(probes, "power.gpu"), "Is a directory");
}

TEST_F(ProbesOfFiles, ASensorThatGoesIsAnError) {
    gpuOfAmd();
    const auto probes = hwmonProbes(gpu(), sources_);
    expectValue(*named(probes, "power.gpu"), 31.25);
    std::filesystem::remove_all(scratch_.path() / "sys");
    const auto value = named(probes, "power.gpu")->read();
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(value.error().code, ErrorCode::Io);
}

TEST_F(ProbesOfFiles, AGpuWithoutSensorsOrAddressSaysSo) {
    write(path("sys/bus/pci/devices") / address / "vendor", "0x1002\n");
    for (const auto& probe : hwmonProbes(gpu(), sources_)) expectMissing(*probe, "the driver of this GPU does not tell it");
    const auto nowhere = hwmonProbes(gpu(""), sources_);
    EXPECT_EQ(nowhere.size(), 2U);
    for (const auto& probe : nowhere) expectMissing(*probe, "where on the bus");
    EXPECT_TRUE(nvmlProbes(gpu(""), sources_).empty());
}

TEST_F(ProbesOfFiles, ABoardHasSensorsOfItsOwnAndASimulatedOneHasNone) {
    DeviceInfo board = gpu();
    board.backend = "fpga";
    write(hwmon("name"), "xocl\n");
    write(hwmon("power1_input"), "22500000\n");
    const auto probes = hwmonProbes(board, sources_);
    ASSERT_EQ(probes.size(), 2U);
    EXPECT_EQ(probes[0]->facts().name, "power.board");
    EXPECT_EQ(*probes[0]->read(), 22.5);
    expectMissing(*probes[1], "the driver of this board does not tell it");
    EXPECT_TRUE(nvmlProbes(board, sources_).empty());
    board.software = true;
    EXPECT_TRUE(hwmonProbes(board, sources_).empty());
}

// --- the processor

TEST_F(ProbesOfFiles, RaplAddsPackages) {
    package("intel-rapl:0", "package-0", "1500000\n");
    package("intel-rapl:1", "package-1", "2500000\n");
    package("intel-rapl:2", "psys", "900000000\n");
    package("intel-rapl:0:0", "core", "800000000\n");
    package("intel-rapl-mmio:0", "package-0", "700000000\n");
    const auto probes = raplProbes(sources_);
    Probe& probe = only(probes);
    EXPECT_EQ(probe.facts().name, "energy.cpu");
    EXPECT_EQ(probe.facts().unit, "J");
    EXPECT_EQ(probe.facts().kind, ProbeFacts::Kind::Counter);
    EXPECT_EQ(probe.facts().source, Source::VendorEstimate);
    EXPECT_GT(probe.facts().period, 0.0);
    expectValue(probe, 4.0);
}

TEST_F(ProbesOfFiles, RaplWrapsAreUndoneForEachPackage) {
    package("intel-rapl:0", "package-0", "9000000\n", "10000000\n");
    package("intel-rapl:1", "package-1", "1000000\n", "20000000\n");
    const auto probes = raplProbes(sources_);
    Probe& probe = only(probes);
    expectValue(probe, 10.0);
    package("intel-rapl:0", "package-0", "500000\n", "10000000\n");
    expectValue(probe, 11.5);
    package("intel-rapl:1", "package-1", "19000000\n", "20000000\n");
    expectValue(probe, 29.5);
    package("intel-rapl:0", "package-0", "400000\n", "10000000\n");
    package("intel-rapl:1", "package-1", "0\n", "20000000\n");
    expectValue(probe, 20.4 + 20.0);
}

TEST_F(ProbesOfFiles, RaplThatOnlyRootMayReadSaysHowToAllowIt) {
    package("intel-rapl:0", "package-0", "1500000\n");
    std::filesystem::permissions(scratch_.path() / "sys/class/powercap/intel-rapl:0/energy_uj", std::filesystem::perms::none);
    const bool root = geteuid() == 0;
    constexpr uid_t nobody = 65534;
    ASSERT_EQ(seteuid(root ? nobody : geteuid()), 0);
    const auto probes = raplProbes(sources_);
    ASSERT_EQ(seteuid(root ? 0 : geteuid()), 0);
    expectMissing(only(probes), "sudo chmod a+r");
    EXPECT_NE(only(probes).facts().missing.find("until the next start"), std::string::npos);
}

TEST_F(ProbesOfFiles, RaplThatIsNotThereOrTellsNonsense) {
    expectMissing(*raplProbes(sources_).at(0), "virtual machines");
    package("intel-rapl:0", "psys", "1500000\n");
    expectMissing(*raplProbes(sources_).at(0), "virtual machines");
    for (const auto& text : noNumbers) {
        package("intel-rapl:0", "package-0", text);
        expectMissing(*raplProbes(sources_).at(0), "energy_uj");
        package("intel-rapl:0", "package-0", "1500000\n", text);
        expectMissing(*raplProbes(sources_).at(0), "max_energy_range_uj");
    }
    package("intel-rapl:0", "package-0", "18446744073709551615\n");
    expectMissing(*raplProbes(sources_).at(0), "beyond the counter's range");
    // One package that cannot be read: the others alone would be too little.
    package("intel-rapl:0", "package-0", "1500000\n");
    std::filesystem::create_directories(scratch_.path() / "sys/class/powercap/intel-rapl:1/energy_uj");
    write("sys/class/powercap/intel-rapl:1/name", "package-1\n");
    write("sys/class/powercap/intel-rapl:1/max_energy_range_uj", "1000\n");
    expectMissing(*raplProbes(sources_).at(0), "Is a directory");
}

// --- NVIDIA

class ProbesOfNvml : public ProbesOfFiles {
protected:
    ProbesOfNvml() : library_(dlopen(TERNION_FAKE_NVML, RTLD_NOW | RTLD_LOCAL)) { lose(0); }
    ~ProbesOfNvml() override { dlclose(library_); }
    int users() const { return reinterpret_cast<int (*)()>(dlsym(library_, "fakeNvmlUsers"))(); }
    void lose(int is) const { reinterpret_cast<void (*)(int)>(dlsym(library_, "fakeNvmlLose"))(is); }

    void* library_;
};

TEST_F(ProbesOfNvml, TellPowerAndEnergy) {
    {
        const auto probes = nvmlProbes(gpu("0000:01:00.0"), sources_);
        ASSERT_EQ(probes.size(), 2U);
        EXPECT_EQ(users(), 1);
        Probe& power = *named(probes, "power.gpu");
        Probe& energy = *named(probes, "energy.gpu");
        EXPECT_EQ(power.facts().unit, "W");
        EXPECT_EQ(power.facts().source, Source::VendorEstimate);
        EXPECT_EQ(energy.facts().unit, "J");
        EXPECT_EQ(energy.facts().kind, ProbeFacts::Kind::Counter);
        EXPECT_EQ(energy.facts().source, Source::VendorEstimate);
        // The fake renews both every 20 ms.
        for (const Probe* probe : {&power, &energy}) {
            EXPECT_GT(probe->facts().period, 0.005) << probe->facts().name;
            EXPECT_LT(probe->facts().period, 0.08) << probe->facts().name;
        }
        const auto watts = power.read();
        ASSERT_TRUE(watts.ok());
        EXPECT_NEAR(*watts, 300.0, 0.01);
        using Clock = std::chrono::steady_clock;
        std::array<Clock::time_point, 4> times;  // around both readings
        times[0] = Clock::now();
        const auto before = energy.read();
        times[1] = Clock::now();
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        times[2] = Clock::now();
        const auto after = energy.read();
        times[3] = Clock::now();
        ASSERT_TRUE(before.ok() && after.ok());
        const auto joules = [](auto time) { return 300.0 * std::chrono::duration<double>(time).count(); };
        constexpr double step = 300.0 * 0.02;
        EXPECT_GE(*after - *before, joules(times[2] - times[1]) - step);
        EXPECT_LE(*after - *before, joules(times[3] - times[0]) + step);
    }
    EXPECT_EQ(users(), 0);
}

TEST_F(ProbesOfNvml, KeepTheLibraryAsLongAsOneOfThemLives) {
    auto probes = nvmlProbes(gpu("0000:01:00.0"), sources_);
    probes.pop_back();
    EXPECT_EQ(users(), 1);
    EXPECT_TRUE(probes[0]->read().ok());
    const auto others = nvmlProbes(gpu("0000:02:00.0"), sources_);
    EXPECT_EQ(users(), 2);
    probes.clear();
    EXPECT_EQ(users(), 1);
    EXPECT_TRUE(named(others, "power.gpu")->read().ok());
}

TEST_F(ProbesOfNvml, OfAnOldGpuTellItsMeanPowerAlone) {
    const auto probes = nvmlProbes(gpu("0000:02:00.0"), sources_);
    const auto watts = named(probes, "power.gpu")->read();
    ASSERT_TRUE(watts.ok());
    EXPECT_NEAR(*watts, 200.0, 0.01);
    EXPECT_NE(named(probes, "power.gpu")->facts().detail.find("mean"), std::string::npos);
    expectMissing(*named(probes, "energy.gpu"), "no such sensor");
}

TEST_F(ProbesOfNvml, ThatCannotBeReadSayWhatToDo) {
    const auto each = [&](const DeviceInfo& device, const ProbeSources& sources, const std::string& reason) {
        const auto probes = nvmlProbes(device, sources);
        EXPECT_EQ(probes.size(), 2U);
        for (const auto& probe : probes) expectMissing(*probe, reason);
    };
    each(gpu("0000:03:00.0"), sources_, "does not let this user");
    each(gpu("0000:99:00.0"), sources_, "does not have this GPU");
    auto none = sources_;
    none.nvml = "libthere-is-none.so.1";
    each(gpu("0000:01:00.0"), none, "comes with the driver");
    none.nvml = "libdl.so.2";  // a library, but another
    each(gpu("0000:01:00.0"), none, "too old");
    for (const auto& [code, reason] :
         {std::pair{"9", "sudo modprobe nvidia"}, std::pair{"18", "restart the machine"}, std::pair{"999", "some error"}}) {
        setenv("FAKE_NVML_INIT", code, 1);
        each(gpu("0000:01:00.0"), sources_, reason);
    }
    unsetenv("FAKE_NVML_INIT");
    EXPECT_EQ(users(), 0);
}

TEST_F(ProbesOfNvml, OfAGpuThatGetsLostFail) {
    const auto probes = nvmlProbes(gpu("0000:04:00.0"), sources_);
    for (const auto& probe : probes) EXPECT_TRUE(probe->read().ok());
    lose(1);
    for (const auto& probe : probes) {
        const auto value = probe->read();
        ASSERT_FALSE(value.ok());
        EXPECT_EQ(value.error().code, ErrorCode::DeviceLost);
        EXPECT_NE(value.error().message.find("GPU is lost"), std::string::npos) << value.error().message;
    }
}

TEST_F(ProbesOfNvml, AreForNvidiaAlone) {
    write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x1002\n");
    EXPECT_TRUE(nvmlProbes(gpu("0000:01:00.0"), sources_).empty());
    EXPECT_EQ(users(), 0);
    write("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
    EXPECT_EQ(nvmlProbes(gpu("0000:01:00.0"), sources_).size(), 2U);
    EXPECT_TRUE(hwmonProbes(gpu("0000:01:00.0"), sources_).empty());
}

// --- all of them

std::vector<std::string> namesOf(const Probes& probes) {
    std::vector<std::string> names;
    names.reserve(probes.size());
    for (const auto& probe : probes) names.push_back(probe->facts().name);
    std::sort(names.begin(), names.end());
    return names;
}

TEST_F(ProbesOfNvml, AreFoundByTheDevice) {
    const std::vector<std::string> ofAll{"device_memory.in_use", "energy.cpu", "host_memory.private",
                                         "host_memory.proportional", "host_memory.resident"};
    auto ofGpu = ofAll;
    ofGpu.insert(ofGpu.end(), {"energy.gpu", "power.gpu"});
    std::sort(ofGpu.begin(), ofGpu.end());
    const auto find = [&](const DeviceInfo& info) {
        return namesOf(findProbes(std::make_shared<CountingDevice>(info, std::uint64_t{1}), sources_));
    };
    EXPECT_EQ(find(processor()), ofAll);
    auto lavapipe = gpu();
    lavapipe.software = true;
    EXPECT_EQ(find(lavapipe), ofAll);
    gpuOfAmd();
    EXPECT_EQ(find(gpu()), ofGpu);
    EXPECT_EQ(find(gpu("0000:01:00.0")), ofGpu);  // NVIDIA, as far as anybody knows
    EXPECT_EQ(find(gpu("")), ofGpu);
}

TEST(Probes, OfThisMachineAreReadOrSayWhyNot) {
    for (const auto& info : {processor(), gpu("0000:00:01.0")}) {
        const auto device = std::make_shared<CountingDevice>(info, std::uint64_t{1} << 20);
        for (const auto& probe : findProbes(device)) {
            const auto& facts = probe->facts();
            const auto value = probe->read();
            EXPECT_EQ(value.ok(), facts.missing.empty()) << facts.name << ": " << facts.missing;
            if (value) {
                EXPECT_TRUE(std::isfinite(*value) && *value > 0.0) << facts.name << " is " << *value;
            }
            if (facts.name.starts_with("host_memory.")) {
                EXPECT_TRUE(value.ok()) << facts.missing;
            }
        }
    }
}

TEST(Probes, OfThisProcessSeeWhatItAllocates) {
    const auto probes = hostMemoryProbes({});
    const auto before = probes[2]->read();
    ASSERT_TRUE(before.ok()) << before.error().text();
    constexpr std::size_t bytes = std::size_t{64} << 20;
    const std::vector<char> taken(bytes, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    for (const auto& probe : {probes[2].get(), probes[1].get(), probes[0].get()}) {
        const auto after = probe->read();
        ASSERT_TRUE(after.ok());
        EXPECT_GE(*after, *before + 0.9 * bytes) << probe->facts().name << taken.back();
    }
}

}  // namespace
}  // namespace ternion
