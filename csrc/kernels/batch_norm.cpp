// Batch normalisation over [rows, channels]. Statistics take one sweep: rows are cut into pieces,
// each gives the mean and squared deviations of its channels, and pieces are joined in order by
// Chan's formula. A second sweep normalises. Backward: one sweep for the two sums, one for dx.
// Pieces depend on the shape only.
#include "kernels/moments.h"
#include "simd/stream.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// out = f(offset, channel, lanes) over all rows, in parallel; coefficients of k * channels values.
template <class T, class F>
void sweep(T* out, int64_t rows, int64_t channels, int64_t k, F f) {
  const int64_t units = ceil_div(rows, k), bytes = rows * channels * sizeof(T);
  const bool streams = channels % kLanes<T> == 0 && worth_streaming(out, bytes);
  parallel(units, ceil_div(kStreamGrain, channels * k), [&](int64_t begin, int64_t end) {
    each_vector<T>(begin * k, min_of(rows, end * k), channels, k,
                   [=](int64_t at, int64_t c, int lanes) {
                     put<T>(streams, out + at, f(at, c, lanes), lanes);
                   });
    if (streams) stream_end();
  });
}

template <class T>
Status normalise(const BatchNormParams& p, const T* mean, const T* variance) {
  const int64_t n = p.channels, k = rows_as_one<T>(n);
  Scratch<T> coefficients(3 * n * k);
  if (!coefficients) return Status::kOutOfMemory;
  T* m = coefficients.get();
  T* scale = m + n * k;
  T* shift = scale + n * k;
  const T* gamma = static_cast<const T*>(p.gamma);
  const T* beta = static_cast<const T*>(p.beta);
  for (int64_t c = 0; c < n; ++c) {
    const double s = 1 / __builtin_sqrt(static_cast<double>(variance[c]) + p.epsilon);
    m[c] = mean[c];
    scale[c] = static_cast<T>(gamma ? gamma[c] * s : s);
    shift[c] = beta ? beta[c] : T(0);
  }
  for (int i = 0; i < 3; ++i) repeat_channels(m + i * n * k, n, k);
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  sweep(y, p.rows, n, k, [=](int64_t at, int64_t c, int lanes) {
    const vec<T> d = load_lanes(x + at, lanes) - load_lanes(m + c, lanes);
    return d * load_lanes(scale + c, lanes) + load_lanes(shift + c, lanes);
  });
  return Status::kOk;
}

template <class T>
Status batch_norm(const BatchNormParams& p) {
  const int64_t n = p.channels, k = rows_as_one<T>(n);
  const Pieces pieces(p.rows, n, k);
  Scratch<double> partial(pieces.count * 2 * n), sums(2 * n);
  if (!partial || !sums) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  bool no_memory = false;
  parallel(pieces.count, pieces.grain, [&](int64_t first, int64_t last) {
    Scratch<T> work(2 * n * k);
    if (!work) {
      no_memory = true;
      return;
    }
    for (int64_t i = first; i < last; ++i) {
      double* to = partial.get() + i * 2 * n;
      const int64_t r0 = pieces.begin(i);
      channel_moments(x + r0 * n, pieces.end(i) - r0, n, k, work.get(), to, to + n);
    }
  });
  if (no_memory) return Status::kOutOfMemory;
  double* mean = sums.get();
  double* squares = mean + n;
  for (int64_t c = 0; c < n; ++c) mean[c] = squares[c] = 0;
  for (int64_t i = 0; i < pieces.count; ++i) {
    const double* from = partial.get() + i * 2 * n;
    const double before = static_cast<double>(pieces.begin(i));
    const double here = static_cast<double>(pieces.end(i)) - before;
    for (int64_t c = 0; c < n; ++c) {
      join_moments(before, here, from[c], from[n + c], mean + c, squares + c);
    }
  }
  T* out_mean = static_cast<T*>(p.mean);
  T* out_variance = static_cast<T*>(p.variance);
  for (int64_t c = 0; c < n; ++c) {
    out_mean[c] = static_cast<T>(mean[c]);
    out_variance[c] = static_cast<T>(squares[c] / static_cast<double>(p.rows));
  }
  return normalise(p, out_mean, out_variance);
}

