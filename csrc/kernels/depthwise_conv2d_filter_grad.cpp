// Filter gradient of the depthwise conv2d: dW[tap, c] = sum over pixels of x[pixel under tap, c] *
// dy[pixel, c]. Up to 3 x 4 taps are held in registers along an output row, so that dy is read once
// for them; rows are cut into partial sums by the size of the problem alone.
#include "kernels/repeat_channels.h"
#include "kernels/valid_range.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// GH x GW taps from (i0, j0) along an output row, all channels: sum[tap] +=.
// Row i of the group reads x[i] or, outside the image, nothing (null).
template <class T, int GH, int GW, bool kWhole>
MINIDL_INLINE void filter_group_lanes(const Conv2DParams& q, const T* const* x, const T* dy,
                                      int64_t j0, Range common, int64_t c, int lanes, T* sum) {
  auto read = [lanes](const T* p) { return kWhole ? load(p) : load_partial(p, lanes); };
  vec<T> acc[GH][GW];
#pragma GCC unroll 3
  for (int i = 0; i < GH; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < GW; ++j) acc[i][j] = read(sum + (i * q.kw + j) * q.oc + c);
  }
  const int64_t tap_step = q.dilation_w * q.oc, pixel_step = q.stride_w * q.oc;
  const int64_t start = (j0 * q.dilation_w - q.pad_left) * q.oc + c;
  auto edge = [&](int64_t first, int64_t last) {
    for (int64_t o = first; o < last; ++o) {
      const vec<T> g = read(dy + o * q.oc + c);
#pragma GCC unroll 8
      for (int j = 0; j < GW; ++j) {
        const int64_t iw = o * q.stride_w + (j0 + j) * q.dilation_w - q.pad_left;
        if (static_cast<uint64_t>(iw) >= static_cast<uint64_t>(q.w)) continue;
#pragma GCC unroll 3
        for (int i = 0; i < GH; ++i) acc[i][j] += read(x[i] + iw * q.oc + c) * g;
      }
    }
  };
  edge(0, common.first);
  for (int64_t o = common.first; o < common.last; ++o) {
    const vec<T> g = read(dy + o * q.oc + c);
#pragma GCC unroll 3
    for (int i = 0; i < GH; ++i) {
      const T* from = x[i] + start + o * pixel_step;
#pragma GCC unroll 8
      for (int j = 0; j < GW; ++j) acc[i][j] += read(from + j * tap_step) * g;
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
void filter_group(const Conv2DParams& q, const T* const* x, const T* dy, int64_t j0, T* sum) {
  Range common{0, q.ow};  // where every tap of the group is inside
  for (int j = 0; j < GW; ++j) {
    const Range r = valid_range((j0 + j) * q.dilation_w - q.pad_left, q.stride_w, q.w, q.ow);
    common.first = max_of(common.first, r.first);
    common.last = min_of(common.last, r.last);
  }
  if (common.last < common.first) common.first = common.last = q.ow;
  int64_t c = 0;
  for (; c + kLanes<T> <= q.oc; c += kLanes<T>) {
    filter_group_lanes<T, GH, GW, true>(q, x, dy, j0, common, c, kLanes<T>, sum);
  }
  if (c < q.oc) {
    filter_group_lanes<T, GH, GW, false>(q, x, dy, j0, common, c, static_cast<int>(q.oc - c), sum);
  }
}

template <class T>
using GroupFn = void (*)(const Conv2DParams&, const T* const*, const T*, int64_t, T*);

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
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t j0 = q.kw * g / groups, j1 = q.kw * (g + 1) / groups;
      group_function<T>(gh, static_cast<int>(j1 - j0))(q, from, dy, j0,
                                                       sum + (i0 * q.kw + j0) * q.oc);
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

MINIDL_EXPORT(depthwise_conv2d_filter_grad, Conv2DParams, depthwise_conv2d_filter_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
