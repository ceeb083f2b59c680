// Which database of runs a command reads, writes or records in.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/run_reader.h"
#include "store/run_store.h"

namespace ternion::cli {

/// `--store FILE`; without it the workbench's own.
class StoreOptions {
public:
    void addTo(CLI::App& app);
    /// InvalidArgument where the user named none and has no home.
    Result<std::filesystem::path> path() const;
    /// To read: NotFound where there is none, which is not made.
    Result<std::unique_ptr<RunReader>> reader() const;
    /// To write: made where there is none. What has to be told is printed on stderr.
    Result<std::unique_ptr<RunStore>> open() const;

private:
    std::filesystem::path path_;
};

/// A run as users name it: its number, or `last`. InvalidArgument, NotFound.
Result<RunSummary> findRun(const RunReader& reader, const std::string& name);

}  // namespace ternion::cli
