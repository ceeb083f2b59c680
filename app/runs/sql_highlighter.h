// SQL in colours.
#pragma once

#include <QSyntaxHighlighter>
#include <QTextCharFormat>

namespace ternion::app {

/// Keywords, texts, numbers and comments, in colours of the theme that is on; `followTheme` takes another one's.
class SqlHighlighter : public QSyntaxHighlighter {
    Q_OBJECT

public:
    explicit SqlHighlighter(QTextDocument* document);
    void followTheme();

protected:
    void highlightBlock(const QString& text) override;

private:
    enum State { Plain = 0, InText, InComment };  // at the end of a line
    void takeColors();
    qsizetype colorWord(const QString& text, qsizetype begin);

    QTextCharFormat keyword_, text_, number_, comment_;
};

}  // namespace ternion::app
