#include "board/cycle_figures.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include "board/cycle_bar.h"
#include "board/speed_box.h"
#include "chat/labels.h"
#include "engine/engine_client.h"
#include "runs/run_text.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr double hzInMhz = 1e6;

constexpr double manyTokens = 100;  // from there on nobody reads a tenth

QString speedText(double tokensPerSecond) {
    return CycleFigures::tr("%1 tokens/s").arg(QLocale().toString(tokensPerSecond, 'f', tokensPerSecond < manyTokens ? 1 : 0));
}
QString countText(std::uint64_t count) { return formatCount(static_cast<std::int64_t>(count)); }

}  // namespace

CycleFigures::CycleFigures(QWidget* parent)
    : QWidget(parent),
      empty_(makeLabel({}, "", true)),
      content_(new QWidget),
      board_(new SpeedBox(QStringLiteral("boardSpeed"), tr("The board"))),
      computer_(new SpeedBox(QStringLiteral("simulationSpeed"), tr("Wall clock"))),
      bar_(new CycleBar) {
    setObjectName("cycleFigures");
    empty_->setObjectName("cyclesEmpty");
    empty_->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(empty_);
    column->addWidget(content_);
    auto* inner = new QVBoxLayout(content_);
    inner->setContentsMargins(0, 0, 0, 0);
    inner->setSpacing(grid);
    auto* speeds = new QHBoxLayout;
    speeds->setSpacing(grid);
    for (SpeedBox* box : {board_, computer_}) speeds->addWidget(box, 1);
    inner->addLayout(speeds);
    auto* rows = new QGridLayout;
    rows->setHorizontalSpacing(grid);
    rows->setVerticalSpacing(grid / 2);
    rows->setColumnStretch(1, 1);
    cycles_ = addRow(*rows, "cyclesAToken", tr("Cycles a token"),
                     tr("Of the accelerator's clock, from the doorbell to the interrupt"));
    arrayUse_ = addRow(*rows, "arrayUse", tr("Array use"),
                       tr("Of the cycles in which a product with a ternary matrix was under way, those in which the array "
                          "took a word"));
    memoryStalls_ = addRow(*rows, "memoryStalls", tr("Stalls for memory"), tr("Cycles in which the array waited for memory"));
    drainStalls_ =
        addRow(*rows, "drainStalls", tr("Stalls at results"), tr("Cycles in which the array waited for its results to leave"));
    bytes_ = addRow(*rows, "bytesRead", tr("Read from memory"), tr("By the accelerator, for one token"));
    inner->addLayout(rows);
    inner->addWidget(bar_);
    clear();
}

QLabel* CycleFigures::addRow(QGridLayout& rows, const char* name, const QString& title, const QString& tooltip) {
    auto* value = makeLabel({}, "", false);
    value->setObjectName(name);
    value->setAccessibleName(title);
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* heading = makeLabel(title, "", true);
    heading->setToolTip(tooltip);
    auto* tag = makeLabel({}, "small", true);
    tag->setObjectName(QString::fromLatin1(name) + QStringLiteral("Tag"));
    const int line = rows.rowCount();
    rows.addWidget(heading, line, 0);
    rows.addWidget(value, line, 1);
    rows.addWidget(tag, line, 2);
    tags_.push_back(tag);
    return value;
}

void CycleFigures::show(const CountedToken& token) {
    const CycleCounts& counts = token.cycles;
    const Source source = counts.simulated ? Source::Modelled : Source::Measured;
    const QString clock = QLocale().toString(counts.clockHz / hzInMhz, 'f', 0);
    const bool known = counts.total > 0 && counts.clockHz > 0;
    board_->show(known ? speedText(counts.clockHz / static_cast<double>(counts.total)) : tr("– tokens/s"),
                 !known             ? tr("Not known: the board tells no clock")
                 : counts.simulated ? tr("at %1 MHz, which is assumed").arg(clock)
                                    : tr("at its %1 MHz").arg(clock),
                 source);
    computer_->show(token.tokensPerSecond ? speedText(*token.tokensPerSecond) : tr("– tokens/s"),
                    !token.tokensPerSecond ? tr("Known from the second token on")
                    : counts.simulated     ? tr("how fast this computer simulates it, no speed of a board")
                                           : tr("with all that this computer does around it"),
                    Source::Measured);
    cycles_->setText(countText(counts.total));
    arrayUse_->setText(counts.matVec > 0 ? formatPercent(static_cast<double>(counts.array) / static_cast<double>(counts.matVec))
                                         : tr("– (no product ran)"));
    memoryStalls_->setText(countText(counts.streamStalls));
    drainStalls_->setText(countText(counts.drainStalls));
    bytes_->setText(formatBytes(counts.readBytes));
    for (QLabel* tag : tags_) tag->setText(sourceTag(source));
    bar_->setCounts(counts);
    empty_->hide();
    content_->setVisible(true);
}

void CycleFigures::clear() {
    empty_->setText(tr("Write something in the chat while the board runs: what its counters say of each token appears here."));
    empty_->setVisible(true);
    content_->hide();
}

}  // namespace ternion::app
