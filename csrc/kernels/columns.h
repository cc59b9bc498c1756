// Sums down the columns of a row-major matrix, shared by reductions and normalisation. Four vectors
// of columns go down together, so that a row is read in whole cache lines one after the other, with
// eight accumulators in flight; the sum of a block has one fixed order.
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

// Few columns would leave vectors half empty, so k rows are read as one row of k * cols columns:
// the least power of two that fills four whole vectors; 1 for many columns.
template <class T>
inline int64_t rows_as_one(int64_t cols) {
  constexpr int64_t L = kLanes<T>;
  if (cols >= 4 * L) return 1;
  int64_t k = 1;
  while (cols * k % L || cols * k < 4 * L) k *= 2;
  return k;
}

// V vectors of columns from c on; `lanes` counts where V is 1 and the vector may be cut off.
template <class Op, int V, int S, class T, class F>
MINIDL_INLINE void fold_tile(int64_t r0, int64_t r1, int64_t c, int lanes, T* const (&out)[S],
                             F f) {
  constexpr int L = kLanes<T>;
  constexpr int P = V == 1 ? 4 : (V * S >= 8 ? 1 : 2);  // rows in flight
  vec<T> acc[P][V][S];
  for (int i = 0; i < P; ++i) {
    for (int v = 0; v < V; ++v) {
      for (int s = 0; s < S; ++s) acc[i][v][s] = broadcast(Op::template identity<T>());
    }
  }
  int64_t r = r0;
  for (; r + P <= r1; r += P) {
#pragma GCC unroll 4
    for (int i = 0; i < P; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) f(r + i, c + v * L, V == 1 ? lanes : L, acc[i][v]);
    }
  }
  for (; r < r1; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) f(r, c + v * L, V == 1 ? lanes : L, acc[0][v]);
  }
  for (int v = 0; v < V; ++v) {
    for (int s = 0; s < S; ++s) {
      vec<T> sum = acc[0][v][s];
      if (P == 2) sum = Op::join(sum, acc[P - 1][v][s]);
      if (P == 4) {
        sum =
            Op::join(Op::join(sum, acc[P / 4][v][s]), Op::join(acc[P / 2][v][s], acc[P - 1][v][s]));
      }
      store_lanes(out[s] + c + v * L, sum, V == 1 ? lanes : L);
    }
  }
}

// S results per column of [c0, c1): f(row, column, lanes, acc) folds a row into acc[S], Op joins
// accumulators.
template <class Op, int S, class T, class F>
MINIDL_INLINE void fold_columns(int64_t r0, int64_t r1, int64_t c0, int64_t c1, T* const (&out)[S],
                                F f) {
  constexpr int L = kLanes<T>;
  int64_t c = c0;
  for (; c + 4 * L <= c1; c += 4 * L) fold_tile<Op, 4>(r0, r1, c, L, out, f);
  for (; c < c1; c += L) {
    fold_tile<Op, 1>(r0, r1, c, static_cast<int>(min_of<int64_t>(L, c1 - c)), out, f);
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
