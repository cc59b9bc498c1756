// Flat loops over vectors: f is called with whole vectors, the last one padded with zeros.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, class F>
MINIDL_INLINE void map(const T* x, T* y, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f(load(x + i)));
  const int rest = static_cast<int>(n - i);
  if (rest) store_partial<T>(y + i, f(load_partial(x + i, rest)), rest);
}

template <class T, class F>
MINIDL_INLINE void map(const T* a, const T* b, T* y, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f(load(a + i), load(b + i)));
  const int rest = static_cast<int>(n - i);
  if (rest) {
    store_partial<T>(y + i, f(load_partial(a + i, rest), load_partial(b + i, rest)), rest);
  }
}

// y = f(x) in parallel chunks; f is handed vectors.
template <class T, class F>
Status parallel_map(const UnaryParams& p, F f) {
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  parallel(p.n, kStreamGrain,
           [=](int64_t begin, int64_t end) { map(x + begin, y + begin, end - begin, f); });
  return Status::kOk;
}

// dx = f(dy, ref) in parallel chunks.
template <class T, class F>
Status parallel_map(const UnaryGradParams& p, F f) {
  const T* dy = static_cast<const T*>(p.dy);
  const T* ref = static_cast<const T*>(p.ref);
  T* dx = static_cast<T*>(p.dx);
  parallel(p.n, kStreamGrain, [=](int64_t begin, int64_t end) {
    map(dy + begin, ref + begin, dx + begin, end - begin, f);
  });
  return Status::kOk;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
