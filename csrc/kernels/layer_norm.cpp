// Layer and RMS normalisation of the rows of [rows, cols]. A row is read from memory once and stays
// in cache: sum, squared deviations, result. Its mean and the scale 1 / sqrt(variance + epsilon)
// are kept for the backward pass, which finds dx, dgamma and dbeta in one sweep: per row two sums,
// then dx; the gradients of gamma and beta grow beside them, one copy for each piece of rows.
// Pieces depend on the shape only and are joined in order.
#include "kernels/columns.h"
#include "simd/lanes.h"
#include "simd/stream.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// S sums over [0, n): f(k, lanes, acc) adds the elements from k on. Long rows in blocks, whose sums
// are joined in double.
template <int S, class T, class F>
MINIDL_INLINE void sum_row(int64_t n, double (&out)[S], F f) {
  constexpr int64_t L = kLanes<T>, kBlock = 4096;
  for (int s = 0; s < S; ++s) out[s] = 0;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = min_of(n, begin + kBlock);
    vec<T> acc[4][S] = {};
    int64_t k = begin;
    for (; k + 4 * L <= end; k += 4 * L) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) f(k + i * L, static_cast<int>(L), acc[i]);
    }
    for (; k + L <= end; k += L) f(k, static_cast<int>(L), acc[0]);
    if (k < end) f(k, static_cast<int>(end - k), acc[1]);
    for (int s = 0; s < S; ++s) {
      out[s] += all_lanes_sum<T>((acc[0][s] + acc[1][s]) + (acc[2][s] + acc[3][s]))[0];
    }
  }
}

constexpr int64_t kAhead = 2048;  // values that a pass from memory asks for before it needs them

template <class T>
MINIDL_INLINE bool streams_rows(const void* y, int64_t rows, int64_t n) {
  return n % kLanes<T> == 0 && worth_streaming(y, rows * n * int64_t{sizeof(T)});
}

// f(k, lanes) for every vector of a row.
template <class T, class F>
MINIDL_INLINE void each_lanes(int64_t n, F f) {
  constexpr int64_t L = kLanes<T>;
  int64_t k = 0;
  for (; k + L <= n; k += L) f(k, static_cast<int>(L));
  if (k < n) f(k, static_cast<int>(n - k));
}

// x - m, with zeros beyond `lanes`.
template <class T>
MINIDL_INLINE vec<T> centred(const T* x, const T* m, int lanes) {
  return load_lanes(x, lanes) - load_lanes(m, lanes);
}

template <bool kCentre, class T>
Status norm(const LayerNormParams& p) {
  const int64_t n = p.cols;
  const T* gamma = static_cast<const T*>(p.gamma);
  const T* beta = static_cast<const T*>(p.beta);
  const bool streams = streams_rows<T>(p.y, p.rows, n);
  parallel(p.rows, ceil_div(kStreamGrain, n), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const T* x = static_cast<const T*>(p.x) + r * n;
      T* y = static_cast<T*>(p.y) + r * n;
      double sum[1] = {0}, squares[1];
      T m[kLanes<T>] = {};
      if (kCentre) {
        sum_row<1, T>(n, sum, [=](int64_t k, int lanes, vec<T>(&acc)[1]) {
          __builtin_prefetch(x + k + kAhead);
          acc[0] += load_lanes(x + k, lanes);
        });
        const T mean = static_cast<T>(sum[0] / static_cast<double>(n));
        for (T& lane : m) lane = mean;
        static_cast<T*>(p.mean)[r] = mean;
      }
      sum_row<1, T>(n, squares, [&](int64_t k, int lanes, vec<T>(&acc)[1]) {
        const vec<T> d = centred(x + k, m, lanes);
        acc[0] += d * d;
      });
      const T s =
          static_cast<T>(1 / __builtin_sqrt(squares[0] / static_cast<double>(n) + p.epsilon));
      static_cast<T*>(p.scale)[r] = s;
      const vec<T> mean = load(m), scale = broadcast(s);
      each_lanes<T>(n, [=](int64_t k, int lanes) {
        vec<T> v = (load_lanes(x + k, lanes) - mean) * scale;
        if (gamma) v *= load_lanes(gamma + k, lanes);
        if (beta) v += load_lanes(beta + k, lanes);
        put(streams, y + k, v, lanes);
      });
    }
    if (streams) stream_end();
  });
  return Status::kOk;
}

