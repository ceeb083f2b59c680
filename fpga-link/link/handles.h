// What the system gives and wants back: file descriptors and mapped memory.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <utility>

namespace ternion::fpga {

/// Closes a descriptor when it goes. Move-only; -1: none.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor() {
        if (number_ >= 0) ::close(number_);
    }

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

/// Unmaps memory when it goes. Move-only; empty: none.
class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    }

    /// Read and write, shared with whoever else maps `file`. Empty where the system refuses: errno says why.
    static Mapping ofFile(int file, std::size_t size, off_t offset = 0) {
        return Mapping(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset), size);
    }
    /// Zeros of this process's own; pages take room once they are written. Empty where there is no room.
    static Mapping ofZeros(std::size_t size) {
        return Mapping(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), size);
    }

    std::span<std::byte> bytes() const { return bytes_; }
    explicit operator bool() const { return !bytes_.empty(); }

private:
    Mapping(void* start, std::size_t size) {
        if (start != MAP_FAILED) bytes_ = {static_cast<std::byte*>(start), size};
    }
    std::span<std::byte> bytes_;
};

}  // namespace ternion::fpga
