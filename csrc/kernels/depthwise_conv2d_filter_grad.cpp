// Filter gradient of the depthwise conv2d: dW[tap, c] = sum over pixels of x[pixel under tap, c] *
// dy[pixel, c]. Up to 3 x 4 taps are held in registers along an output row, so that dy is read once
// for them; rows are cut into partial sums by the size of the problem alone.
//
// Where pixels lie a KiB or more apart, few sets of L1 hold all that a vector of channels meets:
// then 4 vectors of channels at a time are taken out of each row of x and dy once, side by side,
// into a ring of rows, and read from there for all taps. 3 x 3 taps, the usual case, need neither:
// a window of x slides along pairs of rows (depthwise_window.h).
#include "kernels/depthwise_three.h"
#include "kernels/repeat_channels.h"
#include "kernels/valid_range.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// A row of dy and the rows of x that it meets; pixels are `ld` apart, `channels` are in use.
template <class T>
struct FilterRows {
  const T* x[3];
  const T* dy;
  int64_t ld, channels;
};

// GH x GW taps from (i0, j0) along an output row, one vector of channels: sum[tap] +=.
template <class T, int GH, int GW, bool kWhole>
MINIDL_INLINE void filter_group_lanes(const Conv2DParams& q, const FilterRows<T>& rows, int64_t j0,
                                      Range common, int64_t c, int lanes, T* sum) {
  const T* const* x = rows.x;
  const T* dy = rows.dy;
  const int64_t ld = rows.ld;
  auto read = [lanes](const T* p) { return kWhole ? load(p) : load_partial(p, lanes); };
  vec<T> acc[GH][GW];
#pragma GCC unroll 3
  for (int i = 0; i < GH; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < GW; ++j) acc[i][j] = read(sum + (i * q.kw + j) * q.oc + c);
  }
  const int64_t tap_step = q.dilation_w * ld, pixel_step = q.stride_w * ld;
  const int64_t start = (j0 * q.dilation_w - q.pad_left) * ld + c;
  auto edge = [&](int64_t first, int64_t last) {
    for (int64_t o = first; o < last; ++o) {
      const vec<T> g = read(dy + o * ld + c);
#pragma GCC unroll 8
      for (int j = 0; j < GW; ++j) {
        const int64_t iw = o * q.stride_w + (j0 + j) * q.dilation_w - q.pad_left;
        if (static_cast<uint64_t>(iw) >= static_cast<uint64_t>(q.w)) continue;
#pragma GCC unroll 3
        for (int i = 0; i < GH; ++i) acc[i][j] += read(x[i] + iw * ld + c) * g;
      }
    }
  };
  edge(0, common.first);
  for (int64_t o = common.first; o < common.last; ++o) {
    const vec<T> g = read(dy + o * ld + c);
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
void filter_group(const Conv2DParams& q, const FilterRows<T>& rows, int64_t j0, T* sum) {
  Range common{0, q.ow};  // where every tap of the group is inside
  for (int j = 0; j < GW; ++j) {
    const Range r = valid_range((j0 + j) * q.dilation_w - q.pad_left, q.stride_w, q.w, q.ow);
    common.first = max_of(common.first, r.first);
    common.last = min_of(common.last, r.last);
  }
  if (common.last < common.first) common.first = common.last = q.ow;
  int64_t c = 0;
  for (; c + kLanes<T> <= rows.channels; c += kLanes<T>) {
    filter_group_lanes<T, GH, GW, true>(q, rows, j0, common, c, kLanes<T>, sum);
  }
  if (c < rows.channels) {
    filter_group_lanes<T, GH, GW, false>(q, rows, j0, common, c,
                                         static_cast<int>(rows.channels - c), sum);
  }
}

template <class T>
using GroupFn = void (*)(const Conv2DParams&, const FilterRows<T>&, int64_t, T*);

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

constexpr int kMaxRing = 32;

// Where the rows of a block of channels are read: as they lie, or out of a ring of copied rows.
template <class T>
class RowSource {
 public:
  RowSource(const Conv2DParams& q, const T* x, T* ring, int slots)
      : q_(q), x_(x), ring_(ring), slots_(slots) {}

  void begin(int64_t channel, int64_t channels) {
    channel_ = channel;
    channels_ = channels;
    for (int64_t& row : held_) row = -1;
  }
  int64_t ld() const { return slots_ ? channels_ : q_.oc; }
  int64_t channels() const { return channels_; }

  const T* x(int64_t image, int64_t ih) {
    const int64_t row = image * q_.h + ih;
    const T* from = x_ + row * q_.w * q_.oc + channel_;
    if (!slots_) return from;
    T* to = ring_ + row % slots_ * q_.w * channels_;
    if (held_[row % slots_] != row) copy(from, q_.w, to);
    held_[row % slots_] = row;
    return to;
  }
  const T* dy(int64_t row) {
    const T* from = static_cast<const T*>(q_.dy) + row * q_.ow * q_.oc + channel_;
    if (!slots_) return from;
    T* to = ring_ + slots_ * q_.w * channels_;
    copy(from, q_.ow, to);
    return to;
  }

 private:
  // The pieces are too far apart for hardware prefetch: the next row's are asked for here.
  void copy(const T* from, int64_t pixels, T* to) {
    const int64_t ahead = pixels * q_.oc;
    for (int64_t i = 0; i < pixels; ++i, from += q_.oc, to += channels_) {
      int64_t c = 0;
      for (; c + kLanes<T> <= channels_; c += kLanes<T>) {
        __builtin_prefetch(from + ahead + c);
        store(to + c, load(from + c));
      }
      for (; c < channels_; ++c) to[c] = from[c];
    }
  }

  const Conv2DParams& q_;
  const T* x_;
  T* ring_;
  int64_t slots_, channel_ = 0, channels_ = 0;
  int64_t held_[kMaxRing];
};

// Adds output row (image, oh) to sum [kh, kw, oc], at the source's first channel.
template <class T>
void filter_row(const Conv2DParams& q, RowSource<T>& source, int64_t image, int64_t oh, T* sum) {
  FilterRows<T> rows{{}, source.dy(image * q.oh + oh), source.ld(), source.channels()};
  for (int64_t i = 0; i < q.kh;) {
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
      rows.x[gh++] = source.x(image, ih);
    }
    if (!gh) continue;
    const int64_t most = gh > 1 ? 4 : 8;
    const int64_t groups = ceil_div(q.kw, most);
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t j0 = q.kw * g / groups, j1 = q.kw * (g + 1) / groups;
      group_function<T>(gh, static_cast<int>(j1 - j0))(q, rows, j0, sum + (i0 * q.kw + j0) * q.oc);
    }
  }
}

