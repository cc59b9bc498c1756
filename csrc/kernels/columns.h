// Sums down the columns of a row-major matrix, shared by reductions and batch normalisation: one
// vector of columns at a time, four rows in flight, so that the sum of a block has one fixed order.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
MINIDL_INLINE vec<T> load_lanes(const T* p, int lanes) {
  return lanes == kLanes<T> ? load(p) : load_partial(p, lanes);
}

template <class T>
MINIDL_INLINE void store_lanes(T* p, vec<T> v, int lanes) {
  if (lanes == kLanes<T>) {
    store<T>(p, v);
  } else {
    store_partial<T>(p, v, lanes);
  }
}

// S results per column: f(row, column, lanes, acc) folds a row into acc[S], Op joins accumulators.
template <class Op, int S, class T, class F>
MINIDL_INLINE void fold_columns(int64_t r0, int64_t r1, int64_t cols, T* const (&out)[S], F f) {
  constexpr int L = kLanes<T>;
  for (int64_t c = 0; c < cols; c += L) {
    const int lanes = static_cast<int>(min_of<int64_t>(L, cols - c));
    vec<T> acc[4][S];
    for (int i = 0; i < 4; ++i) {
      for (int s = 0; s < S; ++s) acc[i][s] = broadcast(Op::template identity<T>());
    }
    int64_t r = r0;
    for (; r + 4 <= r1; r += 4) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) f(r + i, c, lanes, acc[i]);
    }
    for (; r < r1; ++r) f(r, c, lanes, acc[0]);
    for (int s = 0; s < S; ++s) {
      const vec<T> v = Op::join(Op::join(acc[0][s], acc[1][s]), Op::join(acc[2][s], acc[3][s]));
      store_lanes(out[s] + c, v, lanes);
    }
  }
}

struct SumOp {
  template <class T>
  static constexpr T identity() {
    return T(0);
  }
  template <class V>
  static MINIDL_INLINE V join(V a, V b) {
    return a + b;
  }
};
// NaN in either wins, as NumPy's.
struct MaxOp {
  template <class T>
  static constexpr T identity() {
    return static_cast<T>(-__builtin_inf());
  }
  template <class V>
  static MINIDL_INLINE V join(V a, V b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct MinOp {
  template <class T>
  static constexpr T identity() {
    return static_cast<T>(__builtin_inf());
  }
  template <class V>
  static MINIDL_INLINE V join(V a, V b) {
    return (a < b) | (a != a) ? a : b;
  }
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
