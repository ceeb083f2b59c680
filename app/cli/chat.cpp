#include <unistd.h>

#include <iostream>

#include "command.h"
#include "recording.h"
#include "runs/answer_run.h"
#include "tokenizer/chat_template.h"

namespace ternion::cli {
namespace {

struct ChatOptions {
    ModelOptions model;
    SamplingOptions sampling;
    RecordingOptions recording;
    std::string system;
};

struct Conversation {
    std::vector<ChatMessage> messages;

    void reset(const std::string& system) {
        messages.clear();
        if (!system.empty()) messages.push_back({Role::System, system});
    }
};

Result<nlohmann::ordered_json> runChat(ChatOptions options, const CLI::App& app, const Context& context) {
    TERNION_TRY(const auto opened, options.model.open(context));
    if (!opened.tokenizer)
        return Error{ErrorCode::NotFound, "this checkpoint has no tokenizer, so it cannot be chatted with",
                     options.model.model.string()};
    options.sampling.applyDefaults(app, opened.checkpoint.generation);
    TERNION_CHECK(options.sampling.settings.validate());
    const bool people = isatty(STDIN_FILENO) != 0 && !context.json;
    std::ostream& out = context.json ? std::cerr : std::cout;

    ChatTemplate chatTemplate = ChatTemplate::plain();
    if (const auto found = ChatTemplate::fromJinja(opened.checkpoint.chatTemplateJinja); found) {
        chatTemplate = *found;
    } else if (people) {
        out << "This is a base model: it continues your text.\n";
    }
    if (people)
        out << opened.checkpoint.model->name << " on " << opened.device->device().name
            << ". Ctrl+C stops an answer, /reset starts over, /quit or Ctrl+D ends.\n";

    TERNION_TRY(const auto session, Session::create(opened.device, opened.tokenizer));
    Recording recording(options.recording, opened.device);
    Conversation conversation;
    conversation.reset(options.system);
    for (std::string line; (people ? out << "\n> " << std::flush : out), std::getline(std::cin, line);) {
        if (line == "/quit") break;
        if (line == "/reset") {
            conversation.reset(options.system);
            continue;
        }
        if (line.empty()) continue;
        conversation.messages.push_back({Role::User, line});
        GenerateOptions generate = options.sampling.options();
        generate.stop = context.armInterrupt();
        const auto ids = renderChat(chatTemplate, conversation.messages, *opened.tokenizer, opened.checkpoint.model->config);
        std::string answer;
        AnswerRun recorded(recording.recorder(), recording.facts("chat", *opened.device, options.model.model),
                           {ids, promptText(opened.tokenizer.get(), ids), generate, !options.recording.noTexts});
        if (const auto read = recorded.prefill(*session, ids, generate.stop); !read) {
            if (read.error().code != ErrorCode::Cancelled) return read.error();
        } else {
            recorded.begins();
            const auto generated = session->generate(generate, [&](const GeneratedToken& token) {
                recorded.came(token);
                out << token.text << std::flush;
                return true;
            });
            recorded.end(generated, *opened.device);
            TERNION_TRY(const auto result, generated);
            answer = result.text;
            out << result.tail;
        }
        out << "\n" << std::flush;
        conversation.messages.push_back({Role::Assistant, answer});
    }
    nlohmann::ordered_json messages = nlohmann::ordered_json::array();
    for (const auto& message : conversation.messages)
        messages.push_back({{"role", roleName(message.role)}, {"text", message.text}});
    return nlohmann::ordered_json{{"messages", messages}};
}

}  // namespace

Run setupChat(CLI::App& app, Context& context) {
    auto options = std::make_shared<ChatOptions>();
    options->model.addTo(app, true);
    options->sampling.addTo(app);
    options->recording.addTo(app, true);
    app.add_option("--system", options->system, "A system prompt");
    return [&context, &app, options] { return runChat(*options, app, context); };
}

}  // namespace ternion::cli
