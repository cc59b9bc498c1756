// Filter gradient of a depthwise conv2d with 3 x 3 taps, the usual case: the 9 sums of a vector of
// channels stay in registers along a pair of output rows, and so does a window of x that slides
// with the output: every value of x is loaded once for the pair, every value of dy once.
// Columns outside the image are zeros in the window; rows outside are a line of zeros.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// One vector of channels of R output rows, which meet R + 2 rows of x (R = 2: two rows that are the
// dilation apart) and every column at which `unit` divides.
template <class T, int R>
struct ThreeRows {
  const T* x[R + 2];      // at the window's first column, which may lie outside
  int64_t x_step[R + 2];  // `unit` columns; 0 where x is the line of zeros
  const T* dy[R];
  int64_t dy_step;
  int64_t outputs;
  int64_t first, last;  // window columns [first, last) are inside
  // Rows that come later are asked for in the order of memory, a vector an output and row.
  const T *x_ahead, *dy_ahead;
  int lanes;
};

// sum[i * 3 + j] += ... S: window columns from one output to the next.
template <class T, int R, int S, bool kWhole>
void three_taps(const ThreeRows<T, R>& t, T* sums) {
  constexpr int kRows = R + 2;
  auto read = [&t](const T* p) __attribute__((always_inline)) {
    return kWhole ? load(p) : load_partial(p, t.lanes);
  };
  vec<T> acc[9], window[kRows][3];
  const T* x[kRows];
  const T* dy[R];
#pragma GCC unroll 9
  for (int k = 0; k < 9; ++k) acc[k] = load(sums + k * kLanes<T>);
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) x[r] = t.x[r];
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r) dy[r] = t.dy[r];
  int64_t column = 0;
  auto edge = [&](int slot) __attribute__((always_inline)) {
    const bool inside = column >= t.first && column < t.last;
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      window[r][slot] = inside ? read(x[r]) : vec<T>{};
      x[r] += t.x_step[r];
    }
    ++column;
  };
  const char* ahead[2] = {reinterpret_cast<const char*>(t.x_ahead),
                          reinterpret_cast<const char*>(t.dy_ahead)};
  // `slot` holds the window's first column.
  auto add = [&](int slot) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int line = 0; line < (R == 1 && S == 2 ? 4 : R); ++line, ahead[0] += MINIDL_VEC_BYTES) {
      __builtin_prefetch(ahead[0]);
    }
#pragma GCC unroll 2
    for (int line = 0; line < R; ++line, ahead[1] += MINIDL_VEC_BYTES) __builtin_prefetch(ahead[1]);
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
      const vec<T> g = read(dy[r]);
      dy[r] += t.dy_step;
#pragma GCC unroll 3
      for (int i = 0; i < 3; ++i) {
#pragma GCC unroll 3
        for (int j = 0; j < 3; ++j) acc[i * 3 + j] += window[r + i][(slot + j) % 3] * g;
      }
    }
  };
  auto shift = [&]() __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
      for (int j = 0; j + S < 3; ++j) window[r][j] = window[r][j + S];
    }
  };
#pragma GCC unroll 3
  for (int j = 0; j < 3 - S; ++j) edge(j);
  int64_t o = 0;
  auto edges = [&](int64_t end) __attribute__((always_inline)) {
    for (; o < end; ++o) {
#pragma GCC unroll 3
      for (int j = 3 - S; j < 3; ++j) edge(j);
      add(0);
      shift();
    }
  };
  // Outputs whose new columns are all inside.
  const int64_t begin = min_of(t.outputs, max_of<int64_t>(0, ceil_div(t.first - (3 - S), S)));
  const int64_t end = max_of(begin, min_of(t.outputs, t.last < 3 ? 0 : (t.last - 3) / S + 1));
  edges(begin);
  for (; o + 3 <= end; o += 3) {
#pragma GCC unroll 3
    for (int turn = 0; turn < 3; ++turn) {
#pragma GCC unroll 3
      for (int j = 3 - S; j < 3; ++j) {
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) {
          window[r][(turn * S + j) % 3] = read(x[r]);
          x[r] += t.x_step[r];
        }
      }
      add(turn * S % 3);
    }
    column += 3 * S;
  }
  edges(t.outputs);
#pragma GCC unroll 9
  for (int k = 0; k < 9; ++k) store(sums + k * kLanes<T>, acc[k]);
}

// Sums over output rows [r0, r1) of all images, into sum [9, oc].
template <class T>
class ThreeTaps {
 public:
  static bool fits(const Conv2DParams& q) {
    return q.kh == 3 && q.kw == 3 &&
           (q.dilation_w % q.stride_w == 0 || q.stride_w == 2 * q.dilation_w);
  }
  ThreeTaps(const Conv2DParams& q, const T* x)
      : q_(q), x_(x), dy_(static_cast<const T*>(q.dy)), sums_(9 * vectors() * kLanes<T>) {
    for (T& zero : zeros_) zero = T(0);
  }
  bool ok() { return bool(sums_); }

