// Optimizer steps, fused: one pass over each variable, its gradient and its slots, and one call for
// all variables of a model. The variables are laid end to end in chunks of a fixed size, so a model
// of many small ones is shared out as well as one big table. Scalars are computed in double and
// rounded once. Every value is loaded once: what was stored is not read again, which would cost a
// fifth where arrays are not aligned to a cache line.
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

// Keras's SGD: v = momentum * v - lr * g; w += v, or w += momentum * v - lr * g with Nesterov.
template <class T>
Status sgd(const SgdParams& p) {
  const T lr = static_cast<T>(p.learning_rate), momentum = static_cast<T>(p.momentum);
  for_chunks(p.sizes, p.count, [&](int64_t i, int64_t begin, int64_t end) {
    const T step = lr, decay = momentum;
    T* __restrict w = static_cast<T*>(p.variables[i]);
    const T* __restrict g = static_cast<const T*>(p.gradients[i]);
    if (!p.velocities) {
      for (int64_t k = begin; k < end; ++k) w[k] -= step * g[k];
      return;
    }
    T* __restrict v = static_cast<T*>(p.velocities[i]);
    if (p.nesterov) {
      for (int64_t k = begin; k < end; ++k) {
        const T grad = g[k], velocity = decay * v[k] - step * grad;
        v[k] = velocity;
        w[k] += decay * velocity - step * grad;
      }
    } else {
      for (int64_t k = begin; k < end; ++k) {
        const T velocity = decay * v[k] - step * g[k];
        v[k] = velocity;
        w[k] += velocity;
      }
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

double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent; exponent >>= 1, base *= base) {
    if (exponent & 1) result *= base;
  }
  return result;
}

// Kingma and Ba, in Keras's form: alpha = lr sqrt(1 - b2^t) / (1 - b1^t), w -= alpha m / (sqrt(v) +
// e).
template <class T>
Status adam(const AdamParams& p) {
  const T alpha = static_cast<T>(p.learning_rate * __builtin_sqrt(1 - power(p.beta_2, p.step)) /
                                 (1 - power(p.beta_1, p.step)));
  const T c1 = static_cast<T>(1 - p.beta_1), c2 = static_cast<T>(1 - p.beta_2);
  const T epsilon = static_cast<T>(p.epsilon);
  for_chunks(p.sizes, p.count, [&](int64_t i, int64_t begin, int64_t end) {
    // Copies of the scalars: read through the closure they might alias what is written.
    const T a = alpha, d1 = c1, d2 = c2, e = epsilon;
    T* __restrict w = static_cast<T*>(p.variables[i]);
    const T* __restrict g = static_cast<const T*>(p.gradients[i]);
    T* __restrict m = static_cast<T*>(p.m[i]);
    T* __restrict v = static_cast<T*>(p.v[i]);
    if (p.v_hat) {
      T* __restrict h = static_cast<T*>(p.v_hat[i]);
      for (int64_t k = begin; k < end; ++k) {
        const T grad = g[k], mean = m[k] + (grad - m[k]) * d1;
        const T square = v[k] + (grad * grad - v[k]) * d2;
        const T highest = (square > h[k]) | (square != square) ? square : h[k];
        m[k] = mean;
        v[k] = square;
        h[k] = highest;
        w[k] -= mean * a / (root(highest) + e);
      }
      return;
    }
    for (int64_t k = begin; k < end; ++k) {
      const T grad = g[k], mean = m[k] + (grad - m[k]) * d1;
      const T square = v[k] + (grad * grad - v[k]) * d2;
      m[k] = mean;
      v[k] = square;
      w[k] -= mean * a / (root(square) + e);
    }
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(sgd, SgdParams, sgd)
MINIDL_EXPORT(adam, AdamParams, adam)

}  // namespace MINIDL_ISA
}  // namespace minidl
