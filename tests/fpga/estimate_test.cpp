// The models of cycles, area and power, held against the RTL and against what they must never say.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "VerilatedDefault.h"
#include "VerilatedDense.h"
#include "VerilatedGrouped.h"
#include "VerilatedNarrow.h"
#include "checkpoint/checkpoint.h"
#include "estimate/cycle_model.h"
#include "estimate/power_estimate.h"
#include "estimate/projection.h"
#include "fixed_models.h"
#include "program/model_program.h"
#include "sim/verilated_model.h"

namespace ternion::fpga {
namespace {

// ---- Cycles ---------------------------------------------------------------------------------------------------------------

CycleCounts countersOf(Accelerator& chip) {
    const auto counter = [&](std::uint32_t low) { return chip.read(low) | std::uint64_t{chip.read(low + 4)} << 32; };
    CycleCounts counts;
    counts.total = counter(reg::cyclesLo);
    counts.array = counter(reg::arrayCyclesLo);
    counts.matVec = counter(reg::matvecCyclesLo);
    counts.streamStalls = counter(reg::streamStallsLo);
    counts.drainStalls = counter(reg::drainStallsLo);
    counts.readBytes = counter(reg::readWordsLo);  // words
    counts.writtenBytes = counter(reg::writeWordsLo);
    counts.toggles = counter(reg::togglesLo);
    return counts;
}

/// One token on the RTL, with memory that gives `rate` words in 1024 cycles.
template <typename Chip>
CycleCounts simulate(const ModelProgram& program, std::uint32_t rate, std::uint32_t latency) {
    std::vector<std::byte> bytes(program.states() + program.stateBytes());
    const auto put = [&](std::uint64_t address, std::span<const std::byte> data) -> Status {
        std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(address));
        return {};
    };
    EXPECT_TRUE(program.writeImage(put, {}).ok());
    const auto instructions = program.program({}).front().instructions;
    std::uint64_t at = program.programs();
    for (const Instruction& instruction : instructions) {
        const auto bits = instruction.encode();
        std::memcpy(bytes.data() + at, bits.data(), sizeof bits);
        at += sizeof bits;
    }
    DeviceMemory memory{bytes, latency, rate};
    VerilatedAccelerator<Chip> chip(memory);
    const auto write64 = [&](std::uint32_t low, std::uint64_t value) {
        chip.write(low, static_cast<std::uint32_t>(value));
        chip.write(low + 4, static_cast<std::uint32_t>(value >> 32));
    };
    write64(reg::programLo, program.programs());
    chip.write(reg::programLength, static_cast<std::uint32_t>(instructions.size()));
    chip.write(reg::token, 5);
    write64(reg::logitsLo, program.logits());
    write64(reg::memoryLimitLo, bytes.size());
    chip.write(reg::control, 1);
    chip.run(100'000'000);
    EXPECT_FALSE(chip.busy());
    EXPECT_EQ(chip.read(reg::error), 0U);
    return countersOf(chip);
}

constexpr std::uint64_t memoryBytes = std::uint64_t{1} << 30;

template <typename Chip>
void expectCycles(const Configuration& configuration, int width, int inner, int layers) {
    const auto program = ModelProgram::create(modelOf(width, inner, layers, 11), configuration, memoryBytes);
    ASSERT_TRUE(program.ok()) << program.error().text();
    const auto instructions = program->program({}).front().instructions;
    for (const std::uint32_t rate : {1024U, 512U, 256U})  // those that its memory model keeps exactly
        for (const std::uint32_t latency : {20U, 100U, 300U}) {
            const CycleCounts counted = simulate<Chip>(*program, rate, latency);
            const CycleEstimate computed =
                estimateCycles(instructions, configuration, {rate / 1024.0, static_cast<double>(latency)});
            const std::string where =
                std::to_string(width) + " wide, rate " + std::to_string(rate) + ", latency " + std::to_string(latency);
            const auto near = [&](double model, std::uint64_t counter, const char* what) {
                EXPECT_NEAR(model, static_cast<double>(counter), 0.02 * static_cast<double>(counter)) << what << ", " << where;
            };
            near(computed.total, counted.total, "cycles");
            near(computed.matVec, counted.matVec, "cycles of mat-vecs");
            near(computed.writtenWords, counted.writtenBytes, "words written");
            near(computed.readWords, counted.readBytes, "words read");
            EXPECT_EQ(computed.array, static_cast<double>(counted.array)) << where;
        }
}

TEST(CycleModel, IsWithinTwoPercentOfTheRtl) {
    expectCycles<VerilatedDefault>({}, 256, 768, 2);
    expectCycles<VerilatedNarrow>({16, 1, false}, 96, 160, 3);
    expectCycles<VerilatedGrouped>({32, 2, false}, 200, 300, 2);
    expectCycles<VerilatedDense>({64, 1, true}, 320, 512, 1);
}

TEST(CycleModel, IsWithinTwoPercentForTheSampleModel) {
    const auto sample = openCheckpoint(std::filesystem::path(TERNION_RESOURCES) / "sample-model" / "ternary-49m.gguf");
    ASSERT_TRUE(sample.ok()) << sample.error().text();
    const Configuration configuration;
    const auto program = ModelProgram::create(sample->model, configuration, memoryBytes);
    ASSERT_TRUE(program.ok()) << program.error().text();
    const CycleCounts counted = simulate<VerilatedDefault>(*program, 1024, 100);
    const CycleEstimate computed =
        estimateCycles(tokenShape(sample->model->config, configuration), configuration, {1.0, 100.0});
    EXPECT_NEAR(computed.total, static_cast<double>(counted.total), 0.02 * static_cast<double>(counted.total));
    EXPECT_EQ(computed.array, static_cast<double>(counted.array));
    // What the projection assumes of models that are not simulated.
    EXPECT_NEAR(toggleRate(counted), 4.0 / 9.0, 0.05);
}

TEST(CycleModel, KnowsTheProgramWithoutTheWeights) {
    for (const Configuration& c : {Configuration{}, Configuration{16, 1, false}, Configuration{64, 1, true}}) {
        const auto model = modelOf(96, 160, 3, 7);
        const auto program = ModelProgram::create(model, c, memoryBytes);
        ASSERT_TRUE(program.ok());
        auto instructions = program->program({}).front().instructions;
        for (Instruction& one : instructions) {
            if (one.opcode == Opcode::Scale) one = {Opcode::Scale};
            one.dst = one.a = 0;
            one.address = 0;
            if (one.opcode != Opcode::Matvec && one.opcode != Opcode::Head) one.b = 0;
        }
        EXPECT_EQ(tokenShape(model->config, c), instructions);

        const MemoryNeeds needs = memoryNeeds(model->config, c);
        EXPECT_EQ(needs.tritBytes, static_cast<double>(program->weightBytes()));
        EXPECT_NEAR(needs.imageBytes, static_cast<double>(program->imageBytes()), 0.02 * needs.imageBytes);
        Configuration exact = c;
        exact.vectorWords = needs.vectorWords;
        exact.codeWords = needs.codeWords;
        EXPECT_TRUE(ModelProgram::create(model, exact, memoryBytes).ok());
        --exact.vectorWords;
        EXPECT_FALSE(ModelProgram::create(model, exact, memoryBytes).ok());
    }
}

// ---- Area -----------------------------------------------------------------------------------------------------------------

constexpr std::string_view twoWidths =
    "# made by hand\n"
    "target\tlanes\tgroups\tdense\tpart\tlut\tff\tblock_ram\tdsp\tother\n"
    "xc7\t16\t1\t0\trest\t1000\t500\t4\t0\t0\n"
    "xc7\t16\t1\t0\tternary_array\t800\t400\t0\t0\t0\n"
    "xc7\t16\t1\t0\tnorm_unit\t200\t100\t0\t20\t0\n"
    "xc7\t16\t1\t0\tvector_memory\t0\t0\t32\t0\t0\n"
    "xc7\t64\t1\t0\trest\t3000\t1500\t16\t0\t0\n"
    "xc7\t64\t1\t0\tternary_array\t3300\t1600\t0\t0\t0\n"
    "xc7\t64\t1\t1\tternary_array\t5000\t2000\t0\t0\t0\n"
    "xc7\t64\t1\t0\ttotal\t99999\t99999\t0\t0\t0\n";

TEST(AreaTable, ScalesEachPartWithWhatItGrowsWith) {
    const auto table = AreaTable::parse(twoWidths);
    ASSERT_TRUE(table.ok()) << table.error().text();
    Configuration wide{64, 2, true};
    wide.vectorWords = 4096;
    const auto area = table->areaOf("xc7", wide);
    ASSERT_TRUE(area.ok()) << area.error().text();
    EXPECT_EQ(area->scaledFrom, "64/1/1");
    EXPECT_DOUBLE_EQ(area->array.luts, 10000);
    EXPECT_DOUBLE_EQ(area->rest.luts, 2 * 3000 + 8 * 200);
    EXPECT_DOUBLE_EQ(area->rest.dsps, 8 * 20);
    EXPECT_DOUBLE_EQ(area->rest.blockRams, 2 * 16 + 2 * 8 * 32);
    EXPECT_FALSE(table->areaOf("xcup", wide).ok());
}

TEST(AreaTable, RefusesWhatIsNone) {
    for (const char* line : {"xc7\t16\t1\t0\trest\t1\t2\t3\t4\n", "xc7\t16\t1\t0\trest\t1\t2\tmany\t4\t5\n",
                             "xc7\t16\t1\t0\trest\t1\t2\t-3\t4\t5\n"}) {
        const auto table = AreaTable::parse("heading\n" + std::string(line));
        ASSERT_FALSE(table.ok());
        EXPECT_EQ(table.error().context, "area.tsv, line 2");
    }
}

TEST(AreaTable, AsSynthesisedHasNoMultiplierInTheArray) {
    const auto table = AreaTable::builtIn();
    ASSERT_TRUE(table.ok()) << table.error().text();
    int arrays = 0;
    for (const AreaRow& row : table->rows()) {
        if (row.part != "ternary_array") continue;
        ++arrays;
        EXPECT_EQ(row.area.dsps, 0) << row.target;
        EXPECT_GT(row.area.luts, row.configuration.lanes * row.configuration.groups) << row.target;
    }
    EXPECT_GE(arrays, 4);
}

// ---- Power ----------------------------------------------------------------------------------------------------------------

PowerQuestion question() {
    CycleCounts token;
    token.total = 1'000'000;
    token.array = 900'000;
    token.matVec = 920'000;
    token.readBytes = 60'000'000;
    token.writtenBytes = 100'000;
    token.toggles = 900'000 * 28;
    token.clockHz = 150e6;
    ChipArea area;
    area.array = {12'000, 8'000, 0, 0};
    area.rest = {40'000, 50'000, 200, 400};
    return {area, coefficientsOf(Process::Nm28, MemoryKind::Ddr3), {4, 7, 12}, token};
}

TEST(PowerEstimate, IsASumOfPartsInARange) {
    const auto estimate = estimatePower(question());
    ASSERT_TRUE(estimate.ok());
    EXPECT_EQ(PowerEstimate::source, Source::Modelled);
    const Range total = estimate->total();
    EXPECT_LT(total.low, total.typical);
    EXPECT_LT(total.typical, total.high);
    EXPECT_GT(total.low, 4);
    EXPECT_LT(total.high, 40);
    // 60.1 MB a token, 150 tokens a second, 400 pJ a byte.
    EXPECT_NEAR(estimate->memory.typical, 60.1e6 * 150 * 400e-12, 1e-9);
    EXPECT_NEAR(estimate->joulesPerToken.typical, total.typical / 150, 1e-9);
    EXPECT_DOUBLE_EQ(toggleRate(question().token), 28.0 / 64.0);
}

TEST(PowerEstimate, FollowsTogglesClockAndTraffic) {
    const auto base = *estimatePower(question());
    PowerQuestion still = question();
    still.token.toggles = 0;
    EXPECT_EQ(estimatePower(still)->arrayLogic.high, 0);
    EXPECT_EQ(estimatePower(still)->clock.typical, base.clock.typical);
    PowerQuestion fast = question();
    fast.token.clockHz *= 2;
    EXPECT_NEAR(estimatePower(fast)->dsp.typical, 2 * base.dsp.typical, 1e-12);
    EXPECT_EQ(estimatePower(fast)->rest.typical, base.rest.typical);
    EXPECT_LT(estimatePower(fast)->joulesPerToken.typical, base.joulesPerToken.typical);
    PowerQuestion none = question();
    none.token.total = 0;
    EXPECT_FALSE(estimatePower(none).ok());
}

TEST(PowerEstimate, SaysWhereEachCoefficientComesFrom) {
    for (const Process process : {Process::Nm28, Process::Nm16})
        for (const MemoryKind memory : {MemoryKind::Ddr3, MemoryKind::Ddr4, MemoryKind::Hbm2})
            for (const Assumption& one : coefficientsOf(process, memory).all()) {
                EXPECT_FALSE(one.source.empty()) << one.name;
                EXPECT_LT(one.value.low, one.value.typical) << one.name;
                EXPECT_LT(one.value.typical, one.value.high) << one.name;
            }
}

// ---- Projection -------------------------------------------------------------------------------------------------------------

TEST(Projection, KeepsWithinBoardAndRoof) {
    const auto table = AreaTable::builtIn();
    ASSERT_TRUE(table.ok());
    const auto projection = project(*table);
    ASSERT_TRUE(projection.ok()) << projection.error().text();
    EXPECT_EQ(projection->rows.size(), 9U);
    for (const BoardSpec& board : projectedBoards())
        for (const ProjectionRow& row : projection->rows) {
            if (row.board != board.name || !row.missing.empty()) continue;
            const auto model = *presetConfig(row.model);
            const std::string where = row.model + " on " + row.board;
            const Configuration& c = row.configuration;
            EXPECT_LE(row.area.total().luts, board.resources.luts) << where;
            EXPECT_LE(row.area.total().dsps, board.resources.dsps) << where;
            EXPECT_GE(c.vectorWords, memoryNeeds(model, c).vectorWords) << where;
            EXPECT_LE(row.imageBytes, board.memoryBytes) << where;
            EXPECT_LE(row.bandwidthUsed, board.bandwidth) << where;
            // Neither faster than its array nor than its memory.
            const double trits = memoryNeeds(model, c).tritBytes;
            EXPECT_LE(row.tokensPerSecond.typical, board.clock.value.typical * c.wordBytes() / trits) << where;
            EXPECT_LE(row.tokensPerSecond.high, board.bandwidth / trits) << where;
            EXPECT_LT(row.tokensPerSecond.low, row.tokensPerSecond.typical) << where;
            EXPECT_LT(row.watts.low, row.watts.typical) << where;
            EXPECT_LT(row.joulesPerToken.low, row.joulesPerToken.typical) << where;
            EXPECT_LT(row.joulesPerToken.typical, row.joulesPerToken.high) << where;
        }
    for (const Assumption& one : projection->assumptions) EXPECT_FALSE(one.source.empty()) << one.name;
    for (const PublishedRow& row : projection->published) EXPECT_FALSE(row.source.empty()) << row.who;
}

TEST(Projection, SaysWhatDoesNotFit) {
    const auto table = AreaTable::parse(twoWidths);
    ASSERT_TRUE(table.ok());
    BoardSpec small = projectedBoards().front();
    small.resources.luts = 500;
    auto row = projectOne(*table, small, "370M", *presetConfig("370M"));
    ASSERT_TRUE(row.ok());
    EXPECT_NE(row->missing.find("FPGA"), std::string::npos);
    small = projectedBoards().front();
    small.memoryBytes = 1e6;
    row = projectOne(*table, small, "370M", *presetConfig("370M"));
    ASSERT_TRUE(row.ok());
    EXPECT_NE(row->missing.find("memory"), std::string::npos);
}

}  // namespace
}  // namespace ternion::fpga
