#include "inspect/quantisation/quantisation_panel.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QSplitter>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"
#include "inspect/channel_map.h"
#include "inspect/folding_splitter.h"
#include "inspect/layer_chooser.h"
#include "inspect/quantisation/code_reading.h"
#include "inspect/reading_panel.h"
#include "views/number_table.h"

namespace ternion::app {
namespace {

QString quantisationPanelText(const char* source) { return QCoreApplication::translate("QuantisationPanel", source); }

constexpr float largestCode = 127.0F;

class QuantisationPanel : public ReadingPanel<CodeReading> {
public:
    explicit QuantisationPanel(const PanelContext& context)
        : ReadingPanel("quantisation", context),
          bitLinears_(
              new NumberTable("quantisationBitLinears",
                              {{quantisationPanelText("BitLinear"), "projection", NumberTable::Format::Text, {}},
                               {quantisationPanelText("Scale"), "mean_scale", NumberTable::Format::Number,
                                quantisationPanelText("s = 127 / max |n|, averaged over the tokens")},
                               {quantisationPanelText("Clipped"), "clipped_share", NumberTable::Format::Share,
                                quantisationPanelText("Codes of −127 or 127: as large as the largest")},
                               {quantisationPanelText("Zero"), "zero_share", NumberTable::Format::Share,
                                quantisationPanelText("Codes of 0: values that are lost")},
                               {quantisationPanelText("≤ 1"), "near_zero_share", NumberTable::Format::Share,
                                quantisationPanelText("Codes of −1, 0 or 1")},
                               {quantisationPanelText("Outliers"), "outlier_channels", NumberTable::Format::Number,
                                quantisationPanelText("Channels whose |code| is 64 or more in at least half of the tokens")}})),
          outliers_(new NumberTable("quantisationOutliers",
                                    {{quantisationPanelText("Channel"), "channel", NumberTable::Format::Number, {}},
                                     {quantisationPanelText("Large in"), "large_share", NumberTable::Format::Share,
                                      quantisationPanelText("Tokens in which its |code| is 64 or more")},
                                     {quantisationPanelText("Largest |value|"), "absmax", NumberTable::Format::Number,
                                      quantisationPanelText("The largest |code| times what a code is worth")}})),
          outliersTitle_(makeLabel({}, "small", true)),
          measure_(new QComboBox),
          curve_(new PlotView("quantisationCurve")),
          map_(new MapView("quantisationMap")),
          mapTitle_(makeLabel({}, "small", true)),
          curveFit_(*curve_) {
        controls()->addWidget(new LayerChooser("quantisationLayer", inspector()));
        controls()->addStretch(1);
        measure_->setObjectName("quantisationMeasure");
        measure_->setAccessibleName(quantisationPanelText("What the curve shows"));
        measure_->addItems({quantisationPanelText("Shares by token"), quantisationPanelText("Scale by token")});
        connect(measure_, &QComboBox::currentIndexChanged, this, [this] {
            curveFit_.forget();
            if (const auto found = chosen(); found != reading().end()) showCurve(found->first, found->second);
            curve_->setMarked(inspector().token());
        });
        map_->setAxes(quantisationPanelText("Channel"), quantisationPanelText("Token"));

        const auto exported = [&](const char* id, const QString& title, auto* view) {
            return makeExportButton(QString::fromLatin1(id), title, *view, *view, context.actions);
        };
        auto* tables = new QSplitter(Qt::Vertical);
        tables->addWidget(underTitle(
            makeLabel(quantisationPanelText("BitLinears of the layer"), "small", true),
            exported("quantisation.bitLinears", quantisationPanelText("Quantisation by BitLinear"), bitLinears_), bitLinears_));
        tables->addWidget(underTitle(outliersTitle_,
                                     exported("quantisation.outliers", quantisationPanelText("Outlier channels"), outliers_),
                                     outliers_));
        auto* views = new QSplitter(Qt::Vertical);
        views->addWidget(underTitle(mapTitle_, exported("quantisation.map", quantisationPanelText("int8 codes"), map_), map_));
        views->addWidget(underTitle(inARow({measure_}),
                                    exported("quantisation.curve", quantisationPanelText("Quantisation by token"), curve_),
                                    curve_));
        auto* content = new FoldingSplitter;
        content->addWidget(tables);
        content->addWidget(views);
        content->setStretchFactor(0, 1);
        content->setStretchFactor(1, 1);
        for (QSplitter* splitter : {tables, views}) splitter->setChildrenCollapsible(false);
        setContent(content);

        connect(bitLinears_, &NumberTable::rowChosen, this, [this](int row) {
            select([&](Selection& selection) {
                selection.projection = QString::fromLatin1(nameOf(std::next(reading().begin(), row)->first).data());
            });
        });
        connect(outliers_, &NumberTable::rowChosen, this, [this](int row) {
            selectChannel(chosen()->second.summary.outliers[static_cast<std::size_t>(row)].channel,
                          inspector().selection().token);
        });
        connect(map_, &MapView::cellActivated, this, &QuantisationPanel::selectChannel);
        connect(curve_, &PlotView::positionActivated, this, [this](double token, double) {
            select([&](Selection& selection) { selection.token = std::max(static_cast<int>(std::lround(token)), 0); });
        });
    }

protected:
    std::vector<TraceRequest::Item> wanted() const override {
        std::vector<TraceRequest::Item> items;
        for (const Projection each : there())
            for (const auto& item : inputsOf(each, layer())) items.push_back(item);
        return items;
    }

