// The depthwise kernel's tile: up to 8 outputs of a row times one vector of channels, held in
// registers over all taps. Up to 4 taps of a row share each pixel they load; with dilation d the
// tile's outputs are d apart, for the same reason.
#pragma once

#include "kernels/common.h"
#include "simd/stream.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int kPixels = 8;
constexpr int kMaxChunk = 4;  // taps of one row that share the pixels they load

// out(g) = sum over taps (i, j) of in(g * s + (dh[i], dw[j])) * filter[row_w[i] + column_w[j]], per
// channel. dh and dw ascend in equal steps.
template <class T>
struct DepthwiseProblem {
  const T* in;  // [n, h, w, c / times]
  int64_t n, h, w, c, times;
  T* out;
  int64_t gh, gw;  // the grid of outputs
  int64_t out_image, out_row, out_pixel;
  int64_t sh, sw;
  int nh, nw;
  const int64_t* dh;
  const int64_t* dw;
  const int64_t* row_w;  // filter offset of tap row i, and of tap column j
  const int64_t* column_w;
  const T* filter;
  const T* bias;
  const T* residual;  // laid out as out, or null
  bool relu;
  bool streams;  // past the caches
};

// How the taps of a row are walked: in chunks whose taps see the same pixels, `unit` pixels apart;
// a tile's outputs are `spread` apart. Without common pixels every tap is a chunk of its own.
struct Walk {
  int chunk;       // taps at a time, at most
  int tile_step;   // units from one output of a tile to the next: 1 or 2
  int64_t unit;    // pixels
  int64_t spread;  // outputs
};

template <class T>
Walk walk_of(const DepthwiseProblem<T>& q) {
  const int64_t d = q.nw > 1 ? q.dw[1] - q.dw[0] : q.sw;
  if (d % q.sw == 0) return {kMaxChunk, 1, d, d / q.sw};
  if (q.sw == 2 * d) return {kMaxChunk, 2, d, 1};
  return {1, 1, q.sw, 1};
}

// One tile: up to P outputs x a block of channels.
template <class T>
struct DepthwiseTile {
  const T* const* rows;  // tap row i at the tile's first pixel
  const int64_t* row_w;
  int nh;
  const int64_t* column_x;  // tap column j in a row of the ring
  const int* chunks;        // first tap of each chunk, and nw after the last
  int64_t step;             // from one pixel that a chunk loads to the next
  int64_t first, count;     // channels
  T* out;
  int64_t out_step;
  int pixels;  // to write
};

template <class T, int P, int S, bool kWhole, int W>
MINIDL_INLINE void add_chunk(int64_t step, int lanes, const T* x, const T* filter,
                             const int64_t* column_w, vec<T> (&acc)[P]) {
  vec<T> weight[W];
#pragma GCC unroll 4
  for (int j = 0; j < W; ++j) {
    const T* f = filter + column_w[j];
    weight[j] = kWhole ? load(f) : load_partial(f, lanes);
  }
#pragma GCC unroll 24
  for (int u = 0; u < (P - 1) * S + W; ++u) {
    const vec<T> v = load(x + u * step);
#pragma GCC unroll 4
    for (int j = 0; j < W; ++j) {
      if (u >= j && (u - j) % S == 0 && (u - j) / S < P) acc[(u - j) / S] += v * weight[j];
    }
  }
}

// One vector of channels. kThree: rows of 3 taps, the usual case, without a loop over chunks.
template <class T, int P, int S, bool kWhole, bool kThree>
MINIDL_INLINE void tile_vector(const DepthwiseProblem<T>& q, const DepthwiseTile<T>& t, int64_t c) {
  const int lanes = kWhole ? kLanes<T> : static_cast<int>(t.count - c);
  vec<T> acc[P];
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) acc[p] = vec<T>{};
  for (int i = 0; i < t.nh; ++i) {
    const T* row = t.rows[i] + c;
    const T* filter = q.filter + t.row_w[i] + t.first + c;
    if (kThree) {
      add_chunk<T, P, S, kWhole, 3>(t.step, lanes, row, filter, q.column_w, acc);
      continue;
    }
    for (const int* chunk = t.chunks; *chunk < q.nw; ++chunk) {
      const T* x = row + t.column_x[*chunk];
      const int64_t* w = q.column_w + *chunk;
      switch (chunk[1] - *chunk) {
        case 1:
          add_chunk<T, P, S, kWhole, 1>(t.step, lanes, x, filter, w, acc);
          break;
        case 2:
          add_chunk<T, P, S, kWhole, 2>(t.step, lanes, x, filter, w, acc);
          break;
        case 3:
          add_chunk<T, P, S, kWhole, 3>(t.step, lanes, x, filter, w, acc);
          break;
        default:
          add_chunk<T, P, S, kWhole, 4>(t.step, lanes, x, filter, w, acc);
      }
    }
  }
  vec<T> bias{};
  if (q.bias)
    bias = kWhole ? load(q.bias + t.first + c) : load_partial(q.bias + t.first + c, lanes);
  T* to = t.out + c;
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p, to += t.out_step) {
    if (p >= t.pixels) break;
    vec<T> v = q.bias ? acc[p] + bias : acc[p];
    if (q.residual) {
      const T* add = q.residual + (to - q.out);
      v += kWhole ? load(add) : load_partial(add, lanes);
    }
    if (q.relu) v = vmax<T>(v, vec<T>{});
    if (!kWhole) {
      store_partial(to, v, lanes);
    } else if (q.streams) {
      stream(to, v);
    } else {
      store(to, v);
      __builtin_prefetch(to + q.out_row, 0, 2);
    }
  }
}

template <class T, int P, int S>
void depthwise_tile(const DepthwiseProblem<T>& q, const DepthwiseTile<T>& t, bool three) {
  int64_t c = 0;
  if (three) {
    for (; c + kLanes<T> <= t.count; c += kLanes<T>) tile_vector<T, P, S, true, true>(q, t, c);
  } else {
    for (; c + kLanes<T> <= t.count; c += kLanes<T>) tile_vector<T, P, S, true, false>(q, t, c);
  }
  if (c < t.count) tile_vector<T, P, S, false, false>(q, t, c);
}

template <class T>
using TileFn = void (*)(const DepthwiseProblem<T>&, const DepthwiseTile<T>&, bool);

template <class T>
TileFn<T> tile_function(int pixels, int tile_step) {
  if (tile_step == 2) return pixels > 4 ? depthwise_tile<T, 8, 2> : depthwise_tile<T, 4, 2>;
  return pixels > 7   ? depthwise_tile<T, 8, 1>
         : pixels > 4 ? depthwise_tile<T, 7, 1>
                      : depthwise_tile<T, 4, 1>;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
