// The simulated boards' processes, and a model that is small enough for them.
#pragma once

#include <unistd.h>

#include <QDir>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "backend/fpga_backend.h"
#include "chat_fixture.h"
#include "shell/settings.h"

namespace ternion::app {

/// The boards that this program has started and that still run.
inline std::vector<pid_t> runningBoards() {
    std::vector<pid_t> found;
    for (const QString& name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        std::ifstream file("/proc/" + name.toStdString() + "/stat");
        std::stringstream text;
        text << file.rdbuf();
        const std::string facts = text.str();
        const auto end = facts.rfind(") ");
        if (end == std::string::npos || facts.find("(ternion-board)") == std::string::npos || facts[end + 2] == 'Z') continue;
        if (std::stoi(facts.substr(end + 4)) == getpid()) found.push_back(name.toInt());
    }
    return found;
}

/// The CPU, a simulated board with the assumptions of `settings`, and what else the tree in `folder` shows of boards.
inline BackendRegistry cpuAndBoards(const QString& folder, const Settings& settings) {
    BackendRegistry registry;
    registry.add(makeCpuBackend());
    fpga::FpgaOptions boards;
    boards.discovery.roots.devices = QDir(folder).filePath(QStringLiteral("dev")).toStdString();
    boards.discovery.roots.system = QDir(folder).filePath(QStringLiteral("sys")).toStdString();
    boards.simulation = [&settings] { return settings.simulation(); };
    registry.add(fpga::makeFpgaBackend(std::move(boards)));
    return registry;
}

}  // namespace ternion::app
