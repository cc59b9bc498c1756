// What the profiler notes of each call of a kernel. Off, it costs one look at `g_profiling` a call
// and one an array.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/kernel_table.h"

namespace minidl {

extern std::atomic<bool> g_profiling;

inline bool profiling() noexcept {
  return __builtin_expect(g_profiling.load(std::memory_order_relaxed), false);
}

// Adds to the bytes that this thread's next kernel reads and writes.
void profile_bytes(int64_t bytes) noexcept;

// Nanoseconds of Python's time.perf_counter_ns.
int64_t profile_clock() noexcept;

// One call is over. `entry` is its place in the kernel table.
void profile_call(const void* entry, DType dtype, int64_t begin, double flops) noexcept;

// Floating-point operations of a call; 0 where the number says little about the time. `work` is
// what the binding told `run`.
template <class Params>
double flops_of(const Params&, int64_t) noexcept {
  return 0;
}
inline double flops_of(const MatmulParams& p, int64_t) noexcept {
  return 2.0 * p.batch * p.m * p.n * p.k;
}
inline double flops_of(const Conv2DParams& p, int64_t) noexcept {
  return 2.0 * p.n * p.oh * p.ow * p.oc * p.kh * p.kw * (p.c / p.groups);
}
inline double flops_of(const AttentionParams& p, int64_t) noexcept {
  const double pairs = 1.0 * p.batch * p.heads * p.queries * p.keys * (p.causal ? 0.5 : 1.0);
  const double product = 2.0 * pairs * p.dim, values = 2.0 * pairs * p.value_dim;
  return p.dquery ? 3 * product + 2 * values : product + values;  // the scores are computed again
}
inline double flops_of(const RecurrentParams&, int64_t work) noexcept {
  return 2.0 * work;
}
inline double flops_of(const RecurrentGradParams&, int64_t work) noexcept {
  return 2.0 * work;
}

}  // namespace minidl
