#include "estimate/projection.h"

#include <algorithm>
#include <array>
#include <bit>

#include "model/model.h"

namespace ternion::fpga {
namespace {

constexpr double mega = 1e6, giga = 1e9, nano = 1e-9;
constexpr double mebi = 1024.0 * 1024.0;
constexpr int mostWordBits = 1024;  // AXI4: 128 bytes a beat
constexpr int mostWords = 32768;    // of a memory, as the register MEMORIES can tell
constexpr double mostFilled = 0.7;
constexpr double buffersBytes = 64 * mebi;
constexpr double randomToggles = 4.0 / 9.0;

const Assumption& filling() {
    static const Assumption assumption{"share of the FPGA that the accelerator may fill",
                                       {mostFilled, mostFilled, mostFilled},
                                       "",
                                       "assumption: the shell (PCIe, DMA, memory controller) and routing need the rest"};
    return assumption;
}

std::vector<Assumption> general() {
    return {
        filling(),
        {"bits of the array's input that change from word to word",
         {randomToggles, randomToggles, randomToggles},
         "",
         "computed: independent trits, a third each, two bits a trit; TOGGLES counts it for a real model"},
        {"word, at most",
         {mostWordBits, mostWordBits, mostWordBits},
         "bit",
         "AXI4: 128 bytes a beat; one accelerator a board, which is all that the program generator knows"},
        {"traces, logits, programs and one state in the board's memory",
         {buffersBytes, buffersBytes, buffersBytes},
         "byte",
         "assumption, above what fpga-link/program places"},
    };
}

Assumption clockOf(const Range& megahertz, std::string source) { return {"clock", megahertz * mega, "Hz", std::move(source)}; }
Assumption efficiencyOf(const Range& share) {
    return {"share of the memory's bandwidth that a sequential stream gets", share, "",
            "assumption: refresh, turnaround and bank conflicts of long bursts"};
}

/// The counters of a token that nobody ran. Bytes of five random trits change a little more than pairs of bits: 1/2, not 4/9.
CycleCounts countsOf(const CycleEstimate& cycles, const Configuration& c, double hertz) {
    constexpr double countedBits = 64.0;
    CycleCounts counts;
    counts.total = static_cast<std::uint64_t>(cycles.total);
    counts.array = static_cast<std::uint64_t>(cycles.array);
    counts.matVec = static_cast<std::uint64_t>(cycles.matVec);
    counts.streamStalls = static_cast<std::uint64_t>(cycles.streamStalls);
    counts.drainStalls = static_cast<std::uint64_t>(cycles.drainStalls);
    counts.readBytes = static_cast<std::uint64_t>(cycles.readWords * c.wordBytes());
    counts.writtenBytes = static_cast<std::uint64_t>(cycles.writtenWords * c.wordBytes());
    counts.toggles = static_cast<std::uint64_t>(cycles.array * countedBits * randomToggles);
    counts.clockHz = hertz;
    counts.simulated = true;
    return counts;
}

double filled(const Area& area, const Area& there) {
    return std::max(
        {area.luts / there.luts, area.flipFlops / there.flipFlops, area.blockRams / there.blockRams, area.dsps / there.dsps});
}

/// With memories that hold the model; nothing where the RTL cannot be built so.
std::optional<Configuration> sizedFor(const ModelConfig& model, Configuration c) {
    const MemoryNeeds needs = memoryNeeds(model, c);
    const auto vectors = std::bit_ceil(static_cast<unsigned>(needs.vectorWords));
    const auto codes = std::bit_ceil(static_cast<unsigned>(needs.codeWords));
    if (c.wordBytes() * 8 > mostWordBits || vectors > mostWords || codes > mostWords) return std::nullopt;
    c.vectorWords = static_cast<int>(vectors);
    c.codeWords = static_cast<int>(codes);
    return c;
}

std::vector<Configuration> candidates(const ModelConfig& model) {
    std::vector<Configuration> found;
    for (const int lanes : {16, 32, 64, 128})
        for (const int groups : {1, 2, 4})
            for (const bool dense : {false, true})
                if (const auto c = sizedFor(model, {lanes, groups, dense})) found.push_back(*c);
    return found;
}

CycleEstimate cyclesAt(const ProjectionRow& row, const BoardSpec& board, const ModelConfig& model, double hertz,
                       double efficiency) {
    const double words = board.bandwidth * efficiency / (hertz * row.configuration.wordBytes());
    return estimateCycles(tokenShape(model, row.configuration), row.configuration,
                          {std::min(1.0, words), board.latency.value.typical * hertz});
}

Result<PowerEstimate> powerAt(const ProjectionRow& row, const BoardSpec& board, const CycleEstimate& cycles, double hertz) {
    return estimatePower({row.area, coefficientsOf(board.process, board.memory), board.restWatts.value,
                          countsOf(cycles, row.configuration, hertz)});
}

/// Speed and power at the three corners of clock and memory.
Status fillIn(ProjectionRow& row, const BoardSpec& board, const ModelConfig& model) {
    const Range& clock = board.clock.value;
    const Range& share = board.efficiency.value;
    row.cycles = cyclesAt(row, board, model, clock.typical, share.typical);
    const CycleEstimate slow = cyclesAt(row, board, model, clock.low, share.low),
                        fast = cyclesAt(row, board, model, clock.high, share.high);
    row.tokensPerSecond = {clock.low / slow.total, clock.typical / row.cycles.total, clock.high / fast.total};
    TERNION_TRY(const auto slowPower, powerAt(row, board, slow, clock.low));
    TERNION_TRY(row.power, powerAt(row, board, row.cycles, clock.typical));
    TERNION_TRY(const auto fastPower, powerAt(row, board, fast, clock.high));
    row.watts = {slowPower.total().low, row.power.total().typical, fastPower.total().high};
    // What a board takes at rest is shared by more tokens where it is faster.
    row.joulesPerToken = {std::min(slowPower.joulesPerToken.low, fastPower.joulesPerToken.low),
                          row.power.joulesPerToken.typical,
                          std::max(slowPower.joulesPerToken.high, fastPower.joulesPerToken.high)};
    row.bandwidthUsed = row.cycles.readWords * row.configuration.wordBytes() * row.tokensPerSecond.typical;
    row.memoryBound = row.cycles.streamStalls > row.cycles.total / 20;
    return {};
}

void addBoard(const BoardSpec& board, std::vector<Assumption>& all) {
    const auto known = [&](const char* name, double value, const char* unit) {
        all.push_back({board.name + ": " + name, {value, value, value}, unit, board.source});
    };
    known("LUT", board.resources.luts, "");
    known("flip-flops", board.resources.flipFlops, "");
    known("block RAM of 18 Kbit", board.resources.blockRams, "");
    known("DSP blocks", board.resources.dsps, "");
    known("memory", board.memoryBytes, "byte");
    known("memory bandwidth", board.bandwidth, "byte/s");
    for (const Assumption* one : {&board.clock, &board.efficiency, &board.restWatts, &board.latency}) {
        all.push_back(*one);
        all.back().name = board.name + ": " + one->name;
    }
}

}  // namespace

const std::vector<BoardSpec>& projectedBoards() {
    static const std::vector<BoardSpec> boards{
        {"KC705 (XC7K325T, DDR3)",
         "xc7",
         Process::Nm28,
         MemoryKind::Ddr3,
         {203'800, 407'600, 890, 840},
         1024 * mebi,
         12.8 * giga,
         "Xilinx DS180 and UG810: DDR3-1600, 64 bits, 1 GB; not rechecked",
         clockOf({100, 150, 200}, "assumption: never placed or routed; a 64-bit product's rounding is the longest path"),
         efficiencyOf({0.7, 0.8, 0.9}),
         {"watts at rest", {4, 7, 12}, "W", "assumption: FPGA's static power, memory, regulators, PCIe link"},
         {"latency of a read", {150 * nano, 250 * nano, 500 * nano}, "s", "assumption"}},
        {"Alveo U250 (DDR4)",
         "xcup",
         Process::Nm16,
         MemoryKind::Ddr4,
         {1'728'000, 3'456'000, 5'376, 12'288},
         65536 * mebi,
         77 * giga,
         "77 GB/s: AMD UG1393, HBM Configuration and Use; the rest: Xilinx DS962, not rechecked",
         clockOf({200, 250, 300}, "assumption: ternip states 300 MHz on this board"),
         efficiencyOf({0.7, 0.8, 0.9}),
         {"watts at rest", {30, 40, 45}, "W", "ternip's authors state 40 W idle on this board"},
         {"latency of a read", {150 * nano, 250 * nano, 500 * nano}, "s", "assumption"}},
        {"Alveo U55C (HBM2)",
         "xcup",
         Process::Nm16,
         MemoryKind::Hbm2,
         {1'304'000, 2'607'000, 4'032, 9'024},
         16384 * mebi,
         460 * giga,
         "460 GB/s and 16 GB: AMD UG1393, HBM Configuration and Use; the rest: Xilinx DS978, not rechecked",
         clockOf({200, 250, 300}, "assumption: as on the U250"),
         efficiencyOf({0.6, 0.8, 0.9}),
         {"watts at rest", {20, 30, 40}, "W", "assumption: below a U250's, which has four DIMMs"},
         {"latency of a read", {120 * nano, 200 * nano, 500 * nano}, "s", "assumption"}},
    };
    return boards;
}

const std::vector<PublishedRow>& publishedFigures() {
    static const std::string paper = "arXiv 2406.02528", ternip = "ternip's authors, self-reported",
                             tereffic = "arXiv 2502.16473v2, abstract";
    static const std::vector<PublishedRow> rows{
        {"MatMul-free LM paper", "Intel D5005, 60 MHz", "1.3B", 23.8, 13.67, "beside 43 ms a block at d = 512", paper},
        {"ternip", "Alveo U250, 300 MHz", "370M", 3712, 52.5, "52 to 53 W, of them 40 W idle", ternip},
        {"ternip", "Alveo U250, 300 MHz", "1.3B", 970, 52.5, "52 to 53 W, of them 40 W idle", ternip},
        {"ternip", "Alveo U250, 300 MHz", "2.7B", 411, 52.5, "52 to 53 W, of them 40 W idle", ternip},
        {"TerEffic", "several FPGAs, weights on chip", "370M", 16300, 16300.0 / 455.0, "watts from its 455 tokens/s/W",
         tereffic},
        {"TerEffic", "one FPGA with HBM", "2.7B", 727, 46, "with more than one sequence at once", tereffic, true},
    };
    return rows;
}

Result<ProjectionRow> projectOne(const AreaTable& areas, const BoardSpec& board, const std::string& name,
                                 const ModelConfig& model) {
    std::optional<ProjectionRow> best;
    std::string closest = "no parameters of the RTL hold its vectors";
    for (const Configuration& configuration : candidates(model)) {
        ProjectionRow row;
        row.model = name;
        row.board = board.name;
        row.configuration = configuration;
        auto area = areas.areaOf(board.target, configuration);
        if (!area) {
            closest = area.error().message;
            continue;
        }
        row.area = *std::move(area);
        row.mostFilled = filled(row.area.total(), board.resources);
        row.imageBytes = memoryNeeds(model, configuration).imageBytes;
        if (row.mostFilled > mostFilled) {
            closest = "it does not fit the FPGA";
            continue;
        }
        if (row.imageBytes + buffersBytes > board.memoryBytes) {
            closest = "it does not fit the board's memory";
            continue;
        }
        TERNION_CHECK(fillIn(row, board, model));
        if (!best || row.tokensPerSecond.typical > best->tokensPerSecond.typical) best = std::move(row);
    }
    if (best) return *std::move(best);
    ProjectionRow none;
    none.model = name;
    none.board = board.name;
    none.missing = closest;
    return none;
}

Result<Projection> project(const AreaTable& areas) {
    Projection projection;
    projection.published = publishedFigures();
    projection.assumptions = general();
    for (const BoardSpec& board : projectedBoards()) {
        addBoard(board, projection.assumptions);
        for (const char* name : {"370M", "1.3B", "2.7B"}) {
            TERNION_TRY(const auto model, presetConfig(name));
            TERNION_TRY(auto row, projectOne(areas, board, name, model));
            projection.rows.push_back(std::move(row));
        }
    }
    for (const BoardSpec& board : projectedBoards())
        for (const Assumption& one : coefficientsOf(board.process, board.memory).all())
            if (std::none_of(projection.assumptions.begin(), projection.assumptions.end(),
                             [&](const Assumption& known) { return known.name == one.name; }))
                projection.assumptions.push_back(one);
    return projection;
}

}  // namespace ternion::fpga
