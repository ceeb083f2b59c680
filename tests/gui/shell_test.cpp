// The window around the chat: menus, palette, layouts, theme, panels.
#include <QClipboard>
#include <QDockWidget>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QTemporaryDir>
#include <QToolButton>
#include <thread>

#include "chat/chat_panel.h"
#include "chat_fixture.h"
#include "conversations/conversations_panel.h"
#include "log/log_model.h"
#include "log/log_panel.h"
#include "model_card/model_card_panel.h"
#include "shell/colors.h"
#include "shell/command_palette.h"
#include "shell/fuzzy_match.h"
#include "shell/icons.h"
#include "shell/main_window.h"
#include "shell/progress_banner.h"
#include "shell/theme.h"

namespace ternion::app {
namespace {

struct Shell : ChatFixture {
    explicit Shell(const QString& settingsFile) : settings(settingsFile), theme(settings) {
        window = std::make_unique<MainWindow>(
            PanelContext{engine, conversation, inspector, runs, actions},
            std::vector<PanelDefinition>{chatPanel(), conversationsPanel(), modelCardPanel(), logPanel(log)}, settings, theme);
        window->show();
        window->activateWindow();
        (void)QTest::qWaitForWindowActive(window.get());
    }

    template <class T = QWidget>
    T* find(const char* name) const {
        return window->findChild<T*>(name);
    }
    void trigger(const char* id) const { actions.find(id)->trigger(); }

    LogModel log;
    Settings settings;
    Theme theme;
    std::unique_ptr<MainWindow> window;
};

double luminance(const QColor& color) {
    const auto linear = [](double value) { return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}
double contrast(const QColor& a, const QColor& b) {
    const double x = luminance(a) + 0.05;
    const double y = luminance(b) + 0.05;
    return std::max(x, y) / std::min(x, y);
}

}  // namespace

class ShellTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString file() const { return folder_.filePath(QString(QTest::currentTestFunction()) + ".conf"); }

private slots:
    void fuzzyMatchPrefersWordStarts() {
        QVERIFY(!fuzzyMatch("xyz", "Open model file"));
        QVERIFY(!fuzzyMatch("elif", "file"));
        QVERIFY(*fuzzyMatch("om", "Open model") > *fuzzyMatch("om", "Zoom out"));
        QCOMPARE(fuzzyMatch("", "anything"), 0);
        QVERIFY(fuzzyMatch("OPEN  m", "open model"));
    }

    void tritColoursAreSeenOnBothThemes() {
        for (const bool dark : {false, true})
            for (const int trit : {-1, 0, 1})
                for (const auto role : {QPalette::Window, QPalette::Base})
                    QVERIFY2(contrast(tritColor(trit), themePalette(dark).color(role)) >= 3.0,
                             qPrintable(QString("trit %1, dark %2").arg(trit).arg(dark)));
        for (const bool dark : {false, true}) {
            const QPalette palette = themePalette(dark);
            QVERIFY(contrast(palette.color(QPalette::Text), palette.color(QPalette::Base)) >= 7.0);
            QVERIFY(contrast(palette.color(QPalette::PlaceholderText), palette.color(QPalette::Window)) >= 4.5);
            QVERIFY(contrast(palette.color(QPalette::HighlightedText), palette.color(QPalette::Highlight)) >= 4.5);
        }
    }

    void themeAndTextSizeChangeAndAreKept() {
        {
            Shell shell(file());
            const double normal = QApplication::font().pointSizeF();
            shell.trigger("view.theme.dark");
            QVERIFY(shell.window->palette().color(QPalette::Window).lightness() < 80);
            const QImage dark = themedIcon("send").pixmap(24, 24).toImage();
            shell.trigger("view.theme.light");
            QVERIFY(shell.window->palette().color(QPalette::Window).lightness() > 200);
            QVERIFY(themedIcon("send").pixmap(24, 24).toImage() != dark);
            shell.trigger("view.theme.dark");
            QTest::keyClick(shell.window.get(), Qt::Key_Plus, Qt::ControlModifier);
            QVERIFY(QApplication::font().pointSizeF() > normal);
        }
        Shell again(file());
        QCOMPARE(again.theme.mode(), ThemeMode::Dark);
        QVERIFY(qFuzzyCompare(again.theme.fontScale(), 1.1));
        QTest::keyClick(again.window.get(), Qt::Key_0, Qt::ControlModifier);
        QCOMPARE(again.theme.fontScale(), 1.0);
        again.theme.setMode(ThemeMode::Light);
    }

