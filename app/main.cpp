// Ternion's composition root: the only file of the workbench that names concrete backends.
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QIcon>
#include <QLocale>
#include <QTimer>
#include <QTranslator>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "backend/cpu/cpu_backend.h"
#include "backend/fpga_backend.h"
#include "backend/vulkan/vulkan_backend.h"
#include "base/user_folders.h"
#include "shell/settings.h"
#include "workbench.h"

namespace ternion::app {
namespace {

/// Qt itself would abort where there is no display.
bool displayMissing(int argc, char** argv) {
    const bool named =
        std::any_of(argv, argv + argc, [](const char* argument) { return std::string_view(argument) == "-platform"; });
    return !named && qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY") &&
           qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM");
}

bool textOnly(int argc, char** argv) {
    return std::any_of(argv, argv + argc, [](const char* argument) {
        const std::string_view given(argument);
        return given == "--version" || given == "-v" || given == "--help" || given == "-h";
    });
}

void parse(QCommandLineParser& parser) {
    parser.setApplicationDescription(QCoreApplication::translate("main", "A workbench for MatMul-free language models."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument("MODEL", QCoreApplication::translate("main", "A checkpoint folder or a GGUF file to open."),
                                 "[MODEL]");
    parser.process(*QCoreApplication::instance());
}

QString sampleModel() {
    const QString name = QStringLiteral("ternary-49m.gguf");
    const QString installed = QCoreApplication::applicationDirPath() + QStringLiteral("/../share/ternion/sample-model/") + name;
    return QFileInfo::exists(installed) ? QDir::cleanPath(installed) : QStringLiteral(TERNION_SAMPLE_MODELS "/") + name;
}

/// What was asked for, or was open last, or the sample.
QString firstModel(const QStringList& arguments, const Settings& settings) {
    if (!arguments.isEmpty()) return arguments.front();
    return !settings.model().isEmpty() && QFileInfo::exists(settings.model()) ? settings.model() : sampleModel();
}

int runWindow(const QStringList& arguments) {
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/ternion.svg")));
    Settings settings;
    auto stores = openStores();
    if (!stores.conversations) {
        std::fprintf(stderr, "ternion: %s\n", stores.notice.c_str());
        return 1;
    }
    BackendRegistry registry;
    registry.add(makeVulkanBackend({.cacheFolder = userCacheFolder()}));
    registry.add(makeCpuBackend());
    fpga::FpgaOptions boards;
    boards.simulation = [&settings] { return settings.simulation(); };
    registry.add(fpga::makeFpgaBackend(std::move(boards)));
    Workbench workbench(std::move(registry), settings, std::move(stores));
    workbench.window.show();
    QTimer::singleShot(0, &workbench.window, [&] { workbench.window.openModel(firstModel(arguments, settings)); });
    return QApplication::exec();
}

}  // namespace
}  // namespace ternion::app

int main(int argc, char** argv) {
    using namespace ternion::app;
    QCoreApplication::setApplicationName("ternion");
    QCoreApplication::setApplicationVersion(TERNION_VERSION);
    QGuiApplication::setDesktopFileName("io.github.ternion.Ternion");
    QCommandLineParser parser;
    if (textOnly(argc, argv)) {
        const QCoreApplication application(argc, argv);
        parse(parser);
        return 0;
    }
    if (displayMissing(argc, argv)) {
        std::fprintf(stderr,
                     "ternion: there is no display here to open a window on. For the chat in a terminal: ternion-cli chat\n");
        return 1;
    }
    const QApplication application(argc, argv);
    // English too has a file: plural forms.
    QTranslator plurals;
    if (plurals.load(":/i18n/ternion_en.qm")) QCoreApplication::installTranslator(&plurals);
    QTranslator translator;
    if (translator.load(QLocale(), "ternion", "_", ":/i18n")) QCoreApplication::installTranslator(&translator);
    parse(parser);
    return runWindow(parser.positionalArguments());
}
