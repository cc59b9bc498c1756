// What a depthwise conv2d of 3 x 3 taps does at each step of the window (depthwise_window.h): sums
// with the filters in registers, or adds to the filters' gradient there.
#pragma once

#include "kernels/depthwise_tile.h"
#include "kernels/depthwise_window.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// out = x * filter, with what follows it.
template <class T>
class ThreeForward {
 public:
  explicit ThreeForward(const DepthwiseProblem<T>& q) : q_(q) {}

  template <int R, int S, int kWhole>
  void operator()(const WindowRows<T, R>& t, Constant<S>, Constant<kWhole>) const {
    auto read = [&t](const T* p) __attribute__((always_inline)) {
      return kWhole ? load(p) : load_partial(p, t.lanes);
    };
    vec<T> w[3][3];
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < 3; ++j) w[i][j] = read(q_.filter + q_.row_w[i] + q_.column_w[j] + t.c);
    }
    const vec<T> bias = q_.bias ? read(q_.bias + t.c) : vec<T>{};
    T* out[R];
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) out[r] = q_.out + t.at[r];
    slide<S, kWhole>(t, [&](vec<T>(&window)[R + 2][3], int slot) __attribute__((always_inline)) {
#pragma GCC unroll 2
      for (int r = 0; r < R; ++r) {
        vec<T> y = window[r][slot] * w[0][0];
#pragma GCC unroll 9
        for (int k = 1; k < 9; ++k) y += window[r + k / 3][(slot + k % 3) % 3] * w[k / 3][k % 3];
        if (q_.bias) y += bias;
        if (q_.residual) y += read(q_.residual + (out[r] - q_.out));
        if (q_.relu) y = vmax<T>(y, vec<T>{});
        if (kWhole) {
          store(out[r], y);
        } else {
          store_partial(out[r], y, t.lanes);
        }
        out[r] += t.grid_step;
      }
    });
  }

 private:
  const DepthwiseProblem<T>& q_;
};

// sums [vectors, 9, lanes] += x * dy.
template <class T>
class ThreeFilterGrad {
 public:
  ThreeFilterGrad(const T* dy, T* sums) : dy_(dy), sums_(sums) {}

  template <int R, int S, int kWhole>
  void operator()(const WindowRows<T, R>& t, Constant<S>, Constant<kWhole>) const {
    T* sums = sums_ + 9 * t.c;
    vec<T> acc[9];
    const T* dy[R];
#pragma GCC unroll 9
    for (int k = 0; k < 9; ++k) acc[k] = load(sums + k * kLanes<T>);
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) dy[r] = dy_ + t.at[r];
    slide<S, kWhole>(t, [&](vec<T>(&window)[R + 2][3], int slot) __attribute__((always_inline)) {
#pragma GCC unroll 2
      for (int r = 0; r < R; ++r) {
        const vec<T> g = kWhole ? load(dy[r]) : load_partial(dy[r], t.lanes);
        dy[r] += t.grid_step;
#pragma GCC unroll 9
        for (int k = 0; k < 9; ++k) acc[k] += window[r + k / 3][(slot + k % 3) % 3] * g;
      }
    });
#pragma GCC unroll 9
    for (int k = 0; k < 9; ++k) store(sums + k * kLanes<T>, acc[k]);
  }

 private:
  const T* dy_;
  T* sums_;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
