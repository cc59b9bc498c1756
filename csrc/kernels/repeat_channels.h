// What turns a depthwise convolution with a multiplier into one without.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

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

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
