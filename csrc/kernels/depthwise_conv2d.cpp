// Depthwise conv2d and its input gradient, NHWC: every channel has filters of its own, so vectors
// run over channels and nothing is a matrix product. Filters lie as [kh, kw, c * multiplier].
//
// A block of channels goes down the rows of an image, or of a part of its columns. The rows it
// meets are copied into a ring (depthwise_ring.h), zeros beyond the borders, and read from there
// for all taps. A tile is 8 pixels of an output row times one vector of channels, held in registers
// over all taps; up to 4 taps of a row share each pixel they load. With dilation d the tile's
// pixels are d apart, for the same reason. The input gradient is the same engine run on dy, one
// phase of the stride at a time. A multiplier above 1 repeats x along the channels on the way into
// the ring (sums dx afterwards): what remains has one filter a channel.
#include "kernels/brgemm.h"  // Split
#include "kernels/depthwise_ring.h"
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

// How a problem is cut: channels, columns and rows to go down at a time. What they meet stays in
// L1, unless taps are many or far apart.
struct Cut {
  int64_t slots, block, width;  // the ring's rows, channels, columns
  bool by_tap;                  // a slot for each tap row: they are too far apart to hold all
  int64_t left, right;          // outputs beside the middle, whose columns are read as they lie
  Split blocks, middle, bands;

  struct Segment {
    int64_t begin, length;
    bool direct;
  };
  int64_t segments() const { return middle.parts + (left > 0) + (right > 0); }
  Segment segment(int64_t k) const {
    if (left && k-- == 0) return {0, left, false};
    if (k < middle.parts) return {left + middle.begin(k), middle.length(k), left > 0};
    return {left + middle.total, right, false};
  }
};

template <class T>
Cut cut(const DepthwiseProblem<T>& q, const Walk& walk) {
  constexpr int64_t kNear = 36 * 1024;
  const int64_t reach = q.nh ? q.dh[q.nh - 1] - q.dh[0] + 1 : 1;
  const int64_t halo = q.nw ? q.dw[q.nw - 1] - q.dw[0] : 0;
  const int64_t over = (kPixels - 1) * walk.tile_step * walk.unit;  // a tile may read so far
  const bool by_tap = reach > 4 * max_of(q.nh, 2);
  const int64_t slots = by_tap ? q.nh : reach;
  // Where rows lie well in L1 the middle columns need no copies.
  int64_t left = 0, right = 0;
  if (q.times == 1 && q.nw && q.c * static_cast<int64_t>(sizeof(T)) < 1024) {
    left = ceil_div(max_of<int64_t>(-q.dw[0], q.sw), q.sw * kPixels) * kPixels;
    const int64_t last = q.w - 1 - over - q.dw[q.nw - 1];  // pixel of the last output inside
    const int64_t end = last < 0 ? 0 : min_of(q.gw - 1, last / q.sw + 1);
    right = q.gw - end;
    if (end < left + 2 * kPixels) left = right = 0;
  }
  const int64_t outputs = q.gw - left - right;
  const int64_t least = min_of(outputs, max_of<int64_t>(2 * kPixels * walk.spread, halo / q.sw));
  int64_t vectors = ceil_div(q.c, kLanes<T>), most = 0;
  if (!left) vectors = min_of<int64_t>(4, vectors);
  for (;; vectors /= 2) {
    const int64_t columns = kNear / (MINIDL_VEC_BYTES * slots * vectors);
    most = (columns - halo - over - 1) / q.sw + 1;
    if (left || most >= least || vectors == 1) break;
  }
  const Split middle(outputs, max_of<int64_t>(max_of(most, least), 1));
  const int64_t in_ring = left ? max_of(left, right) : middle.longest();
  const Split blocks(ceil_div(q.c, kLanes<T>), vectors);  // of vectors
  // Rows are cut where there are few images, not so short that copies count.
  const int64_t pieces = q.n * blocks.parts * middle.parts;
  const int64_t rows = max_of(ceil_div(q.gh * pieces, 64), 4 * ceil_div(reach, q.sh));
  return {slots,
          vectors * kLanes<T>,
          (in_ring - 1) * q.sw + halo + over + 1,
          by_tap,
          left,
          right,
          blocks,
          middle,
          Split(q.gh, rows)};
}

