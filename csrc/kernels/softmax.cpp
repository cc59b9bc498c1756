// Softmax and its kin over the last axis, row by row: a pass for the maximum, one for exponentials
// and their sum, one to scale. Rows are short (they stay in L1), so memory sees one read and one
// write; rows to come are fetched while exponentials keep the core busy.
//
// softmax_cross_entropy only reads: it leaves a loss and the logarithm of a sum for each row. The
// gradient computes the exponentials once more, which costs less than to write and read them.
#include "kernels/common.h"
#include "kernels/math.h"
#include "simd/lanes.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int64_t kAhead = 4096;  // elements

// f(offset, vector) -> vector for all of x; where y is given it takes what f returns. The last
// vector is filled up with `fill`.
template <class T, class F>
MINIDL_INLINE void each(const T* x, T* y, int64_t n, T fill, F f) {
  constexpr int L = kLanes<T>;
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const vec<T> v = f(i, load(x + i));
    if (y) store<T>(y + i, v);
  }
  const int rest = static_cast<int>(n - i);
  if (!rest) return;
  const vec<T> v = f(i, keep_first<T>(load_partial(x + i, rest), rest, fill));
  if (y) store_partial<T>(y + i, v, rest);
}

// A second array of the same length, read beside x; zeros beyond its end.
template <class T>
MINIDL_INLINE vec<T> beside(const T* q, int64_t i, int64_t n) {
  return i + kLanes<T> <= n ? load(q + i) : load_partial(q + i, static_cast<int>(n - i));
}

// A NaN may be lost here: the sum of exponentials will have it.
template <class T>
MINIDL_INLINE T row_max(const T* x, int64_t n) {
  constexpr int L = kLanes<T>;
  const T least = static_cast<T>(-__builtin_inf());
  vec<T> m = broadcast(least), m1 = m, m2 = m, m3 = m;
  int64_t i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    m = at_least<T>(m, load(x + i));
    m1 = at_least<T>(m1, load(x + i + L));
    m2 = at_least<T>(m2, load(x + i + 2 * L));
    m3 = at_least<T>(m3, load(x + i + 3 * L));
  }
  m = at_least<T>(at_least<T>(m, m1), at_least<T>(m2, m3));
  each<T>(x + i, nullptr, n - i, least, [&](int64_t, vec<T> v) { return m = at_least<T>(m, v); });
  return all_lanes_max<T>(m)[0];
}

// e^(x - m), to be stored or, less exactly where it is small, to be summed up.
template <bool kStored, class T>
MINIDL_INLINE vec<T> exp_below(vec<T> x, vec<T> m) {
  return kStored ? exp_nonpositive(x - m) : power((x - m) * kUnit<T>);
}

// y = exp(x - m) where kStored; returns the sum.
template <bool kStored, class T>
MINIDL_INLINE T row_exp(const T* x, T m, int64_t n, T* y) {
  constexpr int L = kLanes<T>;
  const vec<T> high = broadcast(m);
  vec<T> sum{}, sum1{};
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    __builtin_prefetch(x + i + kAhead);
    __builtin_prefetch(x + i + L + kAhead);
    const vec<T> e = exp_below<kStored, T>(load(x + i), high);
    const vec<T> e1 = exp_below<kStored, T>(load(x + i + L), high);
    if (kStored) {
      store<T>(y + i, e);
      store<T>(y + i + L, e1);
    }
    sum += e;
    sum1 += e1;
  }
  each<T>(x + i, kStored ? y + i : nullptr, n - i, static_cast<T>(-__builtin_inf()),
          [&](int64_t, vec<T> v) {
            const vec<T> e = exp_below<kStored, T>(v, high);
            sum += e;
            return e;
          });
  return all_lanes_sum<T>(sum + sum1)[0];
}

// Sum of a, or of a * b where b is given.
template <class T>
MINIDL_INLINE T row_sum(const T* a, const T* b, int64_t n) {
  vec<T> sum{};
  each<T>(a, nullptr, n, T(0),
          [&](int64_t i, vec<T> v) { return sum += b ? v * beside(b, i, n) : v; });
  return all_lanes_sum<T>(sum)[0];
}

template <class T>
MINIDL_INLINE T log_of(T x) {
  return vlog<T>(broadcast(x))[0];
}

template <class F>
inline void for_rows(int64_t rows, int64_t cols, F&& f) {
  parallel(rows, ceil_div(kStreamGrain / 4, cols), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) f(r);
  });
}

template <class T>
Status softmax(const SoftmaxParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const T* x = static_cast<const T*>(p.x) + r * p.cols;
    T* y = static_cast<T*>(p.y) + r * p.cols;
    const T scale = T(1) / row_exp<true>(x, row_max(x, p.cols), p.cols, y);
    for (int64_t i = 0; i < p.cols; ++i) y[i] *= scale;
  });
  return Status::kOk;
}

