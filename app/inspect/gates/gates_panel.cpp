#include "inspect/gates/gates_panel.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"
#include "inspect/channel_map.h"
#include "inspect/folding_splitter.h"
#include "inspect/gates/gate_reading.h"
#include "inspect/gates/retention_view.h"
#include "inspect/layer_chooser.h"
#include "inspect/reading_panel.h"

namespace ternion::app {
namespace {

QString gatesPanelText(const char* source) { return QCoreApplication::translate("GatesPanel", source); }

constexpr std::array<const char*, gateCount> letters{"f", "i", "h", "g"};

constexpr double mapReach = 3.0;  // root mean squares, to either side

class GatesPanel : public ReadingPanel<GateReading> {
public:
    explicit GatesPanel(const PanelContext& context)
        : ReadingPanel("gates", context),
          gate_(new QComboBox),
          order_(new QComboBox),
          tabs_(new QTabWidget),
          map_(new MapView("gatesMap")),
          curveTitle_(makeLabel({}, "small", true)),
          curve_(new PlotView("gatesCurve")),
          values_(new PlotView("gatesValues")),
          retention_(new RetentionView(context.actions)),
          curveFit_(*curve_),
          valuesFit_(*values_) {
        gate_->setObjectName("gatesGate");
        gate_->setAccessibleName(gatesPanelText("What the map shows"));
        gate_->addItems({gatesPanelText("f: forget gate"), gatesPanelText("i: candidate"), gatesPanelText("h: state"),
                         gatesPanelText("g: output gate")});
        order_->setObjectName("gatesOrder");
        order_->setAccessibleName(gatesPanelText("Order of the channels"));
        order_->addItems(
            {gatesPanelText("Channels by number"), gatesPanelText("by lower bound"), gatesPanelText("by half-life")});
        controls()->addWidget(new LayerChooser("gatesLayer", inspector()));
        controls()->addStretch(1);
        connect(gate_, &QComboBox::currentIndexChanged, this, [this] {
            showMap();
            showSelection();
        });
        connect(order_, &QComboBox::currentIndexChanged, this, [this] {
            showMap();
            showSelection();
        });

        map_->setAxes(gatesPanelText("Channel"), gatesPanelText("Token"));
        curve_->setTitles(gatesPanelText("Token"), gatesPanelText("f"));
        values_->setTitles(gatesPanelText("Token"), gatesPanelText("Value"));
        curveTitle_->setObjectName("gatesCurveTitle");
        auto* overTokens = new FoldingSplitter;
        overTokens->addWidget(underTitle(inARow({gate_, order_}),
                                         makeExportButton("gates.map", gatesPanelText("Gates"), *map_, *map_, context.actions),
                                         map_));
        auto* curves = new QSplitter(Qt::Vertical);
        curves->setChildrenCollapsible(false);
        curves->addWidget(underTitle(
            curveTitle_, makeExportButton("gates.curve", gatesPanelText("f of a channel"), *curve_, *curve_, context.actions),
            curve_));
        curves->addWidget(underTitle(
            makeLabel(gatesPanelText("Candidate i, state h and output gate g"), "small", true),
            makeExportButton("gates.values", gatesPanelText("i, h and g of a channel"), *values_, *values_, context.actions),
            values_));
        overTokens->addWidget(curves);
        overTokens->setStretchFactor(0, 3);
        overTokens->setStretchFactor(1, 2);
        connect(map_, &MapView::cellActivated, this, [this](int row, int token) {
            select([&](Selection& selection) {
                selection.tensor = gateTensors[static_cast<std::size_t>(gate_->currentIndex())];
                selection.channel = source_->channel(row);
                selection.token = token;
            });
        });
        for (PlotView* plot : {curve_, values_})
            connect(plot, &PlotView::positionActivated, this, [this](double token, double) {
                select([&](Selection& selection) { selection.token = std::max(static_cast<int>(std::lround(token)), 0); });
            });
        connect(retention_, &RetentionView::channelChosen, this, [this](int channel) {
            select([&](Selection& selection) {
                selection.tensor = TraceTensor::ForgetGate;
                selection.channel = channel;
            });
        });
        connect(retention_, &RetentionView::layerChosen, this,
                [this](int chosen) { select([&](Selection& selection) { selection.layer = chosen; }); });
        connect(retention_, &RetentionView::allLayersChanged, this, [this] {
            inspector().want(this, wanted());
            refresh();
        });

        tabs_->setObjectName("gatesTabs");
        tabs_->setDocumentMode(true);
        tabs_->addTab(overTokens, gatesPanelText("Over tokens"));
        tabs_->addTab(retention_, gatesPanelText("Retention"));
        connect(tabs_, &QTabWidget::currentChanged, this, [this] {
            showReading();
            showSelection();
        });
        setContent(tabs_);
    }

protected:
    std::vector<TraceRequest::Item> wanted() const override {
        std::vector<TraceRequest::Item> items;
        items.reserve(gateTensors.size());
        for (const TraceTensor tensor : gateTensors) items.push_back({tensor, layer()});
        if (const auto open = inspector().model(); open && retention_->allLayers())
            for (int of = 0; of < open->checkpoint.model->config.numLayers; ++of)
                items.push_back({TraceTensor::ForgetGate, of});
        return items;
    }

    QString promise() const override {
        return gatesPanelText("what the gates do with each token is shown here, while the answer is written.");
    }