    QString promise() const override {
        return quantisationPanelText("what becomes of each BitLinear's inputs is shown here, while the answer is written.");
    }

    Work work() override {
        ProjectionInputs inputs;
        for (const Projection each : there()) {
            std::vector<TraceSeries> series;
            for (const auto& item : inputsOf(each, layer())) series.push_back(inspector().series(item));
            const bool whole = std::none_of(series.begin(), series.end(), [](const TraceSeries& of) { return of.empty(); });
            if (whole) inputs[each] = std::move(series);
        }
        if (inputs.empty()) return nullptr;
        return [inputs = std::move(inputs), model = inspector().model(), layer = layer()](const CodeReading& before) {
            return readCodes(before, inputs, *model->checkpoint.model, layer);
        };
    }

    void showReading() override {
        NumberTable::Rows rows;
        for (const auto& [projection, of] : reading())
            rows.push_back({std::string(nameOf(projection)), of.summary.meanScale, of.summary.ends, of.summary.zeros,
                            of.summary.nearZeros, static_cast<std::int64_t>(of.summary.outliers.size())});
        bitLinears_->setRows(std::move(rows));
        shown_ = {};
    }

    void showSelection() override {
        const auto found = chosen();
        if (found == reading().end()) return;
        const auto& [projection, of] = *found;
        if (shown_ != of.codes) showProjection(projection, of);
        const int channel = inspector().selection().channel < of.width() ? inspector().selection().channel : -1;
        const int token = inspector().token();
        bitLinears_->setMarked(static_cast<int>(std::distance(reading().begin(), found)));
        const auto& outliers = of.summary.outliers;
        const auto outlier =
            std::find_if(outliers.begin(), outliers.end(), [&](const OutlierChannel& each) { return each.channel == channel; });
        outliers_->setMarked(outlier == outliers.end() ? -1 : static_cast<int>(outlier - outliers.begin()));
        map_->setMarked(channel, token < of.endToken() ? token : -1);
        curve_->setMarked(token);
    }

private:
    /// The BitLinears of the layer.
    std::vector<Projection> there() const {
        const auto open = inspector().model();
        return open ? projectionsOf(layer(), open->checkpoint.model->config) : std::vector<Projection>();
    }

