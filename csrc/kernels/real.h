// Integer vectors as wide as those of float and double, and what the mathematics of both share by
// name: the layout of their bits, and the ends of their ranges.
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
  static constexpr Int kOne = 0x3f800000, kMantissaMask = 0x007fffff, kMinNormal = 0x00800000;
  static constexpr Int kSqrtHalf = 0x3f3504f3;  // bits of sqrt(1/2)
  static constexpr Int kTwo23 = 0x4b000000;     // bits of 2^23
  static constexpr Int kDenormals = 149;        // the smallest denormal is 2^-149
  static constexpr float kShift = 0x1p23f, kRound = 0x1.8p23f, kBias = 127;
  static constexpr float kLn2Hi = 0.693359375f, kLn2Lo = -2.12194440e-4f;  // n * hi is exact
  static constexpr float kExpMax = 88.72283f, kExpMin = -87.33654f, kExpZero = -104;
  static constexpr float kExpm1Min = -30, kSigmoidMax = 17.33f;  // -1 below, 1 above
  static constexpr float kTiny = 0x1p-30f;                       // odd functions are x below
  static constexpr float kTanhMax = 10;                          // 1 to the last bit
  static constexpr float kErfSplit = 0.875f, kErfcMax = 9.25f;
};

template <>
struct Real<double> {
  using Int = int64_t;
  using Unsigned = uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr Int kOne = 0x3ff0000000000000, kMantissaMask = 0x000fffffffffffff;
  static constexpr Int kMinNormal = 0x0010000000000000;
  static constexpr Int kSqrtHalf = 0x3fe6a09e667f3bcd;
  static constexpr Int kTwo23 = 0x4330000000000000;  // bits of 2^52
  static constexpr Int kDenormals = 1074;
  static constexpr double kShift = 0x1p52, kRound = 0x1.8p52, kBias = 1023;
  static constexpr double kLn2Hi = 6.93147180369123816490e-01, kLn2Lo = 1.90821492927058770002e-10;
  static constexpr double kExpMax = 709.782712893384, kExpMin = -708.3964185322641;
  static constexpr double kExpZero = -745.2;
  static constexpr double kExpm1Min = -50, kSigmoidMax = 37.4;
  static constexpr double kTiny = 0x1p-60;
  static constexpr double kTanhMax = 20;
  static constexpr double kErfSplit = 1, kErfcMax = 26;
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

// Sums of bits that wrap: lanes which nobody uses in the end (of NaN, of infinity) may hold
// anything.
template <class T>
MINIDL_INLINE ivec<T> add_bits(ivec<T> a, ivec<T> b) {
  return (ivec<T>)((uvec<T>)a + (uvec<T>)b);
}
template <class T>
MINIDL_INLINE ivec<T> same_bits(typename Real<T>::Int x) {
  return ivec<T>{} + x;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
