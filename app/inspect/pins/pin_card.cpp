#include "inspect/pins/pin_card.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/hidden/lens_card.h"
#include "inspect/inspector.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

QString textOf(const Inspector& inspector, int token) {
    const auto at = static_cast<std::size_t>(token);
    return at < inspector.timeline().size() ? inspector.timeline()[at].text : QString();
}

}  // namespace

PinCard::PinCard(const Pin& pin, Inspector& inspector, const LensReader& lens) : pin_(pin), inspector_(inspector), lens_(lens) {
    setObjectName("pin");
    setAccessibleName(pin.title());
    setFocusPolicy(Qt::StrongFocus);
    setFixedSize(extent);
    auto* title = makeLabel(pin.title(), "small", false);
    title->setToolTip(pin.title());
    title->setMinimumWidth(0);
    title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* close = makeToolButton("pin.remove", "close", tr("Remove this pin"));
    close->setFocusPolicy(Qt::NoFocus);
    connect(close, &QToolButton::clicked, this, &PinCard::removeAsked);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(grid, 0, 0, 0);
    head->addWidget(title, 1);
    head->addWidget(close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, 1);
    column->setSpacing(0);
    column->addLayout(head);
    switch (pin.kind) {
        case Pin::Kind::Channel:
            curve_ = new PlotView("pin.curve");
            curve_->setAccessibleName(pin.title());
            curve_->setTitles(tr("token"), QString());
            curve_->setFocusPolicy(Qt::NoFocus);
            curve_->addGraph()->setPen(PlotView::seriesColor(0));
            curve_->graph()->setName(pin.title());
            connect(curve_, &PlotView::positionActivated, this, [this](double x, double) {
                setFocus();
                emit tokenChosen(qRound(x));
            });
            column->addWidget(curve_, 1);
            break;
        case Pin::Kind::Cell:
            value_ = makeLabel({}, "large", false);
            value_->setObjectName("pin.value");
            value_->setAlignment(Qt::AlignCenter);
            column->addWidget(value_, 1);
            break;
        case Pin::Kind::Lens:
            cell_ = new LensCard("pin.lens");
            column->addWidget(cell_, 1);
            break;
    }
}

void PinCard::refresh() {
    if (curve_ != nullptr) refreshCurve();
    if (value_ != nullptr) refreshValue();
    if (cell_ != nullptr && inspector_.model())
        cell_->setCell(tr("after “%1”").arg(textOf(inspector_, pin_.token)), lens_.cell({pin_.layer + 1, pin_.token}),
                       inspector_.model()->tokenizer);
}

/// Live, only what is new of the series is added.
void PinCard::refreshCurve() {
    const TraceSeries now = inspector_.series({pin_.tensor, pin_.layer});
    const bool grown = !shown_.empty() && now.firstToken() == shown_.firstToken() && now.endToken() >= shown_.endToken() &&
                       now.row(shown_.endToken() - 1).data() == shown_.row(shown_.endToken() - 1).data();
    if (!grown) curve_->graph()->data()->clear();
    if (pin_.channel < now.width())
        for (int token = grown ? shown_.endToken() : now.firstToken(); token < now.endToken(); ++token)
            curve_->graph()->addData(token, double{now.row(token)[static_cast<std::size_t>(pin_.channel)]});
    const bool changed = !grown || now.endToken() != shown_.endToken();
    shown_ = now;
    if (changed) curve_->showAll();
    curve_->setMarked(inspector_.token());
}

void PinCard::refreshValue() {
    const TraceSeries of = inspector_.series({pin_.tensor, pin_.layer});
    const bool there = pin_.token >= of.firstToken() && pin_.token < of.endToken() && pin_.channel < of.width();
    value_->setText(there ? tr("%1\nat “%2”")
                                .arg(QLocale().toString(of.row(pin_.token)[static_cast<std::size_t>(pin_.channel)], 'g', 5),
                                     textOf(inspector_, pin_.token))
                          : tr("this text has no token %1").arg(pin_.token));
}

void PinCard::mousePressEvent(QMouseEvent*) { setFocus(); }

void PinCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().color(hasFocus() ? QPalette::Highlight : QPalette::Mid));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

}  // namespace ternion::app
