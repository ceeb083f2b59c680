#include "store/run_store.h"

#include <stdlib.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "base/process_mark.h"
#include "store/database_file.h"
#include "store/migrations.h"
#include "store/run_reader.h"
#include "store/sample_blocks.h"
#include "store/utc_time.h"

namespace ternion {
namespace {

static_assert(std::endian::native == std::endian::little, "token ids are stored as they lie in memory");

std::string_view bytesOf(const std::vector<TokenId>& ids) {
    return {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId)};
}

SqlValue textOrNull(const std::optional<std::string>& text) { return text ? SqlValue(std::string_view(*text)) : nullptr; }

Status change(Database& database, std::string_view sql, std::initializer_list<SqlValue> values) {
    TERNION_CHECK(database.run(sql, values));
    if (!database.changedRows()) return Error{ErrorCode::NotFound, "there is no such run any more", {}};
    return {};
}

Error noSuchComparison(std::int64_t comparison) {
    return {ErrorCode::NotFound, "there is no such comparison (number " + std::to_string(comparison) + ")", {}};
}

/// The runs for which `column` names a process that has gone.
Result<std::vector<std::int64_t>> abandoned(const Database& database, const std::string& column, const std::string& where) {
    TERNION_TRY(auto rows, database.query("SELECT id, " + column + " FROM runs WHERE " + where));
    std::vector<std::int64_t> gone;
    for (;;) {
        TERNION_TRY(const bool row, rows.step());
        if (!row) return gone;
        if (!processLives(rows.bytes(1))) gone.push_back(rows.integer(0));
    }
}

/// What programs left behind that have ended since.
Status tidy(Database& database) {
    TERNION_TRY(const auto removed, abandoned(database, "removed_by", "removed_by <> ''"));
    for (const auto run : removed) TERNION_CHECK(database.run("DELETE FROM runs WHERE id = ?", {run}));
    TERNION_TRY(const auto running, abandoned(database, "owner", "state = 0"));
    for (const auto run : running)
        TERNION_CHECK(
            database.run("UPDATE runs SET state = ?2 WHERE id = ?1", {run, static_cast<std::int64_t>(RunState::Interrupted)}));
    return {};
}

Result<std::int64_t> idOfModel(Database& database, const ModelRecord& model) {
    TERNION_CHECK(database.run(
        "INSERT INTO models (hash, name, path, parameters, unoptimised_bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
        "(hash) DO UPDATE SET name = excluded.name, path = iif(excluded.path = '', path, excluded.path)",
        {model.hash, model.name, model.path, model.parameters, static_cast<std::int64_t>(model.unoptimisedBytes)}));
    return database.number("SELECT id FROM models WHERE hash = ?", {model.hash});
}

Result<std::int64_t> idOfDevice(Database& database, const DeviceInfo& device) {
    const auto memory = static_cast<std::int64_t>(device.memoryBytes);
    TERNION_CHECK(database.run(
        "INSERT INTO devices (backend, name, driver, memory_bytes, pci_address, software) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        {device.backend, device.name, device.driver, memory, device.pciAddress, std::int64_t{device.software}}));
    return database.number(
        "SELECT id FROM devices WHERE backend = ? AND name = ? AND driver = ? AND memory_bytes = ? AND pci_address = ?",
        {device.backend, device.name, device.driver, memory, device.pciAddress});
}

Status insertFigures(Database& database, std::int64_t run, const std::vector<Figure>& figures,
                     const std::vector<MissingFigure>& missing) {
    for (const auto& [name, reason] : missing)
        TERNION_CHECK(database.run("INSERT OR REPLACE INTO figures VALUES (?, ?, NULL, '', '', ?)", {run, name, reason}));
    for (const Figure& figure : figures)
        TERNION_CHECK(database.run("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, '')",
                                   {run, figure.name, figure.value, figure.unit, nameOf(figure.source)}));
    return {};
}

Status insertTags(Database& database, std::int64_t run, const std::vector<std::string>& tags) {
    for (const std::string& tag : tags) TERNION_CHECK(database.run("INSERT OR IGNORE INTO run_tags VALUES (?, ?)", {run, tag}));
    return {};
}

}  // namespace

struct RunStore::File {
    DatabaseFile file;
    std::filesystem::path path;
    std::filesystem::path temporary;              // a folder that goes with the store; empty: none
    std::map<std::int64_t, BlockBuilder> blocks;  // of the series that are being written

    File(DatabaseFile opened, std::filesystem::path at, std::filesystem::path goesWithIt)
        : file(std::move(opened)), path(std::move(at)), temporary(std::move(goesWithIt)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        std::error_code code;
        if (!temporary.empty()) std::filesystem::remove_all(temporary, code);
    }

    Status writeSamples(const RunBatch::Samples& part);
};

RunStore::RunStore(std::unique_ptr<File> file) : file_(std::move(file)), database_(file_->file.database) {}

RunStore::~RunStore() = default;

const std::filesystem::path& RunStore::path() const { return file_->path; }

Result<RunStore::Opened> RunStore::open(const std::filesystem::path& path) {
    std::filesystem::path place = path, temporary;
    if (path.empty()) {
        std::string name = (std::filesystem::temp_directory_path() / "ternion-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) return Error{ErrorCode::Io, "cannot make a folder for the runs", name};
        temporary = name;
        place = temporary / "runs.db";
    }
    TERNION_TRY(auto file, openDatabaseFile(place, migrations()));
    TERNION_CHECK(tidy(file.database));
    file.lock.share();
    std::string notice = std::move(file.notice);
    auto owned = std::make_unique<File>(std::move(file), std::move(place), std::move(temporary));
    return Opened{std::unique_ptr<RunStore>(new RunStore(std::move(owned))), std::move(notice)};
}

Result<std::int64_t> RunStore::insert(const RunSummary& run, const RunTexts& texts) {
    const RunFacts& facts = run.facts;
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_TRY(const auto model, idOfModel(database_, facts.model));
    TERNION_TRY(const auto device, idOfDevice(database_, facts.device));
    const SamplerSettings& s = facts.sampler;
    TERNION_CHECK(database_.run(
        "INSERT INTO runs (kind, model, device, device_index, packing, profile, program, shader_hash, temperature, top_k, "
        "top_p, min_p, repetition_penalty, repetition_window, seed, max_tokens, settings, sweep, conversation, started_at, "
        "state, seconds, error, owner, origin, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "(SELECT id FROM conversations WHERE id = ?), ?, ?, ?, ?, ?, ?, ?)",
        {facts.kind,
         model,
         device,
         facts.device.index,
         facts.packing,
         facts.profile,
         facts.program,
         facts.shaderHash,
         s.temperature,
         s.topK,
         s.topP,
         s.minP,
         s.repetitionPenalty,
         s.repetitionWindow,
         static_cast<std::int64_t>(s.seed),
         facts.maxTokens,
         facts.settings,
         facts.sweep,
         facts.conversation,
         run.startedAt,
         static_cast<std::int64_t>(run.state),
         run.seconds,
         run.error,
         run.state == RunState::Running ? processMark() : "",
         run.origin,
         run.note}));
    const auto id = database_.lastInsertId();
    if (texts.prompt || texts.promptIds || texts.answer)
        TERNION_CHECK(
            database_.run("INSERT INTO run_texts VALUES (?, ?, ?, ?)",
                          {id, textOrNull(texts.prompt), texts.promptIds ? SqlValue(bytesOf(*texts.promptIds)) : nullptr,
                           textOrNull(texts.answer)}));
    for (std::size_t k = 0; k < facts.intervention.size(); ++k) {
        const Edit& edit = facts.intervention[k];
        TERNION_CHECK(database_.run("INSERT INTO run_edits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                    {id, static_cast<std::int64_t>(k), nameOf(edit.tensor), edit.layer, edit.firstChannel,
                                     edit.channels, static_cast<std::int64_t>(edit.kind), edit.a, edit.b}));
    }
    TERNION_CHECK(insertFigures(database_, id, run.figures, run.missing));
    TERNION_CHECK(insertTags(database_, id, run.tags));
    TERNION_CHECK(transaction.commit());
    return id;
}

Result<std::int64_t> RunStore::begin(const RunFacts& facts, const RunTexts& texts) {
    const std::lock_guard lock(mutex_);
    RunSummary run;
    run.facts = facts;
    run.startedAt = utcMilliseconds();
    return insert(run, texts);
}

Result<std::int64_t> RunStore::import(const RunSummary& run, const RunTexts& texts) {
    if (run.origin.empty() || run.state == RunState::Running)
        return Error{ErrorCode::InvalidArgument, "a foreign run has an origin and has ended", {}};
    const std::lock_guard lock(mutex_);
    RunSummary foreign = run;
    foreign.facts.conversation = 0;
    return insert(foreign, texts);
}

Result<std::int64_t> RunStore::addSeries(std::int64_t run, const SeriesFacts& facts) {
    const std::lock_guard lock(mutex_);
    TERNION_CHECK(
        database_.run("INSERT INTO series (run, name, unit, source, period, detail, missing) VALUES (?, ?, ?, ?, ?, ?, ?)",
                      {run, facts.name, facts.unit, nameOf(facts.source), facts.period, facts.detail, facts.missing}));
    return database_.lastInsertId();
}

Status RunStore::endSeries(std::int64_t series, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    return database_.run("UPDATE series SET missing = ?2 WHERE id = ?1", {series, reason});
}

Status RunStore::File::writeSamples(const RunBatch::Samples& part) {
    Database& database = file.database;
    auto& builder = blocks[part.series];
    if (!builder.begun()) TERNION_CHECK(builder.goOn(database, part.series));
    TERNION_TRY(auto sample, database.query("INSERT INTO samples VALUES (?, ?, ?)"));
    TERNION_TRY(auto block, database.query("INSERT INTO sample_blocks VALUES (?, ?, ?, ?, ?, ?, ?)"));
    for (const Sample& one : part.samples) {
        const auto time = std::max(one.time, builder.last() + 1);
        TERNION_CHECK(sample.run({part.series, time, one.value}));
        if (const auto full = builder.add({time, one.value}))
            TERNION_CHECK(block.run({part.series, full->first, full->last, full->count, full->least, full->most, full->sum}));
    }
    return {};
}

Status RunStore::write(const RunBatch& batch) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    const auto writeAll = [&]() -> Status {
        for (const auto& part : batch.samples) TERNION_CHECK(file_->writeSamples(part));
        TERNION_TRY(auto token, database_.query("INSERT INTO run_tokens VALUES (?, ?, ?, ?)"));
        for (const TokenRecord& one : batch.tokens)
            TERNION_CHECK(token.run({batch.run, one.position, one.time, one.token < 0 ? SqlValue(nullptr) : one.token}));
        TERNION_TRY(auto kernel,
                    database_.query("INSERT INTO kernels VALUES (?1, ?2, (SELECT coalesce(max(position) + 1, 0) FROM kernels "
                                    "WHERE run = ?1 AND prefill = ?2), ?3, ?4, ?5, ?6, ?7)"));
        for (const KernelRecord& one : batch.kernels)
            TERNION_CHECK(kernel.run({batch.run, std::int64_t{one.prefill}, one.tokens, one.time.layer, one.time.kernel,
                                      one.time.seconds, static_cast<std::int64_t>(one.time.weightBytes)}));
        return transaction.commit();
    };
    auto written = writeAll();
    if (!written) file_->blocks.clear();  // they are ahead of what is there
    return written;
}

