// The float profile, to the bit: the GLSL twin of core/backend/float_profile.h. Everything is `precise`.
