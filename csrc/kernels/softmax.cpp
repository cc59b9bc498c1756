// Softmax and its kin over the last axis, row by row: a pass for the maximum, one for exponentials
// and their sum, one to scale. Rows are short (they stay in L1), so memory sees one read and one
// write. softmax_cross_entropy leaves the gradient of the logits in the same sweep.
#include "kernels/common.h"
#include "kernels/math.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
MINIDL_INLINE T row_max(const T* x, int64_t n) {
  constexpr int L = kLanes<T>;
  vec<T> m = broadcast(static_cast<T>(-__builtin_inf()));
  int64_t i = 0;
  for (; i + L <= n; i += L) m = vmax<T>(m, load(x + i));
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    m = vmax<T>(m,
                keep_first<T>(load_partial(x + i, rest), rest, static_cast<T>(-__builtin_inf())));
  }
  return horizontal_max<T>(m);
}

// y = exp(x - m) where y is given; returns the sum.
template <class T>
MINIDL_INLINE T row_exp(const T* x, T m, int64_t n, T* y) {
  constexpr int L = kLanes<T>;
  vec<T> sum{};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const vec<T> e = vexp<T>(load(x + i) - broadcast(m));
    if (y) store<T>(y + i, e);
    sum += e;
  }
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    const vec<T> e = keep_first<T>(vexp<T>(load_partial(x + i, rest) - broadcast(m)), rest, T(0));
    if (y) store_partial<T>(y + i, e, rest);
    sum += e;
  }
  return horizontal_sum<T>(sum);
}

template <class T>
MINIDL_INLINE T dot(const T* a, const T* b, int64_t n) {
  constexpr int L = kLanes<T>;
  vec<T> sum{};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    sum += b ? load(a + i) * load(b + i) : load(a + i);
  }
  if (i < n) {
    const int rest = static_cast<int>(n - i);
    const vec<T> x = load_partial(a + i, rest);
    sum += b ? x * load_partial(b + i, rest) : x;
  }
  return horizontal_sum<T>(sum);
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
    const T scale = T(1) / row_exp(x, row_max(x, p.cols), p.cols, y);
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
    const T l = log_of(row_exp<T>(x, m, p.cols, nullptr));
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
    const T s = dot(dy, y, p.cols);
    for (int64_t i = 0; i < p.cols; ++i) dx[i] = (dy[i] - s) * y[i];
  });
  return Status::kOk;
}

template <class T>
Status log_softmax_grad(const SoftmaxGradParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const T* dy = static_cast<const T*>(p.dy) + r * p.cols;
    const T* y = static_cast<const T*>(p.y) + r * p.cols;
    T* dx = static_cast<T*>(p.dx) + r * p.cols;
    const T s = dot<T>(dy, nullptr, p.cols);
    int64_t i = 0;
    constexpr int L = kLanes<T>;
    for (; i + L <= p.cols; i += L) {
      store<T>(dx + i, load(dy + i) - vexp<T>(load(y + i)) * broadcast(s));
    }
    if (i < p.cols) {
      const int rest = static_cast<int>(p.cols - i);
      store_partial<T>(
          dx + i, load_partial(dy + i, rest) - vexp<T>(load_partial(y + i, rest)) * broadcast(s),
          rest);
    }
  });
  return Status::kOk;
}

template <class T>
Status softmax_cross_entropy(const SoftmaxCrossEntropyParams& p) {
  for_rows(p.rows, p.cols, [&](int64_t r) {
    const T* x = static_cast<const T*>(p.logits) + r * p.cols;
    T* __restrict d = static_cast<T*>(p.dlogits) + r * p.cols;
    const T m = row_max(x, p.cols);
    const T sum = row_exp(x, m, p.cols, d);
    const T scale = T(1) / sum, l = log_of(sum);
    T* loss = static_cast<T*>(p.loss) + r;
    if (p.sparse) {
      const int64_t label = static_cast<const int64_t*>(p.labels)[r];
      *loss = l - (x[label] - m);
      for (int64_t i = 0; i < p.cols; ++i) d[i] *= scale;
      d[label] -= T(1);
      return;
    }
    const T* __restrict q = static_cast<const T*>(p.labels) + r * p.cols;
    T total = T(0), weighted = T(0);
    for (int64_t i = 0; i < p.cols; ++i) {
      total += q[i];
      // A label of 0 takes no part, not even against a logit of minus infinity.
      weighted += q[i] != T(0) ? q[i] * ((x[i] - m) - l) : T(0);
    }
    *loss = -weighted;
    for (int64_t i = 0; i < p.cols; ++i) d[i] = d[i] * scale * total - q[i];
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(softmax, SoftmaxParams, softmax)
MINIDL_EXPORT(softmax_grad, SoftmaxGradParams, softmax_grad)
MINIDL_EXPORT(log_softmax, SoftmaxParams, log_softmax)
MINIDL_EXPORT(log_softmax_grad, SoftmaxGradParams, log_softmax_grad)
MINIDL_EXPORT(softmax_cross_entropy, SoftmaxCrossEntropyParams, softmax_cross_entropy)

}  // namespace MINIDL_ISA
}  // namespace minidl
