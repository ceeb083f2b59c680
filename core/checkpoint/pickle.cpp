#include "checkpoint/pickle.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <span>

#include "base/byte_reader.h"

namespace ternion {
namespace {

/// An index into the machine's values: they refer to each other without owning, so no nesting and no cycle can do harm.
using Ref = std::uint32_t;

enum class Kind : std::uint8_t { Other, Integer, Text, Tuple, List, Dict, Global, Storage, Tensor };

struct Value {
    Kind kind = Kind::Other;
    std::int64_t integer = 0;
    std::string text;
    std::vector<Ref> items;  // of a tuple or list; of a dict key, value, key, value; of a tensor or storage what made it
};

// The argument positions that torch writes.
namespace storage_id {
enum : std::uint8_t { Tag, Type, Key, Location, Count, Size };
}
namespace tensor_args {
enum : std::uint8_t { Storage, Offset, Shape, Strides, RequiresGrad, Hooks, Size };
}

constexpr std::string_view orderedDict = "collections.OrderedDict";
constexpr std::string_view rebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view rebuildParameter = "torch._utils._rebuild_parameter";  // of a tensor, a flag and hooks

// Bounds on what may be copied, so that a value that is recalled again and again costs no more than its few bytes of pickle.
constexpr std::size_t longestName = 256;
constexpr std::size_t mostExtents = 8;

bool isStorageType(std::string_view name) {
    return name.size() < longestName && name.starts_with("torch.") && name.ends_with("Storage");
}

class Machine {
public:
    Machine(std::string_view pickle, const std::string& context)
        : reader_(std::as_bytes(std::span(pickle))), context_(context) {}

    Result<std::vector<PickledTensor>> run() {
        for (;;) {
            opcodeAt_ = reader_.position();
            const auto opcode = reader_.number<std::uint8_t>();
            if (reader_.failed()) return bad("it ends before the pickle does: the file is cut short");
            if (opcode == '.') break;
            TERNION_CHECK(step(opcode));
            if (reader_.failed()) return bad("it ends within an instruction: the file is cut short");
        }
        TERNION_TRY(const Ref top, pop());
        return collect(values_[top]);
    }

private:
    Error bad(const std::string& what) const {
        return {ErrorCode::BadInput, "pickle, byte " + std::to_string(opcodeAt_) + ": " + what, context_};
    }

    Status push(Value value) {
        values_.push_back(std::move(value));
        stack_.push_back(static_cast<Ref>(values_.size() - 1));
        return {};
    }
    Status pushInteger(std::int64_t integer) { return push({Kind::Integer, integer, {}, {}}); }
    Status pushText(std::string_view text) { return push({Kind::Text, 0, std::string(text), {}}); }
    Result<Ref> pop() {
        if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return bad("it takes a value that is not there");
        const Ref top = stack_.back();
        stack_.pop_back();
        return top;
    }
    Result<std::vector<Ref>> pop(std::size_t count) {
        std::vector<Ref> items(count);
        for (std::size_t k = count; k > 0; --k) {
            TERNION_TRY(items[k - 1], pop());
        }
        return items;
    }
    Result<std::vector<Ref>> popToMark() {
        if (marks_.empty()) return bad("it takes a mark that is not there");
        const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
        std::vector<Ref> items(first, stack_.end());
        stack_.erase(first, stack_.end());
        marks_.pop_back();
        return items;
    }
    Status pushTuple(Result<std::vector<Ref>> items) {
        if (!items) return items.error();
        return push({Kind::Tuple, 0, {}, std::move(*items)});
    }
    /// Adds to the list or dict on top of the stack.
    Status extend(Result<std::vector<Ref>> items, Kind kind) {
        if (!items) return items.error();
        TERNION_TRY(const Ref container, pop());
        Value& value = values_[container];
        if (value.kind != kind || (kind == Kind::Dict && items->size() % 2 != 0))
            return bad("it adds items to what holds none");
        value.items.insert(value.items.end(), items->begin(), items->end());
        stack_.push_back(container);
        return {};
    }
    Status remember(std::uint32_t slot) {
        TERNION_TRY(const Ref top, pop());
        stack_.push_back(top);
        memo_[slot] = top;
        return {};
    }
    Status recall(std::uint32_t slot) {
        const auto at = memo_.find(slot);
        if (at == memo_.end()) return bad("it recalls slot " + std::to_string(slot) + ", where nothing is");
        stack_.push_back(at->second);
        return {};
    }

