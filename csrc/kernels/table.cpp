// The table of this instruction set, and the two loops that benchmarks measure limits with.
//
// Memory: a loop that only reads one or two arrays and writes their sum.
// Arithmetic: FMA from registers, as many independent accumulators as hide the latency, nothing
// from memory. Every lane swings between two numbers of its own for ever. A loop that settles on a
// constant flips no bits, draws less power and runs at a clock (10 % higher here) that no real data
// reaches.
#include "kernels/common.h"
#include "simd/lanes.h"
#include "simd/stream.h"

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
  volatile T sink = all_lanes_sum<T>(sum)[0];
  (void)sink;
  return 2.0 * kAccumulators * kLanes<T> * static_cast<double>(iterations);
}

double bench_fma(int64_t iterations, int dtype) noexcept {
  return dtype == 0 ? fma_loop<float>(iterations) : fma_loop<double>(iterations);
}

float bench_move(const float* a, const float* b, float* y, int64_t n, bool streams) noexcept {
  constexpr int L = kLanes<float>;
  streams = streams && reinterpret_cast<uintptr_t>(y) % MINIDL_VEC_BYTES == 0;
  vec<float> sums[4] = {};
  float rest = 0;
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      vec<float> v = load(a + i + j * L);
      if (b) v += load(b + i + j * L);
      if (y) {
        put(streams, y + i + j * L, v, L);
      } else {
        sums[j] += v;
      }
    }
  }
  for (; i < n; ++i) {
    const float v = b ? a[i] + b[i] : a[i];
    if (y) y[i] = v;
    rest += v;
  }
  if (y && streams) stream_end();
  return rest + all_lanes_sum<float>((sums[0] + sums[1]) + (sums[2] + sums[3]))[0];
}

#define MINIDL_STRINGIFY_(x) #x
#define MINIDL_STRINGIFY(x) MINIDL_STRINGIFY_(x)

const KernelTable kTable = {
    MINIDL_STRINGIFY(MINIDL_ISA),
#define MINIDL_KERNEL(name, Params) {name##_float32, name##_float64},
#include "kernels.def"
    bench_fma,
    bench_move,
};

}  // namespace

const KernelTable& table() noexcept;
const KernelTable& table() noexcept {
  return kTable;
}

}  // namespace MINIDL_ISA
}  // namespace minidl