template <class T>
Status batch_norm_inference(const BatchNormParams& p) {
  return normalise(p, static_cast<const T*>(p.mean), static_cast<const T*>(p.variance));
}

template <class T>
Status batch_norm_grad(const BatchNormGradParams& p) {
  const int64_t n = p.channels, k = rows_as_one<T>(n);
  const Pieces pieces(p.rows, n, k);
  Scratch<T> partial(pieces.count * 2 * n), factors(4 * n * k);
  if (!partial || !factors) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  const T* dy = static_cast<const T*>(p.dy);
  const T* variance = static_cast<const T*>(p.variance);
  const T* gamma = static_cast<const T*>(p.gamma);
  T* m = factors.get();
  T* scale = m + n * k;
  T* a = scale + n * k;
  T* b = a + n * k;
  for (int64_t c = 0; c < n; ++c) m[c] = static_cast<const T*>(p.mean)[c];
  repeat_channels(m, n, k);
  bool no_memory = false;
  parallel(pieces.count, pieces.grain, [&](int64_t first, int64_t last) {
    Scratch<T> work(2 * n * k);
    if (!work) {
      no_memory = true;
      return;
    }
    T* const sums[2] = {work.get(), work.get() + n * k};
    for (int64_t i = first; i < last; ++i) {
      const int64_t r0 = pieces.begin(i);
      const T *from = x + r0 * n, *upstream = dy + r0 * n;
      sum_channels(pieces.end(i) - r0, n, k, sums,
                   [=](int64_t at, int64_t c, int lanes, vec<T>(&acc)[2]) {
                     const vec<T> g = load_lanes(upstream + at, lanes);
                     acc[0] += g;
                     acc[1] += g * (load_lanes(from + at, lanes) - load_lanes(m + c, lanes));
                   });
      T* to = partial.get() + i * 2 * n;
      for (int64_t c = 0; c < n; ++c) {
        to[c] = sums[0][c];
        to[n + c] = sums[1][c];
      }
    }
  });
  if (no_memory) return Status::kOutOfMemory;
  // dx = scale * dy - a - (x - mean) * b
  const double rows = static_cast<double>(p.rows);
  for (int64_t c = 0; c < n; ++c) {
    double sum = 0, product = 0;
    for (int64_t i = 0; i < pieces.count; ++i) {
      sum += partial.get()[i * 2 * n + c];
      product += partial.get()[i * 2 * n + n + c];
    }
    const double inverse = 1 / __builtin_sqrt(static_cast<double>(variance[c]) + p.epsilon);
    const double s = gamma ? gamma[c] * inverse : inverse;
    static_cast<T*>(p.dbeta)[c] = static_cast<T>(sum);
    static_cast<T*>(p.dgamma)[c] = static_cast<T>(product * inverse);
    scale[c] = static_cast<T>(s);
    a[c] = static_cast<T>(s * sum / rows);
    b[c] = static_cast<T>(s * product * inverse * inverse / rows);
  }
  for (int i = 1; i < 4; ++i) repeat_channels(m + i * n * k, n, k);
  T* dx = static_cast<T*>(p.dx);
  sweep(dx, p.rows, n, k, [=](int64_t at, int64_t c, int lanes) {
    const vec<T> d = load_lanes(x + at, lanes) - load_lanes(m + c, lanes);
    const vec<T> g = load_lanes(dy + at, lanes) * load_lanes(scale + c, lanes);
    return g - load_lanes(a + c, lanes) - d * load_lanes(b + c, lanes);
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(batch_norm, BatchNormParams, batch_norm)
MINIDL_EXPORT(batch_norm_inference, BatchNormParams, batch_norm_inference)
MINIDL_EXPORT(batch_norm_grad, BatchNormGradParams, batch_norm_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
