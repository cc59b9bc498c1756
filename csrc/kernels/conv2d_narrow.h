// Input gradient of conv2d for few channels (at most 4, one group), where a vector of input
// channels would be almost empty.
//
// Dot-product form: HWIO keeps the output channels of a (tap, input channel) together, so vectors
// run over those, and
//   dx[pixel, c] = sum over taps of <dy[pixel of the tap, :], W[tap, c, :]>
// is kept as one vector of partial sums per (pixel, c), whose lanes are added at the end, four
// vectors at a time. A tile is P neighbouring pixels of one phase of the stride times all C
// channels; three neighbouring kernel columns share the loads of dy, and few output channels are
// merged with the kernel columns. Pixels near the border, where only some columns reach dy, go one
// at a time. Stride and dilation are address arithmetic.
#pragma once

#include "kernels/common.h"
#include "kernels/transpose.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

inline bool has_narrow_input(const Conv2DParams& q) {
  return q.groups == 1 && q.c <= 4;
}

// Kernel columns that reach the pixels of one phase, in falling order of the shift: the ones that
// reach a given pixel are a run of them.
struct NarrowColumns {
  int64_t count;
  int64_t* shift;   // ow = gj + shift
  int64_t* filter;  // offset into a kernel row
};

// Kernel rows that reach one row of dx.
struct NarrowRows {
  int64_t count;
  int64_t* dy;      // offset of the row in dy's image
  int64_t* filter;  // offset of the kernel row
};

// The first half of the result is a folded onto itself once, the second half b.
template <class V, int... I>
MINIDL_INLINE V fold_pair(V a, V b, Indices<I...>) {
  constexpr int L = sizeof...(I), H = L / 2;
  return __builtin_shufflevector(a, b, (I < H ? I : L + I - H)...) +
         __builtin_shufflevector(a, b, (I < H ? I + H : L + I)...);
}

// Folds the halves of a and of b once more: quarters of four vectors.
template <class V, int... I>
MINIDL_INLINE V fold_halves(V a, V b, Indices<I...>) {
  constexpr int L = sizeof...(I), Q = L / 4;
  return __builtin_shufflevector(a, b, (I / Q % 2 * 2 * Q + I / (2 * Q) * L + I % Q)...) +
         __builtin_shufflevector(a, b, (I / Q % 2 * 2 * Q + I / (2 * Q) * L + I % Q + Q)...);
}

template <int kApart, class V, int... I>
MINIDL_INLINE V fold_lanes(V v, Indices<I...> order) {
  if constexpr (kApart == 0) {
    return v;
  } else {
    return fold_lanes<kApart / 2>(v + __builtin_shufflevector(v, v, (I ^ kApart)...), order);
  }
}

// out[i] = the sum of the lanes of v[i].
template <class T, int N>
MINIDL_INLINE void add_lanes(const vec<T>* v, T* out) {
  constexpr int L = kLanes<T>;
  using Order = typename MakeIndices<L>::type;
  if constexpr (N % 4 == 0 && L >= 4) {
#pragma GCC unroll 4
    for (int i = 0; i < N; i += 4) {
      const vec<T> ab = fold_pair(v[i], v[i + 1], Order{});
      const vec<T> cd = fold_pair(v[i + 2], v[i + 3], Order{});
      const vec<T> sum = fold_lanes<L / 8>(fold_halves(ab, cd, Order{}), Order{});
      for (int k = 0; k < 4; ++k) out[i + k] = sum[k * (L / 4)];
    }
  } else if constexpr (N % 2 == 0) {
#pragma GCC unroll 4
    for (int i = 0; i < N; i += 2) {
      const vec<T> sum = fold_lanes<L / 4>(fold_pair(v[i], v[i + 1], Order{}), Order{});
      for (int k = 0; k < 2; ++k) out[i + k] = sum[k * (L / 2)];
    }
  } else {
    for (int i = 0; i < N; ++i) {
      const vec<T> sum = fold_lanes<L / 2>(v[i], Order{});
      out[i] = sum[0];
    }
  }
}

template <class T>
struct NarrowRow {
  NarrowRows rows;
  NarrowColumns columns;
  const T* dy;  // the image
  const T* filter;
  T* out;        // of the phase's first pixel
  int64_t step;  // from pixel to pixel of the phase
  int64_t ow, oc;
  int64_t merged;  // values of a kernel row and channel laid out one after the other, or 0
};

// One vector of output channels of R neighbouring kernel columns: every pixel of dy is loaded once
// for all of them. `a` is the pixel of the last column, `lanes` the channels in use.
template <class T, int P, int C, int R, bool kWhole>
MINIDL_INLINE void narrow_step(const T* a, const T* b, int64_t b_step, int64_t oc, int64_t c_step,
                               int lanes, vec<T>* acc) {
  vec<T> v[P + R - 1];
#pragma GCC unroll 16
  for (int p = 0; p < P + R - 1; ++p) {
    v[p] = kWhole ? load(a + p * oc) : load_partial(a + p * oc, lanes);
    if (R > 1 && p < P) __builtin_prefetch(a + (p + P + R - 1) * oc);  // the next tile's pixels
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
      const T* at = b + r * b_step + c * c_step;
      const vec<T> w = kWhole ? load(at) : load_partial(at, lanes);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[p * C + c] = v[p + R - 1 - r] * w + acc[p * C + c];
    }
  }
}