    Work work() override {
        std::map<int, GateSeries> series;
        for (int of = 0; of < model().config.numLayers; ++of) {
            GateSeries gates;
            for (std::size_t k = 0; k < gates.size(); ++k)
                if (k == GateF || of == layer()) gates[k] = inspector().series({gateTensors[k], of});
            const auto there = std::count_if(gates.begin(), gates.end(), [](const TraceSeries& each) { return !each.empty(); });
            if (there == (of == layer() ? gateCount : 1)) series[of] = std::move(gates);
        }
        if (!series.contains(layer())) return nullptr;
        return [series = std::move(series), model = inspector().model()](GateReading before) {
            return readGates(std::move(before), series, *model->checkpoint.model);
        };
    }

    /// What is not seen is not kept up to date: plots are drawn even where they are hidden.
    void showReading() override {
        if (!reading().contains(layer())) return;  // another one has been chosen meanwhile
        if (tabs_->currentWidget() == retention_)
            retention_->setReading(reading(), layer());
        else
            showMap();
    }

    /// The curve is of the selected channel.
    void showSelection() override {
        if (!reading().contains(layer())) return;
        const int chosen = inspector().selection().channel;
        const int channel = chosen < model().config.stateSize() ? chosen : -1;
        if (tabs_->currentWidget() == retention_) return retention_->setMarked(layer(), channel);
        const int token = inspector().token();
        map_->setMarked(channel < 0 ? -1 : source_->rowOf(channel), token < source_->columns() ? token : -1);
        showCurve(reading().at(layer()), channel);
        curve_->setMarked(token);
        values_->setMarked(token);
    }

private:
    void showMap() {
        if (!reading().contains(layer())) return;
        const LayerGates& gates = reading().at(layer());
        const auto gate = static_cast<Gate>(gate_->currentIndex());
        const auto order = static_cast<ChannelOrder>(order_->currentIndex());
        auto source = std::make_shared<ChannelMap<TraceSeries>>(gates.series[gate], gates.retention.ordered(order),
                                                                tokenTexts(inspector()), QString::fromLatin1(letters[gate]));
        // A few states are far larger than all others, and would leave nothing to be seen of those.
        const auto reach = static_cast<float>(mapReach * gates.rootMeanSquare(gate));
        const auto scale = gate == GateF ? ColorScale{ColorScale::Map::Sequential, 0.0F, 1.0F, {}}
                                         : ColorScale::diverging(-reach, reach, gatesPanelText("ends at 3 RMS"));
        map_->setAxes(order == ChannelOrder::Number ? gatesPanelText("Channel") : gatesPanelText("Channel, in this order"),
                      gatesPanelText("Token"));
        showGrown(*map_, source_.get(), source, scale);
        source_ = std::move(source);
    }

    void showCurve(const LayerGates& gates, int channel) {
        if (std::exchange(curveOf_, {layer(), channel}) != std::pair(layer(), channel)) {
            curveFit_.forget();
            valuesFit_.forget();
        }
        curve_->clearAll();
        values_->clearAll();
        if (channel < 0) {
            curveTitle_->setText(gatesPanelText("Click a channel in the map to see its f, i, h and g here"));
            return;
        }
        const ChannelRetention& of = gates.retention.channels[static_cast<std::size_t>(channel)];
        curveTitle_->setText(
            gatesPanelText("Channel %1 of layer %2: half-life %3 tokens, lower bound %4")
                .arg(channel)
                .arg(layer())
                .arg(std::isinf(of.halfLife) ? QString(QChar(0x221E)) : QLocale().toString(of.halfLife, 'g', 3),
                     QLocale().toString(of.lowerBound, 'g', 3)));
        for (std::size_t k = 0; k < gates.series.size(); ++k) {
            const TraceSeries& series = gates.series[k];
            QVector<double> values;
            for (int token = series.firstToken(); token < series.endToken(); ++token)
                values << series.row(token)[static_cast<std::size_t>(channel)];
            addLine(k == GateF ? *curve_ : *values_, QString::fromLatin1(letters[k]),
                    QPen(PlotView::seriesColor(static_cast<int>(k)), 1), series.firstToken(), values);
        }
        auto* bound = curve_->addGraph();
        bound->setName(gatesPanelText("lower bound of f"));
        bound->setPen(QPen(PlotView::seriesColor(GateF), 1, Qt::DashLine));
        bound->addData(gates.series[GateF].firstToken(), of.lowerBound);
        bound->addData(gates.series[GateF].endToken() - 1, of.lowerBound);
        curveFit_.update();
        valuesFit_.update();
    }

    QComboBox* gate_;
    QComboBox* order_;
    QTabWidget* tabs_;
    MapView* map_;
    QLabel* curveTitle_;
    PlotView* curve_;   // f and its lower bound
    PlotView* values_;  // i, h and g
    RetentionView* retention_;
    PlotFit curveFit_, valuesFit_;
    std::pair<int, int> curveOf_{-1, -1};  // layer and channel
    std::shared_ptr<const ChannelMap<TraceSeries>> source_;
};

}  // namespace

PanelDefinition gatesPanel() {
    return {"gates",
            gatesPanelText("Gates"),
            gatesPanelText(
                "Forget gate f, candidate i, state h and output gate g of every channel and token, and how long channels "
                "remember."),
            Qt::RightDockWidgetArea,
            [](const PanelContext& context) { return new GatesPanel(context); },
            PanelGroup::Inspection};
}

}  // namespace ternion::app
