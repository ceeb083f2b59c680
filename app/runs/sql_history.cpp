#include "runs/sql_history.h"

#include "shell/settings.h"

namespace ternion::app {
namespace {

constexpr qsizetype most = 100;

}  // namespace

SqlHistory::SqlHistory(Settings& settings) : settings_(settings), questions_(settings.sqlHistory().mid(0, most)) {}

void SqlHistory::add(const QString& question) {
    at_ = -1;
    questions_.removeAll(question);
    questions_.prepend(question);
    questions_ = questions_.mid(0, most);
    settings_.setSqlHistory(questions_);
}

QString SqlHistory::older(const QString& written) {
    if (at_ + 1 >= questions_.size()) return {};
    if (at_ < 0) {
        written_ = written;
        if (questions_.front() == written && questions_.size() > 1) ++at_;  // it was just asked: what was before it
    }
    return questions_[++at_];
}

QString SqlHistory::newer() {
    if (at_ < 0) return {};
    --at_;
    if (at_ >= 0) return questions_[at_];
    return written_.isNull() ? QStringLiteral("") : written_;
}

}  // namespace ternion::app
