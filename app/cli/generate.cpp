#include <iostream>

#include "command.h"
#include "recording.h"
#include "runs/answer_run.h"

namespace ternion::cli {
namespace {

struct GenerateArguments {
    ModelOptions model;
    SamplingOptions sampling;
    PromptOptions prompt;
    RecordingOptions recording;
    int top = 0;
    bool ignoreEos = false;
};

nlohmann::ordered_json toJson(const TokenProbability& token, const Tokenizer* tokenizer) {
    return {{"id", token.id},
            {"piece", tokenizer != nullptr ? tokenizer->piece(token.id) : ""},
            {"probability", token.probability}};
}

const char* nameOf(StopReason reason) {
    switch (reason) {
        case StopReason::EndOfText:
            return "end_of_text";
        case StopReason::StopString:
            return "stop_string";
        case StopReason::Length:
            return "length";
        case StopReason::Stopped:
            return "stopped";
    }
    return "";
}

Result<nlohmann::ordered_json> runGenerate(const GenerateArguments& options, const Context& context) {
    TERNION_CHECK(options.prompt.check());
    TERNION_CHECK(options.sampling.settings.validate());
    TERNION_TRY(const auto opened, options.model.open(context));
    TERNION_TRY(const auto prompt, options.prompt.tokens(opened));
    TERNION_TRY(const auto session, Session::create(opened.device, opened.tokenizer));
    GenerateOptions generate = options.sampling.options();
    generate.alternatives = options.top;
    generate.stopAtEos = !options.ignoreEos;
    generate.stop = context.armInterrupt();
    Recording recording(options.recording, opened.device);
    AnswerRun answer(recording.recorder(), recording.facts("generate", *opened.device, options.model.model),
                     {prompt, promptText(opened.tokenizer.get(), prompt), generate, !options.recording.noTexts});
    TERNION_CHECK(answer.prefill(*session, prompt, generate.stop));

    nlohmann::ordered_json ids = nlohmann::ordered_json::array();
    nlohmann::ordered_json tokens = nlohmann::ordered_json::array();
    std::ostream& stream = context.json ? std::cerr : std::cout;
    const bool show = !context.json;
    answer.begins();
    const auto generated = session->generate(generate, [&](const GeneratedToken& token) {
        answer.came(token);
        ids.push_back(token.sampled.id);
        if (show) stream << token.text << std::flush;
        if (options.top > 0) {
            nlohmann::ordered_json alternatives = nlohmann::ordered_json::array();
            for (const auto& other : token.sampled.alternatives) alternatives.push_back(toJson(other, opened.tokenizer.get()));
            auto entry = toJson(TokenProbability{token.sampled.id, token.sampled.probability}, opened.tokenizer.get());
            entry["alternatives"] = std::move(alternatives);
            tokens.push_back(std::move(entry));
        }
        return true;
    });
    answer.end(generated, *opened.device);
    TERNION_TRY(const auto result, generated);
    if (show) stream << result.tail << "\n";
    nlohmann::ordered_json json{{"text", result.text},
                                {"ids", ids},
                                {"decode_tok_s", result.seconds > 0 ? result.tokens / result.seconds : 0.0},
                                {"prompt_ids", prompt},
                                {"stop_reason", nameOf(result.reason)},
                                {"stopped", result.reason == StopReason::Stopped},
                                {"device", opened.device->device().name}};
    recording.addTo(json);
    if (options.top > 0) json["tokens"] = std::move(tokens);
    return json;
}

}  // namespace

Run setupGenerate(CLI::App& app, Context& context) {
    auto options = std::make_shared<GenerateArguments>();
    options->model.addTo(app, true);
    options->sampling.addTo(app);
    options->prompt.addTo(app);
    app.add_option("--top", options->top, "With --json: the most probable alternatives of every token")
        ->check(CLI::Range(0, 1000));
    options->recording.addTo(app, true);
    app.add_flag("--ignore-eos", options->ignoreEos, "Go on after the end of the text");
    return [&context, options] { return runGenerate(*options, context); };
}

}  // namespace ternion::cli
