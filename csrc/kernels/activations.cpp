// Activations, their gradients and dropout: flat loops over vectors in chunks of fixed size.
// Dropout draws by counter: a number for element i depends on the seed and i alone, so that the
// mask is the same for any chunking, instruction set and element type, and need not be stored.
#include "kernels/common.h"
#include "kernels/hash.h"
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
    return parallel_map<T>(p, [](vec<T> x) { return at_least<T>(x, T(0)); });
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
  return parallel_map<T>(
      p, [=](vec<T> x) { return x > vec<T>{} ? x : vexpm1<T>(at_most<T>(x, T(0))) * alpha; });
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

// max(x, 0) + log(1 + e) with e = e^-|x|; in float the logarithm is a polynomial on [0, 1].
template <class T>
Status softplus_all(const UnaryParams& p) {
  return parallel_map<T>(p, [](vec<T> x) {
    const vec<T> e = exp_nonpositive(-vabs<T>(x)), top = at_least<T>(x, T(0));
    if constexpr (sizeof(T) == 4) {
      const T c[] = {-3.33877819e-3f, 2.02780427e-2f, -5.77597835e-2f, 1.06846161e-1f,
                     -1.53533327e-1f, 1.96924760e-1f, -2.49573512e-1f, 3.33302759e-1f,
                     -4.99999142e-1f, 9.99999996e-1f};
      return top + e * polynomial<T>(e, c);
    } else {
      return top + vlog1p<T>(e);
    }
  });
}

template <class T>
Status softplus_grad_all(const UnaryGradParams& p) {
  return parallel_map<T>(p, [](vec<T> dy, vec<T> x) { return dy * vsigmoid<T>(x); });
}

template <class T>
Status silu_all(const UnaryParams& p) {
  return parallel_map<T>(p, [](vec<T> x) { return x * sigmoid_factor(x); });
}

// With s the sigmoid of x the slope is s (1 + x (1 - s)). Beyond the limits it is 0 or 1 as at
// them, and inf * 0 stays out.
template <class T>
Status silu_grad_all(const UnaryGradParams& p) {
  return parallel_map<T>(p, [](vec<T> dy, vec<T> x) {
    const vec<T> a = at_most<T>(at_least<T>(x, T(-1e4)), T(1e4));
    const vec<T> s = sigmoid_factor(a);
    return dy * (s + a * s * (T(1) - s));
  });
}

// x P(X <= x) of a normal X: by erf, or by tanh as proposed with the function, which is
// x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
constexpr double kGeluScale = 1.59576912160573071176;  // 2 sqrt(2 / pi)
constexpr double kGeluCube = 0.044715;
constexpr double kHalfRoot = 0.70710678118654752440;    // sqrt(1 / 2)
constexpr double kGaussScale = 0.39894228040143267794;  // 1 / sqrt(2 pi)

// P(X <= x). In float e to a polynomial in |x|, fitted so that x times it is within 3e-8, and so
// that the left tail keeps most of its digits.
template <class T>
MINIDL_INLINE vec<T> normal_below(vec<T> x) {
  if constexpr (sizeof(T) == 4) {
    const T c[] = {-6.86667386e-9f, 2.75297506e-7f,  -4.40603711e-6f, 3.58609582e-5f,
                   -1.39823680e-4f, -1.02666196e-4f, 4.93066407e-3f,  -3.64217042e-2f,
                   -3.18285545e-1f, -7.97887131e-1f, -6.93147137e-1f};
    const vec<T> left = exp_nonpositive(polynomial<T>(at_most<T>(vabs<T>(x), T(13.2)), c));
    return x > vec<T>{} ? T(1) - left : left;
  } else {
    vec<T> gauss;
    const vec<T> e = erf_positive<T>(vabs<T>(x) * T(kHalfRoot), &gauss);
    return T(0.5) + T(0.5) * (vec<T>)((ivec<T>)e | sign_bits<T>(x));
  }
}

// The slope of x P(X <= x): P and x times the density. In float, for x < 0, the density times a
// polynomial; of |x| it is one less that.
template <class T>
MINIDL_INLINE vec<T> normal_slope(vec<T> x) {
  if constexpr (sizeof(T) == 4) {
    const T c[] = {-3.15509679e-7f, 7.70813810e-6f, -8.47657343e-5f, 5.63628499e-4f,
                   -2.59002112e-3f, 9.00371990e-3f, -2.54716649e-2f, 6.19238163e-2f,
                   -1.32805733e-1f, 2.49972559e-1f, -7.97882881e-1f, 4.99999983e-1f};
    const vec<T> a = at_most<T>(vabs<T>(x), T(13.2));
    const vec<T> left = exp_nonpositive(a * a * T(-0.5)) * polynomial<T>(a, c);
    return x > vec<T>{} ? T(1) - left : left;
  } else {
    vec<T> gauss;
    const vec<T> a = at_most<T>(at_least<T>(x, T(-100)), T(100));
    const vec<T> e = erf_positive<T>(vabs<T>(a) * T(kHalfRoot), &gauss);
    const vec<T> below = T(0.5) + T(0.5) * (vec<T>)((ivec<T>)e | sign_bits<T>(a));
    return below + a * gauss * T(kGaussScale);
  }
}

template <class T>
Status gelu_all(const UnaryParams& p) {
  if (p.p[0] == 0) {
    return parallel_map<T>(p, [](vec<T> x) { return x * normal_below<T>(x); });
  }
  return parallel_map<T>(p, [](vec<T> x) {
    return x * sigmoid_factor(x * (T(kGeluScale) + T(kGeluScale * kGeluCube) * (x * x)));
  });
}

template <class T>
Status gelu_grad_all(const UnaryGradParams& p) {
  if (p.p[0] == 0) {
    return parallel_map<T>(p, [](vec<T> dy, vec<T> x) { return dy * normal_slope<T>(x); });
  }
  return parallel_map<T>(p, [](vec<T> dy, vec<T> x) {
    // All is said within these limits, and inf * 0 stays out.
    const vec<T> a = at_most<T>(at_least<T>(x, T(-100)), T(100)), z = a * a;
    const vec<T> s = sigmoid_factor(a * (T(kGeluScale) + T(kGeluScale * kGeluCube) * z));
    const vec<T> du = T(kGeluScale) + T(3 * kGeluScale * kGeluCube) * z;
    return dy * (s + a * (s * (T(1) - s)) * du);
  });
}

// Two keys of 32 bits a block of elements, then a mix of 32 bits an element.
template <class T>
Status dropout_all(const DropoutParams& p) {
  const T scale = static_cast<T>(1 / (1 - p.rate));
  const uint32_t least = least_kept(p.rate);
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
      const uint32_t h = mix32(i, first, second);
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
MINIDL_EXPORT(softplus, UnaryParams, softplus_all)
MINIDL_EXPORT(softplus_grad, UnaryGradParams, softplus_grad_all)
MINIDL_EXPORT(silu, UnaryParams, silu_all)
MINIDL_EXPORT(silu_grad, UnaryGradParams, silu_grad_all)
MINIDL_EXPORT(gelu, UnaryParams, gelu_all)
MINIDL_EXPORT(gelu_grad, UnaryGradParams, gelu_grad_all)
MINIDL_EXPORT(dropout, DropoutParams, dropout_all)

}  // namespace MINIDL_ISA
}  // namespace minidl