  void run(int64_t r0, int64_t r1, T* sum) {
    for (int64_t i = 0; i < 9 * vectors() * kLanes<T>; ++i) sums_.get()[i] = T(0);
    for (int64_t image_end; r0 < r1; r0 = image_end) {
      image_end = min_of(r1, (r0 / q_.oh + 1) * q_.oh);
      image_rows(r0, image_end);
    }
    for (int64_t v = 0; v < vectors(); ++v) {
      for (int k = 0; k < 9; ++k) {
        const T* from = sums_.get() + (v * 9 + k) * kLanes<T>;
        store_partial(sum + k * q_.oc + v * kLanes<T>, load(from), lanes(v));
      }
    }
  }

 private:
  int64_t vectors() const { return ceil_div(q_.oc, kLanes<T>); }
  int lanes(int64_t v) const {
    return static_cast<int>(min_of<int64_t>(kLanes<T>, q_.oc - v * kLanes<T>));
  }

  // Rows in pairs that share rows of x, as far as there are two.
  void image_rows(int64_t begin, int64_t end) {
    const int64_t apart = q_.stride_h == 1 ? min_of(q_.dilation_h, end - begin) : end - begin;
    const int64_t dy_row = q_.ow * q_.oc, x_row = q_.w * q_.oc;
    for (int64_t base = begin; base < end; base += 2 * apart) {
      const int64_t image = base / q_.oh, oh = base % q_.oh;
      dy_ahead_ = dy_ + (base + 2 * apart) * dy_row;
      x_ahead_ = x_ + (image * q_.h + (oh + 2 * apart - 1) * q_.stride_h + 2 * q_.dilation_h -
                       q_.pad_top + 1) *
                          x_row;
      for (int64_t r = base; r < min_of(base + apart, end); ++r) {
        if (r + apart < end) {
          rows<2>(r);
        } else {
          rows<1>(r);
        }
      }
    }
  }

  template <int R>
  void rows(int64_t r) {
    const int64_t image = r / q_.oh, oh = r % q_.oh, ld = q_.oc, unit = q_.dilation_w;
    const bool slides_two = q_.stride_w == 2 * unit;
    const int64_t spread = slides_two ? 1 : unit / q_.stride_w;
    ThreeRows<T, R> t;
    t.dy_step = spread * ld;
    const T* x[R + 2];
    for (int i = 0; i < R + 2; ++i) {
      const int64_t ih = oh * q_.stride_h + i * q_.dilation_h - q_.pad_top;
      const bool inside = static_cast<uint64_t>(ih) < static_cast<uint64_t>(q_.h);
      x[i] = inside ? x_ + (image * q_.h + ih) * q_.w * ld : nullptr;
      t.x_step[i] = inside ? unit * ld : 0;
    }
    for (int64_t phase = 0; phase < min_of(spread, q_.ow); ++phase) {
      const int64_t column = phase * q_.stride_w - q_.pad_left;
      t.outputs = ceil_div(q_.ow - phase, spread);
      t.first = column < 0 ? ceil_div(-column, unit) : 0;
      t.last = column < q_.w ? (q_.w - 1 - column) / unit + 1 : 0;
      for (int64_t v = 0; v < vectors(); ++v) {
        const int64_t c = v * kLanes<T>;
        for (int i = 0; i < R; ++i) {
          t.dy[i] = dy_ + ((r + i * q_.dilation_h) * q_.ow + phase) * ld + c;
        }
        for (int i = 0; i < R + 2; ++i) t.x[i] = x[i] ? x[i] + column * ld + c : zeros_;
        t.x_ahead = x_ahead_;
        t.dy_ahead = dy_ahead_;
        const int64_t lines = t.outputs * kLanes<T>;
        dy_ahead_ += R * lines;
        x_ahead_ += (R == 1 && slides_two ? 4 : R) * lines;
        t.lanes = lanes(v);
        const bool whole = t.lanes == kLanes<T>;
        T* sums = sums_.get() + v * 9 * kLanes<T>;
        if (slides_two) {
          (whole ? three_taps<T, R, 2, true> : three_taps<T, R, 2, false>)(t, sums);
        } else {
          (whole ? three_taps<T, R, 1, true> : three_taps<T, R, 1, false>)(t, sums);
        }
      }
    }
  }

  const Conv2DParams& q_;
  const T *x_, *dy_;
  const T *x_ahead_ = nullptr, *dy_ahead_ = nullptr;
  Scratch<T> sums_;  // [vectors, 9, lanes]
  T zeros_[kLanes<T>];
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
