// The walk that depthwise kernels of 3 x 3 taps share: a window of x, one vector of channels wide,
// slides along a pair of output rows, so that every value of x is loaded once for the pair. Columns
// outside the image are zeros in the window; rows outside are a line of zeros.
//
// Neighbouring pixels lie a row of channels apart, an order that hardware does not see coming, so
// the rows that come next, of x and of the array laid out as the outputs, are asked for in the
// order of memory: a vector an output and row.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// x [n, h, w, c] and `grid` [n, gh, gw, c]: what is written, or read beside x. The first tap of
// output g lies at g * s + d0, the next ones `step` further.
template <class T>
struct WindowProblem {
  const T* x;
  const T* grid;
  int64_t h, w, gh, gw, c;
  int64_t sh, sw, dh0, dw0, dh_step, dw_step;
};

// Whether the window slides by one of its columns from output to output, or by two.
inline int window_slide(int64_t stride, int64_t step) {
  return step % stride == 0 ? 1 : stride == 2 * step ? 2 : 0;
}

// R output rows, which meet R + 2 rows of x, and every column of them at which dw_step divides.
template <class T, int R>
struct WindowRows {
  const T* x[R + 2];      // at the window's first column, which may lie outside
  int64_t x_step[R + 2];  // dw_step columns; 0 where x is the line of zeros
  int64_t outputs;
  int64_t first, last;  // window columns [first, last) are inside
  const T *x_ahead, *grid_ahead;
  int64_t at[R];      // first output of each row in the grid
  int64_t grid_step;  // from output to output
  int64_t c;          // first channel
  int lanes;
};

// Calls f(window, slot) for every output: window[row][(slot + j) % 3] is column j. S: window
// columns from one output to the next.
template <int S, bool kWhole, class T, int R, class F>
MINIDL_INLINE void slide(const WindowRows<T, R>& t, F f) {
  constexpr int kRows = R + 2;
  auto read = [&t](const T* p) __attribute__((always_inline)) {
    return kWhole ? load(p) : load_partial(p, t.lanes);
  };
  vec<T> window[kRows][3];
  const T* x[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) x[r] = t.x[r];
  const char* x_ahead = reinterpret_cast<const char*>(t.x_ahead);
  const char* grid_ahead = reinterpret_cast<const char*>(t.grid_ahead);
  int64_t column = 0, o = 0;
  auto edge = [&](int slot) __attribute__((always_inline)) {
    const bool inside = column >= t.first && column < t.last;
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      window[r][slot] = inside ? read(x[r]) : vec<T>{};
      x[r] += t.x_step[r];
    }
    ++column;
  };
  auto output = [&](int slot) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int line = 0; line < (R == 1 && S == 2 ? 4 : R); ++line, x_ahead += MINIDL_VEC_BYTES) {
      __builtin_prefetch(x_ahead);
    }
#pragma GCC unroll 2
    for (int line = 0; line < R; ++line, grid_ahead += MINIDL_VEC_BYTES) {
      __builtin_prefetch(grid_ahead);
    }
    f(window, slot);
  };
  auto edges = [&](int64_t end) __attribute__((always_inline)) {
    for (; o < end; ++o) {
#pragma GCC unroll 3
      for (int j = 3 - S; j < 3; ++j) edge(j);
      output(0);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
        for (int j = 0; j + S < 3; ++j) window[r][j] = window[r][j + S];
      }
    }
  };
#pragma GCC unroll 3
  for (int j = 0; j < 3 - S; ++j) edge(j);
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
      output(turn * S % 3);
    }
    column += 3 * S;
  }
  edges(t.outputs);
}

// A number as an argument: how far the window slides, and whether vectors are whole.
template <int N>
struct Constant {
  static constexpr int value = N;
};

// Goes over output rows: op(rows, slide, whole) sees one vector of channels at a time.
template <class T, class Op>
class WindowWalk {
 public:
  WindowWalk(const WindowProblem<T>& problem, Op& op) : q_(problem), op_(op) {
    for (T& zero : zeros_) zero = T(0);
  }

  // Rows [r0, r1), counted over all images.
  void run(int64_t r0, int64_t r1) {
    for (int64_t image_end; r0 < r1; r0 = image_end) {
      image_end = min_of(r1, (r0 / q_.gh + 1) * q_.gh);
      image_rows(r0, image_end);
    }
  }

 private:
  // Rows in pairs that share rows of x, as far as there are two.
  void image_rows(int64_t begin, int64_t end) {
    const int64_t apart = q_.sh == 1 ? min_of(q_.dh_step, end - begin) : end - begin;
    for (int64_t base = begin; base < end; base += 2 * apart) {
      const int64_t image = base / q_.gh, g = base % q_.gh;
      grid_ahead_ = q_.grid + (base + 2 * apart) * q_.gw * q_.c;
      const int64_t below = (g + 2 * apart - 1) * q_.sh + q_.dh0 + 2 * q_.dh_step + 1;
      x_ahead_ = q_.x + (image * q_.h + below) * q_.w * q_.c;
      for (int64_t r = base; r < min_of(base + apart, end); ++r) {
        if (r + apart < end) {
          rows<2>(r, apart);
        } else {
          rows<1>(r, apart);
        }
      }
    }
  }

  template <int R>
  void rows(int64_t r, int64_t apart) {
    const int64_t image = r / q_.gh, g = r % q_.gh, unit = q_.dw_step;
    const bool two = window_slide(q_.sw, unit) == 2;
    const int64_t spread = two ? 1 : unit / q_.sw;
    WindowRows<T, R> t;
    const T* x[R + 2];
    for (int i = 0; i < R + 2; ++i) {
      const int64_t ih = g * q_.sh + i * q_.dh_step + q_.dh0;
      const bool inside = static_cast<uint64_t>(ih) < static_cast<uint64_t>(q_.h);
      x[i] = inside ? q_.x + (image * q_.h + ih) * q_.w * q_.c : nullptr;
      t.x_step[i] = inside ? unit * q_.c : 0;
    }
    t.grid_step = spread * q_.c;
    for (int64_t phase = 0; phase < min_of(spread, q_.gw); ++phase) {
      const int64_t column = phase * q_.sw + q_.dw0;
      t.outputs = ceil_div(q_.gw - phase, spread);
      t.first = column < 0 ? ceil_div(-column, unit) : 0;
      t.last = column < q_.w ? (q_.w - 1 - column) / unit + 1 : 0;
      for (t.c = 0; t.c < q_.c; t.c += kLanes<T>) {
        for (int i = 0; i < R; ++i) t.at[i] = ((r + i * apart) * q_.gw + phase) * q_.c + t.c;
        for (int i = 0; i < R + 2; ++i) t.x[i] = x[i] ? x[i] + column * q_.c + t.c : zeros_;
        t.x_ahead = x_ahead_;
        t.grid_ahead = grid_ahead_;
        x_ahead_ += (R == 1 && two ? 4 : R) * t.outputs * kLanes<T>;
        grid_ahead_ += R * t.outputs * kLanes<T>;
        t.lanes = static_cast<int>(min_of<int64_t>(kLanes<T>, q_.c - t.c));
        if (t.lanes == kLanes<T>) {
          two ? op_(t, Constant<2>{}, Constant<1>{}) : op_(t, Constant<1>{}, Constant<1>{});
        } else {
          two ? op_(t, Constant<2>{}, Constant<0>{}) : op_(t, Constant<1>{}, Constant<0>{});
        }
      }
    }
  }

  const WindowProblem<T>& q_;
  Op& op_;
  const T *x_ahead_ = nullptr, *grid_ahead_ = nullptr;
  T zeros_[kLanes<T>];
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
