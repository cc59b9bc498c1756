// Stores that go past the caches, for results too large to be there when they are read: a plain
// store would read every line from memory before it overwrites it, a third of the traffic.
#pragma once

#include "core/dispatch.h"
#include "simd/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Whether results of so many bytes, written at p, gain by it.
inline bool worth_streaming(const void* p, int64_t bytes) {
#if defined(__x86_64__)
  return bytes >= l3_bytes() / 2 && reinterpret_cast<uintptr_t>(p) % MINIDL_VEC_BYTES == 0;
#else
  return false;
#endif
}

// p is aligned to a vector. Lines should be filled at once, and a thread that has streamed calls
// stream_end() before others may read.
template <class T>
MINIDL_INLINE void stream(T* p, vec<T> v) {
#if defined(MINIDL_ISA_avx512)
  _mm512_stream_ps(reinterpret_cast<float*>(p), (__m512)v);
#elif defined(MINIDL_ISA_avx2)
  _mm256_stream_ps(reinterpret_cast<float*>(p), (__m256)v);
#elif defined(__x86_64__)
  _mm_stream_ps(reinterpret_cast<float*>(p), (__m128)v);
#else
  store(p, v);
#endif
}

// One or the other, as the call before says.
template <class T>
MINIDL_INLINE void put(bool streams, T* p, vec<T> v, int lanes) {
  if (streams) {
    stream(p, v);
  } else if (lanes == kLanes<T>) {
    store(p, v);
  } else {
    store_partial(p, v, lanes);
  }
}

inline void stream_end() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
