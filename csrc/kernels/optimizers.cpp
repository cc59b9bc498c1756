// Optimizer steps, fused: one pass over each variable, its gradient and its slots, and one call for
// all variables of a model. The variables are laid end to end in chunks of a fixed size, so a model
// of many small ones is shared out as well as one big table. Scalars are computed in double and
// rounded once. Every value is loaded once: what was stored is not read again, which would cost a
// fifth where arrays are not aligned to a cache line.
//
// One loop serves all: an update is a struct of scalars with `operator()(w, g, a, b, c)`, which
// changes a weight and its up to three slots, given the gradient. Decay comes first: w *= keep.
#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int64_t kChunk = 16384;

// f(variable, begin, end) for every chunk of every variable.
template <class F>
void for_chunks(const int64_t* sizes, int64_t count, F&& f) {
  int64_t chunks = 0;
  for (int64_t i = 0; i < count; ++i) chunks += ceil_div(sizes[i], kChunk);
  parallel(chunks, 2, [&](int64_t begin, int64_t end) {
    int64_t first = 0;  // first chunk of variable i
    for (int64_t i = 0; i < count && first < end; ++i) {
      const int64_t here = ceil_div(sizes[i], kChunk);
      const int64_t from = max_of(begin, first), to = min_of(end, first + here);
      if (from < to) {
        f(i, (from - first) * kChunk, min_of((to - first) * kChunk, sizes[i]));
      }
      first += here;
    }
  });
}

// Runs `update` over every element of every variable.
template <int kSlots, class T, class Update>
Status step(const StepParams& p, const Update& update) {
  for_chunks(p.sizes, p.count, [&](int64_t i, int64_t begin, int64_t end) {
    // Copies of the scalars: read through the closure they might alias what is written.
    const Update u = update;
    const T keep = p.keep ? static_cast<T>(p.keep[i]) : T(1);
    T* __restrict w = static_cast<T*>(p.variables[i]);
    const T* __restrict g = static_cast<const T*>(p.gradients[i]);
    T* __restrict s0 = kSlots > 0 ? static_cast<T*>(p.slots[0][i]) : nullptr;
    T* __restrict s1 = kSlots > 1 ? static_cast<T*>(p.slots[1][i]) : nullptr;
    T* __restrict s2 = kSlots > 2 ? static_cast<T*>(p.slots[2][i]) : nullptr;
    for (int64_t k = begin; k < end; ++k) {
      T weight = w[k] * keep, a = 0, b = 0, c = 0;
      if constexpr (kSlots > 0) a = s0[k];
      if constexpr (kSlots > 1) b = s1[k];
      if constexpr (kSlots > 2) c = s2[k];
      u(weight, g[k], a, b, c);
      if constexpr (kSlots > 0) s0[k] = a;
      if constexpr (kSlots > 1) s1[k] = b;
      if constexpr (kSlots > 2) s2[k] = c;
      w[k] = weight;
    }
  });
  return Status::kOk;
}

MINIDL_INLINE float root(float x) {
  return __builtin_sqrtf(x);
}
MINIDL_INLINE double root(double x) {
  return __builtin_sqrt(x);
}

// The larger of two, NaN where one is NaN.
template <class T>
MINIDL_INLINE T larger(T x, T y) {
  return (x > y) | (x != x) ? x : y;
}

double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}

// v = momentum v - lr g; w += v, or w += momentum v - lr g with Nesterov.
template <class T, bool kMomentum, bool kNesterov>
struct Sgd {
  T lr, momentum;
  MINIDL_INLINE void operator()(T& w, T g, T& v, T&, T&) const {
    if constexpr (!kMomentum) {
      w -= lr * g;
    } else {
      const T velocity = momentum * v - lr * g;
      v = velocity;
      w += kNesterov ? momentum * velocity - lr * g : velocity;
    }
  }
};

template <class T>
Status sgd(const StepParams& p) {
  const T lr = static_cast<T>(p.learning_rate), momentum = static_cast<T>(p.rates[0]);
  if (!p.slots[0]) return step<0, T>(p, Sgd<T, false, false>{lr, momentum});
  if (p.flag) return step<1, T>(p, Sgd<T, true, true>{lr, momentum});
  return step<1, T>(p, Sgd<T, true, false>{lr, momentum});
}