Status RunStore::finish(std::int64_t run, const RunEnd& end) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(const auto reader, this->reader());
    TERNION_TRY(const auto all, reader->series(run));
    std::vector<std::pair<std::int64_t, SeriesSummary>> summaries;
    for (const SeriesFacts& series : all) {
        TERNION_TRY(const auto summary, reader->summary(series.id));
        if (summary.count > 0) summaries.emplace_back(series.id, summary);
        file_->blocks.erase(series.id);
    }
    TERNION_TRY(auto transaction, database_.beginWriting());
    for (const auto& [series, summary] : summaries)
        TERNION_CHECK(database_.run("UPDATE series SET p50 = ?2, p90 = ?3, p99 = ?4 WHERE id = ?1",
                                    {series, summary.p50, summary.p90, summary.p99}));
    TERNION_CHECK(change(database_, "UPDATE runs SET state = ?2, seconds = ?3, error = ?4, owner = '' WHERE id = ?1",
                         {run, static_cast<std::int64_t>(end.state), end.seconds, end.error}));
    TERNION_CHECK(insertFigures(database_, run, end.figures, end.missing));
    if (end.answer)
        TERNION_CHECK(
            database_.run("INSERT INTO run_texts (run, answer) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET answer = "
                          "excluded.answer",
                          {run, *end.answer}));
    return transaction.commit();
}

