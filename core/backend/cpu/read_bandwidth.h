// The roof that a mat-vec on the processor is judged against.
#pragma once

#include "backend/cpu/kernels.h"
#include "backend/cpu/thread_pool.h"
#include "base/result.h"

namespace ternion {

/// Bytes a second that the pool's threads read together from a buffer larger than the caches, each its own half, third, ...:
/// the best of 0.12 s. OutOfMemory.
Result<double> readBandwidth(const Kernels& kernels, ThreadPool& pool);

}  // namespace ternion
