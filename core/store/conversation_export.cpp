#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "store/conversation_store.h"
#include "store/utc_time.h"
#include "tokenizer/utf8.h"

namespace ternion {
namespace {

std::string heading(Role role) {
    std::string name = roleName(role);
    name.front() = static_cast<char>(std::toupper(name.front()));
    return name;
}

/// Well-formed, with "\n" as the only line ending: a lone "\r" is one too in Markdown.
std::string cleanText(std::string_view text) {
    std::string clean;
    for (const char c : utf8::lossy(text)) {
        if (c == '\n' && !clean.empty() && clean.back() == '\r')
            clean.back() = '\n';
        else
            clean += c;
    }
    std::replace(clean.begin(), clean.end(), '\r', '\n');
    return clean;
}

/// As a quotation: a heading, a list or an unclosed fence in it stays formatted, and ends where the quotation does.
std::string quotation(std::string_view text) {
    std::string out = "\n> ";
    for (const char c : cleanText(text)) {
        out += c;
        if (c == '\n') out += "> ";
    }
    return out + "\n";
}

/// In one line, nothing in it read as Markdown.
std::string plainLine(std::string_view text) {
    std::string out;
    for (const char c : cleanText(text)) {
        if (std::string_view("\\`*_{}[]<>#|~&!").find(c) != std::string_view::npos) out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

std::string toMarkdown(const Conversation& conversation) {
    const auto& summary = conversation.summary;
    std::string out = "# " + plainLine(summary.title) + "\n\n- Date: " + utcTime(summary.updatedAt, "%Y-%m-%d %H:%M UTC") +
                      "\n- Model: " + plainLine(summary.modelName) + "\n";
    if (!conversation.systemPrompt.empty()) out += "\n## System prompt\n" + quotation(conversation.systemPrompt);
    for (const auto& message : conversation.messages)
        out += std::string("\n## ") + heading(message.role) + (message.complete ? "\n" : " (unfinished)\n") +
               quotation(message.text);
    return out;
}

std::string toJson(const Conversation& conversation) {
    using Json = nlohmann::ordered_json;
    const auto& sampler = conversation.sampler;
    Json messages = Json::array();
    for (const auto& message : conversation.messages) {
        Json tokens = Json::array();
        for (const auto& token : message.tokens) {
            Json alternatives = Json::array();
            for (const auto& [id, probability] : token.alternatives)
                alternatives.push_back({{"id", id}, {"probability", probability}});
            tokens.push_back({{"id", token.id},
                              {"text", token.text},
                              {"probability", token.probability},
                              {"alternatives", std::move(alternatives)}});
        }
        messages.push_back({{"role", roleName(message.role)},
                            {"text", message.text},
                            {"complete", message.complete},
                            {"tokens", std::move(tokens)}});
    }
    const Json document = {{"title", conversation.summary.title},
                           {"model", conversation.summary.modelName},
                           {"updated_at", utcTime(conversation.summary.updatedAt, "%Y-%m-%dT%H:%M:%SZ")},
                           {"system_prompt", conversation.systemPrompt},
                           {"sampler",
                            {{"temperature", sampler.temperature},
                             {"top_k", sampler.topK},
                             {"top_p", sampler.topP},
                             {"min_p", sampler.minP},
                             {"repetition_penalty", sampler.repetitionPenalty},
                             {"repetition_window", sampler.repetitionWindow},
                             {"seed", sampler.seed}}},
                           {"messages", std::move(messages)}};
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ternion