    /// The selected projection, or the first one where the layer has it not.
    CodeReading::const_iterator chosen() const {
        const auto projection = projectionNamed(inspector().selection().projection.toStdString());
        const auto found = projection ? reading().find(*projection) : reading().end();
        return found == reading().end() ? reading().begin() : found;
    }

    /// Of what enters the projection.
    void selectChannel(int channel, int token) {
        select([&](Selection& selection) {
            selection.tensor = inputsOf(chosen()->first, layer()).front().tensor;
            selection.channel = channel;
            selection.token = token;
        });
    }

    void showProjection(Projection projection, const ProjectionCodes& of) {
        shown_ = of.codes;
        const QString name = QString::fromLatin1(nameOf(projection).data());
        NumberTable::Rows rows;
        for (const OutlierChannel& outlier : of.summary.outliers)
            rows.push_back({std::int64_t{outlier.channel}, outlier.share, double{outlier.absmax}});
        outliersTitle_->setText((rows.empty() ? quantisationPanelText("Outlier channels of %1: none")
                                              : quantisationPanelText("Outlier channels of %1"))
                                    .arg(name));
        outliers_->setRows(std::move(rows));
        mapTitle_->setText(quantisationPanelText("int8 codes that %1 of layer %2 is given").arg(name).arg(of.codes->layer()));
        auto source = std::make_shared<ChannelMap<ProjectionCodes>>(of, std::vector<int>(), tokenTexts(inspector()),
                                                                    quantisationPanelText("code"));
        showGrown(*map_, source_.get(), source, ColorScale::diverging(-largestCode, largestCode));
        source_ = std::move(source);
        showCurve(projection, of);
    }

    void showCurve(Projection projection, const ProjectionCodes& of) {
        const bool scale = measure_->currentIndex() == 1;
        if (std::exchange(curveOf_, {of.codes->layer(), projection}) != std::pair(of.codes->layer(), projection))
            curveFit_.forget();
        curve_->clearAll();
        curve_->setTitles(quantisationPanelText("Token"), scale ? quantisationPanelText("Scale s = 127 / max |n|")
                                                                : quantisationPanelText("Share of the codes"));
        const auto add = [&](int color, const QString& name, const auto& value) {
            QVector<double> values;
            for (int token = of.firstToken(); token < of.endToken(); ++token) values << value(of.token(token));
            addLine(*curve_, name, QPen(PlotView::seriesColor(color), 1), of.firstToken(), values);
        };
        if (scale) {
            add(0, quantisationPanelText("scale"), [](const TokenCodes& token) { return 1.0 / double{token.step}; });
        } else {
            add(0, quantisationPanelText("near zero"),
                [&](const TokenCodes& token) { return of.codes->share(token.nearZeros); });
            add(2, quantisationPanelText("zero"), [&](const TokenCodes& token) { return of.codes->share(token.zeros); });
            add(1, quantisationPanelText("clipped"), [&](const TokenCodes& token) { return of.codes->share(token.ends); });
        }
        curveFit_.update();
    }

    NumberTable* bitLinears_;
    NumberTable* outliers_;
    QLabel* outliersTitle_;
    QComboBox* measure_;
    PlotView* curve_;
    MapView* map_;
    QLabel* mapTitle_;
    PlotFit curveFit_;
    std::pair<int, Projection> curveOf_{-1, Projection::I};
    std::shared_ptr<const InputCodes> shown_;
    std::shared_ptr<const MapSource> source_;
};

}  // namespace

PanelDefinition quantisationPanel() {
    return {
        "quantisation",
        quantisationPanelText("Quantisation"),
        quantisationPanelText(
            "The int8 activations of each BitLinear: scales, clipped and vanished values, outlier channels, and the codes."),
        Qt::RightDockWidgetArea,
        [](const PanelContext& context) { return new QuantisationPanel(context); },
        PanelGroup::Inspection};
}

}  // namespace ternion::app
