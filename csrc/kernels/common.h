// What every kernel file starts with: the vector type, parallel loops over lambdas, and the macro
// that exports a template as the table's float32 and float64 entries.
#pragma once

#include "core/allocator.h"
#include "core/kernel_table.h"
#include "core/thread_pool.h"
#include "simd/vec.h"

namespace minidl {
namespace MINIDL_ISA {

#define MINIDL_KERNEL(name, Params)                     \
  Status name##_float32(const Params& params) noexcept; \
  Status name##_float64(const Params& params) noexcept;
#include "kernels.def"

// Defines name_float32 and name_float64 from `template <class T> Status fn(const Params&)`.
#define MINIDL_EXPORT(name, Params, fn)                  \
  Status name##_float32(const Params& params) noexcept { \
    return fn<float>(params);                            \
  }                                                      \
  Status name##_float64(const Params& params) noexcept { \
    return fn<double>(params);                           \
  }

namespace {

template <class T>
struct RemoveRef {
  using type = T;
};
template <class T>
struct RemoveRef<T&> {
  using type = T;
};

// f(begin, end) over [0, n) in chunks of `grain`; the chunks never depend on the thread count.
template <class F>
inline void parallel(int64_t n, int64_t grain, F&& f) {
  using Fn = typename RemoveRef<F>::type;
  parallel_for(
      n, grain < 1 ? 1 : grain,
      [](void* ctx, int64_t begin, int64_t end) { (*static_cast<Fn*>(ctx))(begin, end); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

template <class T>
MINIDL_INLINE T min_of(T a, T b) {
  return b < a ? b : a;
}
template <class T>
MINIDL_INLINE T max_of(T a, T b) {
  return a < b ? b : a;
}
MINIDL_INLINE int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Elements worth one chunk of streaming work: about 15 us of memory traffic.
constexpr int64_t kStreamGrain = 32768;

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
