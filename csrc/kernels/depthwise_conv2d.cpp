// Depthwise conv2d, NHWC: every channel has filters of its own, so vectors run over channels and
// nothing is a matrix product. Filters lie as [kh, kw, c * multiplier].
//
// Forward: a tile is 8 pixels of an output row times one vector of channels, held in registers over
// all taps. Up to 4 taps of a row share each pixel they load: pixels of one channel are whole cache
// sets apart when channels are a power of two, so they had better not be loaded twice. With
// dilation d the tile's pixels are d apart, for the same reason. Where a tile leaves the input,
// pixels point to a row of zeros. The input gradient is the same engine run on dy, one phase of the
// stride at a time. Filter gradient: up to 3 x 4 taps are held in registers along an output row, so
// dy is read once for them; rows are cut into partial sums by the size of the problem alone. A
// multiplier above 1 repeats x along the channels first (sums dx afterwards): what remains has one
// filter a channel.
#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int kPixels = 8;
constexpr int kMaxChunk = 4;  // taps of one row that share the pixels they load

// out(g) = sum over taps (i, j) of in(g * s + (dh[i], dw[j])) * filter[row_w[i] + column_w[j]], per
// channel. dw ascends in equal steps.
template <class T>
struct DepthwiseProblem {
  const T* in;
  int64_t n, h, w, c;
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
  const T* zeros;  // c values
};

// How the taps of a row are walked: in chunks whose taps see the same pixels, `unit` pixels apart;
// a tile's outputs are `spread` apart. Without common pixels every tap is a chunk of its own.
struct Walk {
  int chunk;       // taps at a time, at most
  int tile_step;   // units from one output of a tile to the next: 1 or 2
  int64_t unit;    // pixels
  int64_t spread;  // outputs
  bool apart;      // every tap has pixels of its own
};

template <class T>
Walk plan(const DepthwiseProblem<T>& q) {
  const int64_t d = q.nw > 1 ? q.dw[1] - q.dw[0] : q.sw;
  if (d % q.sw == 0) return {kMaxChunk, 1, d, d / q.sw, false};
  if (q.sw == 2 * d) return {kMaxChunk, 2, d, 1, false};
  return {1, 1, q.sw, 1, true};
}

// One tile: P pixels x one vector of channels. Entry u of a chunk lies at[u] after the row, or
// outside the input (negative); with kEdge false all are inside and `step` apart.
template <class T>
struct DepthwiseTile {
  const T* const* rows;
  const int64_t* row_w;
  int nh;
  const int64_t* at;
  int64_t step;
  int64_t c;
  int lanes;
  T* out;
  int64_t out_step;
  int count;  // pixels to write
};

template <class T, int P, int S, bool kEdge, bool kWhole, int W>
MINIDL_INLINE void add_chunk(const DepthwiseProblem<T>& q, const DepthwiseTile<T>& t, const T* row,
                             const T* filter, const int64_t* at, const int64_t* column_w,
                             vec<T> (&acc)[P]) {
  vec<T> weight[W];
#pragma GCC unroll 4
  for (int j = 0; j < W; ++j) {
    const T* f = filter + column_w[j];
    weight[j] = kWhole ? load(f) : load_partial(f, t.lanes);
  }
  const T* x = kEdge ? row : row + at[0];
#pragma GCC unroll 24
  for (int u = 0; u < (P - 1) * S + W; ++u) {
    const T* from = x + u * t.step;
    if (kEdge) from = at[u] < 0 ? q.zeros + t.c : row + at[u];
    const vec<T> v = kWhole ? load(from) : load_partial(from, t.lanes);
#pragma GCC unroll 4
    for (int j = 0; j < W; ++j) {
      if (u >= j && (u - j) % S == 0 && (u - j) / S < P) acc[(u - j) / S] += v * weight[j];
    }
  }
}

