// Blocked transpose in registers: L x L squares (L lanes), each by log2(L) rounds of perfect
// shuffles of the upper half of the rows with the lower half.
#pragma once

#include "kernels/common.h"
#include "simd/lanes.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// a0 b0 a1 b1 ... from the first halves of a and b, or the second ones.
template <bool kHigh, class V, int... I>
MINIDL_INLINE V interleave(V a, V b, Indices<I...>) {
  constexpr int L = sizeof...(I);
  return __builtin_shufflevector(a, b, (I / 2 + (kHigh ? L / 2 : 0) + (I % 2 ? L : 0))...);
}

template <class T>
MINIDL_INLINE void transpose_square(const T* in, int64_t in_ld, T* out, int64_t out_ld) {
  constexpr int L = kLanes<T>;
  using Order = typename MakeIndices<L>::type;
  vec<T> rows[L], next[L];
#pragma GCC unroll 16
  for (int i = 0; i < L; ++i) rows[i] = load(in + i * in_ld);
#pragma GCC unroll 4
  for (int round = L; round > 1; round /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < L / 2; ++i) {
      next[2 * i] = interleave<false>(rows[i], rows[i + L / 2], Order{});
      next[2 * i + 1] = interleave<true>(rows[i], rows[i + L / 2], Order{});
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) rows[i] = next[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < L; ++i) store(out + i * out_ld, rows[i]);
}

// out[c * out_ld + r] = in[r * in_ld + c] for r < rows, c < cols.
template <class T>
void transpose(const T* in, int64_t in_ld, int64_t rows, int64_t cols, T* out, int64_t out_ld) {
  constexpr int L = kLanes<T>;
  for (int64_t r = 0; r < rows; r += L) {
    for (int64_t c = 0; c < cols; c += L) {
      const T* from = in + r * in_ld + c;
      T* to = out + c * out_ld + r;
      if (r + L <= rows && c + L <= cols) {
        transpose_square(from, in_ld, to, out_ld);
        continue;
      }
      const int64_t height = min_of<int64_t>(L, rows - r), width = min_of<int64_t>(L, cols - c);
      for (int64_t j = 0; j < width; ++j) {
        for (int64_t i = 0; i < height; ++i) to[j * out_ld + i] = from[i * in_ld + j];
      }
    }
  }
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
