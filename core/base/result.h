// Errors as values: every operation that a file, a device or a user can make fail returns a Result.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace ternion {

/// What kind of thing went wrong. The command line maps these to its exit codes (README, "Exit codes").
enum class ErrorCode {
    InvalidArgument,    ///< the caller or the user asked for something meaningless
    BadInput,           ///< a file or a text is malformed, incomplete or of an unknown kind
    NotFound,           ///< a file or folder is not there
    Io,                 ///< the system refused to read or write (permission, full disk, lost medium)
    Unsupported,        ///< well-formed, but a feature we do not implement; the message names it
    OutOfMemory,        ///< host memory
    DeviceUnavailable,  ///< no such device, or it cannot be used
    DeviceOutOfMemory,  ///< the model or its buffers do not fit the device
    DeviceLost,         ///< the device stopped answering; its state is gone
    Cancelled,          ///< the user stopped it
};

/// An error: what happened, worded so that the user knows what to do, and where (file, tensor, offset, device).
struct Error {
    ErrorCode code = ErrorCode::InvalidArgument;
    std::string message;
    std::string context;

    /// "context: message", or the message alone.
    std::string text() const { return context.empty() ? message : context + ": " + message; }
};

/// A value or an Error. Never both, never neither.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor): `return value;`
    Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor): `return Error{…};`

    bool ok() const { return std::holds_alternative<T>(content_); }
    explicit operator bool() const { return ok(); }

    T& value() & {
        assert(ok());
        return *std::get_if<T>(&content_);
    }
    const T& value() const& {
        assert(ok());
        return *std::get_if<T>(&content_);
    }
    T&& value() && {
        assert(ok());
        return std::move(*std::get_if<T>(&content_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const {
        assert(!ok());
        return *std::get_if<Error>(&content_);
    }

private:
    std::variant<T, Error> content_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return !error_; }
    explicit operator bool() const { return ok(); }
    const Error& error() const {
        assert(!ok());
        return *error_;
    }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace ternion

#define TERNION_CONCAT_(a, b) a##b
#define TERNION_CONCAT(a, b) TERNION_CONCAT_(a, b)

/// `TERNION_TRY(auto file, openFile(path));` declares `file`, or returns the error to the caller.
#define TERNION_TRY(declaration, expression) TERNION_TRY_(declaration, expression, TERNION_CONCAT(result_, __LINE__))
#define TERNION_TRY_(declaration, expression, result) \
    auto result = (expression);                       \
    if (!result) return result.error();               \
    declaration = std::move(result).value()

/// `TERNION_CHECK(writeHeader(out));` returns the error to the caller, if there is one.
#define TERNION_CHECK(expression) \
    if (auto status_ = (expression); !status_) return status_.error()
