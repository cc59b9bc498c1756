// Depthwise conv2d and its input gradient, NHWC: every channel has filters of its own, so vectors
// run over channels and nothing is a matrix product. Filters lie as [kh, kw, c * multiplier].
//
// A tile is 8 pixels of an output row times one vector of channels, held in registers over all
// taps. Up to 4 taps of a row share each pixel they load: pixels of one channel are whole cache
// sets apart when channels are a power of two, so they had better not be loaded twice. With
// dilation d the tile's pixels are d apart, for the same reason. Where a tile leaves the input,
// pixels point to a row of zeros. The input gradient is the same engine run on dy, one phase of the
// stride at a time. A multiplier above 1 repeats x along the channels first (sums dx afterwards):
// what remains has one filter a channel.
#include "kernels/brgemm.h"  // Split
#include "kernels/repeat_channels.h"

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

// One tile: P pixels x all channels. Entry u of a chunk lies at[u] after the row, or outside the
// input (negative); with kEdge false all are inside and `step` apart.
template <class T>
struct DepthwiseTile {
  const T* const* rows;
  const int64_t* row_w;
  int nh;
  const int64_t* at;
  const int* chunks;  // first tap of each chunk, and nw after the last
  int64_t step;
  T* out;
  int64_t out_step;
  int count;  // pixels to write
};

template <class T, int P, int S, bool kEdge, bool kWhole, int W>
MINIDL_INLINE void add_chunk(const T* zeros, int64_t step, int lanes, const T* row, const T* filter,
                             const int64_t* at, const int64_t* column_w, vec<T> (&acc)[P]) {
  vec<T> weight[W];
#pragma GCC unroll 4
  for (int j = 0; j < W; ++j) {
    const T* f = filter + column_w[j];
    weight[j] = kWhole ? load(f) : load_partial(f, lanes);
  }
  const T* x = kEdge ? row : row + at[0];
#pragma GCC unroll 24
  for (int u = 0; u < (P - 1) * S + W; ++u) {
    const T* from = x + u * step;
    if (kEdge) from = at[u] < 0 ? zeros : row + at[u];
    const vec<T> v = kWhole ? load(from) : load_partial(from, lanes);
#pragma GCC unroll 4
    for (int j = 0; j < W; ++j) {
      if (u >= j && (u - j) % S == 0 && (u - j) / S < P) acc[(u - j) / S] += v * weight[j];
    }
  }
}

// Channels [c, end): whole vectors as long as there are, or the rest. kThree: rows of 3 taps, the
// usual case, without a loop over chunks.
template <class T, int P, int S, bool kEdge, bool kWhole, bool kThree>
int64_t depthwise_tile(const DepthwiseProblem<T>& q, const Walk& walk, const DepthwiseTile<T>& t,
                       int64_t c, int64_t end) {
  for (; kWhole ? c + kLanes<T> <= end : c < end; c += kLanes<T>) {
    const int lanes = kWhole ? kLanes<T> : static_cast<int>(end - c);
    const T* zeros = q.zeros + c;
    vec<T> acc[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) acc[p] = vec<T>{};
    for (int i = 0; i < t.nh; ++i) {
      const T* row = t.rows[i] + c;
      const T* filter = q.filter + t.row_w[i] + c;
      if (kThree) {
        add_chunk<T, P, S, kEdge, kWhole, 3>(zeros, t.step, lanes, row, filter, t.at, q.column_w,
                                             acc);
        continue;
      }
      for (const int* chunk = t.chunks; *chunk < q.nw; ++chunk) {
        const int j = *chunk;
        const int64_t* at = t.at + (walk.apart ? j * P : j);
        const int64_t* w = q.column_w + j;
        switch (chunk[1] - j) {
          case 1:
            add_chunk<T, P, S, kEdge, kWhole, 1>(zeros, t.step, lanes, row, filter, at, w, acc);
            break;
          case 2:
            add_chunk<T, P, S, kEdge, kWhole, 2>(zeros, t.step, lanes, row, filter, at, w, acc);
            break;
          case 3:
            add_chunk<T, P, S, kEdge, kWhole, 3>(zeros, t.step, lanes, row, filter, at, w, acc);
            break;
          default:
            add_chunk<T, P, S, kEdge, kWhole, 4>(zeros, t.step, lanes, row, filter, at, w, acc);
        }
      }
    }
    vec<T> bias{};
    if (q.bias) bias = kWhole ? load(q.bias + c) : load_partial(q.bias + c, lanes);
    T* out = t.out + c;
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      if (p >= t.count) break;
      vec<T> v = q.bias ? acc[p] + bias : acc[p];
      T* to = out + p * t.out_step;
      if (q.residual) {
        const T* add = q.residual + (to - q.out);
        v += kWhole ? load(add) : load_partial(add, lanes);
      }
      if (q.relu) v = vmax<T>(v, vec<T>{});
      if (kWhole) {
        store(to, v);
      } else {
        store_partial(to, v, lanes);
      }
    }
  }
  return c;
}