// The same for `values` consecutive ones.
template <class T, int P, int C, int R>
MINIDL_INLINE void narrow_run(const T* a, const T* b, int64_t b_step, int64_t oc, int64_t c_step,
                              int64_t values, vec<T>* acc) {
  constexpr int L = kLanes<T>;
  int64_t i = 0;
  for (; i + L <= values; i += L) {
    narrow_step<T, P, C, R, true>(a + i, b + i, b_step, oc, c_step, L, acc);
  }
  if (i < values) {
    const int left = static_cast<int>(values - i);
    narrow_step<T, P, C, R, false>(a + i, b + i, b_step, oc, c_step, left, acc);
  }
}

// Pixels gj .. gj + P - 1, which the kernel columns [first, last) of the phase reach.
template <class T, int P, int C>
MINIDL_INLINE void narrow_tile(const NarrowRow<T>& row, int64_t gj, int64_t first, int64_t last) {
  constexpr int R = P > 1 ? 3 : 1;
  const NarrowColumns& columns = row.columns;
  const int64_t oc = row.oc;
  vec<T> acc[P * C] = {};
  for (int64_t r = 0; r < row.rows.count && first < last; ++r) {
    const T* dy = row.dy + row.rows.dy[r] + gj * oc;
    const T* filter = row.filter + row.rows.filter[r];
    if (row.merged) {
      narrow_run<T, P, C, 1>(dy + columns.shift[last - 1] * oc,
                             filter + (columns.count - last) * oc, 0, oc, row.merged,
                             (last - first) * oc, acc);
      continue;
    }
    for (int64_t t = first; t < last;) {
      const T* b = filter + columns.filter[t];
      if (R > 1 && t + R <= last && columns.shift[t] - columns.shift[t + R - 1] == R - 1) {
        narrow_run<T, P, C, R>(dy + columns.shift[t + R - 1] * oc, b,
                               columns.filter[t + 1] - columns.filter[t], oc, oc, oc, acc);
        t += R;
      } else {
        narrow_run<T, P, C, 1>(dy + columns.shift[t] * oc, b, 0, oc, oc, oc, acc);
        ++t;
      }
    }
  }
  T sums[P * C];
  add_lanes<T, P * C>(acc, sums);
  T* to = row.out + gj * row.step;
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p, to += row.step) {
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) to[c] = sums[p * C + c];
  }
}

// Bias and relu, as a transposed convolution has them.
template <class T>
void finish_row(const Conv2DParams& q, T* row) {
  const T* bias = static_cast<const T*>(q.bias);
  if (bias) {
    for (int64_t i = 0; i < q.w; ++i) {
      for (int64_t c = 0; c < q.c; ++c) row[i * q.c + c] += bias[c];
    }
  }
  if (q.act == Act::kRelu) {
    for (int64_t i = 0; i < q.w * q.c; ++i) row[i] = row[i] < T(0) ? T(0) : row[i];
  }
}

// Pixels [begin, end) of a phase.
template <class T, int C>
void narrow_pixels(const NarrowRow<T>& row, int64_t begin, int64_t end) {
  constexpr int kMost = MINIDL_VEC_REGISTERS;
  constexpr int P = C == 1 && kMost == 32 ? 8 : C * 4 + 8 <= kMost ? 4 : 2;
  const NarrowColumns& columns = row.columns;
  // Pixels that every kernel column of the phase reaches.
  int64_t first = begin, last = end;
  if (columns.count) {
    first = min_of(end, max_of<int64_t>(begin, -columns.shift[columns.count - 1]));
    last = max_of(first, min_of(end, row.ow - columns.shift[0]));
  }
  auto alone = [&](int64_t from, int64_t to) {
    for (int64_t gj = from; gj < to; ++gj) {
      int64_t t0 = 0, t1 = columns.count;
      while (t0 < t1 && gj + columns.shift[t0] >= row.ow) ++t0;
      while (t0 < t1 && gj + columns.shift[t1 - 1] < 0) --t1;
      narrow_tile<T, 1, C>(row, gj, t0, t1);
    }
  };
  alone(begin, first);
  int64_t gj = first;
  for (; gj + P <= last; gj += P) narrow_tile<T, P, C>(row, gj, 0, columns.count);
  if (gj < last && last - first >= P) {  // the rest with some pixels once more
    narrow_tile<T, P, C>(row, last - P, 0, columns.count);
    gj = last;
  }
  for (; gj + 2 <= last; gj += 2) narrow_tile<T, 2, C>(row, gj, 0, columns.count);
  alone(gj, end);
}

