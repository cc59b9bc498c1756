// Input rows padded left and right, for convolutions with few channels: kw consecutive pixels are
// then kw * c consecutive values, and (kw, channel) can be one dimension of a matrix product.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Worth it, and possible, for few channels in one group without dilation along the row.
inline bool merges_rows(const Conv2DParams& q) {
  return q.groups == 1 && q.c <= 4 && q.kw > 1 && q.dilation_w == 1;
}

template <class T>
class PaddedRows {
 public:
  PaddedRows(const Conv2DParams& q, bool wanted)
      : width_(max_of((q.ow - 1) * q.stride_w + q.kw, q.pad_left + q.w)),
        data_(wanted ? q.n * q.h * width_ * q.c : 1) {
    if (!wanted || !data_) return;
    const T* x = static_cast<const T*>(q.x);
    const int64_t row = q.w * q.c, left = q.pad_left * q.c, padded = width_ * q.c;
    parallel(q.n * q.h, ceil_div(kStreamGrain, padded), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T* out = data_.get() + r * padded;
        for (int64_t i = 0; i < left; ++i) out[i] = T(0);
        __builtin_memcpy(out + left, x + r * row, static_cast<size_t>(row) * sizeof(T));
        for (int64_t i = left + row; i < padded; ++i) out[i] = T(0);
      }
    });
  }
  bool ok() const { return static_cast<bool>(data_); }
  const T* get() const { return data_.get(); }
  int64_t width() const { return width_; }

 private:
  int64_t width_;
  Scratch<T> data_;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
