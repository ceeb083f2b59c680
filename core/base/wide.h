// Loops over many values, compiled for wider vector units too.
#pragma once

/// Before a function: the compiler also makes a version for AVX2, and the program takes it where the processor has that unit.
/// The operations and their order stay the same, so the results do too. On other processors and compilers it means nothing.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define TERNION_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TERNION_WIDE
#endif