// 3 x 3 taps: the same sums.
template <class T>
bool three_rows(const Conv2DParams& q, const T* x, int64_t r0, int64_t r1, T* sum) {
  const int64_t vectors = ceil_div(q.oc, kLanes<T>);
  Scratch<T> sums(vectors * 9 * kLanes<T>);
  if (!sums) return false;
  for (int64_t i = 0; i < vectors * 9 * kLanes<T>; ++i) sums.get()[i] = T(0);
  const T* dy = static_cast<const T*>(q.dy);
  const WindowProblem<T> problem{x,           dy,           q.h,         q.w,        q.oh,
                                 q.ow,        q.oc,         q.stride_h,  q.stride_w, -q.pad_top,
                                 -q.pad_left, q.dilation_h, q.dilation_w};
  ThreeFilterGrad<T> op(dy, sums.get());
  WindowWalk<T, ThreeFilterGrad<T>>(problem, op).run(r0, r1);
  for (int64_t v = 0; v < vectors; ++v) {
    const int64_t c = v * kLanes<T>;
    const int lanes = static_cast<int>(min_of<int64_t>(kLanes<T>, q.oc - c));
    for (int k = 0; k < 9; ++k) {
      store_partial(sum + k * q.oc + c, load(sums.get() + (v * 9 + k) * kLanes<T>), lanes);
    }
  }
  return true;
}

// Any taps: the sums over output rows [r0, r1) of all images, sum [kh, kw, oc].
template <class T>
bool filter_rows(const Conv2DParams& q, const T* x, int64_t r0, int64_t r1, T* sum) {
  // The ring holds every row from the first to the last tap row.
  const int64_t reach = (q.kh - 1) * q.dilation_h + 1;
  const bool copy = q.kh > 1 && reach <= kMaxRing && q.oc * static_cast<int64_t>(sizeof(T)) >= 1024;
  const int64_t block = copy ? min_of<int64_t>(q.oc, 4 * kLanes<T>) : q.oc;
  Scratch<T> ring(copy ? (reach * q.w + q.ow) * block : 1);
  if (!ring) return false;
  RowSource<T> source(q, x, ring.get(), copy ? static_cast<int>(reach) : 0);
  for (int64_t k = 0; k < q.kh * q.kw * q.oc; ++k) sum[k] = T(0);
  for (int64_t c = 0; c < q.oc; c += block) {
    source.begin(c, min_of(block, q.oc - c));
    for (int64_t r = r0; r < r1; ++r) filter_row(q, source, r / q.oh, r % q.oh, sum + c);
  }
  return true;
}

template <class T>
Status depthwise_conv2d_filter_grad(const Conv2DParams& q) {
  const int64_t times = q.oc / q.c, size = q.kh * q.kw * q.oc, rows = q.n * q.oh;
  const double work = static_cast<double>(rows * q.ow) * static_cast<double>(size);
  const int64_t wanted = work < 4e5 ? 1 : static_cast<int64_t>(min_of(work / 2e5, 32.0));
  const bool three = q.kh == 3 && q.kw == 3 && window_slide(q.stride_w, q.dilation_w);
  const int64_t parts = max_of<int64_t>(1, min_of(wanted, three ? ceil_div(rows, 8) : rows));
  Scratch<T> repeated(times > 1 ? q.n * q.h * q.w * q.oc : 1);
  Scratch<T> partial(parts * size);
  if (!repeated || !partial) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(q.x);
  if (times > 1) {
    repeat_channels(x, q.n * q.h * q.w, q.c, times, repeated.get());
    x = repeated.get();
  }
  bool no_memory = false;
  parallel(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t r0 = rows * part / parts, r1 = rows * (part + 1) / parts;
      T* sum = partial.get() + part * size;
      if (!(three ? three_rows(q, x, r0, r1, sum) : filter_rows(q, x, r0, r1, sum))) {
        no_memory = true;
      }
    }
  });
  if (no_memory) return Status::kOutOfMemory;
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