template <class T, int P, int S, bool kEdge, bool kWhole>
void depthwise_tile(const DepthwiseProblem<T>& q, const Walk& walk, const DepthwiseTile<T>& t) {
  vec<T> acc[P];
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) acc[p] = vec<T>{};
  const int chunks = (q.nw + walk.chunk - 1) / walk.chunk;
  for (int i = 0; i < t.nh; ++i) {
    const T* row = t.rows[i] + t.c;
    const T* filter = q.filter + t.row_w[i] + t.c;
    for (int k = 0; k < chunks; ++k) {
      const int j = q.nw * k / chunks, width = q.nw * (k + 1) / chunks - j;
      const int64_t* at = t.at + (walk.apart ? j * P : j);
      const int64_t* w = q.column_w + j;
      switch (width) {
        case 1:
          add_chunk<T, P, S, kEdge, kWhole, 1>(q, t, row, filter, at, w, acc);
          break;
        case 2:
          add_chunk<T, P, S, kEdge, kWhole, 2>(q, t, row, filter, at, w, acc);
          break;
        case 3:
          add_chunk<T, P, S, kEdge, kWhole, 3>(q, t, row, filter, at, w, acc);
          break;
        default:
          add_chunk<T, P, S, kEdge, kWhole, 4>(q, t, row, filter, at, w, acc);
      }
    }
  }
  vec<T> bias{};
  if (q.bias) bias = kWhole ? load(q.bias + t.c) : load_partial(q.bias + t.c, t.lanes);
  T* out = t.out + t.c;
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
    if (p >= t.count) break;
    vec<T> v = q.bias ? acc[p] + bias : acc[p];
    T* to = out + p * t.out_step;
    if (q.residual) {
      const T* add = q.residual + (to - q.out);
      v += kWhole ? load(add) : load_partial(add, t.lanes);
    }
    if (q.relu) v = vmax<T>(v, vec<T>{});
    if (kWhole) {
      store(to, v);
    } else {
      store_partial(to, v, t.lanes);
    }
  }
}

template <class T>
using DepthwiseFn = void (*)(const DepthwiseProblem<T>&, const Walk&, const DepthwiseTile<T>&);

template <class T, int P, int S>
DepthwiseFn<T> tile_function(bool edge, bool whole) {
  return edge ? (whole ? depthwise_tile<T, P, S, true, true> : depthwise_tile<T, P, S, true, false>)
              : (whole ? depthwise_tile<T, P, S, false, true>
                       : depthwise_tile<T, P, S, false, false>);
}

// The rows below, of input and output, are in memory still, and hardware does not see them coming
// in this order of access.
template <class T>
MINIDL_INLINE void prefetch_next_row(const DepthwiseProblem<T>& q, const DepthwiseTile<T>& t,
                                     int64_t g0) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const T* in = t.rows[t.nh - 1] + (q.w + g0 * q.sw) * q.c;
  for (int64_t i = 0; i < t.count * q.sw * q.c; i += kLine) __builtin_prefetch(in + i);
  const T* out = t.out + q.out_row;
  for (int64_t i = 0; i < t.count * q.c; i += kLine) __builtin_prefetch(out + i, 1);
}

// `count` outputs from g0, `spread` apart, all channels.
template <class T, int P>
void depthwise_pixels(const DepthwiseProblem<T>& q, const Walk& walk, DepthwiseTile<T>& t,
                      int64_t g0, int64_t* at) {
  // The last input pixel that an output of the tile needs; beyond it nothing is read.
  const int units = walk.apart ? P : (P - 1) * walk.tile_step + q.nw;
  const int64_t needed = walk.apart ? t.count : (t.count - 1) * walk.tile_step + q.nw;
  bool edge = false;
  for (int j = 0; j < (walk.apart ? q.nw : 1); ++j) {
    for (int u = 0; u < units; ++u) {
      const int64_t iw = g0 * q.sw + q.dw[j] + u * walk.unit;
      const bool inside = u < needed && static_cast<uint64_t>(iw) < static_cast<uint64_t>(q.w);
      edge = edge || !inside;
      at[j * units + u] = inside ? iw * q.c : -1;
    }
  }
  t.at = at;
  t.step = walk.unit * q.c;
  if (t.nh) prefetch_next_row(q, t, g0);
  for (t.c = 0; t.c < q.c; t.c += kLanes<T>) {
    t.lanes = static_cast<int>(min_of<int64_t>(kLanes<T>, q.c - t.c));
    const bool whole = t.lanes == kLanes<T>;
    const DepthwiseFn<T> tile = walk.tile_step == 1 ? tile_function<T, P, 1>(edge, whole)
                                                    : tile_function<T, P, 2>(edge, whole);
    tile(q, walk, t);
  }
}