    void paletteRunsACommandByKeysAlone() {
        Shell shell(file());
        auto* log = shell.find<QDockWidget>("log");
        QVERIFY(log->isHidden());
        QTest::keyClick(shell.window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
        QWidget* input = QApplication::focusWidget();
        QCOMPARE(input->objectName(), "quickPickInput");
        QTest::keyClicks(input, "panels log");
        QTest::keyClick(input, Qt::Key_Return);
        QVERIFY(!log->isHidden());
        QVERIFY(!input->isVisible());

        QTest::keyClick(shell.window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QVERIFY(!input->isVisible());
    }

    void everyShortcutIsItsOwnAndShown() {
        Shell shell(file());
        QStringList keys;
        for (const auto& entry : shell.actions.entries())
            for (const QKeySequence& key : entry.action->shortcuts()) {
                QVERIFY2(!keys.contains(key.toString()), qPrintable(key.toString() + entry.action->objectName()));
                keys << key.toString();
            }
        QTest::keyClick(shell.window.get(), Qt::Key_F1);
        auto* overview = shell.find("shortcutOverview");
        QVERIFY(overview->isVisible());
        QStringList shown;
        for (const auto* label : overview->findChildren<QLabel*>()) shown << label->text();
        for (const auto& entry : shell.actions.entries())
            if (!entry.action->shortcut().isEmpty()) QVERIFY(shown.contains(entry.action->text()));
    }

    void layoutsAreSavedAppliedDeletedAndReset() {
        Shell shell(file());
        auto* card = shell.find<QDockWidget>("modelCard");
        card->hide();
        shell.trigger("view.layout.save");
        QTest::keyClicks(QApplication::focusWidget(), "Only/chat");
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QCOMPARE(shell.settings.layouts(), QStringList{"Only/chat"});
        shell.trigger("view.layout.reset");
        QVERIFY(!card->isHidden());
        shell.trigger("view.layout.apply");
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QVERIFY(card->isHidden());
        shell.trigger("view.layout.delete");
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QVERIFY(shell.settings.layouts().isEmpty());
    }

    void closedPanelsStayClosedAtTheNextStart() {
        {
            Shell shell(file());
            shell.find<QDockWidget>("conversations")->close();
            shell.window->close();
        }
        const Shell again(file());
        QVERIFY(again.find<QDockWidget>("conversations")->isHidden());
        QVERIFY(!again.find<QDockWidget>("modelCard")->isHidden());
    }

    void droppedModelOpensAndIsRecent() {
        Shell shell(file());
        QCOMPARE(QApplication::focusWidget()->objectName(), "prompt");  // one can type at once
        QVERIFY(shell.find("modelCardEmpty") != nullptr);
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(sampleModel())});
        QDragEnterEvent enter(QPoint(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(shell.window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QVERIFY(shell.find("dropHint")->isVisible());
        QDropEvent drop(QPointF(300, 300), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QSignalSpy loaded(&shell.engine, &EngineClient::deviceChanged);
        QApplication::sendEvent(shell.window.get(), &drop);
        QVERIFY(!shell.find("dropHint")->isVisible());
        QVERIFY(loaded.wait(patience));
        QCOMPARE(shell.find<QLabel>("modelName")->text(), "Ternary 49M · 49.4 M parameters");

        shell.settings.addRecentModel("/nowhere/gone.gguf");
        auto* recent = shell.find<QMenu>("recentModels");
        emit recent->aboutToShow();
        QVERIFY(!recent->actions().at(0)->isEnabled());
        QVERIFY(recent->actions().at(0)->text().contains("no longer there"));
        QVERIFY(recent->actions().at(1)->isEnabled());

        shell.trigger("model.copyCard");
        const QString card = QApplication::clipboard()->text();
        QVERIFY(card.contains("Layers: 12"));
        QVERIFY(card.contains(QString::fromStdString(shell.engine.model()->hash)));
        QCOMPARE(shell.find<QLabel>("modelCardName")->text(), "Ternary 49M");
        QVERIFY(shell.find("tritBar")->accessibleName().contains("minus one"));
        shell.window->resize(1440, 900);
        keepPicture(*shell.window, "shell-light");
        shell.theme.setMode(ThemeMode::Dark);
        keepPicture(*shell.window, "shell-dark");
        shell.theme.setMode(ThemeMode::Light);
    }

    void aBadModelIsNamedInTheWindowAndCanBeDismissed() {
        Shell shell(file());
        QSignalSpy failed(&shell.engine, &EngineClient::failed);
        shell.window->openModel("/nowhere/model.gguf");
        QVERIFY(failed.wait(patience));
        auto* text = shell.find<QLabel>("messageText");
        QVERIFY(text->text().contains("/nowhere/model.gguf"));
        QPointer<QWidget> bar = shell.find("messageBar");
        QTest::mouseClick(shell.find<QToolButton>("messageClose"), Qt::LeftButton);
        QTRY_VERIFY(!bar);
        QVERIFY(shell.settings.recentModels().isEmpty());
    }

    void deviceSelectorListsEveryDeviceAndRemembers() {
        Shell shell(file());
        QList<QAction*> listed;
        for (QAction* entry : shell.find<QToolButton>("deviceSelector")->menu()->actions())
            if (!entry->data().isNull()) listed << entry;  // the others are the arithmetic's
        QCOMPARE(listed.size(), static_cast<qsizetype>(shell.engine.devices().size()));
        for (qsizetype i = 0; i < listed.size(); ++i) QCOMPARE(listed[i]->isEnabled(), shell.engine.devices()[i].usable);
        QVERIFY(shell.openSample());
        QSignalSpy moved(&shell.engine, &EngineClient::deviceChanged);
        shell.trigger("device.cpu");
        QVERIFY(moved.wait(patience));
        QVERIFY(shell.actions.find("device.cpu")->isChecked());
        QCOMPARE(shell.settings.device(), "cpu");
        QVERIFY(shell.find<QLabel>("deviceMemory")->text().contains("iB"));
    }

    void conversationsAreFoundRenamedDeletedAndBroughtBack() {
        Shell shell(file());
        auto* list = shell.find<QListView>("conversationList");
        QVERIFY(shell.find<QLabel>("conversationsEmpty")->isVisible());
        for (const char* title : {"Ternary weights", "Sea and sky"})
            QVERIFY(shell.store->createConversation(title, "ternary-49m").ok());
        emit shell.conversation.listChanged();
        QCOMPARE(list->model()->rowCount(), 2);
        QTest::keyClicks(shell.find<QLineEdit>("conversationSearch"), "sky");
        QCOMPARE(list->model()->rowCount(), 1);
        const QModelIndex row = list->model()->index(0, 0);
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(row).center());
        QCOMPARE(shell.conversation.conversation().summary.title, std::string("Sea and sky"));

        shell.trigger("conversation.rename");
        auto* editor = list->viewport()->findChild<QLineEdit*>();
        QVERIFY(editor != nullptr);
        editor->selectAll();
        QTest::keyClicks(editor, "Blue sky");
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(list->model()->index(0, 0).data().toString(), "Blue sky");

        list->setCurrentIndex(list->model()->index(0, 0));
        shell.trigger("conversation.delete");
        QCOMPARE(list->model()->rowCount(), 0);
        QTest::mouseClick(shell.find("conversationsPanel")->findChild<QPushButton*>("messageAction"), Qt::LeftButton);
        QCOMPARE(list->model()->rowCount(), 1);
    }

    void logTakesOtherThreadsFiltersAndNeverHoldsChats() {
        Shell shell(file());
        auto* list = shell.find<QListView>("logList");
        QTRY_VERIFY(shell.log.rowCount() > 0);  // the devices found
        QVERIFY(shell.log.index(0).data().toString().contains(QString::fromStdString(shell.engine.devices().front().name)));
        shell.trigger("log.clear");
        std::thread([] {
            log(LogLevel::Debug, "a small thing");
            log(LogLevel::Error, "a great thing");
        }).join();
        QTRY_COMPARE(shell.log.rowCount(), 2);
        QCOMPARE(list->model()->rowCount(), 1);  // debug is filtered at first
        shell.trigger("log.copy");
        QVERIFY(QApplication::clipboard()->text().contains("a great thing"));
        QVERIFY(!QApplication::clipboard()->text().contains("a small thing"));
        shell.trigger("log.diagnostics");
        QVERIFY(QApplication::clipboard()->text().contains("Ternion"));
        QVERIFY(QApplication::clipboard()->text().contains(QString::fromStdString(shell.engine.devices().front().name)));
        shell.trigger("log.clear");
        QCOMPARE(list->model()->rowCount(), 0);
    }

    void progressShowsLateAndCanBeCancelled() {
        ProgressBanner banner;
        QSignalSpy cancelled(&banner, &ProgressBanner::cancelled);
        banner.report("Reading", 0.1);
        QVERIFY(!banner.isVisible());
        QTRY_VERIFY(banner.isVisible());
        auto* cancel = banner.findChild<QPushButton*>("progressCancel");
        QVERIFY(!cancel->isVisible());
        QTRY_VERIFY(cancel->isVisible());
        QVERIFY(banner.findChild<QLabel*>("progressText")->text().contains("left"));
        QTest::mouseClick(cancel, Qt::LeftButton);
        QCOMPARE(cancelled.count(), 1);
        banner.finish();
        QVERIFY(!banner.isVisible());
    }

    void everyControlHasAnAccessibleName() {
        Shell shell(file());
        QVERIFY(shell.openSample());
        for (const QWidget* widget : shell.window->findChildren<QWidget*>()) {
            const bool control = widget->inherits("QAbstractButton") || widget->inherits("QLineEdit") ||
                                 widget->inherits("QComboBox") || widget->inherits("QAbstractItemView");
            // Qt's own parts inside a control speak through it.
            if (!control || widget->objectName().startsWith("qt_") || widget->inherits("QDockWidgetTitleButton") ||
                widget->inherits("QComboBoxListView"))
                continue;
            const auto* button = qobject_cast<const QAbstractButton*>(widget);
            const bool named = !widget->accessibleName().isEmpty() || (button != nullptr && !button->text().isEmpty());
            if (!named &&
                (widget->parentWidget()->inherits("QLineEdit") || widget->parentWidget()->inherits("QAbstractSpinBox")))
                continue;
            QVERIFY2(named, qPrintable(QString("%1 %2").arg(widget->metaObject()->className(), widget->objectName())));
        }
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::ShellTest)
#include "shell_test.moc"