// Goes down a band of rows for a block of channels and a segment of columns.
template <class T>
class DepthwiseBand {
 public:
  DepthwiseBand(const DepthwiseProblem<T>& q, const Walk& walk, const Cut& cut)
      : q_(q),
        walk_(walk),
        cut_(cut),
        ring_(cut.slots, cut.width, cut.block),
        lists_(q.nh + q.nw),
        rows_(2 * q.nh + 1),
        chunks_(q.nw + 2) {
    if (!ok()) return;
    const int parts = (q.nw + walk.chunk - 1) / walk.chunk;
    for (int k = 0; k <= parts; ++k) chunks_.get()[k] = parts ? q.nw * k / parts : 0;
  }
  bool ok() const { return ring_.ok() && lists_ && rows_ && chunks_; }

  void run(int64_t item) {
    const int64_t block = item % cut_.blocks.parts, rest = item / cut_.blocks.parts;
    const int64_t rows = rest / cut_.segments();
    const int64_t band = rows % cut_.bands.parts, image = rows / cut_.bands.parts;
    begin(image, block, cut_.segment(rest % cut_.segments()));
    for (int64_t g = cut_.bands.begin(band); g < cut_.bands.begin(band + 1); ++g) {
      T* out = q_.out + image * q_.out_image + g * q_.out_row;
      output_row(g, out + segment_.begin * q_.out_pixel + t_.first);
    }
  }

 private:
  void begin(int64_t image, int64_t block, Cut::Segment segment) {
    segment_ = segment;
    t_.first = cut_.blocks.begin(block) * kLanes<T>;
    t_.count = min_of(cut_.blocks.length(block) * kLanes<T>, q_.c - t_.first);
    const int64_t lo = segment.begin * q_.sw + (q_.nw ? q_.dw[0] : 0);
    const T* from = q_.in + image * q_.h * q_.w * (q_.c / q_.times);
    if (segment.direct) {
      direct_ = from + lo * q_.c + t_.first;
      ld_ = q_.c;
    } else {
      ring_.begin(
          {from, q_.h, q_.w, q_.c, q_.times, t_.first, t_.count, lo, q_.nw ? cut_.width : 0});
      ld_ = ring_.ld();
    }
    for (int j = 0; j < q_.nw; ++j) column_x()[j] = (q_.dw[j] - q_.dw[0]) * ld_;
    t_.row_w = lists_.get();
    t_.column_x = column_x();
    t_.chunks = chunks_.get();
    t_.step = walk_.unit * ld_;
    t_.out_step = walk_.spread * q_.out_pixel;
  }

  void output_row(int64_t g, T* out) {
    const T** tap = rows_.get();
    const T** at = tap + q_.nh;
    t_.nh = 0;
    for (int i = 0; i < q_.nh && q_.nw; ++i) {
      const int64_t ih = g * q_.sh + q_.dh[i];
      if (static_cast<uint64_t>(ih) >= static_cast<uint64_t>(q_.h)) continue;
      tap[t_.nh] = segment_.direct ? direct_ + ih * q_.w * q_.c
                                   : ring_.row(ih, cut_.by_tap ? i : ih % cut_.slots);
      lists_.get()[t_.nh++] = q_.row_w[i];
    }
    t_.rows = at;
    const bool three = q_.nw == 3 && walk_.chunk == kMaxChunk;
    for (int64_t phase = 0; phase < min_of(walk_.spread, segment_.length); ++phase) {
      const Split tiles(ceil_div(segment_.length - phase, walk_.spread), kPixels);
      for (int64_t k = 0; k < tiles.parts; ++k) {
        const int64_t g0 = phase + tiles.begin(k) * walk_.spread;
        for (int i = 0; i < t_.nh; ++i) at[i] = tap[i] + g0 * q_.sw * ld_;
        t_.out = out + g0 * q_.out_pixel;
        t_.pixels = static_cast<int>(tiles.length(k));
        if (segment_.direct && t_.nh) prefetch_next_row(at[t_.nh - 1]);
        tile_function<T>(t_.pixels, walk_.tile_step)(q_, t_, three);
      }
    }
  }