template <class T>
Status depthwise(const DepthwiseProblem<T>& q) {
  bool no_memory = false;
  const Walk walk = plan(q);
  const int64_t work = q.gw * q.c * (2 + q.nh * q.nw / 2);
  parallel(q.n * q.gh, ceil_div(4 * kStreamGrain, max_of<int64_t>(work, 1)),
           [&](int64_t begin, int64_t end) {
             Scratch<int64_t> at((q.nw + 2) * kPixels), row_w(q.nh + 1);
             Scratch<const T*> rows(q.nh + 1);
             if (!at || !row_w || !rows) {
               no_memory = true;
               return;
             }
             for (int64_t r = begin; r < end; ++r) {
               const int64_t image = r / q.gh, g = r % q.gh;
               int nh = 0;
               for (int i = 0; i < q.nh; ++i) {
                 const int64_t ih = g * q.sh + q.dh[i];
                 if (static_cast<uint64_t>(ih) >= static_cast<uint64_t>(q.h)) continue;
                 rows.get()[nh] = q.in + (image * q.h + ih) * q.w * q.c;
                 row_w.get()[nh++] = q.row_w[i];
               }
               T* out = q.out + image * q.out_image + g * q.out_row;
               DepthwiseTile<T> t{};
               t.rows = rows.get();
               t.row_w = row_w.get();
               t.nh = nh;
               t.out_step = walk.spread * q.out_pixel;
               for (int64_t phase = 0; phase < min_of(walk.spread, q.gw); ++phase) {
                 const int64_t outputs = ceil_div(q.gw - phase, walk.spread);
                 const int64_t tiles = ceil_div(outputs, kPixels);
                 for (int64_t i = 0; i < tiles; ++i) {
                   const int64_t first = outputs * i / tiles;
                   const int64_t g0 = phase + first * walk.spread;
                   t.count = static_cast<int>(outputs * (i + 1) / tiles - first);
                   t.out = out + g0 * q.out_pixel;
                   if (t.count > 4) {
                     depthwise_pixels<T, kPixels>(q, walk, t, g0, at.get());
                   } else {
                     depthwise_pixels<T, 4>(q, walk, t, g0, at.get());
                   }
                 }
               }
             }
           });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

// x[pixels, c] -> out[pixels, c * times], every value repeated.
template <class T>
void repeat_channels(const T* x, int64_t pixels, int64_t c, int64_t times, T* out) {
  parallel(pixels, ceil_div(kStreamGrain, c * times), [&](int64_t begin, int64_t end) {
    const T* from = x + begin * c;
    T* to = out + begin * c * times;
    for (int64_t i = 0; i < (end - begin) * c; ++i) {
      for (int64_t m = 0; m < times; ++m) *to++ = from[i];
    }
  });
}

template <class T>
void sum_channels(const T* x, int64_t pixels, int64_t c, int64_t times, T* out) {
  parallel(pixels, ceil_div(kStreamGrain, c * times), [&](int64_t begin, int64_t end) {
    const T* from = x + begin * c * times;
    for (int64_t i = begin * c; i < end * c; ++i) {
      T sum = *from++;
      for (int64_t m = 1; m < times; ++m) sum += *from++;
      out[i] = sum;
    }
  });
}

// Four lists and a row of zeros: dh, row_w [kh]; dw, column_w [kw].
template <class T>
struct Taps {
  Scratch<int64_t> lists;
  Scratch<T> zeros;
  int64_t *dh, *row_w, *dw, *column_w;
  explicit Taps(const Conv2DParams& q) : lists(2 * (q.kh + q.kw)), zeros(q.oc) {
    dh = lists.get();
    row_w = dh + q.kh;
    dw = row_w + q.kh;
    column_w = dw + q.kw;
    for (int64_t i = 0; zeros && i < q.oc; ++i) zeros.get()[i] = T(0);
  }
  bool ok() const { return lists && zeros; }
};

template <class T>
Status depthwise_conv2d(const Conv2DParams& q) {
  const int64_t times = q.oc / q.c;
  Taps<T> taps(q);
  Scratch<T> repeated(times > 1 ? q.n * q.h * q.w * q.oc : 1);
  if (!taps.ok() || !repeated) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(q.x);
  if (times > 1) repeat_channels(x, q.n * q.h * q.w, q.c, times, repeated.get());
  for (int64_t i = 0; i < q.kh; ++i) {
    taps.dh[i] = i * q.dilation_h - q.pad_top;
    taps.row_w[i] = i * q.kw * q.oc;
  }
  for (int64_t j = 0; j < q.kw; ++j) {
    taps.dw[j] = j * q.dilation_w - q.pad_left;
    taps.column_w[j] = j * q.oc;
  }
  DepthwiseProblem<T> p{};
  p.in = times > 1 ? repeated.get() : x;
  p.n = q.n;
  p.h = q.h;
  p.w = q.w;
  p.c = q.oc;
  p.out = static_cast<T*>(q.out);
  p.gh = q.oh;
  p.gw = q.ow;
  p.out_image = q.oh * q.ow * q.oc;
  p.out_row = q.ow * q.oc;
  p.out_pixel = q.oc;
  p.sh = q.stride_h;
  p.sw = q.stride_w;
  p.nh = static_cast<int>(q.kh);
  p.nw = static_cast<int>(q.kw);
  p.dh = taps.dh;
  p.dw = taps.dw;
  p.row_w = taps.row_w;
  p.column_w = taps.column_w;
  p.filter = static_cast<const T*>(q.filter);
  p.bias = static_cast<const T*>(q.bias);
  p.residual = static_cast<const T*>(q.residual);
  p.relu = q.act == Act::kRelu;
  p.zeros = taps.zeros.get();
  return depthwise(p);
}

// The taps that reach phase `a` of the stride along one axis, in ascending order of the pixel.
inline int phase_taps(int64_t a, int64_t pad, int64_t dilation, int64_t stride, int64_t kernel,
                      int64_t step, int64_t* d, int64_t* weight) {
  int count = 0;
  for (int64_t t = kernel - 1; t >= 0; --t) {
    const int64_t at = a + pad - t * dilation;
    if (at % stride) continue;
    d[count] = at / stride;
    weight[count++] = t * step;
  }
  return count;
}

template <class T>
Status depthwise_conv2d_input_grad(const Conv2DParams& q) {
  const int64_t times = q.oc / q.c;
  Taps<T> taps(q);
  Scratch<T> wide(times > 1 ? q.n * q.h * q.w * q.oc : 1);
  if (!taps.ok() || !wide) return Status::kOutOfMemory;
  T* out = times > 1 ? wide.get() : static_cast<T*>(q.out);
  DepthwiseProblem<T> p{};
  p.in = static_cast<const T*>(q.dy);
  p.n = q.n;
  p.h = q.oh;
  p.w = q.ow;
  p.c = q.oc;
  p.out_image = q.h * q.w * q.oc;
  p.out_row = q.stride_h * q.w * q.oc;
  p.out_pixel = q.stride_w * q.oc;
  p.sh = p.sw = 1;
  p.dh = taps.dh;
  p.dw = taps.dw;
  p.row_w = taps.row_w;
  p.column_w = taps.column_w;
  p.filter = static_cast<const T*>(q.filter);
  p.zeros = taps.zeros.get();
  for (int64_t a = 0; a < min_of(q.stride_h, q.h); ++a) {
    p.nh =
        phase_taps(a, q.pad_top, q.dilation_h, q.stride_h, q.kh, q.kw * q.oc, taps.dh, taps.row_w);
    for (int64_t b = 0; b < min_of(q.stride_w, q.w); ++b) {
      p.nw =
          phase_taps(b, q.pad_left, q.dilation_w, q.stride_w, q.kw, q.oc, taps.dw, taps.column_w);
      p.out = out + (a * q.w + b) * q.oc;
      p.gh = ceil_div(q.h - a, q.stride_h);
      p.gw = ceil_div(q.w - b, q.stride_w);
      const Status status = depthwise(p);
      if (status != Status::kOk) return status;
    }
  }
  if (times > 1) sum_channels(out, q.n * q.h * q.w, q.c, times, static_cast<T*>(q.out));
  return Status::kOk;
}

// Output positions along one axis whose input lies inside: [first, last).
struct Range {
  int64_t first, last;
};
inline Range valid_range(int64_t shift, int64_t stride, int64_t in, int64_t out) {
  Range r{shift >= 0 ? 0 : min_of(out, ceil_div(-shift, stride)), 0};
  r.last = in <= shift ? r.first : min_of(out, ceil_div(in - shift, stride));
  if (r.last < r.first) r.last = r.first;
  return r;
}

// GH x GW taps from (i0, j0) along output row (image, oh), one vector of channels: sum[tap] +=.
// Row i of the group reads x[i] or, outside the image, nothing (null).
template <class T, int GH, int GW, bool kWhole>
MINIDL_INLINE void filter_group_lanes(const Conv2DParams& q, const T* const* x, const T* dy,
                                      int64_t j0, int64_t c, int lanes, T* sum) {
  vec<T> acc[GH][GW];
#pragma GCC unroll 3
  for (int i = 0; i < GH; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < GW; ++j) {
      const T* s = sum + (i * q.kw + j) * q.oc + c;
      acc[i][j] = kWhole ? load(s) : load_partial(s, lanes);
    }
  }
  Range common{0, q.ow};  // where every tap of the group is inside
  for (int j = 0; j < GW; ++j) {
    const Range r = valid_range((j0 + j) * q.dilation_w - q.pad_left, q.stride_w, q.w, q.ow);
    common.first = max_of(common.first, r.first);
    common.last = min_of(common.last, r.last);
  }
  if (common.last < common.first) common.first = common.last = q.ow;
  const int64_t tap_step = q.dilation_w * q.oc, pixel_step = q.stride_w * q.oc;
  const int64_t start = (j0 * q.dilation_w - q.pad_left) * q.oc + c;
  auto edge = [&](int64_t first, int64_t last) {
    for (int64_t o = first; o < last; ++o) {
      const T* d = dy + o * q.oc + c;
      const vec<T> g = kWhole ? load(d) : load_partial(d, lanes);
#pragma GCC unroll 8
      for (int j = 0; j < GW; ++j) {
        const int64_t iw = o * q.stride_w + (j0 + j) * q.dilation_w - q.pad_left;
        if (static_cast<uint64_t>(iw) >= static_cast<uint64_t>(q.w)) continue;
#pragma GCC unroll 3
        for (int i = 0; i < GH; ++i) {
          const T* from = x[i] + iw * q.oc + c;
          acc[i][j] += (kWhole ? load(from) : load_partial(from, lanes)) * g;
        }
      }
    }
  };
  edge(0, common.first);
  for (int64_t o = common.first; o < common.last; ++o) {
    const T* d = dy + o * q.oc + c;
    const vec<T> g = kWhole ? load(d) : load_partial(d, lanes);
#pragma GCC unroll 3
    for (int i = 0; i < GH; ++i) {
      const T* from = x[i] + start + o * pixel_step;
#pragma GCC unroll 8
      for (int j = 0; j < GW; ++j) {
        const T* v = from + j * tap_step;
        acc[i][j] += (kWhole ? load(v) : load_partial(v, lanes)) * g;
      }
    }
  }
  edge(common.last, q.ow);
#pragma GCC unroll 3
  for (int i = 0; i < GH; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < GW; ++j) {
      T* s = sum + (i * q.kw + j) * q.oc + c;
      if (kWhole) {
        store(s, acc[i][j]);
      } else {
        store_partial(s, acc[i][j], lanes);
      }
    }
  }
}

