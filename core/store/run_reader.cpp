#include "store/run_reader.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/percentile.h"
#include "base/process_mark.h"
#include "store/database.h"
#include "store/database_file.h"
#include "store/edit_columns.h"
#include "store/search_text.h"

namespace ternion {
namespace {

Error noSuchRun(std::int64_t run) {
    return {ErrorCode::NotFound, "there is no such run (number " + std::to_string(run) + ")", {}};
}

/// Damage in the measurements is met only here: the next start then looks into all of the file.
template <class T>
Result<T> noted(Result<T> result) {
    if (!result && result.error().code == ErrorCode::BadInput) markDamaged(result.error().context);
    return result;
}

/// Calls `each(row)` for every row of a query.
template <class Each>
Status forEachRow(Result<Statement> rows, const Each& each) {
    if (!rows) return rows.error();
    for (;;) {
        TERNION_TRY(const bool row, rows->step());
        if (!row) return {};
        each(*rows);
    }
}

constexpr std::string_view runColumns =
    "SELECT runs.id, kind, models.hash, models.name, models.path, models.parameters, models.unoptimised_bytes, "
    "devices.backend, "
    "devices.name, devices.driver, devices.memory_bytes, devices.pci_address, devices.software, device_index, packing, "
    "profile, "
    "program, shader_hash, temperature, top_k, top_p, min_p, repetition_penalty, repetition_window, seed, max_tokens, "
    "settings, "
    "sweep, coalesce(conversation, 0), started_at, state, seconds, error, owner, origin, note, baseline "
    "FROM runs JOIN models ON models.id = model JOIN devices ON devices.id = device WHERE removed_by = ''";

RunSummary runIn(const Statement& row) {
    RunSummary run;
    RunFacts& facts = run.facts;
    int at = 0;
    const auto integer = [&] { return row.integer(at++); };
    const auto text = [&] { return row.bytes(at++); };
    const auto real = [&] { return static_cast<float>(row.real(at++)); };
    run.id = integer();
    facts.kind = text();
    facts.model.hash = text();
    facts.model.name = text();
    facts.model.path = text();
    facts.model.parameters = integer();
    facts.model.unoptimisedBytes = static_cast<std::uint64_t>(integer());
    facts.device.backend = text();
    facts.device.name = text();
    facts.device.driver = text();
    facts.device.memoryBytes = static_cast<std::uint64_t>(integer());
    facts.device.pciAddress = text();
    facts.device.software = integer() != 0;
    facts.device.index = static_cast<int>(integer());
    facts.packing = text();
    facts.profile = text();
    facts.program = text();
    facts.shaderHash = text();
    facts.sampler.temperature = real();
    facts.sampler.topK = static_cast<int>(integer());
    facts.sampler.topP = real();
    facts.sampler.minP = real();
    facts.sampler.repetitionPenalty = real();
    facts.sampler.repetitionWindow = static_cast<int>(integer());
    facts.sampler.seed = static_cast<std::uint64_t>(integer());
    facts.maxTokens = static_cast<int>(integer());
    facts.settings = text();
    facts.sweep = text();
    facts.conversation = integer();
    run.startedAt = integer();
    run.state = static_cast<RunState>(std::clamp<std::int64_t>(integer(), 0, static_cast<std::int64_t>(RunState::Interrupted)));
    run.seconds = row.real(at++);
    run.error = text();
    const std::string owner = text();
    if (run.state == RunState::Running && !processLives(owner)) run.state = RunState::Interrupted;
    run.origin = text();
    run.note = text();
    run.baseline = integer() != 0;
    return run;
}

/// The columns name, value, unit, source and missing, from `at` on.
void addFigure(RunSummary& run, const Statement& row, int at) {
    if (row.isNull(at + 1))
        run.missing.push_back({row.bytes(at), row.bytes(at + 4)});
    else
        run.figures.push_back(
            {row.bytes(at), row.real(at + 1), row.bytes(at + 2), sourceNamed(row.bytes(at + 3)).value_or(Source::Modelled)});
}

/// What a filter looks in.
std::string searchable(const RunSummary& run) {
    const RunFacts& f = run.facts;
    std::string all;
    for (const std::string_view part :
         {std::string_view(f.kind), std::string_view(f.model.name), std::string_view(f.device.name),
          std::string_view(f.device.backend), std::string_view(f.packing), std::string_view(f.sweep),
          std::string_view(run.note), nameOf(run.state)})
        (all += part) += '\n';
    for (const std::string& tag : run.tags) (all += tag) += '\n';
    return foldCase(all);
}

}  // namespace

RunReader::RunReader(Database database) : database_(std::make_unique<Database>(std::move(database))) {}

RunReader::~RunReader() = default;

Result<std::int64_t> RunReader::version() const { return database_->number("PRAGMA data_version"); }

Result<std::vector<RunSummary>> RunReader::list(std::string_view filter) const {
    TERNION_TRY(const auto reading, database_->beginReading());
    std::vector<RunSummary> runs;
    TERNION_CHECK(forEachRow(database_->query(std::string(runColumns) + " ORDER BY runs.id DESC"),
                             [&](const Statement& row) { runs.push_back(runIn(row)); }));
    std::map<std::int64_t, RunSummary*> byId;
    for (RunSummary& run : runs) byId[run.id] = &run;
    const auto of = [&](const Statement& row) {
        const auto found = byId.find(row.integer(0));
        return found == byId.end() ? nullptr : found->second;
    };
    TERNION_CHECK(forEachRow(database_->query("SELECT run, name, value, unit, source, missing FROM figures ORDER BY run, name"),
                             [&](const Statement& row) {
                                 if (auto* run = of(row)) addFigure(*run, row, 1);
                             }));
    TERNION_CHECK(forEachRow(database_->query("SELECT run, tag FROM run_tags ORDER BY run, tag"), [&](const Statement& row) {
        if (auto* run = of(row)) run->tags.push_back(row.bytes(1));
    }));
    const auto words = foldedWords(filter);
    std::erase_if(runs, [&](const RunSummary& run) {
        const std::string text = searchable(run);
        return std::any_of(words.begin(), words.end(),
                           [&](const std::string& word) { return text.find(word) == std::string::npos; });
    });
    return runs;
}

Result<RunSummary> RunReader::load(std::int64_t run) const {
    TERNION_TRY(const auto reading, database_->beginReading());
    TERNION_TRY(auto row, database_->query(std::string(runColumns) + " AND runs.id = ?", {run}));
    TERNION_TRY(const bool found, row.step());
    if (!found) return noSuchRun(run);
    RunSummary summary = runIn(row);
    TERNION_CHECK(forEachRow(
        database_->query("SELECT name, value, unit, source, missing FROM figures WHERE run = ? ORDER BY name", {run}),
        [&](const Statement& figure) { addFigure(summary, figure, 0); }));
    TERNION_CHECK(forEachRow(database_->query("SELECT tag FROM run_tags WHERE run = ? ORDER BY tag", {run}),
                             [&](const Statement& tag) { summary.tags.push_back(tag.bytes(0)); }));
    TERNION_CHECK(forEachRow(
        database_->query(
            "SELECT tensor, layer, first_channel, channels, kind, a, b FROM run_edits WHERE run = ? ORDER BY position", {run}),
        [&](const Statement& row) {
            if (const auto edit = editIn(row, 0)) summary.facts.intervention.push_back(*edit);
        }));
    return summary;
}

Result<RunTexts> RunReader::texts(std::int64_t run) const {
    RunTexts texts;
    TERNION_CHECK(forEachRow(database_->query("SELECT prompt, prompt_ids, answer FROM run_texts WHERE run = ?", {run}),
                             [&](const Statement& row) {
                                 if (!row.isNull(0)) texts.prompt = row.bytes(0);
                                 if (!row.isNull(1)) {
                                     const std::string bytes = row.bytes(1);
                                     auto& ids = texts.promptIds.emplace(bytes.size() / sizeof(TokenId));
                                     if (!ids.empty()) std::memcpy(ids.data(), bytes.data(), ids.size() * sizeof(TokenId));
                                 }
                                 if (!row.isNull(2)) texts.answer = row.bytes(2);
                             }));
    return texts;
}

Result<std::vector<SeriesFacts>> RunReader::series(std::int64_t run) const {
    std::vector<SeriesFacts> all;
    TERNION_CHECK(forEachRow(
        database_->query("SELECT id, name, unit, source, period, detail, missing FROM series WHERE run = ? ORDER BY id", {run}),
        [&](const Statement& row) {
            all.push_back({row.integer(0), row.bytes(1), row.bytes(2), sourceNamed(row.bytes(3)).value_or(Source::Modelled),
                           row.real(4), row.bytes(5), row.bytes(6)});
        }));
    return all;
}

Result<std::vector<SeriesPoint>> RunReader::stretches(std::int64_t series, TimeRange range) const {
    std::vector<SeriesPoint> blocks;
    TERNION_CHECK(forEachRow(
        database_->query("SELECT first, last, count, least, most, sum FROM sample_blocks WHERE series = ?1 AND first >= ?2 AND "
                         "first <= ?3 AND last <= ?3 ORDER BY first",
                         {series, range.from, range.to}),
        [&](const Statement& row) {
            blocks.push_back({row.integer(0), row.integer(1), row.integer(2), row.real(3), row.real(4), row.real(5)});
        }));
    return blocks;
}

Result<std::vector<Sample>> RunReader::samples(std::int64_t series, TimeRange range, std::size_t limit) const {
    std::vector<Sample> samples;
    const auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int64_t>::max()));
    TERNION_CHECK(noted<void>(forEachRow(
        database_->query("SELECT time, value FROM samples WHERE series = ? AND time >= ? AND time <= ? ORDER BY time "
                         "LIMIT ?",
                         {series, range.from, range.to, most}),
        [&](const Statement& row) {
            samples.push_back({row.integer(0), row.real(1)});
        })));
    return samples;
}