Status RunStore::setNote(std::int64_t run, std::string_view note) {
    const std::lock_guard lock(mutex_);
    return change(database_, "UPDATE runs SET note = ?2 WHERE id = ?1", {run, note});
}

Status RunStore::setTags(std::int64_t run, const std::vector<std::string>& tags) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_CHECK(database_.run("DELETE FROM run_tags WHERE run = ?", {run}));
    TERNION_CHECK(insertTags(database_, run, tags));
    return transaction.commit();
}

Status RunStore::setBaseline(std::int64_t run) {
    const std::lock_guard lock(mutex_);
    return database_.run("UPDATE runs SET baseline = (id = ?1) WHERE baseline <> (id = ?1)", {run});
}

Result<std::int64_t> RunStore::annotate(std::int64_t run, std::optional<double> seconds, std::string_view text) {
    const std::lock_guard lock(mutex_);
    TERNION_CHECK(database_.run("INSERT INTO annotations (run, seconds, text) VALUES (?, ?, ?)",
                                {run, seconds ? SqlValue(*seconds) : nullptr, text}));
    return database_.lastInsertId();
}

Status RunStore::removeAnnotation(std::int64_t annotation) {
    const std::lock_guard lock(mutex_);
    return database_.run("DELETE FROM annotations WHERE id = ?", {annotation});
}

