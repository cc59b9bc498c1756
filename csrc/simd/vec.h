// vec<T>: the widest vector of the instruction set being compiled, as a GCC/Clang vector extension:
// + - * / and comparisons work as they stand. Only what the language cannot say is a function, and
// only where an instruction set does it better is there an override.
// Everything is in an unnamed namespace: nothing compiled for one set may be merged into another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(MINIDL_ISA_avx512)
#include <immintrin.h>
#define MINIDL_VEC_BYTES 64
#define MINIDL_VEC_REGISTERS 32
#elif defined(MINIDL_ISA_avx2)
#include <immintrin.h>
#define MINIDL_VEC_BYTES 32
#define MINIDL_VEC_REGISTERS 16
#elif defined(MINIDL_ISA_neon)
#define MINIDL_VEC_BYTES 16
#define MINIDL_VEC_REGISTERS 32
#else
#define MINIDL_VEC_BYTES 16
#define MINIDL_VEC_REGISTERS 16
#endif

#define MINIDL_INLINE inline __attribute__((always_inline))

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
struct VecOf {
  typedef T type __attribute__((vector_size(MINIDL_VEC_BYTES)));
  static constexpr int lanes = MINIDL_VEC_BYTES / sizeof(T);
};
template <class T>
using vec = typename VecOf<T>::type;
template <class T>
constexpr int kLanes = VecOf<T>::lanes;

template <class T>
MINIDL_INLINE vec<T> load(const T* p) {
  vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
MINIDL_INLINE void store(T* p, vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
MINIDL_INLINE vec<T> broadcast(T x) {
  return x - vec<T>{};  // x - 0 keeps the sign of -0, x + 0 would not
}

// The first n lanes; the others read as 0 and are not written. Sanitizers do not look into masked
// loads and stores, so their builds take the loop.
template <class T>
MINIDL_INLINE vec<T> load_partial(const T* p, int n) {
#if defined(MINIDL_ISA_avx512) && !defined(MINIDL_SANITIZE)
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
  } else {
    return (vec<T>)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
  }
#elif defined(MINIDL_ISA_avx2) && !defined(MINIDL_SANITIZE)
  if constexpr (sizeof(T) == 4) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (vec<T>)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
  } else {
    const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return (vec<T>)_mm256_maskload_pd(p, _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), lane));
  }
#else
  vec<T> v{};
  for (int i = 0; i < kLanes<T>; ++i) {
    if (i < n) v[i] = p[i];
  }
  return v;
#endif
}

template <class T>
MINIDL_INLINE void store_partial(T* p, vec<T> v, int n) {
#if defined(MINIDL_ISA_avx512) && !defined(MINIDL_SANITIZE)
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
  } else {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
  }
#elif defined(MINIDL_ISA_avx2) && !defined(MINIDL_SANITIZE)
  if constexpr (sizeof(T) == 4) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane), (__m256)v);
  } else {
    const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    _mm256_maskstore_pd(p, _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), lane), (__m256d)v);
  }
#else
  for (int i = 0; i < kLanes<T>; ++i) {
    if (i < n) p[i] = v[i];
  }
#endif
}

#if defined(MINIDL_ISA_avx512)
// y * 2^n for whole n of any size.
template <class T>
MINIDL_INLINE vec<T> times_power_of_two(vec<T> y, vec<T> n) {
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm512_scalef_ps((__m512)y, (__m512)n);
  } else {
    return (vec<T>)_mm512_scalef_pd((__m512d)y, (__m512d)n);
  }
}
#endif

// x moved into a range from one side; NaN in x stays (in the limit it is lost), and so does the
// sign of a zero.
template <class T>
MINIDL_INLINE vec<T> at_least(vec<T> x, vec<T> a) {
#if defined(MINIDL_ISA_avx512)
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm512_max_ps((__m512)a, (__m512)x);
  } else {
    return (vec<T>)_mm512_max_pd((__m512d)a, (__m512d)x);
  }
#elif defined(MINIDL_ISA_avx2)
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm256_max_ps((__m256)a, (__m256)x);
  } else {
    return (vec<T>)_mm256_max_pd((__m256d)a, (__m256d)x);
  }
#else
  return x < a ? a : x;
#endif
}

template <class T>
MINIDL_INLINE vec<T> at_most(vec<T> x, vec<T> a) {
#if defined(MINIDL_ISA_avx512)
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm512_min_ps((__m512)a, (__m512)x);
  } else {
    return (vec<T>)_mm512_min_pd((__m512d)a, (__m512d)x);
  }
#elif defined(MINIDL_ISA_avx2)
  if constexpr (sizeof(T) == 4) {
    return (vec<T>)_mm256_min_ps((__m256)a, (__m256)x);
  } else {
    return (vec<T>)_mm256_min_pd((__m256d)a, (__m256d)x);
  }
#else
  return x > a ? a : x;
#endif
}

template <class T>
MINIDL_INLINE vec<T> at_least(vec<T> x, T low) {
  return at_least<T>(x, broadcast(low));
}
template <class T>
MINIDL_INLINE vec<T> at_most(vec<T> x, T high) {
  return at_most<T>(x, broadcast(high));
}

// v as it is, of which the compiler knows nothing: what it takes for x + 0 would lose a denormal x.
template <class V>
MINIDL_INLINE V opaque(V v) {
#if defined(MINIDL_ISA_avx512)
  __asm__("" : "+v"(v));
#elif defined(__x86_64__)
  __asm__("" : "+x"(v));
#elif defined(__aarch64__)
  __asm__("" : "+w"(v));
#endif
  return v;
}

// Whether a comparison (all bits set where it holds) holds in some lane.
template <class M>
MINIDL_INLINE bool any(M mask) {
#if defined(MINIDL_ISA_avx512)
  return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(MINIDL_ISA_avx2)
  return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#else
  uint64_t half[2];
  __builtin_memcpy(half, &mask, sizeof half);
  return (half[0] | half[1]) != 0;
#endif
}

// a > b ? a : b, NaN in either wins: as NumPy's maximum.
template <class T>
MINIDL_INLINE vec<T> vmax(vec<T> a, vec<T> b) {
  return (a > b) | (a != a) ? a : b;
}

template <class T>
MINIDL_INLINE vec<T> vmin(vec<T> a, vec<T> b) {
  return (a < b) | (a != a) ? a : b;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