  // Segments are short, and hardware does not see the rows below coming.
  void prefetch_next_row(const T* in) {
    constexpr int64_t kLine = 64 / sizeof(T);
    in += q_.w * q_.c;
    for (int64_t i = 0; i < t_.pixels * q_.sw * q_.c; i += kLine) __builtin_prefetch(in + i);
  }

  int64_t* column_x() { return lists_.get() + q_.nh; }

  const DepthwiseProblem<T>& q_;
  const Walk& walk_;
  const Cut& cut_;
  RowRing<T> ring_;
  Scratch<int64_t> lists_;  // row_w of the tap rows inside the image; column_x
  Scratch<const T*> rows_;  // these rows at the segment's first pixel, and at the tile's
  Scratch<int> chunks_;
  Cut::Segment segment_{};
  const T* direct_ = nullptr;  // the image at the segment's first pixel
  int64_t ld_ = 0;             // from pixel to pixel, in the ring or in the image
  DepthwiseTile<T> t_{};
};

// A vector of the result is written at a time, a whole line only with the widest ones.
template <class T>
bool depthwise_streams(const DepthwiseProblem<T>& q) {
  return MINIDL_VEC_BYTES == 64 && q.c % kLanes<T> == 0 &&
         worth_streaming(q.out, q.n * q.gh * q.gw * q.c * static_cast<int64_t>(sizeof(T)));
}

template <class T>
Status depthwise(DepthwiseProblem<T> q) {
  q.streams = depthwise_streams(q);
  if (!q.n || !q.gh || !q.gw || !q.c) return Status::kOk;
  bool no_memory = false;
  const Walk walk = walk_of(q);
  const Cut parts = cut(q, walk);
  const int64_t items = q.n * parts.bands.parts * parts.segments() * parts.blocks.parts;
  const int64_t work = q.n * q.gh * q.gw * q.c / items * (2 + q.nh * q.nw / 2);
  parallel(items, ceil_div(4 * kStreamGrain, max_of<int64_t>(work, 1)),
           [&](int64_t begin, int64_t end) {
             DepthwiseBand<T> band(q, walk, parts);
             if (!band.ok()) {
               no_memory = true;
               return;
             }
             for (int64_t i = begin; i < end; ++i) band.run(i);
             if (q.streams) stream_end();
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

// Four lists: dh, row_w [kh]; dw, column_w [kw].
struct Taps {
  Scratch<int64_t> lists;
  int64_t *dh, *row_w, *dw, *column_w;
  explicit Taps(const Conv2DParams& q) : lists(2 * (q.kh + q.kw)) {
    dh = lists.get();
    row_w = dh + q.kh;
    dw = row_w + q.kh;
    column_w = dw + q.kw;
  }
};

template <class T>
Status depthwise_conv2d(const Conv2DParams& q) {
  Taps taps(q);
  if (!taps.lists) return Status::kOutOfMemory;
  for (int64_t i = 0; i < q.kh; ++i) {
    taps.dh[i] = i * q.dilation_h - q.pad_top;
    taps.row_w[i] = i * q.kw * q.oc;
  }
  for (int64_t j = 0; j < q.kw; ++j) {
    taps.dw[j] = j * q.dilation_w - q.pad_left;
    taps.column_w[j] = j * q.oc;
  }
  DepthwiseProblem<T> p{};
  p.in = static_cast<const T*>(q.x);
  p.n = q.n;
  p.h = q.h;
  p.w = q.w;
  p.c = q.oc;
  p.times = q.oc / q.c;
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
  Taps taps(q);
  Scratch<T> wide(times > 1 ? q.n * q.h * q.w * q.oc : 1);
  if (!taps.lists || !wide) return Status::kOutOfMemory;
  T* out = times > 1 ? wide.get() : static_cast<T*>(q.out);
  DepthwiseProblem<T> p{};
  p.in = static_cast<const T*>(q.dy);
  p.n = q.n;
  p.h = q.oh;
  p.w = q.ow;
  p.c = q.oc;
  p.times = 1;
  p.out_image = q.h * q.w * q.oc;
  p.out_row = q.stride_h * q.w * q.oc;
  p.out_pixel = q.stride_w * q.oc;
  p.sh = p.sw = 1;
  p.dh = taps.dh;
  p.dw = taps.dw;
  p.row_w = taps.row_w;
  p.column_w = taps.column_w;
  p.filter = static_cast<const T*>(q.filter);
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