template <class T>
Status log_softmax(const SoftmaxParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const T* __restrict x = static_cast<const T*>(p.x) + r * p.cols;
    T* __restrict y = static_cast<T*>(p.y) + r * p.cols;
    const T m = row_max(x, p.cols);
    const T l = log_of(row_exp<false, T>(x, m, p.cols, nullptr));
    for (int64_t i = 0; i < p.cols; ++i) y[i] = (x[i] - m) - l;
  });
  return Status::kOk;
}

template <class T>
Status softmax_grad(const SoftmaxGradParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const T* __restrict dy = static_cast<const T*>(p.dy) + r * p.cols;
    const T* __restrict y = static_cast<const T*>(p.y) + r * p.cols;
    T* __restrict dx = static_cast<T*>(p.dx) + r * p.cols;
    const T s = row_sum(dy, y, p.cols);
    for (int64_t i = 0; i < p.cols; ++i) dx[i] = (dy[i] - s) * y[i];
  });
  return Status::kOk;
}

template <class T>
Status log_softmax_grad(const SoftmaxGradParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const int64_t n = p.cols;
    const T* dy = static_cast<const T*>(p.dy) + r * n;
    const T* y = static_cast<const T*>(p.y) + r * n;
    const vec<T> s = broadcast(row_sum<T>(dy, nullptr, n));
    each<T>(dy, static_cast<T*>(p.dx) + r * n, n, T(0),
            [&](int64_t i, vec<T> v) { return v - exp_nonpositive(beside(y, i, n)) * s; });
  });
  return Status::kOk;
}

// A label of 0 takes no part, not even against a logit of minus infinity.
template <class T>
Status softmax_cross_entropy(const SoftmaxCrossEntropyParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const int64_t n = p.cols;
    const T* x = static_cast<const T*>(p.logits) + r * n;
    const T m = row_max(x, n);
    const T l = log_of(row_exp<false, T>(x, m, n, nullptr));
    T* loss = static_cast<T*>(p.loss) + r;
    // The maximum and the rest apart: their sum would round away what large logits leave of l.
    static_cast<T*>(p.log_sum)[2 * r] = m;
    static_cast<T*>(p.log_sum)[2 * r + 1] = l;
    if (p.sparse) {
      *loss = l - (x[static_cast<const int64_t*>(p.labels)[r]] - m);
      return;
    }
    const T* q = static_cast<const T*>(p.labels) + r * n;
    const vec<T> high = broadcast(m), rest = broadcast(l);
    vec<T> sum{};
    each<T>(x, nullptr, n, T(0), [&](int64_t i, vec<T> v) {
      const vec<T> share = beside(q, i, n);
      return sum += share != vec<T>{} ? share * ((v - high) - rest) : vec<T>{};
    });
    *loss = -all_lanes_sum<T>(sum)[0];
  });
  return Status::kOk;
}

template <class T>
Status softmax_cross_entropy_grad(const SoftmaxCrossEntropyParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const int64_t n = p.cols;
    const T* x = static_cast<const T*>(p.logits) + r * n;
    T* d = static_cast<T*>(p.dlogits) + r * n;
    const T dy = static_cast<const T*>(p.dy)[r];
    const vec<T> m = broadcast(static_cast<const T*>(p.log_sum)[2 * r]);
    const vec<T> l = broadcast(static_cast<const T*>(p.log_sum)[2 * r + 1]);
    const vec<T> scale = broadcast(dy);
    if (p.sparse) {
      each<T>(x, d, n, T(0), [&](int64_t i, vec<T> v) {
        __builtin_prefetch(x + i + kAhead);
        return exp_nonpositive((v - m) - l) * scale;
      });
      d[static_cast<const int64_t*>(p.labels)[r]] -= dy;
      return;
    }
    const T* q = static_cast<const T*>(p.labels) + r * n;
    const vec<T> total = broadcast(row_sum<T>(q, nullptr, n));
    each<T>(x, d, n, T(0), [&](int64_t i, vec<T> v) {
      __builtin_prefetch(x + i + kAhead);
      return (exp_nonpositive((v - m) - l) * total - beside(q, i, n)) * scale;
    });
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(softmax, SoftmaxParams, softmax)
MINIDL_EXPORT(softmax_grad, SoftmaxGradParams, softmax_grad)
MINIDL_EXPORT(log_softmax, SoftmaxParams, log_softmax)
MINIDL_EXPORT(log_softmax_grad, SoftmaxGradParams, log_softmax_grad)
MINIDL_EXPORT(softmax_cross_entropy, SoftmaxCrossEntropyParams, softmax_cross_entropy)
MINIDL_EXPORT(softmax_cross_entropy_grad, SoftmaxCrossEntropyParams, softmax_cross_entropy_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
