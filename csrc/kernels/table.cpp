// The table of this instruction set, and the register-only FMA loop that benchmarks measure peak
// arithmetic with: as many independent accumulators as hide the latency, nothing from memory.
// Every lane swings between two numbers of its own for ever. A loop that settles on a constant
// flips no bits, draws less power and runs at a clock (10 % higher here) that no real data reaches.
#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
double fma_loop(int64_t iterations) {
  constexpr int kAccumulators = 12;
  vec<T> acc[kAccumulators];
  const vec<T> a = broadcast(static_cast<T>(-1));
  vec<T> b;
  for (int lane = 0; lane < kLanes<T>; ++lane) b[lane] = static_cast<T>(1.37 + 0.618034 * lane);
  for (int i = 0; i < kAccumulators; ++i) acc[i] = b * static_cast<T>(0.1234567 + 0.0712345 * i);
  for (int64_t it = 0; it < iterations; ++it) {
#pragma GCC unroll 12
    for (int i = 0; i < kAccumulators; ++i) acc[i] = acc[i] * a + b;
  }
  vec<T> sum = acc[0];
  for (int i = 1; i < kAccumulators; ++i) sum += acc[i];
  volatile T sink = horizontal_sum<T>(sum);
  (void)sink;
  return 2.0 * kAccumulators * kLanes<T> * static_cast<double>(iterations);
}

double bench_fma(int64_t iterations, int dtype) noexcept {
  return dtype == 0 ? fma_loop<float>(iterations) : fma_loop<double>(iterations);
}

#define MINIDL_STRINGIFY_(x) #x
#define MINIDL_STRINGIFY(x) MINIDL_STRINGIFY_(x)

const KernelTable kTable = {
    MINIDL_STRINGIFY(MINIDL_ISA),
#define MINIDL_KERNEL(name, Params) {name##_float32, name##_float64},
#include "kernels.def"
    bench_fma,
};

}  // namespace

const KernelTable& table() noexcept;
const KernelTable& table() noexcept {
  return kTable;
}

}  // namespace MINIDL_ISA
}  // namespace minidl