Result<std::int64_t> RunStore::addComparison(const ComparisonRecord& comparison) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_CHECK(
        database_.run("INSERT INTO comparisons (started_at, report) VALUES (?, ?)", {comparison.startedAt, comparison.report}));
    const auto id = database_.lastInsertId();
    for (std::size_t side = 0; side < comparison.runs.size(); ++side) {
        const auto run = comparison.runs[side];
        TERNION_CHECK(database_.run("INSERT INTO comparison_sides VALUES (?, ?, ?)",
                                    {id, static_cast<std::int64_t>(side), run == 0 ? SqlValue(nullptr) : run}));
    }
    TERNION_CHECK(transaction.commit());
    return id;
}

Status RunStore::setComparisonBaseline(std::int64_t comparison) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    TERNION_TRY(const auto known, database_.number("SELECT count(*) FROM comparisons WHERE id = ?", {comparison}));
    if (comparison != 0 && known == 0) return noSuchComparison(comparison);
    TERNION_CHECK(database_.run("UPDATE comparisons SET baseline = (id = ?1) WHERE baseline <> (id = ?1)", {comparison}));
    return transaction.commit();
}

Status RunStore::removeComparison(std::int64_t comparison) {
    const std::lock_guard lock(mutex_);
    TERNION_CHECK(database_.run("DELETE FROM comparisons WHERE id = ?", {comparison}));
    if (!database_.changedRows()) return noSuchComparison(comparison);
    return {};
}

Status RunStore::hide(std::span<const std::int64_t> runs, const std::string& by) {
    const std::lock_guard lock(mutex_);
    TERNION_TRY(auto transaction, database_.beginWriting());
    for (const auto run : runs) TERNION_CHECK(change(database_, "UPDATE runs SET removed_by = ?2 WHERE id = ?1", {run, by}));
    return transaction.commit();
}

Status RunStore::remove(std::span<const std::int64_t> runs) { return hide(runs, processMark()); }

Status RunStore::restore(std::span<const std::int64_t> runs) { return hide(runs, {}); }

Status RunStore::saveView(std::string_view name, std::string_view json) {
    const std::lock_guard lock(mutex_);
    if (json.empty()) return database_.run("DELETE FROM views WHERE name = ?", {name});
    return database_.run("INSERT OR REPLACE INTO views VALUES (?, ?)", {name, json});
}

Result<std::unique_ptr<RunReader>> RunStore::reader() const {
    TERNION_TRY(auto database, Database::connectReadOnly(file_->path));
    return std::make_unique<RunReader>(std::move(database));
}

}  // namespace ternion
