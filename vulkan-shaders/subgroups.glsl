// Shuffles within a subgroup, where the device has them: built with SHUFFLES, a kernel uses them among aligned runs of `shuffled`
// invocations, a specialization constant; built without, `shuffled` is 1 and shared memory does it all.
#ifdef SHUFFLES
#extension GL_KHR_shader_subgroup_shuffle : require
#define shuffleXor subgroupShuffleXor
#else
#define shuffleXor(value, mask) (value)
#endif
