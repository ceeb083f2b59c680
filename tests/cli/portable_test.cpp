// The folder that is carried to a machine with nothing installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <sstream>

namespace ternion {
namespace {

std::string outputOf(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    for (int c = 0; (c = fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    pclose(pipe);
    return text;
}

TEST(Portable, EveryLibraryButTheCLibraryIsBesideTheProgram) {
    const auto folder = std::filesystem::temp_directory_path() / ("ternion-portable-test-" + std::to_string(getpid()));
    const std::string install = std::string(TERNION_CMAKE) + " --install '" + TERNION_BUILD +
                                "' --component portable --prefix '" + folder.string() + "' >/dev/null";
    ASSERT_EQ(std::system(install.c_str()), 0);
    std::istringstream lines(outputOf("ldd '" + (folder / "bin/ternion-cli").string() + "'"));
    const std::regex cLibrary(R"(\s*lib(c|m|dl|rt|pthread)\.so.*)");
    int beside = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto arrow = line.find("=> ");  // the loader and the kernel's own library have none
        if (arrow == std::string::npos || std::regex_match(line, cLibrary)) continue;
        EXPECT_EQ(line.find(folder.string(), arrow), arrow + 3) << line;
        ++beside;
    }
    EXPECT_GT(beside, 0);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ternion
