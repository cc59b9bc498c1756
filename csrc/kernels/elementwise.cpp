// Elementwise arithmetic. Binary ops walk the coalesced outer dimensions and run one of four inner
// loops (operand repeated or not); unary ops are flat loops. The loops are plain scalar code that
// the compiler vectorises for the instruction set; chunks are of fixed size.
#include "kernels/common.h"
#include "kernels/map.h"
#include "kernels/math.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

struct Add {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return x + y;
  }
};
struct Subtract {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return x - y;
  }
};
struct Multiply {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return x * y;
  }
};
struct Divide {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return x / y;
  }
};
struct Maximum {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return (x > y) | (x != x) ? x : y;
  }
};
struct Minimum {
  template <class T>
  static MINIDL_INLINE T f(T x, T y) {
    return (x < y) | (x != x) ? x : y;
  }
};

template <class Op, class T>
void inner(const T* x, int64_t xs, const T* y, int64_t ys, T* __restrict z, int64_t n) {
  if (xs && ys) {
    for (int64_t i = 0; i < n; ++i) z[i] = Op::f(x[i], y[i]);
  } else if (xs) {
    const T b = *y;
    for (int64_t i = 0; i < n; ++i) z[i] = Op::f(x[i], b);
  } else if (ys) {
    const T a = *x;
    for (int64_t i = 0; i < n; ++i) z[i] = Op::f(a, y[i]);
  } else {
    const T c = Op::f(*x, *y);
    for (int64_t i = 0; i < n; ++i) z[i] = c;
  }
}

template <class Op, class T>
Status binary(const BinaryParams& p) {
  const T* x = static_cast<const T*>(p.x);
  const T* y = static_cast<const T*>(p.y);
  T* z = static_cast<T*>(p.z);
  const int last = p.ndim - 1;
  const int64_t n = p.shape[last], xs = p.x_strides[last], ys = p.y_strides[last];
  int64_t rows = 1;
  for (int d = 0; d < last; ++d) rows *= p.shape[d];
  if (rows == 1) {
    parallel(n, kStreamGrain, [&](int64_t begin, int64_t end) {
      inner<Op>(x + begin * xs, xs, y + begin * ys, ys, z + begin, end - begin);
    });
    return Status::kOk;
  }
  parallel(rows, ceil_div(kStreamGrain, n), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t rest = r, xo = 0, yo = 0;
      for (int d = last - 1; d >= 0; --d) {
        const int64_t i = rest % p.shape[d];
        rest /= p.shape[d];
        xo += i * p.x_strides[d];
        yo += i * p.y_strides[d];
      }
      inner<Op>(x + xo, xs, y + yo, ys, z + r * n, n);
    }
  });
  return Status::kOk;
}

struct Negative {
  template <class T>
  static MINIDL_INLINE T f(T x) {
    return -x;
  }
};
struct Sqrt {
  static MINIDL_INLINE float f(float x) { return __builtin_sqrtf(x); }
  static MINIDL_INLINE double f(double x) { return __builtin_sqrt(x); }
};
struct Rsqrt {
  template <class T>
  static MINIDL_INLINE T f(T x) {
    return 1 / Sqrt::f(x);
  }
};
struct Square {
  template <class T>
  static MINIDL_INLINE T f(T x) {
    return x * x;
  }
};
struct Absolute {
  static MINIDL_INLINE float f(float x) { return __builtin_fabsf(x); }
  static MINIDL_INLINE double f(double x) { return __builtin_fabs(x); }
};

template <class Op, class T>
Status unary(const UnaryParams& p) {
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  parallel(p.n, kStreamGrain, [&](int64_t begin, int64_t end) {
    const T* __restrict a = x;
    T* __restrict b = y;
    for (int64_t i = begin; i < end; ++i) b[i] = Op::f(a[i]);
  });
  return Status::kOk;
}

#define MINIDL_MAP(name)                                               \
  template <class T>                                                   \
  Status name##_all(const UnaryParams& p) {                            \
    return parallel_map<T>(p, [](vec<T> x) { return v##name<T>(x); }); \
  }
MINIDL_MAP(exp)
MINIDL_MAP(expm1)
MINIDL_MAP(log)
MINIDL_MAP(log1p)
MINIDL_MAP(erf)

}  // namespace

#define MINIDL_BINARY(name, Op)                           \
  Status name##_float32(const BinaryParams& p) noexcept { \
    return binary<Op, float>(p);                          \
  }                                                       \
  Status name##_float64(const BinaryParams& p) noexcept { \
    return binary<Op, double>(p);                         \
  }
#define MINIDL_UNARY(name, Op)                           \
  Status name##_float32(const UnaryParams& p) noexcept { \
    return unary<Op, float>(p);                          \
  }                                                      \
  Status name##_float64(const UnaryParams& p) noexcept { \
    return unary<Op, double>(p);                         \
  }

MINIDL_BINARY(add, Add)
MINIDL_BINARY(subtract, Subtract)
MINIDL_BINARY(multiply, Multiply)
MINIDL_BINARY(divide, Divide)
MINIDL_BINARY(maximum, Maximum)
MINIDL_BINARY(minimum, Minimum)
MINIDL_UNARY(negative, Negative)
MINIDL_EXPORT(exp, UnaryParams, exp_all)
MINIDL_EXPORT(expm1, UnaryParams, expm1_all)
MINIDL_EXPORT(log, UnaryParams, log_all)
MINIDL_EXPORT(log1p, UnaryParams, log1p_all)
MINIDL_EXPORT(erf, UnaryParams, erf_all)
MINIDL_UNARY(sqrt, Sqrt)
MINIDL_UNARY(rsqrt, Rsqrt)
MINIDL_UNARY(square, Square)
MINIDL_UNARY(absolute, Absolute)

}  // namespace MINIDL_ISA
}  // namespace minidl
