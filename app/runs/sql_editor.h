// Where a question to the database is written.
#pragma once

#include <QPlainTextEdit>

#include "store/sql_console.h"

namespace ternion::app {

class SqlHighlighter;

class SqlEditor : public QPlainTextEdit {
    Q_OBJECT

public:
    explicit SqlEditor(QWidget* parent = nullptr);

    /// Underlines what stands there, until the text changes.
    void markMistake(const SqlPlace& place);
    /// At the cursor, with quotes where it needs them.
    void insertName(const QString& name);
    /// What was there can be had back with undo.
    void replaceText(const QString& text);

    QSize sizeHint() const override { return {480, 120}; }
    QSize minimumSizeHint() const override { return {160, 64}; }

signals:
    void edited();      ///< the text is another; textChanged comes with its colours too
    void runAsked();    ///< Ctrl+Enter
    void olderAsked();  ///< Alt+Up
    void newerAsked();  ///< Alt+Down

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void takeFont();
    SqlHighlighter* highlighter_;
    QString text_;
};

}  // namespace ternion::app