// One row of the backward pass; adds to dgamma and dbeta (dbeta only where rows were centred).
template <bool kCentre, bool kGamma, class T>
MINIDL_INLINE void row_grad(const T* dy, const T* x, const T* gamma, T mean, T scale, int64_t n,
                            T* dx, T* dgamma, T* dbeta, bool streams) {
  T m[kLanes<T>];
  for (T& lane : m) lane = mean;
  const vec<T> s = broadcast(scale);
  double sums[2];
  sum_row<2, T>(n, sums, [=, &m](int64_t k, int lanes, vec<T>(&acc)[2]) {
    __builtin_prefetch(dy + k + kAhead);
    __builtin_prefetch(x + k + kAhead);
    const vec<T> g = load_lanes(dy + k, lanes);
    const vec<T> normal = centred(x + k, m, lanes) * s;
    store_lanes<T>(dgamma + k, load_lanes(dgamma + k, lanes) + g * normal, lanes);
    if (kCentre) store_lanes<T>(dbeta + k, load_lanes(dbeta + k, lanes) + g, lanes);
    const vec<T> flow = kGamma ? g * load_lanes(gamma + k, lanes) : g;
    acc[0] += flow;
    acc[1] += flow * normal;
  });
  const double count = static_cast<double>(n);
  const vec<T> a = broadcast(static_cast<T>(kCentre ? sums[0] / count : 0));
  const vec<T> b = broadcast(static_cast<T>(sums[1] / count)), middle = load(m);
  each_lanes<T>(n, [=](int64_t k, int lanes) {
    const vec<T> g = load_lanes(dy + k, lanes);
    const vec<T> normal = (load_lanes(x + k, lanes) - middle) * s;
    const vec<T> flow = kGamma ? g * load_lanes(gamma + k, lanes) : g;
    put(streams, dx + k, (flow - a - normal * b) * s, lanes);
  });
}

template <bool kCentre, class T>
Status norm_grad(const LayerNormGradParams& p) {
  const int64_t n = p.cols, sums = kCentre ? 2 * n : n;
  // At most 64 pieces: each keeps gradients of its own.
  const int64_t size = max_of(ceil_div(kStreamGrain, n), ceil_div(p.rows, 64));
  const int64_t pieces = ceil_div(p.rows, size);
  Scratch<T> partial(pieces * sums);
  if (!partial) return Status::kOutOfMemory;
  const T* gamma = static_cast<const T*>(p.gamma);
  const bool streams = streams_rows<T>(p.dx, p.rows, n);
  parallel(pieces, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      T* dgamma = partial.get() + i * sums;
      T* dbeta = dgamma + n;
      for (int64_t k = 0; k < sums; ++k) dgamma[k] = T(0);
      for (int64_t r = i * size; r < min_of(p.rows, (i + 1) * size); ++r) {
        const T* dy = static_cast<const T*>(p.dy) + r * n;
        const T* x = static_cast<const T*>(p.x) + r * n;
        T* dx = static_cast<T*>(p.dx) + r * n;
        const T mean = kCentre ? static_cast<const T*>(p.mean)[r] : T(0);
        const T scale = static_cast<const T*>(p.scale)[r];
        if (gamma) {
          row_grad<kCentre, true>(dy, x, gamma, mean, scale, n, dx, dgamma, dbeta, streams);
        } else {
          row_grad<kCentre, false>(dy, x, gamma, mean, scale, n, dx, dgamma, dbeta, streams);
        }
      }
    }
    if (streams) stream_end();
  });
  T* const out[1] = {static_cast<T*>(p.dgamma)};
  const T* from = partial.get();
  auto join = [&](int64_t i, int64_t k, int lanes, vec<T>(&acc)[1]) {
    acc[0] += load_lanes(from + i * sums + k, lanes);
  };
  fold_columns<SumOp>(0, pieces, 0, n, out, join);
  if (kCentre) {
    from += n;
    T* const other[1] = {static_cast<T*>(p.dbeta)};
    fold_columns<SumOp>(0, pieces, 0, n, other, join);
  }
  return Status::kOk;
}

template <class T>
Status layer_norm(const LayerNormParams& p) {
  return norm<true, T>(p);
}
template <class T>
Status layer_norm_grad(const LayerNormGradParams& p) {
  return norm_grad<true, T>(p);
}
template <class T>
Status rms_norm(const LayerNormParams& p) {
  return norm<false, T>(p);
}
template <class T>
Status rms_norm_grad(const LayerNormGradParams& p) {
  return norm_grad<false, T>(p);
}

}  // namespace

MINIDL_EXPORT(layer_norm, LayerNormParams, layer_norm)
MINIDL_EXPORT(layer_norm_grad, LayerNormGradParams, layer_norm_grad)
MINIDL_EXPORT(rms_norm, LayerNormParams, rms_norm)
MINIDL_EXPORT(rms_norm_grad, LayerNormGradParams, rms_norm_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