template <class T, int P, int S, bool kEdge>
void depthwise_channels(const DepthwiseProblem<T>& q, const Walk& walk, const DepthwiseTile<T>& t,
                        int64_t c, int64_t end) {
  const bool three = q.nw == 3 && !walk.apart;
  c = three ? depthwise_tile<T, P, S, kEdge, true, true>(q, walk, t, c, end)
            : depthwise_tile<T, P, S, kEdge, true, false>(q, walk, t, c, end);
  if (c < end) depthwise_tile<T, P, S, kEdge, false, false>(q, walk, t, c, end);
}

// The rows below, of input and output, are in memory still, and hardware does not see them coming
// in this order of access.
template <class T>
MINIDL_INLINE void prefetch_next_row(const DepthwiseProblem<T>& q, const DepthwiseTile<T>& t,
                                     int64_t g0) {
  constexpr int64_t kLine = 64 / sizeof(T);
  const T* in = t.rows[t.nh - 1] + (q.w + g0 * q.sw) * q.c;
  for (int64_t i = 0; i < t.count * q.sw * q.c; i += kLine) __builtin_prefetch(in + i, 0, 2);
  const T* out = t.out + q.out_row;
  for (int64_t i = 0; i < t.count * q.c; i += kLine) __builtin_prefetch(out + i, 1, 2);
}

// Rows of outputs that one thread works down, tile by tile, so that most input rows come from L1.
// Large images stream through memory: there one row at a time is faster.
constexpr int kBand = 16;

template <class T>
struct Band {
  int rows;  // in use
  DepthwiseTile<T> tile[kBand];
};

// `count` outputs from g0, `spread` apart, in every row of the band.
template <class T, int P>
void depthwise_pixels(const DepthwiseProblem<T>& q, const Walk& walk, Band<T>& band, int64_t g0,
                      int count, int64_t* at) {
  // The last input pixel that an output of the tile needs; beyond it nothing is read.
  const int units = walk.apart ? P : (P - 1) * walk.tile_step + q.nw;
  const int64_t needed = walk.apart ? count : (count - 1) * walk.tile_step + q.nw;
  bool edge = false;
  for (int j = 0; j < (walk.apart ? q.nw : 1); ++j) {
    for (int u = 0; u < units; ++u) {
      const int64_t iw = g0 * q.sw + q.dw[j] + u * walk.unit;
      const bool inside = u < needed && static_cast<uint64_t>(iw) < static_cast<uint64_t>(q.w);
      edge = edge || !inside;
      at[j * units + u] = inside ? iw * q.c : -1;
    }
  }
  const auto channels =
      walk.tile_step == 1
          ? (edge ? depthwise_channels<T, P, 1, true> : depthwise_channels<T, P, 1, false>)
          : (edge ? depthwise_channels<T, P, 2, true> : depthwise_channels<T, P, 2, false>);
  const int64_t bytes = static_cast<int64_t>(sizeof(T)) * units * max_of(q.nh, 1);
  const int64_t most = max_of<int64_t>(1, 20 * 1024 / bytes / kLanes<T>) * kLanes<T>;
  for (int64_t c = 0; c < q.c; c += most) {
    for (int r = 0; r < band.rows; ++r) {
      DepthwiseTile<T>& t = band.tile[r];
      T* const row = t.out;
      t.out += g0 * q.out_pixel;
      t.count = count;
      if (t.nh && c == 0 && r == band.rows - 1) prefetch_next_row(q, t, g0);
      channels(q, walk, t, c, min_of(c + most, q.c));
      t.out = row;
    }
  }
}

