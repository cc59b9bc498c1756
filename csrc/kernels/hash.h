// Random bits from counters: what they are depends on a seed and a place only, never on threads.
#pragma once

#include "simd/vec.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// splitmix64 (Steele, Lea and Flood, 2014).
MINIDL_INLINE uint64_t mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 32 bits for element i of a block that has the key (first, second): what vectors of every
// instruction set can multiply.
MINIDL_INLINE uint32_t mix32(uint32_t i, uint32_t first, uint32_t second) {
  uint32_t h = i ^ first;
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = ((h ^ (h >> 15)) + second) * 0x846ca68bu;
  h = (h ^ (h >> 16)) * 0x9e3779b1u;
  return h ^ (h >> 15);
}

// The least of 2^32 hashes that is kept when a share `rate` is dropped.
MINIDL_INLINE uint32_t least_kept(double rate) {
  const double bound = __builtin_ceil(rate * 4294967296.0);
  return bound < 4294967295.0 ? static_cast<uint32_t>(bound) : 4294967295u;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
