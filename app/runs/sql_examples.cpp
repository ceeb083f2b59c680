#include "runs/sql_examples.h"

#include <QCoreApplication>

namespace ternion::app {
namespace {

QString sqlExamplesText(const char* source) { return QCoreApplication::translate("SqlExamples", source); }

}  // namespace

std::vector<SqlExample> sqlExamples() {
    return {{sqlExamplesText("Latency by model"),
             QStringLiteral(R"(-- the median latency of a token, averaged over the runs of each model
SELECT models.name AS model, count(*) AS runs, round(1000 * avg(series.p50), 3) AS median_ms
FROM runs
JOIN models ON models.id = runs.model
JOIN series ON series.run = runs.id
WHERE series.name = 'token_latency' AND series.p50 IS NOT NULL AND runs.removed_by = ''
GROUP BY models.id
ORDER BY median_ms;)")},
            {sqlExamplesText("Decode speed by device"),
             QStringLiteral(R"(SELECT devices.name AS device, models.name AS model, count(*) AS runs,
       round(avg(figures.value), 1) AS mean_tok_s, round(max(figures.value), 1) AS best_tok_s
FROM runs
JOIN models ON models.id = runs.model
JOIN devices ON devices.id = runs.device
JOIN figures ON figures.run = runs.id
WHERE figures.name = 'decode_tok_s' AND runs.removed_by = ''
GROUP BY devices.id, models.id
ORDER BY mean_tok_s DESC;)")},
            {sqlExamplesText("Slowest tokens of the newest run"),
             QStringLiteral(R"(SELECT run_tokens.position, run_tokens.token, round(1000 * samples.value, 3) AS ms
FROM series
JOIN samples ON samples.series = series.id
JOIN run_tokens ON run_tokens.run = series.run AND run_tokens.time = samples.time
WHERE series.name = 'token_latency'
  AND series.run = (SELECT max(id) FROM runs WHERE removed_by = '')
ORDER BY samples.value DESC
LIMIT 20;)")}};
}

}  // namespace ternion::app