    Status pushGlobal(std::string name) {
        if (name != orderedDict && name != rebuildTensor && name != rebuildParameter && !isStorageType(name))
            return bad(
                "it asks for " + name.substr(0, 200) +
                ", which no dictionary of tensors needs; nothing was executed. Do not load this file elsewhere unless you "
                "trust its origin");
        return push({Kind::Global, 0, std::move(name), {}});
    }
    Status pushStackGlobal() {
        TERNION_TRY(const auto parts, pop(2));
        if (values_[parts[0]].kind != Kind::Text || values_[parts[1]].kind != Kind::Text)
            return bad("it names a global by no text");
        return pushGlobal(values_[parts[0]].text + "." + values_[parts[1]].text);
    }
    Status pushStorage() {
        TERNION_TRY(const Ref id, pop());
        const auto& items = values_[id].items;
        if (values_[id].kind != Kind::Tuple || items.size() != storage_id::Size ||
            values_[items[storage_id::Tag]].text != "storage" || !isStorageType(values_[items[storage_id::Type]].text) ||
            values_[items[storage_id::Key]].kind != Kind::Text || values_[items[storage_id::Key]].text.size() > longestName ||
            values_[items[storage_id::Count]].kind != Kind::Integer)
            return bad("its persistent id is not that of a storage");
        return push({Kind::Storage, 0, {}, items});
    }
    Status call() {
        TERNION_TRY(const auto operands, pop(2));
        const Value& callee = values_[operands[0]];
        const auto& arguments = values_[operands[1]].items;
        if (callee.kind != Kind::Global || values_[operands[1]].kind != Kind::Tuple) return bad("it calls what is no function");
        if (callee.text == orderedDict && arguments.empty()) return push({Kind::Dict, 0, {}, {}});
        const auto is = [&](std::size_t argument, Kind kind) { return values_[arguments[argument]].kind == kind; };
        const auto extents = [&](std::size_t argument) { return values_[arguments[argument]].items.size(); };
        if (callee.text == rebuildTensor &&
            (arguments.size() == tensor_args::Size || arguments.size() == tensor_args::Size + 1) &&
            is(tensor_args::Storage, Kind::Storage) && is(tensor_args::Offset, Kind::Integer) &&
            is(tensor_args::Shape, Kind::Tuple) && is(tensor_args::Strides, Kind::Tuple) &&
            extents(tensor_args::Shape) <= mostExtents && extents(tensor_args::Strides) == extents(tensor_args::Shape))
            return push({Kind::Tensor, 0, {}, arguments});
        if (callee.text == rebuildParameter && arguments.size() == 3 && is(0, Kind::Tensor)) {
            stack_.push_back(arguments[0]);
            return {};
        }
        return bad("it calls " + callee.text + " with arguments that torch does not write");
    }

