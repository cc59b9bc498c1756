// exp, expm1, log, tanh and sigmoid on whole vectors: no branches, no calls, no tables. Bits are
// handled as integers of the same width, and integers become floats (and back) by adding 1.5 * 2^52
// (or 2^23), which every instruction set can do. Errors are about an ulp; NaN and infinities go
// where they should; what would be a denormal result is 0.
#pragma once

#include "simd/vec.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
struct Real;

template <>
struct Real<float> {
  using Int = int32_t;
  using Unsigned = uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr Int kOne = 0x3f800000, kMantissaMask = 0x007fffff;
  static constexpr Int kSqrtHalf = 0x3f3504f3;  // bits of sqrt(1/2)
  static constexpr Int kTwo23 = 0x4b000000;     // bits of 2^23
  static constexpr float kShift = 0x1p23f, kRound = 0x1.8p23f, kBias = 127;
  static constexpr float kLn2Hi = 0.693359375f, kLn2Lo = -2.12194440e-4f;  // n * hi is exact
  static constexpr float kExpMax = 88.722839f, kExpMin = -87.3365f;
  static constexpr float kTanhMax = 10, kExpm1Min = -30;  // 1 and -1 to the last bit beyond
};

template <>
struct Real<double> {
  using Int = int64_t;
  using Unsigned = uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr Int kOne = 0x3ff0000000000000, kMantissaMask = 0x000fffffffffffff;
  static constexpr Int kSqrtHalf = 0x3fe6a09e667f3bcd;
  static constexpr Int kTwo23 = 0x4330000000000000;  // bits of 2^52
  static constexpr double kShift = 0x1p52, kRound = 0x1.8p52, kBias = 1023;
  static constexpr double kLn2Hi = 6.93147180369123816490e-01, kLn2Lo = 1.90821492927058770002e-10;
  static constexpr double kExpMax = 709.782712893384, kExpMin = -708.396;
  static constexpr double kTanhMax = 20, kExpm1Min = -50;
};

template <class T>
struct IntVecOf {
  typedef typename Real<T>::Int type __attribute__((vector_size(MINIDL_VEC_BYTES)));
};
template <class T>
using ivec = typename IntVecOf<T>::type;

template <class T>
struct UnsignedVecOf {
  typedef typename Real<T>::Unsigned type __attribute__((vector_size(MINIDL_VEC_BYTES)));
};
template <class T>
using uvec = typename UnsignedVecOf<T>::type;

// The first n lanes of v, `fill` in the others.
template <class T>
MINIDL_INLINE vec<T> keep_first(vec<T> v, int n, T fill) {
  vec<T> lane;
  for (int i = 0; i < kLanes<T>; ++i) lane[i] = static_cast<T>(i);
  return lane < broadcast(static_cast<T>(n)) ? v : broadcast(fill);
}

// c[0] x^(N-1) + ... + c[N-1], from the highest power down.
template <class T, int N>
MINIDL_INLINE vec<T> polynomial(vec<T> x, const T (&c)[N]) {
  vec<T> y = broadcast(c[0]);
  for (int i = 1; i < N; ++i) y = y * x + c[i];
  return y;
}