// Kingma and Ba, in Keras's form: w -= alpha m / (sqrt(v) + epsilon) with
// alpha = lr sqrt(1 - b2^t) / (1 - b1^t).
template <class T, bool kAmsgrad>
struct Adam {
  T alpha, c1, c2, epsilon;
  MINIDL_INLINE void operator()(T& w, T g, T& m, T& v, T& highest) const {
    m += (g - m) * c1;
    v += (g * g - v) * c2;
    if constexpr (kAmsgrad) highest = larger(v, highest);
    w -= m * alpha / (root(kAmsgrad ? highest : v) + epsilon);
  }
};

template <class T>
Status adam(const StepParams& p) {
  const double b1 = p.rates[0], b2 = p.rates[1];
  const T alpha = static_cast<T>(p.learning_rate * __builtin_sqrt(1 - power(b2, p.step)) /
                                 (1 - power(b1, p.step)));
  const T c1 = static_cast<T>(1 - b1), c2 = static_cast<T>(1 - b2);
  const T epsilon = static_cast<T>(p.rates[2]);
  if (p.slots[2]) return step<3, T>(p, Adam<T, true>{alpha, c1, c2, epsilon});
  return step<2, T>(p, Adam<T, false>{alpha, c1, c2, epsilon});
}

// Section 7.1 of the same paper: the running maximum in place of the second moment.
template <class T>
struct Adamax {
  T rate, c1, b2, epsilon;  // rate = lr / (1 - b1^t)
  MINIDL_INLINE void operator()(T& w, T g, T& m, T& u, T&) const {
    m += (g - m) * c1;
    u = larger(g < 0 ? -g : g, b2 * u);
    w -= rate * m / (u + epsilon);
  }
};

template <class T>
Status adamax(const StepParams& p) {
  const double b1 = p.rates[0];
  return step<2, T>(
      p, Adamax<T>{static_cast<T>(p.learning_rate / (1 - power(b1, p.step))),
                   static_cast<T>(1 - b1), static_cast<T>(p.rates[1]), static_cast<T>(p.rates[2])});
}

// Dozat 2016: m_hat = m u' / (1 - U u') + g (1 - u) / (1 - U), where U is the product of all u.
template <class T>
struct Nadam {
  T lr, c1, c2, from_mean, from_gradient, correction, epsilon;
  MINIDL_INLINE void operator()(T& w, T g, T& m, T& v, T&) const {
    m += (g - m) * c1;
    v += (g * g - v) * c2;
    w -= lr * (m * from_mean + g * from_gradient) / (root(v * correction) + epsilon);
  }
};

template <class T>
Status nadam(const StepParams& p) {
  const double b1 = p.rates[0], b2 = p.rates[1], product = p.rates[3];
  const double now = b1 * (1 - 0.5 * power(0.96, p.step));
  const double next = b1 * (1 - 0.5 * power(0.96, p.step + 1));
  return step<2, T>(
      p, Nadam<T>{static_cast<T>(p.learning_rate), static_cast<T>(1 - b1), static_cast<T>(1 - b2),
                  static_cast<T>(next / (1 - product * next)),
                  static_cast<T>((1 - now) / (1 - product)),
                  static_cast<T>(1 / (1 - power(b2, p.step))), static_cast<T>(p.rates[2])});
}

// v = rho v + (1 - rho) g^2; w -= lr g / sqrt(v [- mean(g)^2] + epsilon), through a momentum or
// not.
template <class T, bool kMomentum, bool kCentered>
struct RmsProp {
  T lr, rho, rest, momentum, epsilon;
  MINIDL_INLINE void operator()(T& w, T g, T& v, T& a, T& b) const {
    T& mean = kMomentum ? b : a;  // the slots that there are stand side by side
    v = rho * v + rest * (g * g);
    T spread = v + epsilon;
    if constexpr (kCentered) {
      mean = rho * mean + rest * g;
      spread -= mean * mean;
    }
    T change = lr * g / root(spread);
    if constexpr (kMomentum) change = a = momentum * a + change;
    w -= change;
  }
};

template <class T>
Status rmsprop(const StepParams& p) {
  const T lr = static_cast<T>(p.learning_rate), rho = static_cast<T>(p.rates[0]);
  const T rest = static_cast<T>(1 - p.rates[0]), momentum = static_cast<T>(p.rates[1]);
  const T epsilon = static_cast<T>(p.rates[2]);
  if (p.slots[2]) return step<3, T>(p, RmsProp<T, true, true>{lr, rho, rest, momentum, epsilon});
  if (!p.slots[1]) return step<1, T>(p, RmsProp<T, false, false>{lr, rho, rest, momentum, epsilon});
  if (p.flag) return step<2, T>(p, RmsProp<T, false, true>{lr, rho, rest, momentum, epsilon});
  return step<2, T>(p, RmsProp<T, true, false>{lr, rho, rest, momentum, epsilon});
}

