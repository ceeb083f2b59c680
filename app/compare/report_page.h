// A comparison on one page: settings, sides, what it cost, where it differs, and how long each token took.
#pragma once

#include <QString>
#include <memory>

#include "base/result.h"
#include "compare/difference_map.h"
#include "compare/live_comparison.h"

namespace ternion::app {

/// What the page is drawn from.
struct ReportPage {
    QString settings;  ///< HTML: what was asked for, the sides, the tables and what was found
    std::vector<LiveSide> sides;
    std::shared_ptr<const DifferenceMap> map;  ///< null: nothing was compared
};

/// Of a comparison that has a report.
ReportPage reportPage(const LiveComparison& comparison, std::shared_ptr<const DifferenceMap> map);

/// Writes `folder/name.pdf` (one A4 page, in vectors) and `.md` (toMarkdown). Io with the reason. GUI thread.
Status saveReport(const LiveComparison& comparison, const std::shared_ptr<const DifferenceMap>& map, const QString& pdfPath,
                  const QString& markdownPath);

}  // namespace ternion::app