template <class T>
Status depthwise(const DepthwiseProblem<T>& q) {
  bool no_memory = false;
  const Walk walk = plan(q);
  const int64_t work = q.gw * q.c * (2 + q.nh * q.nw / 2);
  const int64_t wanted = ceil_div(6 * kStreamGrain, max_of<int64_t>(work, 1));
  const bool large = q.h * q.w * q.c * static_cast<int64_t>(sizeof(T)) > (1 << 20);
  const Split bands(q.gh, large ? 1 : min_of<int64_t>(kBand, max_of<int64_t>(wanted, 4)));
  const int64_t band_work = work * bands.longest();
  parallel(q.n * bands.parts, ceil_div(4 * kStreamGrain, max_of<int64_t>(band_work, 1)),
           [&](int64_t begin, int64_t end) {
             Scratch<int64_t> at((q.nw + 2) * kPixels), row_w(kBand * (q.nh + 1));
             Scratch<const T*> rows(kBand * (q.nh + 1));
             Scratch<int> chunks(q.nw + 2);
             if (!at || !row_w || !rows || !chunks) {
               no_memory = true;
               return;
             }
             const int parts = (q.nw + walk.chunk - 1) / walk.chunk;
             for (int k = 0; k <= parts; ++k) chunks.get()[k] = parts ? q.nw * k / parts : 0;
             for (int64_t b = begin; b < end; ++b) {
               const int64_t image = b / bands.parts, g = bands.begin(b % bands.parts);
               Band<T> band;
               band.rows = static_cast<int>(bands.length(b % bands.parts));
               for (int r = 0; r < band.rows; ++r) {
                 DepthwiseTile<T>& t = band.tile[r];
                 const T** row = rows.get() + r * q.nh;
                 int64_t* w = row_w.get() + r * q.nh;
                 t.nh = 0;
                 for (int i = 0; i < q.nh; ++i) {
                   const int64_t ih = (g + r) * q.sh + q.dh[i];
                   if (static_cast<uint64_t>(ih) >= static_cast<uint64_t>(q.h)) continue;
                   row[t.nh] = q.in + (image * q.h + ih) * q.w * q.c;
                   w[t.nh++] = q.row_w[i];
                 }
                 t.rows = row;
                 t.row_w = w;
                 t.at = at.get();
                 t.chunks = chunks.get();
                 t.step = walk.unit * q.c;
                 t.out = q.out + image * q.out_image + (g + r) * q.out_row;
                 t.out_step = walk.spread * q.out_pixel;
               }
               for (int64_t phase = 0; phase < min_of(walk.spread, q.gw); ++phase) {
                 const Split tiles(ceil_div(q.gw - phase, walk.spread), kPixels);
                 for (int64_t i = 0; i < tiles.parts; ++i) {
                   const int64_t g0 = phase + tiles.begin(i) * walk.spread;
                   const int count = static_cast<int>(tiles.length(i));
                   if (count > 4) {
                     depthwise_pixels<T, kPixels>(q, walk, band, g0, count, at.get());
                   } else {
                     depthwise_pixels<T, 4>(q, walk, band, g0, count, at.get());
                   }
                 }
               }
             }
           });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
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

}  // namespace

MINIDL_EXPORT(depthwise_conv2d, Conv2DParams, depthwise_conv2d)
MINIDL_EXPORT(depthwise_conv2d_input_grad, Conv2DParams, depthwise_conv2d_input_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