// The kernel columns of every phase, one after the other, and where each phase begins.
inline void narrow_columns(const Conv2DParams& q, int64_t* begin, int64_t* shift, int64_t* filter) {
  int64_t count = 0;
  for (int64_t b = 0; b < min_of(q.stride_w, q.w); ++b) {
    begin[b] = count;
    const int64_t pixels = ceil_div(q.w - b, q.stride_w);
    for (int64_t kw = 0; kw < q.kw; ++kw) {
      const int64_t at = b + q.pad_left - kw * q.dilation_w;
      if (at % q.stride_w) continue;
      const int64_t by = at / q.stride_w;
      if (by >= q.ow || by + pixels <= 0) continue;
      shift[count] = by;
      filter[count++] = kw * q.c * q.oc;
    }
    begin[b + 1] = count;
  }
}

// [kernel row][channel][kernel column from the last to the first, output channel]
template <class T>
void merge_columns(const Conv2DParams& q, int64_t count, const int64_t* column, T* out) {
  const T* filter = static_cast<const T*>(q.filter);
  for (int64_t kh = 0; kh < q.kh; ++kh) {
    for (int64_t c = 0; c < q.c; ++c) {
      for (int64_t t = count - 1; t >= 0; --t) {
        const T* from = filter + (kh * q.kw * q.c + c) * q.oc + column[t];
        for (int64_t o = 0; o < q.oc; ++o) *out++ = from[o];
      }
    }
  }
}

constexpr int64_t kNarrowPiece = 32;  // pixels of a phase

template <class T>
Status conv2d_narrow_input_grad(const Conv2DParams& q) {
  const int64_t phases = min_of(q.stride_w, q.w);
  Scratch<int64_t> lists(phases + 1 + 2 * q.kw);
  if (!lists) return Status::kOutOfMemory;
  int64_t* begins = lists.get();
  int64_t* shift = begins + phases + 1;
  int64_t* filter = shift + q.kw;
  narrow_columns(q, begins, shift, filter);
  // Few output channels too: kernel columns and channels become one dimension, as the neighbouring
  // pixels of dy that they meet are.
  const bool merge = q.oc < kLanes<T> && q.kw > 1 && q.stride_w == 1 && q.dilation_w == 1;
  const int64_t merged = merge ? begins[1] * q.oc : 0;
  Scratch<T> packed(merge ? q.kh * q.c * merged : 1);
  if (!packed) return Status::kOutOfMemory;
  if (merge) merge_columns(q, begins[1], filter, packed.get());
  const double work = 2.0 * static_cast<double>(q.w * q.c * ceil_div(q.oc, kLanes<T>)) *
                      static_cast<double>(kLanes<T> * q.kh * q.kw) /
                      static_cast<double>(q.stride_h * q.stride_w);
  bool no_memory = false;
  parallel(q.n * q.h, static_cast<int64_t>(1e6 / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
    Scratch<int64_t> rows(2 * q.kh);
    if (!rows) {
      no_memory = true;
      return;
    }
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / q.h, ih = i % q.h;
      NarrowRow<T> row{{0, rows.get(), rows.get() + q.kh},
                       {},
                       static_cast<const T*>(q.dy) + image * q.oh * q.ow * q.oc,
                       merged ? packed.get() : static_cast<const T*>(q.filter),
                       static_cast<T*>(q.out) + i * q.w * q.c,
                       q.stride_w * q.c,
                       q.ow,
                       q.oc,
                       merged};
      for (int64_t kh = 0; kh < q.kh; ++kh) {
        const int64_t at = ih + q.pad_top - kh * q.dilation_h;
        if (at < 0 || at % q.stride_h || at / q.stride_h >= q.oh) continue;
        row.rows.dy[row.rows.count] = at / q.stride_h * q.ow * q.oc;
        row.rows.filter[row.rows.count++] = kh * q.c * (merge ? merged : q.kw * q.oc);
      }
      // All phases of a piece of the row, while its pixels of dy are near.
      T* const out = row.out;
      const int64_t most = ceil_div(q.w, q.stride_w);
      for (int64_t begin = 0; begin < most; begin += kNarrowPiece) {
        for (int64_t b = 0; b < phases; ++b) {
          row.out = out + b * q.c;
          row.columns = {begins[b + 1] - begins[b], shift + begins[b], filter + begins[b]};
          const int64_t end = min_of(begin + kNarrowPiece, ceil_div(q.w - b, q.stride_w));
          if (begin >= end) continue;
          switch (q.c) {
            case 1:
              narrow_pixels<T, 1>(row, begin, end);
              break;
            case 2:
              narrow_pixels<T, 2>(row, begin, end);
              break;
            case 3:
              narrow_pixels<T, 3>(row, begin, end);
              break;
            default:
              narrow_pixels<T, 4>(row, begin, end);
              break;
          }
        }
      }
      finish_row(q, static_cast<T*>(q.out) + i * q.w * q.c);
    }
  });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
