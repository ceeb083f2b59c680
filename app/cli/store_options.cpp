#include "store_options.h"

#include <charconv>
#include <iostream>

#include "base/user_folders.h"
#include "store/database.h"
#include "store/migrations.h"

namespace ternion::cli {

void StoreOptions::addTo(CLI::App& app) {
    app.add_option("--store", path_, "The database of runs; without it the workbench's, in your data folder");
}

Result<std::filesystem::path> StoreOptions::path() const {
    if (!path_.empty()) return path_;
    const auto folder = userDataFolder();
    if (folder.empty())
        return Error{
            ErrorCode::InvalidArgument, "you have no home folder, where the runs would be; name a file with --store", {}};
    return folder / "ternion.db";
}

Result<std::unique_ptr<RunReader>> StoreOptions::reader() const {
    TERNION_TRY(const auto file, path());
    std::error_code failure;
    if (!std::filesystem::exists(file, failure) && !failure)
        return Error{ErrorCode::NotFound, "there are no runs yet: bench, generate, chat and the workbench record them",
                     file.string()};
    TERNION_TRY(auto database, Database::connectReadOnly(file));
    TERNION_TRY(const auto version, database.number("PRAGMA user_version"));
    if (const auto newest = static_cast<std::int64_t>(migrations().size()); version != newest)
        return Error{ErrorCode::Unsupported,
                     version < newest ? "it was made by an older version of this program; record a run, or start the "
                                        "workbench, to bring it up to date"
                                      : "it was made by a newer version of this program, which has to read it too",
                     file.string()};
    return std::make_unique<RunReader>(std::move(database));
}

Result<std::unique_ptr<RunStore>> StoreOptions::open() const {
    TERNION_TRY(const auto file, path());
    TERNION_TRY(auto opened, RunStore::open(file));
    if (!opened.notice.empty()) std::cerr << opened.notice << "\n";
    return std::move(opened.store);
}

Result<RunSummary> findRun(const RunReader& reader, const std::string& name) {
    if (name == "last") {
        TERNION_TRY(auto runs, reader.list());
        if (runs.empty()) return Error{ErrorCode::NotFound, "there are no runs yet", {}};
        return std::move(runs.front());
    }
    std::int64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [at, failure] = std::from_chars(name.data(), end, number);
    if (failure != std::errc() || at != end)
        return Error{ErrorCode::InvalidArgument, "a run is named by its number, which `runs` lists, or `last`", name};
    return reader.load(number);
}

}  // namespace ternion::cli
