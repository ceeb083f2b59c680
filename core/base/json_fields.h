// Fields of a JSON object of trust unknown, each of its type and in its range. Not for public headers: it needs nlohmann's.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace ternion {

/// Reads what an object must have; what else it has is ignored. BadInput, in the context that it was given, names the field.
class JsonFields {
public:
    /// `json` outlives it.
    static Result<JsonFields> of(const nlohmann::json& json, std::string context) {
        if (!json.is_object()) return Error{ErrorCode::BadInput, "it is no JSON object", std::move(context)};
        return JsonFields(json, std::move(context));
    }

    template <std::integral T>
    Status read(const char* name, T& value, T least = std::numeric_limits<T>::min(),
                T most = std::numeric_limits<T>::max()) const {
        TERNION_TRY(const auto* const field, find(name));
        if constexpr (std::is_same_v<T, bool>) {
            if (!field->is_boolean()) return bad(name, "true or false");
            value = field->get<bool>();
        } else {
            const std::string range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
            if (field->is_number_unsigned()) {
                const auto number = field->get<std::uint64_t>();
                if (std::cmp_less(number, least) || std::cmp_greater(number, most)) return bad(name, range);
                value = static_cast<T>(number);
            } else if (field->is_number_integer()) {
                const auto number = field->get<std::int64_t>();
                if (std::cmp_less(number, least) || std::cmp_greater(number, most)) return bad(name, range);
                value = static_cast<T>(number);
            } else {
                return bad(name, range);
            }
        }
        return {};
    }

    template <std::floating_point T>
    Status read(const char* name, T& value) const {
        TERNION_TRY(const auto* const field, find(name));
        const double number = field->is_number() ? field->get<double>() : std::numeric_limits<double>::infinity();
        if (std::fabs(number) > double{std::numeric_limits<T>::max()}) return bad(name, "a finite number");
        value = static_cast<T>(number);
        return {};
    }

    Status read(const char* name, std::string& value) const {
        TERNION_TRY(const auto* const field, find(name));
        if (!field->is_string()) return bad(name, "a text");
        value = field->get_ref<const std::string&>();
        return {};
    }

    /// A list of at most `most`; `each(item, context)` gives a Status.
    template <class Each>
    Status forEach(const char* name, std::size_t most, const Each& each) const {
        TERNION_TRY(const auto* const field, find(name));
        if (!field->is_array() || field->size() > most) return bad(name, "a list of at most " + std::to_string(most));
        std::size_t number = 0;
        for (const nlohmann::json& item : *field)
            TERNION_CHECK(each(item, context_ + ", " + name + " " + std::to_string(number++)));
        return {};
    }

    Result<JsonFields> object(const char* name) const {
        TERNION_TRY(const auto* const field, find(name));
        return of(*field, context_ + ", " + name);
    }

    bool has(const char* name) const { return json_->contains(name); }
    Error bad(const char* name, const std::string& expected) const {
        return {ErrorCode::BadInput, "its " + std::string(name) + " is wrong; expected " + expected, context_};
    }

private:
    JsonFields(const nlohmann::json& json, std::string context) : json_(&json), context_(std::move(context)) {}

    Result<const nlohmann::json*> find(const char* name) const {
        const auto found = json_->find(name);
        if (found == json_->end()) return Error{ErrorCode::BadInput, "it lacks '" + std::string(name) + "'", context_};
        return &*found;
    }

    const nlohmann::json* json_;
    std::string context_;
};

}  // namespace ternion
