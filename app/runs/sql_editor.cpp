#include "runs/sql_editor.h"

#include <QFontDatabase>
#include <QKeyEvent>
#include <QRegularExpression>
#include <QTextBlock>
#include <utility>

#include "runs/sql_highlighter.h"

namespace ternion::app {
namespace {

constexpr int tabBlanks = 4;
constexpr QRgb mistakeColor = 0xc93c3c;

/// In UTF-16 units, from characters.
qsizetype unitsOf(const QString& line, int characters) {
    qsizetype at = 0;
    for (int k = 0; k < characters && at < line.size(); ++k) at += line[at].isHighSurrogate() && at + 1 < line.size() ? 2 : 1;
    return at;
}

/// The signal of a key; null: it has none.
auto askedBy(const QKeyEvent& event) -> void (SqlEditor::*)() {
    const bool control = event.modifiers().testFlag(Qt::ControlModifier);
    const bool alt = event.modifiers().testFlag(Qt::AltModifier);
    switch (event.key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
            return control ? &SqlEditor::runAsked : nullptr;
        case Qt::Key_Up:
            return alt ? &SqlEditor::olderAsked : nullptr;
        case Qt::Key_Down:
            return alt ? &SqlEditor::newerAsked : nullptr;
        default:
            return nullptr;
    }
}

}  // namespace

SqlEditor::SqlEditor(QWidget* parent) : QPlainTextEdit(parent), highlighter_(new SqlHighlighter(document())) {
    setObjectName("sql.editor");
    setAccessibleName(tr("Question to the database, in SQL"));
    setPlaceholderText(tr("SELECT …   (Ctrl+Enter runs it, Alt+Up brings back earlier ones)"));
    takeFont();
    connect(this, &QPlainTextEdit::textChanged, this, [this] {
        if (const QString now = toPlainText(); std::exchange(text_, now) == now) return;
        setExtraSelections({});
        emit edited();
    });
}

/// Letters of one width, as large as all text.
void SqlEditor::takeFont() {
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setPointSizeF(font().pointSizeF());
    document()->setDefaultFont(fixed);
    setTabStopDistance(QFontMetricsF(fixed).horizontalAdvance(QLatin1Char(' ')) * tabBlanks);
}

void SqlEditor::markMistake(const SqlPlace& place) {
    const QTextBlock block = document()->findBlockByNumber(place.line - 1);
    if (!block.isValid()) return;
    const QString line = block.text();
    qsizetype begin = unitsOf(line, place.column - 1);
    if (begin >= line.size() && begin > 0) begin = line.size() - 1;  // it ends too early: its last character
    static const QRegularExpression word(QStringLiteral("\\G(\\w+|.)"));
    const qsizetype length = std::max<qsizetype>(word.match(line, begin).capturedLength(), 1);
    QTextCursor cursor(block);
    cursor.setPosition(block.position() + static_cast<int>(begin));
    cursor.setPosition(std::min(cursor.position() + static_cast<int>(length), block.position() + block.length() - 1),
                       QTextCursor::KeepAnchor);
    QTextEdit::ExtraSelection mark;
    mark.cursor = cursor;
    mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    mark.format.setUnderlineColor(QColor(mistakeColor));
    QColor back(mistakeColor);
    back.setAlpha(48);
    mark.format.setBackground(back);
    setExtraSelections({mark});
}

void SqlEditor::insertName(const QString& name) {
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z_][A-Za-z0-9_]*$"));
    QString quoted = name;
    if (!plain.match(name).hasMatch())
        quoted = QLatin1Char('"') + quoted.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
    insertPlainText(quoted);
    setFocus();
}

void SqlEditor::replaceText(const QString& text) {
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
    moveCursor(QTextCursor::End);
}

/// Its keys are its own, whatever they mean elsewhere in the window.
bool SqlEditor::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride && askedBy(*static_cast<QKeyEvent*>(event)) != nullptr) {
        event->accept();
        return true;
    }
    return QPlainTextEdit::event(event);
}

void SqlEditor::keyPressEvent(QKeyEvent* event) {
    const auto ask = askedBy(*event);
    if (ask == nullptr) return QPlainTextEdit::keyPressEvent(event);
    event->accept();
    emit(this->*ask)();
}

void SqlEditor::changeEvent(QEvent* event) {
    QPlainTextEdit::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) highlighter_->followTheme();
    if (event->type() == QEvent::FontChange) takeFont();
}

}  // namespace ternion::app