template <class T, int GH, int GW>
void filter_group(const Conv2DParams& q, const T* const* x, const T* dy, int64_t j0, int64_t c,
                  int lanes, T* sum) {
  if (lanes == kLanes<T>) {
    filter_group_lanes<T, GH, GW, true>(q, x, dy, j0, c, lanes, sum);
  } else {
    filter_group_lanes<T, GH, GW, false>(q, x, dy, j0, c, lanes, sum);
  }
}

template <class T>
using GroupFn = void (*)(const Conv2DParams&, const T* const*, const T*, int64_t, int64_t, int, T*);

template <class T>
GroupFn<T> group_function(int gh, int gw) {
  constexpr GroupFn<T> one[8] = {
      filter_group<T, 1, 1>, filter_group<T, 1, 2>, filter_group<T, 1, 3>, filter_group<T, 1, 4>,
      filter_group<T, 1, 5>, filter_group<T, 1, 6>, filter_group<T, 1, 7>, filter_group<T, 1, 8>};
  constexpr GroupFn<T> two[4] = {filter_group<T, 2, 1>, filter_group<T, 2, 2>,
                                 filter_group<T, 2, 3>, filter_group<T, 2, 4>};
  constexpr GroupFn<T> three[4] = {filter_group<T, 3, 1>, filter_group<T, 3, 2>,
                                   filter_group<T, 3, 3>, filter_group<T, 3, 4>};
  return gh == 1 ? one[gw - 1] : gh == 2 ? two[gw - 1] : three[gw - 1];
}

