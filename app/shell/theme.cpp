#include "shell/theme.h"

#include <QActionGroup>
#include <QApplication>
#include <QFile>
#include <QProxyStyle>
#include <QStyleOption>
#include <array>

#include "shell/action_registry.h"
#include "shell/icons.h"

namespace ternion::app {
namespace {

struct Shades {
    QRgb window, base, alternate, button, border, text, muted, disabled, accent, onAccent, link;
};
constexpr Shades lightShades{0xf4f5f7, 0xffffff, 0xf4f6f8, 0xffffff, 0xd5d9df, 0x1d2127,
                             0x5d6571, 0x9aa1ab, 0x0b7a75, 0xffffff, 0x0b6b75};
constexpr Shades darkShades{0x1b1e23, 0x22262c, 0x272b32, 0x2b3038, 0x3c434d, 0xe6e8eb,
                            0xa2a9b3, 0x6c7480, 0x3fc1b5, 0x0d1f1e, 0x6ad6cc};

/// Fusion with our icons where it draws its own.
class Style : public QProxyStyle {
public:
    Style() : QProxyStyle(QStringLiteral("Fusion")) {}

    QIcon standardIcon(StandardPixmap which, const QStyleOption* option, const QWidget* widget) const override {
        switch (which) {
            case SP_TitleBarCloseButton:
            case SP_DockWidgetCloseButton:
            case SP_LineEditClearButton:
                return themedIcon("close");
            case SP_TitleBarNormalButton:
                return themedIcon("float");
            case SP_DirIcon:
            case SP_DirClosedIcon:
            case SP_DirOpenIcon:
            case SP_DirLinkIcon:
            case SP_DirHomeIcon:
                return themedIcon("open");
            case SP_FileIcon:
            case SP_FileLinkIcon:
                return themedIcon("file");
            case SP_ComputerIcon:
            case SP_DriveHDIcon:
                return themedIcon("device");
            case SP_ArrowBack:
                return themedIcon("back");
            case SP_ArrowForward:
                return themedIcon("forward");
            case SP_FileDialogToParent:
                return themedIcon("up");
            case SP_FileDialogNewFolder:
                return themedIcon("new");
            case SP_FileDialogListView:
                return themedIcon("layout");
            case SP_FileDialogDetailedView:
                return themedIcon("log");
            default:
                return QProxyStyle::standardIcon(which, option, widget);
        }
    }

    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* returned) const override {
        if (hint == SH_DialogButtonBox_ButtonsHaveIcons) return 0;
        return QProxyStyle::styleHint(hint, option, widget, returned);
    }

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override {
        if (element == PE_IndicatorMenuCheckMark)
            themedIcon("check").paint(painter, option->rect);
        else
            QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
};

/// `:/style.qss` with the shades put in. Sizes come from the font, so that both scale together.
QString styleSheet(const QPalette& palette, double pointSize) {
    QFile file(QStringLiteral(":/style.qss"));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QString sheet = QString::fromUtf8(file.readAll());
    const auto put = [&](const char* name, const QString& value) { sheet.replace(QLatin1String(name), value); };
    QColor soft = palette.color(QPalette::Highlight);
    soft.setAlpha(40);
    put("@soft", soft.name(QColor::HexArgb));
    QColor veil = palette.color(QPalette::Base);
    veil.setAlpha(230);
    put("@veil", veil.name(QColor::HexArgb));
    put("@border", palette.color(QPalette::Mid).name());
    put("@disabled", palette.color(QPalette::Disabled, QPalette::Text).name());
    put("@muted", palette.color(QPalette::PlaceholderText).name());
    put("@small", QString::number(pointSize * 0.88, 'f', 1) + QStringLiteral("pt"));
    put("@large", QString::number(pointSize * 1.35, 'f', 1) + QStringLiteral("pt"));
    return sheet;
}

}  // namespace

QPalette themePalette(bool dark) {
    const Shades& shades = dark ? darkShades : lightShades;
    QPalette palette(QColor(shades.button), QColor(shades.window));
    palette.setColor(QPalette::Base, shades.base);
    palette.setColor(QPalette::AlternateBase, shades.alternate);
    palette.setColor(QPalette::ToolTipBase, shades.button);
    palette.setColor(QPalette::Mid, shades.border);
    palette.setColor(QPalette::Highlight, shades.accent);
    palette.setColor(QPalette::HighlightedText, shades.onAccent);
    palette.setColor(QPalette::Link, shades.link);
    palette.setColor(QPalette::LinkVisited, shades.link);
    palette.setColor(QPalette::PlaceholderText, shades.muted);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText}) {
        palette.setColor(role, shades.text);
        palette.setColor(QPalette::Disabled, role, shades.disabled);
    }
    palette.setColor(QPalette::Disabled, QPalette::Highlight, shades.border);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, shades.muted);
    return palette;
}

Theme::Theme(Settings& settings, QObject* parent)
    : QObject(parent),
      settings_(settings),
      systemFont_(QApplication::font()),
      systemDark_(QApplication::palette().color(QPalette::Window).lightness() < 128) {
    QApplication::setStyle(new Style);
    apply();
}

bool Theme::dark() const { return mode() == ThemeMode::Dark || (mode() == ThemeMode::System && systemDark_); }

void Theme::setMode(ThemeMode mode) {
    settings_.setTheme(mode);
    apply();
}

void Theme::setFontScale(double scale) {
    settings_.setFontScale(scale);
    apply();
}

void Theme::apply() {
    QFont font = systemFont_;
    const double pointSize = systemFont_.pointSizeF() * fontScale();
    font.setPointSizeF(pointSize);
    const QPalette palette = themePalette(dark());
    QApplication::setFont(font);
    QApplication::setPalette(palette);
    qApp->setStyleSheet(styleSheet(palette, pointSize));
    emit changed();
}

void Theme::addActions(ActionRegistry& actions) {
    struct Choice {
        ThemeMode mode;
        const char* id;
        QString text;
    };
    const std::array choices{Choice{ThemeMode::System, "view.theme.system", tr("Follow the system")},
                             Choice{ThemeMode::Light, "view.theme.light", tr("Light")},
                             Choice{ThemeMode::Dark, "view.theme.dark", tr("Dark")}};
    auto* group = new QActionGroup(this);
    for (const Choice& choice : choices) {
        QAction* action = actions.add(choice.id, tr("View/Theme"), choice.text, {}, [this, m = choice.mode] { setMode(m); });
        action->setCheckable(true);
        action->setChecked(choice.mode == mode());
        action->setActionGroup(group);
    }
    constexpr double step = 0.1;
    const QString menu = tr("View/Text size");
    QAction* larger =
        actions.add("view.text.larger", menu, tr("Larger text"), {}, [this] { setFontScale(fontScale() + step); });
    larger->setShortcuts({QKeySequence(Qt::CTRL | Qt::Key_Plus), QKeySequence(Qt::CTRL | Qt::Key_Equal)});
    actions.add("view.text.smaller", menu, tr("Smaller text"), QKeySequence(Qt::CTRL | Qt::Key_Minus),
                [this] { setFontScale(fontScale() - step); });
    actions.add("view.text.reset", menu, tr("Normal text"), QKeySequence(Qt::CTRL | Qt::Key_0), [this] { setFontScale(1.0); });
}

}  // namespace ternion::app
