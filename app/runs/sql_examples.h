// Questions to begin with.
#pragma once

#include <QString>
#include <vector>

namespace ternion::app {

struct SqlExample {
    QString title;  ///< translated
    QString sql;
};
std::vector<SqlExample> sqlExamples();

}  // namespace ternion::app
