// conv2d forward where a whole filter is a handful of numbers: 3x3 of one to three channels, 5x5 of
// one. Through the tap engine such a tile is all setting up and writing out.
//
// The KH * KWC values of one vector of filters stay in registers while a row of pixels goes by: a
// multiplication per value with the pixel's own value broadcast, no loads of the filter at all. kw
// and the channels are one dimension, as rows of pixels padded left and right (conv2d_rows.h)
// allow; rows above and below the image are a row of zeros. Each sum is the chain of the tap
// engine.
#pragma once

#include "kernels/conv2d_rows.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// P pixels at a time, so that their chains overlap.
template <class T, int KH, int KWC, int P>
MINIDL_INLINE void small_pixels(const T* const* rows, int64_t at, int64_t step,
                                const vec<T>* filter, vec<T>* acc) {
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) acc[p] = vec<T>{};
#pragma GCC unroll 8
  for (int h = 0; h < KH; ++h) {
#pragma GCC unroll 16
    for (int k = 0; k < KWC; ++k) {
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        acc[p] = broadcast(rows[h][at + p * step + k]) * filter[h * KWC + k] + acc[p];
      }
    }
  }
}

template <class T, int KH, int KWC>
void small_row(const Conv2DParams& q, const T* const* rows, int64_t out_row) {
  constexpr int L = kLanes<T>, kValues = KH * KWC;
  constexpr int P = kValues + 5 <= MINIDL_VEC_REGISTERS ? 4 : 2;
  const int64_t step = q.stride_w * q.c;
  for (int64_t o = 0; o < q.oc; o += L) {
    const int lanes = static_cast<int>(min_of<int64_t>(L, q.oc - o));
    const T* from = static_cast<const T*>(q.filter) + o;
    vec<T> filter[kValues];
#pragma GCC unroll 32
    for (int i = 0; i < kValues; ++i) {
      filter[i] = lanes == L ? load(from + i * q.oc) : load_partial(from + i * q.oc, lanes);
    }
    const T* bias = q.bias ? static_cast<const T*>(q.bias) + o : nullptr;
    T* out = static_cast<T*>(q.out) + out_row * q.ow * q.oc + o;
    const T* add =
        q.residual ? static_cast<const T*>(q.residual) + out_row * q.ow * q.oc + o : nullptr;
    auto write = [&](int64_t pixel, vec<T> v) {
      if (bias) v += load_partial(bias, lanes);
      if (add) v += load_partial(add + pixel * q.oc, lanes);
      if (q.act == Act::kRelu) v = vmax<T>(v, vec<T>{});
      if (lanes == L) {
        store(out + pixel * q.oc, v);
      } else {
        store_partial(out + pixel * q.oc, v, lanes);
      }
    };
    int64_t ow = 0;
    for (; ow + P <= q.ow; ow += P) {
      vec<T> acc[P];
      small_pixels<T, KH, KWC, P>(rows, ow * step, step, filter, acc);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) write(ow + p, acc[p]);
    }
    for (; ow < q.ow; ++ow) {
      vec<T> acc[1];
      small_pixels<T, KH, KWC, 1>(rows, ow * step, step, filter, acc);
      write(ow, acc[0]);
    }
  }
}

template <class T>
using SmallRow = void (*)(const Conv2DParams&, const T* const*, int64_t);

// The function for this kernel size, or null: the values must leave registers for two sums.
template <class T>
SmallRow<T> small_row_for(const Conv2DParams& q) {
  if (!merges_rows(q)) return nullptr;
  const int64_t kwc = q.kw * q.c;
  if (q.kh == 3 && kwc == 3) return small_row<T, 3, 3>;
  if constexpr (MINIDL_VEC_REGISTERS == 32) {
    if (q.kh == 3 && kwc == 6) return small_row<T, 3, 6>;
    if (q.kh == 3 && kwc == 9) return small_row<T, 3, 9>;
    if (q.kh == 5 && kwc == 5) return small_row<T, 5, 5>;
  }
  return nullptr;
}

template <class T>
Status conv2d_small(const Conv2DParams& q, SmallRow<T> row) {
  const PaddedRows<T> padded(q, true);
  const int64_t width = padded.width() * q.c;
  Scratch<T> zeros(width);
  if (!padded.ok() || !zeros) return Status::kOutOfMemory;
  for (int64_t i = 0; i < width; ++i) zeros.get()[i] = T(0);
  const int64_t work = q.ow * q.oc * q.kh * q.kw * q.c;
  parallel(q.n * q.oh, 500000 / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t image = r / q.oh, top = r % q.oh * q.stride_h - q.pad_top;
      const T* rows[8];
      for (int64_t h = 0; h < q.kh; ++h) {
        const int64_t ih = top + h * q.dilation_h;
        rows[h] = ih < 0 || ih >= q.h ? zeros.get() : padded.get() + (image * q.h + ih) * width;
      }
      row(q, rows, r);
    }
  });
  return Status::kOk;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