    Status step(std::uint8_t opcode) {
        const auto text = [&](std::uint64_t length) { return reader_.take(length); };
        switch (opcode) {
            case 0x80:
                reader_.take(1);
                return {};  // PROTO
            case 0x95:
                reader_.take(8);
                return {};  // FRAME
            case '(':
                marks_.push_back(stack_.size());
                return {};  // MARK
            case 'N':
            case 0x88:
            case 0x89:
                return push({});  // NONE, NEWTRUE, NEWFALSE
            case 'G':
                reader_.take(8);
                return push({});  // BINFLOAT
            case 'J':
                return pushInteger(reader_.number<std::int32_t>());  // BININT
            case 'K':
                return pushInteger(reader_.number<std::uint8_t>());  // BININT1
            case 'M':
                return pushInteger(reader_.number<std::uint16_t>());  // BININT2
            case 0x8a:
                return pushLong(text(reader_.number<std::uint8_t>()));  // LONG1
            case 'X':
            case 'T':
                return pushText(text(reader_.number<std::uint32_t>()));  // BINUNICODE, BINSTRING
            case 0x8c:
            case 'U':
                return pushText(text(reader_.number<std::uint8_t>()));  // SHORT_BINUNICODE, SHORT_BINSTRING
            case ']':
                return push({Kind::List, 0, {}, {}});  // EMPTY_LIST
            case '}':
                return push({Kind::Dict, 0, {}, {}});  // EMPTY_DICT
            case ')':
                return pushTuple(std::vector<Ref>());  // EMPTY_TUPLE
            case 't':
                return pushTuple(popToMark());  // TUPLE
            case 0x85:
            case 0x86:
            case 0x87:
                return pushTuple(pop(opcode - 0x84));  // TUPLE1, TUPLE2, TUPLE3
            case 'a':
                return extend(pop(1), Kind::List);  // APPEND
            case 'e':
                return extend(popToMark(), Kind::List);  // APPENDS
            case 's':
                return extend(pop(2), Kind::Dict);  // SETITEM
            case 'u':
                return extend(popToMark(), Kind::Dict);  // SETITEMS
            case 'q':
                return remember(reader_.number<std::uint8_t>());  // BINPUT
            case 'r':
                return remember(reader_.number<std::uint32_t>());  // LONG_BINPUT
            case 0x94:
                return remember(static_cast<std::uint32_t>(memo_.size()));  // MEMOIZE
            case 'h':
                return recall(reader_.number<std::uint8_t>());  // BINGET
            case 'j':
                return recall(reader_.number<std::uint32_t>());  // LONG_BINGET
            case 'c': {                                          // GLOBAL
                const auto module = reader_.line(), name = reader_.line();
                return reader_.failed() ? Status() : pushGlobal(std::string(module) + "." + std::string(name));
            }
            case 0x93:
                return pushStackGlobal();  // STACK_GLOBAL
            case 'Q':
                return pushStorage();  // BINPERSID
            case 'R':
                return call();  // REDUCE
            case 'b': {         // BUILD: an attribute such as _metadata, not needed
                auto attributes = pop();
                return attributes ? Status() : attributes.error();
            }
            default:
                break;
        }
        return bad("the instruction " + std::to_string(opcode) + " is none that torch writes for tensors");
    }
    Status pushLong(std::string_view digits) {
        if (digits.size() > 8) return bad("it holds an integer of more than 64 bits");
        std::uint64_t bits = 0;
        for (std::size_t k = digits.size(); k > 0; --k) bits = bits << 8 | static_cast<std::uint8_t>(digits[k - 1]);
        const auto unused = 8 * static_cast<int>(8 - digits.size());
        return pushInteger(digits.empty() ? 0 : static_cast<std::int64_t>(bits << unused) >> unused);
    }

    Result<std::vector<PickledTensor>> collect(const Value& top) const {
        if (top.kind != Kind::Dict) return bad("it holds no dictionary of tensors");
        std::vector<PickledTensor> tensors;
        for (std::size_t k = 0; k + 1 < top.items.size(); k += 2) {
            const Value& key = values_[top.items[k]];
            const Value& value = values_[top.items[k + 1]];
            if (key.kind != Kind::Text || key.text.size() > longestName || value.kind != Kind::Tensor)
                return bad("its entry '" + key.text.substr(0, 200) + "' is not a tensor; expected the state_dict alone");
            const Value& storage = values_[value.items[tensor_args::Storage]];
            tensors.push_back({key.text, values_[storage.items[storage_id::Type]].text,
                               values_[storage.items[storage_id::Key]].text, values_[storage.items[storage_id::Count]].integer,
                               values_[value.items[tensor_args::Offset]].integer, integers(value.items[tensor_args::Shape]),
                               integers(value.items[tensor_args::Strides])});
        }
        return tensors;
    }
    std::vector<std::int64_t> integers(Ref tuple) const {
        std::vector<std::int64_t> out;
        for (const Ref item : values_[tuple].items) out.push_back(values_[item].integer);
        return out;
    }

    ByteReader reader_;
    const std::string& context_;
    std::size_t opcodeAt_ = 0;
    std::vector<Value> values_;
    std::vector<Ref> stack_;
    std::vector<std::size_t> marks_;  // heights of the stack
    std::map<std::uint32_t, Ref> memo_;
};

}  // namespace

Result<std::vector<PickledTensor>> readTensorPickle(std::string_view pickle, const std::string& context) {
    return Machine(pickle, context).run();
}

}  // namespace ternion