// Adds output row (image, oh) to sum [kh, kw, oc].
template <class T>
void filter_row(const Conv2DParams& q, const T* x, int64_t image, int64_t oh, T* sum) {
  const T* dy = static_cast<const T*>(q.dy) + (image * q.oh + oh) * q.ow * q.oc;
  for (int64_t i = 0; i < q.kh;) {
    const T* from[3];
    int gh = 0;
    int64_t i0 = i;
    // Up to three tap rows inside the image; they are neighbours, since inside is an interval.
    for (; i < q.kh && gh < (q.kw <= 4 ? 3 : 1); ++i) {
      const int64_t ih = oh * q.stride_h + i * q.dilation_h - q.pad_top;
      if (static_cast<uint64_t>(ih) >= static_cast<uint64_t>(q.h)) {
        if (gh) break;
        i0 = i + 1;
        continue;
      }
      from[gh++] = x + (image * q.h + ih) * q.w * q.oc;
    }
    if (!gh) continue;
    const int64_t most = gh > 1 ? 4 : 8;
    const int64_t groups = ceil_div(q.kw, most);
    for (int64_t c = 0; c < q.oc; c += kLanes<T>) {
      const int lanes = static_cast<int>(min_of<int64_t>(kLanes<T>, q.oc - c));
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t j0 = q.kw * g / groups, j1 = q.kw * (g + 1) / groups;
        group_function<T>(gh, static_cast<int>(j1 - j0))(q, from, dy, j0, c, lanes,
                                                         sum + (i0 * q.kw + j0) * q.oc);
      }
    }
  }
}

