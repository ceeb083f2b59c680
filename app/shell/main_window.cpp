#include "shell/main_window.h"

#include <QCloseEvent>
#include <QLabel>
#include <QMenuBar>
#include <QScreen>
#include <QToolBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "chat/conversation_model.h"
#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/command_palette.h"
#include "shell/device_selector.h"
#include "shell/dock_layouts.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/model_opening.h"
#include "shell/progress_banner.h"
#include "shell/settings.h"
#include "shell/status_bar.h"
#include "shell/theme.h"

namespace ternion::app {

MainWindow::MainWindow(const PanelContext& context, const std::vector<PanelDefinition>& panels, Settings& settings,
                       Theme& theme)
    : context_(context), settings_(settings), messages_(new MessageArea) {
    setObjectName("mainWindow");
    setWindowTitle(tr("Ternion"));
    resize((screen()->availableSize() * 0.9).boundedTo(QSize(1600, 1000)));
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    for (const QString& menu : {tr("File"), tr("Chat"), tr("Model"), tr("Inspect"), tr("Measure"), tr("View"), tr("Help")})
        menuFor(menu);
    connect(&context_.actions, &ActionRegistry::added, this, &MainWindow::addAction);

    opening_ = new ModelOpening(context_.engine, context_.actions, settings, this);
    menuFor(tr("File"))->addMenu(opening_->recentMenu());
    menuFor(tr("File"))->addSeparator();
    auto* selector = new DeviceSelector(context_.engine, context_.actions, settings, this);
    buildCentral(panels);
    layouts_ = new DockLayouts(this, panels, context_, settings, new QuickPick(this));
    theme.addActions(context_.actions);
    addShellActions();
    addToolBar(selector);
    setStatusBar(new StatusBar(context_.engine, context_.conversation, this));
    followEngine();
    layouts_->restore();
}

void MainWindow::openModel(const QString& path) { opening_->open(path); }

void MainWindow::addToToolBar(QAction* action) {
    findChild<QToolBar*>("toolBar")->insertAction(context_.actions.find("view.palette"), action);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    layouts_->store();
    context_.engine.stop();
    QMainWindow::closeEvent(event);
}

void MainWindow::addAction(QAction* action, const QString& menu) {
    menuFor(menu)->addAction(action);
    QMainWindow::addAction(action);  // shortcuts work while the menus are closed
}

QMenu* MainWindow::menuFor(const QString& path) {
    QWidget* parent = menuBar();
    for (const QString& name : path.split(QLatin1Char('/'))) {
        auto* menu = parent->findChild<QMenu*>(name, Qt::FindDirectChildrenOnly);
        if (menu == nullptr) {
            menu = new QMenu(name, parent);
            menu->setObjectName(name);
            menu->setToolTipsVisible(true);
            parent->addAction(menu->menuAction());
        }
        parent = menu;
    }
    return static_cast<QMenu*>(parent);
}

void MainWindow::addToolBar(QWidget* deviceSelector) {
    auto* bar = new QToolBar(tr("Toolbar"), this);
    bar->setObjectName("toolBar");
    bar->setMovable(false);
    bar->setIconSize(QSize(20, 20));
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    auto* open = new QToolButton(bar);
    open->setObjectName("openModel");
    open->setText(tr("Open model"));
    open->setIcon(themedIcon("open"));
    open->setToolTip(tr("Open a model: a checkpoint folder or a GGUF file. One can also be dropped on this window."));
    open->setAccessibleName(open->text());
    open->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    open->setPopupMode(QToolButton::InstantPopup);
    open->setProperty("framed", true);
    auto* menu = new QMenu(open);
    menu->addAction(context_.actions.find("file.open"));
    menu->addAction(context_.actions.find("file.openFolder"));
    menu->addMenu(opening_->recentMenu());
    open->setMenu(menu);
    auto* name = new QLabel(bar);
    name->setObjectName("modelName");
    name->setAccessibleName(tr("The open model"));
    connect(&context_.engine, &EngineClient::modelOpened, this, [this, name](const std::shared_ptr<const OpenModel>& model) {
        if (!model) return;
        const Model& weights = *model->checkpoint.model;
        const QString called = QString::fromStdString(weights.name);
        const auto parameters = static_cast<double>(weights.config.parameterCount());
        name->setText(tr("%1 · %2 parameters").arg(called, formatShortCount(parameters)));
        name->setToolTip(formatPath(model->path));
        setWindowTitle(tr("%1 – Ternion").arg(called));
    });
    auto* space = new QWidget(bar);
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    bar->addWidget(open);
    bar->addWidget(name);
    bar->addWidget(space);
    bar->addWidget(deviceSelector);
    if (QAction* board = context_.actions.find("board.simulated")) bar->addAction(board);
    bar->addAction(context_.actions.find("view.layout.inspect"));
    bar->addAction(context_.actions.find("view.layout.measure"));
    bar->addAction(context_.actions.find("view.palette"));
    QMainWindow::addToolBar(bar);
}

void MainWindow::buildCentral(const std::vector<PanelDefinition>& panels) {
    auto* central = new QWidget(this);
    auto* column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* banner = new ProgressBanner(central);
    column->addWidget(banner);
    column->addWidget(messages_);
    for (const PanelDefinition& panel : panels)
        if (panel.area == Qt::NoDockWidgetArea) column->addWidget(panel.create(context_), 1);
    setCentralWidget(central);

    connect(&context_.engine, &EngineClient::progress, banner, &ProgressBanner::report);
    connect(banner, &ProgressBanner::cancelled, &context_.engine, &EngineClient::stop);
    connect(&context_.engine, &EngineClient::tokensGenerated, banner, &ProgressBanner::finish);
    connect(&context_.engine, &EngineClient::busyChanged, banner, [banner](bool busy) {
        if (!busy) banner->finish();
    });
}

void MainWindow::addShellActions() {
    auto* palette = new QuickPick(this);
    auto* overview = new ShortcutOverview(this, context_.actions);
    context_.actions
        .add("view.palette", tr("View"), tr("Command palette"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P),
             [this, palette] { palette->open(tr("Type the name of a command"), commandItems(context_.actions)); })
        ->setIcon(themedIcon("palette"));
    QAction* shortcuts =
        context_.actions.add("help.shortcuts", tr("Help"), tr("Keyboard shortcuts"), {}, [overview] { overview->open(); });
    shortcuts->setShortcuts({QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question)});
    shortcuts->setIcon(themedIcon("help"));
    context_.actions
        .add("help.about", tr("Help"), tr("About Ternion"), {},
             [this] {
                 post(MessageKind::Info, tr("Ternion %1: a workbench for MatMul-free language models (arXiv 2406.02528). Free "
                                            "software, GPL-3.0-or-later. It opens no network connection.")
                                             .arg(QStringLiteral(TERNION_VERSION)));
             })
        ->setIcon(themedIcon("info"));
    menuFor(tr("File"))->addSeparator();
    context_.actions.add("file.quit", tr("File"), tr("Quit"), QKeySequence::Quit, [this] { close(); })
        ->setIcon(themedIcon("quit"));
}

void MainWindow::followEngine() {
    connect(&context_.engine, &EngineClient::failed, this, [this](const Error& error) {
        if (error.code != ErrorCode::Cancelled) post(MessageKind::Error, QString::fromStdString(error.text()));
    });
    connect(&context_.engine, &EngineClient::noticed, this, [this](const QString& text) { post(MessageKind::Warning, text); });
    connect(&context_.engine, &EngineClient::modelOpened, messages_, &MessageArea::clear);
    connect(&context_.engine, &EngineClient::modelOpened, this, [this](const std::shared_ptr<const OpenModel>& model) {
        if (model && !model->templateNote.isEmpty()) post(MessageKind::Info, model->templateNote);
    });
    const auto remember = [this] { settings_.setConversation(context_.conversation.conversation().summary.id); };
    connect(&context_.conversation, &ConversationModel::opened, this, remember);
    connect(&context_.conversation, &ConversationModel::listChanged, this, remember);
}

}  // namespace ternion::app