Result<std::vector<SeriesPoint>> RunReader::points(std::int64_t series, TimeRange range, std::size_t most) const {
    most = std::max<std::size_t>(most, 1);
    TERNION_TRY(const auto reading, database_->beginReading());
    TERNION_TRY(const auto blocks, stretches(series, range));
    std::vector<SeriesPoint> fine;
    const auto readOne = [&](std::int64_t from, std::int64_t to) -> Status {
        TERNION_TRY(const auto some, samples(series, {from, to}));
        fine.reserve(fine.size() + some.size());
        for (const Sample& sample : some) fine.push_back(pointOf(sample));
        return {};
    };
    if (blocks.size() < most) {
        TERNION_CHECK(readOne(range.from, range.to));
    } else {  // what the blocks hold, and what lies before and behind them
        if (range.from < blocks.front().first) TERNION_CHECK(readOne(range.from, blocks.front().first - 1));
        fine.insert(fine.end(), blocks.begin(), blocks.end());
        if (range.to > blocks.back().last) TERNION_CHECK(readOne(blocks.back().last + 1, range.to));
    }
    if (fine.size() <= most) return fine;
    std::int64_t all = 0;
    for (const SeriesPoint& point : fine) all += point.count;
    const std::int64_t each = (all + static_cast<std::int64_t>(most) - 1) / static_cast<std::int64_t>(most);
    std::vector<SeriesPoint> points;
    points.reserve(most + 1);
    SeriesPoint stretch;
    for (const SeriesPoint& point : fine) {
        stretch.add(point);
        if (stretch.count >= each) points.push_back(std::exchange(stretch, {}));
    }
    if (stretch.count > 0) points.push_back(stretch);
    return points;
}