template <class T>
Status depthwise_conv2d_filter_grad(const Conv2DParams& q) {
  const int64_t times = q.oc / q.c, size = q.kh * q.kw * q.oc, rows = q.n * q.oh;
  const double work = static_cast<double>(rows * q.ow) * static_cast<double>(size);
  const int64_t wanted = work < 4e5 ? 1 : static_cast<int64_t>(min_of(work / 2e5, 32.0));
  const int64_t parts = max_of<int64_t>(1, min_of(wanted, rows));
  Scratch<T> repeated(times > 1 ? q.n * q.h * q.w * q.oc : 1);
  Scratch<T> partial(parts * size);
  if (!repeated || !partial) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(q.x);
  if (times > 1) {
    repeat_channels(x, q.n * q.h * q.w, q.c, times, repeated.get());
    x = repeated.get();
  }
  parallel(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* sum = partial.get() + i * size;
      for (int64_t k = 0; k < size; ++k) sum[k] = T(0);
      for (int64_t r = rows * i / parts; r < rows * (i + 1) / parts; ++r) {
        filter_row(q, x, r / q.oh, r % q.oh, sum);
      }
    }
  });
  T* out = static_cast<T*>(q.out);
  for (int64_t k = 0; k < size; ++k) {
    T sum = partial.get()[k];
    for (int64_t i = 1; i < parts; ++i) sum += partial.get()[i * size + k];
    out[k] = sum;
  }
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(depthwise_conv2d, Conv2DParams, depthwise_conv2d)
MINIDL_EXPORT(depthwise_conv2d_input_grad, Conv2DParams, depthwise_conv2d_input_grad)
MINIDL_EXPORT(depthwise_conv2d_filter_grad, Conv2DParams, depthwise_conv2d_filter_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