// x = n ln 2 + r with |r| <= ln 2 / 2. Returns e^r - 1; `bits` has n in its exponent field.
template <class T>
MINIDL_INLINE vec<T> exp_reduced(vec<T> x, ivec<T>* bits) {
  using R = Real<T>;
  const vec<T> t = x * static_cast<T>(1.44269504088896340736) + R::kRound;
  const vec<T> n = t - R::kRound;
  const vec<T> r = (x - n * R::kLn2Hi) - n * R::kLn2Lo;
  *bits = (ivec<T>)t << R::kMantissa;
  if constexpr (sizeof(T) == 4) {  // coefficients of Cephes
    const T c[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                   4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    return polynomial<T>(r, c) * (r * r) + r;
  } else {  // Taylor: the next term is below 1e-17
    const T c[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                   1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                   1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
    return polynomial<T>(r, c) * (r * r) + r;
  }
}

template <class T>
MINIDL_INLINE vec<T> vexp(vec<T> x) {
  using R = Real<T>;
  ivec<T> n;
  const vec<T> q = exp_reduced<T>(x, &n);
  const vec<T> y = (vec<T>)((ivec<T>)(q + static_cast<T>(1)) + n);
  const vec<T> up = x <= broadcast(R::kExpMax) ? y : x + static_cast<T>(__builtin_inf());
  return x < broadcast(R::kExpMin) ? vec<T>{} : up;
}

// e^x - 1 without cancellation, for x that is not large (elu and tanh clamp it).
template <class T>
MINIDL_INLINE vec<T> vexpm1(vec<T> x) {
  ivec<T> n;
  const vec<T> q = exp_reduced<T>(x, &n);
  const vec<T> scale = (vec<T>)(n + Real<T>::kOne);
  return scale * q + (scale - static_cast<T>(1));
}

// fdlibm's log: x = 2^k (1 + f) with 1 + f near 1, s = f / (2 + f), a polynomial in s^2.
template <class T>
MINIDL_INLINE vec<T> vlog(vec<T> x) {
  using R = Real<T>;
  const ivec<T> i = (ivec<T>)x + (R::kOne - R::kSqrtHalf);
  const uvec<T> exponent = (uvec<T>)i >> R::kMantissa;
  const vec<T> k = (vec<T>)((ivec<T>)exponent | R::kTwo23) - (R::kShift + R::kBias);
  const vec<T> f = (vec<T>)((i & R::kMantissaMask) + R::kSqrtHalf) - static_cast<T>(1);
  const vec<T> s = f / (f + static_cast<T>(2));
  const vec<T> z = s * s;
  const vec<T> half = f * f * static_cast<T>(0.5);
  vec<T> r;
  if constexpr (sizeof(T) == 4) {
    const T c[] = {0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f};
    r = polynomial<T>(z, c) * z;
  } else {
    const T c[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                   2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                   6.666666666666735130e-01};
    r = polynomial<T>(z, c) * z;
  }
  vec<T> y = k * R::kLn2Hi + (f - (half - (s * (half + r) + k * R::kLn2Lo)));
  y = x < broadcast(static_cast<T>(__builtin_inf())) ? y : x;
  const vec<T> low = x == vec<T>{} ? broadcast(static_cast<T>(-__builtin_inf()))
                                   : broadcast(static_cast<T>(__builtin_nan("")));
  return x > vec<T>{} ? y : low;
}

// With e = exp(2 |x|) - 1: e / (e + 2), and the sign put back.
template <class T>
MINIDL_INLINE vec<T> vtanh(vec<T> x) {
  using R = Real<T>;
  const ivec<T> sign = (ivec<T>)x & (ivec<T>)broadcast(static_cast<T>(-0.0));
  vec<T> a = (vec<T>)((ivec<T>)x ^ sign);
  a = a > broadcast(R::kTanhMax) ? broadcast(R::kTanhMax) : a;
  const vec<T> e = vexpm1<T>(a + a);
  const vec<T> y = e / (e + static_cast<T>(2));
  return (vec<T>)((ivec<T>)y | sign);
}

template <class T>
MINIDL_INLINE vec<T> vsigmoid(vec<T> x) {
  return static_cast<T>(1) / (vexp<T>(-x) + static_cast<T>(1));
}

// The larger lane of all, NaN if one is.
template <class T>
MINIDL_INLINE T horizontal_max(vec<T> v) {
  T s[kLanes<T>];
  __builtin_memcpy(s, &v, sizeof v);
  for (int w = kLanes<T> / 2; w > 0; w /= 2) {
    for (int i = 0; i < w; ++i) s[i] = (s[i] > s[i + w]) | (s[i] != s[i]) ? s[i] : s[i + w];
  }
  return s[0];
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