Result<SeriesSummary> RunReader::summary(std::int64_t series, TimeRange range) const {
    SeriesSummary summary;
    if (range.from == TimeRange{}.from && range.to == TimeRange{}.to) {
        // Of a run that has ended all is known.
        TERNION_TRY(auto known,
                    database_->query("SELECT p50, p90, p99 FROM series WHERE id = ? AND p50 IS NOT NULL", {series}));
        TERNION_TRY(const bool ended, known.step());
        if (ended) {
            TERNION_TRY(const auto all, points(series, range, 1));
            if (all.empty()) return summary;
            const SeriesPoint& whole = all.front();
            return SeriesSummary{whole.count, whole.least,   whole.most,    whole.sum,    whole.first,
                                 whole.last,  known.real(0), known.real(1), known.real(2)};
        }
    }
    TERNION_TRY(const auto raw, samples(series, range));
    if (raw.empty()) return summary;
    SeriesPoint all;
    std::vector<double> values;
    values.reserve(raw.size());
    for (const Sample& sample : raw) {
        all.add(pointOf(sample));
        values.push_back(sample.value);
    }
    return SeriesSummary{all.count,
                         all.least,
                         all.most,
                         all.sum,
                         all.first,
                         all.last,
                         percentile(values, 0.5),
                         percentile(values, 0.9),
                         percentile(values, 0.99)};
}