// Duchi et al. 2011: the sum of all squares.
template <class T>
struct Adagrad {
  T lr, epsilon;
  MINIDL_INLINE void operator()(T& w, T g, T& sum, T&, T&) const {
    sum += g * g;
    w -= lr * g / root(sum + epsilon);
  }
};

template <class T>
Status adagrad(const StepParams& p) {
  return step<1, T>(p, Adagrad<T>{static_cast<T>(p.learning_rate), static_cast<T>(p.rates[0])});
}

// Zeiler 2012: steps scaled by the running size of the steps before.
template <class T>
struct Adadelta {
  T lr, rho, rest, epsilon;
  MINIDL_INLINE void operator()(T& w, T g, T& squares, T& changes, T&) const {
    squares = rho * squares + rest * (g * g);
    const T change = root(changes + epsilon) * g / root(squares + epsilon);
    changes = rho * changes + rest * (change * change);
    w -= lr * change;
  }
};

template <class T>
Status adadelta(const StepParams& p) {
  return step<2, T>(p, Adadelta<T>{static_cast<T>(p.learning_rate), static_cast<T>(p.rates[0]),
                                   static_cast<T>(1 - p.rates[0]), static_cast<T>(p.rates[1])});
}

// Chen et al. 2023: the sign of a mean of gradient and momentum.
template <class T>
struct Lion {
  T lr, b1, r1, b2, r2;
  MINIDL_INLINE void operator()(T& w, T g, T& m, T&, T&) const {
    const T mean = m * b1 + g * r1;
    const T sign = mean > 0 ? T(1) : mean < 0 ? T(-1) : mean;  // NaN stays
    w -= lr * sign;
    m = m * b2 + g * r2;
  }
};

template <class T>
Status lion(const StepParams& p) {
  const double b1 = p.rates[0], b2 = p.rates[1];
  return step<1, T>(p, Lion<T>{static_cast<T>(p.learning_rate), static_cast<T>(b1),
                               static_cast<T>(1 - b1), static_cast<T>(b2), static_cast<T>(1 - b2)});
}

// McMahan et al. 2013, with the shrinkage and beta of Keras. kRoot: the usual power of -0.5.
template <class T, bool kRoot>
struct Ftrl {
  T inverse, l1, twice_l2, shrinkage, exponent;  // inverse = 1 / lr
  MINIDL_INLINE T raised(T x) const {
    return kRoot ? root(x) : static_cast<T>(__builtin_pow(x, exponent));
  }
  MINIDL_INLINE void operator()(T& w, T g, T& sum, T& linear, T&) const {
    const T now = sum + g * g, high = raised(now);
    linear += g + shrinkage * w - (high - raised(sum)) * inverse * w;
    const T inside = linear > l1 ? l1 : linear < -l1 ? -l1 : linear;
    w = (inside - linear) / (high * inverse + twice_l2);
    sum = now;
  }
};

template <class T>
Status ftrl(const StepParams& p) {
  const double lr = p.learning_rate, beta = p.rates[4];
  const T inverse = static_cast<T>(1 / lr), l1 = static_cast<T>(p.rates[1]);
  const T twice_l2 = static_cast<T>(2 * p.rates[2] + beta / lr);
  const T shrinkage = static_cast<T>(2 * p.rates[3]), exponent = static_cast<T>(-p.rates[0]);
  if (p.rates[0] == -0.5) {
    return step<2, T>(p, Ftrl<T, true>{inverse, l1, twice_l2, shrinkage, exponent});
  }
  return step<2, T>(p, Ftrl<T, false>{inverse, l1, twice_l2, shrinkage, exponent});
}

}  // namespace

MINIDL_EXPORT(sgd, StepParams, sgd)
MINIDL_EXPORT(adam, StepParams, adam)
MINIDL_EXPORT(adamax, StepParams, adamax)
MINIDL_EXPORT(nadam, StepParams, nadam)
MINIDL_EXPORT(rmsprop, StepParams, rmsprop)
MINIDL_EXPORT(adagrad, StepParams, adagrad)
MINIDL_EXPORT(adadelta, StepParams, adadelta)
MINIDL_EXPORT(lion, StepParams, lion)
MINIDL_EXPORT(ftrl, StepParams, ftrl)

}  // namespace MINIDL_ISA
}  // namespace minidl
