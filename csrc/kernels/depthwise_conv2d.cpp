// Depthwise conv2d and its input gradient, NHWC: every channel has filters of its own, so vectors
// run over channels and nothing is a matrix product. Filters lie as [kh, kw, c * multiplier].
//
// Bands of rows (depthwise_band.h) are summed tile by tile (depthwise_tile.h). The input gradient
// is the same engine run on dy, one phase of the stride at a time. A multiplier above 1 repeats x
// along the channels on the way into the ring (sums dx afterwards): what remains has one filter a
// channel.
#include "kernels/depthwise_band.h"
#include "kernels/depthwise_three.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// A vector of the result is written at a time, a whole line only with the widest ones.
template <class T>
bool depthwise_streams(const DepthwiseProblem<T>& q) {
  return MINIDL_VEC_BYTES == 64 && q.c % kLanes<T> == 0 &&
         worth_streaming(q.out, q.n * q.gh * q.gw * q.c * static_cast<int64_t>(sizeof(T)));
}

// 3 x 3 taps over outputs that lie side by side. Where these go past the caches tiles are better:
// they write the vectors of a pixel one after the other.
template <class T>
bool is_three(const DepthwiseProblem<T>& q) {
  return !q.streams && q.nh == 3 && q.nw == 3 && q.times == 1 && q.out_pixel == q.c &&
         q.out_row == q.gw * q.c && window_slide(q.sw, q.dw[1] - q.dw[0]);
}

template <class T>
void depthwise_three(const DepthwiseProblem<T>& q) {
  const WindowProblem<T> problem{q.in,
                                 q.out,
                                 q.h,
                                 q.w,
                                 q.gh,
                                 q.gw,
                                 q.c,
                                 q.sh,
                                 q.sw,
                                 q.dh[0],
                                 q.dw[0],
                                 q.dh[1] - q.dh[0],
                                 q.dw[1] - q.dw[0]};
  const int64_t rows = q.n * q.gh, most = max_of<int64_t>(8, 4 * problem.dh_step);
  const Split parts(rows, max_of(ceil_div(rows, 64), most));
  parallel(parts.parts, ceil_div(kStreamGrain, q.gw * q.c * 6 * parts.longest()),
           [&](int64_t begin, int64_t end) {
             const ThreeForward<T> op(q);
             WindowWalk<T, const ThreeForward<T>> walk(problem, op);
             walk.run(parts.begin(begin), parts.begin(end));
           });
}

template <class T>
Status depthwise(DepthwiseProblem<T> q) {
  q.streams = depthwise_streams(q);
  if (!q.n || !q.gh || !q.gw || !q.c) return Status::kOk;
  if (is_three(q)) {
    depthwise_three(q);
    return Status::kOk;
  }
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