Result<std::vector<TokenRecord>> RunReader::tokens(std::int64_t run) const {
    std::vector<TokenRecord> tokens;
    TERNION_CHECK(noted<void>(
        forEachRow(database_->query("SELECT position, time, token FROM run_tokens WHERE run = ? ORDER BY position", {run}),
                   [&](const Statement& row) {
                       tokens.push_back({static_cast<int>(row.integer(0)), row.integer(1),
                                         row.isNull(2) ? TokenId{-1} : static_cast<TokenId>(row.integer(2))});
                   })));
    return tokens;
}

Result<std::vector<KernelRecord>> RunReader::kernels(std::int64_t run) const {
    std::vector<KernelRecord> kernels;
    TERNION_CHECK(forEachRow(database_->query("SELECT prefill, tokens, kernel, seconds, weight_bytes, layer FROM kernels WHERE "
                                              "run = ? ORDER BY prefill, position",
                                              {run}),
                             [&](const Statement& row) {
                                 kernels.push_back({row.integer(0) != 0,
                                                    static_cast<int>(row.integer(1)),
                                                    {row.bytes(2), row.real(3), static_cast<std::uint64_t>(row.integer(4)),
                                                     static_cast<int>(row.integer(5))}});
                             }));
    return kernels;
}

Result<std::vector<Annotation>> RunReader::annotations(std::int64_t run) const {
    std::vector<Annotation> all;
    TERNION_CHECK(
        forEachRow(database_->query("SELECT id, seconds, text FROM annotations WHERE run = ? ORDER BY seconds, id", {run}),
                   [&](const Statement& row) {
                       all.push_back({row.integer(0), row.isNull(1) ? std::nullopt : std::optional(row.real(1)), row.bytes(2)});
                   }));
    return all;
}

Result<std::vector<std::pair<std::string, std::string>>> RunReader::views() const {
    std::vector<std::pair<std::string, std::string>> views;
    TERNION_CHECK(forEachRow(database_->query("SELECT name, json FROM views ORDER BY name"),
                             [&](const Statement& row) { views.emplace_back(row.bytes(0), row.bytes(1)); }));
    return views;
}

Result<std::vector<ComparisonRecord>> RunReader::comparisons() const {
    TERNION_TRY(const auto reading, database_->beginReading());
    std::vector<ComparisonRecord> all;
    std::map<std::int64_t, std::size_t> places;
    TERNION_CHECK(forEachRow(database_->query("SELECT id, started_at, report, baseline FROM comparisons ORDER BY id DESC"),
                             [&](const Statement& row) {
                                 places[row.integer(0)] = all.size();
                                 all.push_back({row.integer(0), row.integer(1), {}, row.bytes(2), row.integer(3) != 0});
                             }));
    TERNION_CHECK(forEachRow(
        database_->query("SELECT comparison, coalesce(runs.id, 0) FROM comparison_sides LEFT JOIN runs ON runs.id = run AND "
                         "removed_by = '' ORDER BY comparison, side"),
        [&](const Statement& row) { all[places[row.integer(0)]].runs.push_back(row.integer(1)); }));
    return all;
}

}  // namespace ternion
