#include "inspect/hidden/lens_reader.h"

#include <QCoreApplication>
#include <algorithm>
#include <functional>

#include "inspect/hidden_statistics.h"
#include "inspect/inspector.h"

namespace ternion::app {

/// Shares nothing with the GUI thread but what never changes.
struct LensReader::Job {
    struct Part {
        std::vector<Source> sources;
        std::vector<LensCell> cells;
        double fraction = 0.0;
        std::optional<Error> error;
    };
    std::vector<Source> sources;  // by depth, then by token
    std::map<int, TraceSeries> series;
    int numLayers = 0;
    std::function<void(const std::shared_ptr<const Part>&)> tell;

    void run(DeviceModel& device, const std::stop_token& stop) const {
        const auto output = outputs(device, stop);
        if (!output) return tell(std::make_shared<Part>(Part{{}, {}, 1.0, output.error()}));
        for (auto from = sources.begin(); from != sources.end();) {
            const auto to =
                std::find_if(from, sources.end(), [&](const auto& s) { return s.place.depth != from->place.depth; });
            Part part{{from, to}, {}, static_cast<double>(to - sources.begin()) / static_cast<double>(sources.size()), {}};
            auto cells = readDepth(device, part.sources, *output, stop);
            if (cells)
                part.cells = std::move(cells).value();
            else
                part.error = cells.error();
            const bool failed = part.error.has_value();
            tell(std::make_shared<Part>(std::move(part)));
            if (failed) return;
            from = to;
        }
    }

private:
    using Logits = std::map<int, std::vector<float>>;  // by token

    /// What the whole model says at every token, where its last state has been traced.
    Result<Logits> outputs(DeviceModel& device, const std::stop_token& stop) const {
        Logits all;
        const TraceSeries& last = series.at(numLayers);
        for (const Source& source : sources) {
            const int token = source.place.token;
            if (all.contains(token) || token < last.firstToken() || token >= last.endToken()) continue;
            TERNION_TRY(all[token], device.readOut(last.row(token), stop));
        }
        return all;
    }

    Result<std::vector<LensCell>> readDepth(DeviceModel& device, const std::vector<Source>& of, const Logits& outputs,
                                            const std::stop_token& stop) const {
        const auto width = static_cast<std::size_t>(series.at(of.front().place.depth).width());
        std::vector<float> states, output;
        std::vector<TokenId> following;
        for (const Source& source : of) {
            states.insert(states.end(), source.state, source.state + width);
            if (source.following >= 0) following.push_back(source.following);  // only the newest, the last one, has none
            if (const auto found = outputs.find(source.place.token); found != outputs.end())
                output.insert(output.end(), found->second.begin(), found->second.end());
        }
        if (output.size() < of.size() * static_cast<std::size_t>(device.model().config.vocabSize)) output.clear();
        return lens(device, states, following, top, stop, output);
    }
};

LensReader::LensReader(Inspector& inspector, const QString& tag, QObject* parent)
    : QObject(parent), inspector_(inspector), tag_(tag) {
    connect(&inspector, &Inspector::modelChanged, this, [this] {
        cancel();
        known_.clear();
    });
}

LensReader::~LensReader() { cancel(); }

void LensReader::cancel() {
    asked_.clear();
    ++number_;
    if (std::exchange(running_, false)) inspector_.engine().cancelCompute(tag_);
}

std::shared_ptr<const LensCell> LensReader::cell(LensPlace place) const {
    const auto found = known_.find(place);
    return found == known_.end() ? nullptr : found->second.cell;
}

void LensReader::read(const std::vector<LensPlace>& places) {
    const auto open = inspector_.model();
    if (!open || places.empty()) return cancel();
    const int numLayers = open->checkpoint.model->config.numLayers;
    const auto& timeline = inspector_.timeline();
    std::map<int, TraceSeries> series;
    series[numLayers] = inspector_.series(stateAt(numLayers));
    std::map<LensPlace, Known> kept;
    std::vector<Source> missing;
    for (const LensPlace& place : places) {
        if (!series.contains(place.depth)) series[place.depth] = inspector_.series(stateAt(place.depth));
        const TraceSeries& of = series[place.depth];
        const auto token = static_cast<std::size_t>(place.token);
        if (place.token < of.firstToken() || place.token >= of.endToken() || token >= timeline.size()) continue;
        const Source source{place, of.row(place.token).data(), token + 1 < timeline.size() ? timeline[token + 1].id : -1};
        const auto known = known_.find(place);
        if (known != known_.end() && known->second.source == source)
            kept[place] = known->second;
        else
            missing.push_back(source);
    }
    known_ = std::move(kept);
    const bool asked = std::all_of(missing.begin(), missing.end(), [this](const Source& source) {
        return std::find(asked_.begin(), asked_.end(), source) != asked_.end();
    });
    if (missing.empty() && running_) cancel();
    if (missing.empty() || asked) return;
    series_ = std::move(series);
    asked_ = std::move(missing);
    std::sort(asked_.begin(), asked_.end(), [](const Source& a, const Source& b) { return a.place < b.place; });
    start();
}

void LensReader::start() {
    running_ = true;
    auto tell = [this, number = ++number_, weak = std::weak_ptr<int>(alive_)](const std::shared_ptr<const Job::Part>& part) {
        QMetaObject::invokeMethod(qApp, [this, number, weak, part] {
            if (weak.expired() || number != number_) return;
            for (std::size_t k = 0; k < part->cells.size(); ++k)
                known_[part->sources[k].place] = {part->sources[k], std::make_shared<LensCell>(part->cells[k])};
            running_ = !part->error && part->fraction < 1.0;
            if (running_) emit progress(part->fraction);
            if (part->error && part->error->code != ErrorCode::Cancelled)
                emit failed(QString::fromStdString(part->error->text()));
            emit changed();
        });
    };
    const int numLayers = inspector_.model()->checkpoint.model->config.numLayers;
    inspector_.engine().compute(
        this, tag_,
        [job = Job{asked_, series_, numLayers, std::move(tell)}](const std::shared_ptr<DeviceModel>& device,
                                                                 const std::stop_token& stop) {
            if (device) job.run(*device, stop);
            return device != nullptr;  // the rest has been told part by part
        },
        [](bool) {});
    emit progress(0.0);
}

}  // namespace ternion::app
