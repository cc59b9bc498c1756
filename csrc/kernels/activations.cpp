// Activations, their gradients and dropout: flat loops over vectors in chunks of fixed size.
// Dropout draws by counter: a number for element i depends on the seed and i alone, so that the
// mask is the same for any chunking, instruction set and element type, and need not be stored.
#include "kernels/common.h"
#include "kernels/map.h"
#include "kernels/math.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
Status relu_all(const UnaryParams& p) {
  const T slope = static_cast<T>(p.p[0]), top = static_cast<T>(p.p[1]);
  const T threshold = static_cast<T>(p.p[2]);
  const vec<T> zero{};
  if (slope == 0 && threshold == 0 && top == static_cast<T>(__builtin_inf())) {
    return parallel_map<T>(p, [=](vec<T> x) { return x < zero ? zero : x; });
  }
  // 0 * -inf would be NaN: without a slope what is below is plain 0. Comparisons are turned so that
  // NaN stays.
  const bool leaky = slope != 0;
  const vec<T> cap = broadcast(top), from = broadcast(threshold), gain = broadcast(slope);
  return parallel_map<T>(p, [=](vec<T> x) {
    const vec<T> below = leaky ? (x - from) * gain : zero;
    const vec<T> y = x < from ? below : x;
    return x >= cap ? cap : y;
  });
}

template <class T>
Status relu_grad_all(const UnaryGradParams& p) {
  const T slope = static_cast<T>(p.p[0]), top = static_cast<T>(p.p[1]);
  const T threshold = static_cast<T>(p.p[2]);
  const vec<T> zero{};
  const bool leaky = slope != 0;
  const vec<T> from = broadcast(threshold);
  if (!leaky && top == static_cast<T>(__builtin_inf())) {
    return parallel_map<T>(p, [=](vec<T> dy, vec<T> x) { return x > from ? dy : zero; });
  }
  const vec<T> cap = broadcast(top), gain = broadcast(slope);
  return parallel_map<T>(p, [=](vec<T> dy, vec<T> x) {
    const vec<T> above = x < cap ? dy : zero;
    const vec<T> below = leaky ? dy * gain : zero;
    return x > from ? above : below;
  });
}

template <class T>
Status elu_all(const UnaryParams& p) {
  const T alpha = static_cast<T>(p.p[0]);
  return parallel_map<T>(p, [=](vec<T> x) {
    const vec<T> low = broadcast(Real<T>::kExpm1Min);
    const vec<T> y = vexpm1<T>(x < low ? low : x) * alpha;
    return x > vec<T>{} ? x : y;
  });
}

template <class T>
Status elu_grad_all(const UnaryGradParams& p) {
  const T alpha = static_cast<T>(p.p[0]);
  return parallel_map<T>(p,
                         [=](vec<T> dy, vec<T> y) { return y > vec<T>{} ? dy : dy * (y + alpha); });
}

template <class T>
Status tanh_all(const UnaryParams& p) {
  return parallel_map<T>(p, [](vec<T> x) { return vtanh<T>(x); });
}

template <class T>
Status tanh_grad_all(const UnaryGradParams& p) {
  return parallel_map<T>(p, [](vec<T> dy, vec<T> y) { return dy * (static_cast<T>(1) - y * y); });
}

template <class T>
Status sigmoid_all(const UnaryParams& p) {
  return parallel_map<T>(p, [](vec<T> x) { return vsigmoid<T>(x); });
}

template <class T>
Status sigmoid_grad_all(const UnaryGradParams& p) {
  return parallel_map<T>(p, [](vec<T> dy, vec<T> y) { return dy * y * (static_cast<T>(1) - y); });
}

// splitmix64 (Steele, Lea and Flood, 2014).
MINIDL_INLINE uint64_t mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Two keys of 32 bits a block of elements, then a 32-bit mix an element: that is what vectors of
// every instruction set can multiply.
template <class T>
Status dropout_all(const DropoutParams& p) {
  const T scale = static_cast<T>(1 / (1 - p.rate));
  const double bound = __builtin_ceil(p.rate * 4294967296.0);
  const uint32_t least = bound < 4294967295.0 ? static_cast<uint32_t>(bound) : 4294967295u;
  const uint64_t seed = mix64(p.seed);
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  parallel(p.n, kStreamGrain, [=](int64_t begin, int64_t end) {
    const uint64_t key = mix64(seed ^ static_cast<uint64_t>(begin / kStreamGrain));
    const uint32_t first = static_cast<uint32_t>(key), second = static_cast<uint32_t>(key >> 32);
    const uint32_t n = static_cast<uint32_t>(end - begin);
    const T* __restrict a = x + begin;
    T* __restrict b = y + begin;
    for (uint32_t i = 0; i < n; ++i) {
      uint32_t h = i ^ first;
      h = (h ^ (h >> 16)) * 0x7feb352du;
      h = ((h ^ (h >> 15)) + second) * 0x846ca68bu;
      h = (h ^ (h >> 16)) * 0x9e3779b1u;
      h ^= h >> 15;
      const T kept = a[i] * scale;  // read in any case: a branch would not become a vector
      b[i] = h >= least ? kept : T(0);
    }
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(relu, UnaryParams, relu_all)
MINIDL_EXPORT(relu_grad, UnaryGradParams, relu_grad_all)
MINIDL_EXPORT(elu, UnaryParams, elu_all)
MINIDL_EXPORT(elu_grad, UnaryGradParams, elu_grad_all)
MINIDL_EXPORT(tanh, UnaryParams, tanh_all)
MINIDL_EXPORT(tanh_grad, UnaryGradParams, tanh_grad_all)
MINIDL_EXPORT(sigmoid, UnaryParams, sigmoid_all)
MINIDL_EXPORT(sigmoid_grad, UnaryGradParams, sigmoid_grad_all)
MINIDL_EXPORT(dropout, DropoutParams, dropout_all)

}  // namespace MINIDL_ISA
}  // namespace minidl
