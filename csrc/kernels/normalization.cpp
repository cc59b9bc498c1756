// Batch normalisation over [rows, channels]. Statistics take one sweep: rows are cut into blocks
// that stay in cache, each block gives its mean and sum of squared deviations (two passes over
// cached data), and blocks are combined in order by Chan's formula. A second sweep normalises.
// Backward: one sweep for the two sums, one for dx. Blocks depend on the shape only.
#include "kernels/columns.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

struct Blocks {
  int64_t rows, block, count;
  Blocks(int64_t rows_, int64_t channels)
      : rows(rows_),
        block(max_of<int64_t>(ceil_div(16384, channels), ceil_div(rows_, 256))),
        count(ceil_div(rows_, block)) {}
  int64_t begin(int64_t i) const { return i * block; }
  int64_t end(int64_t i) const { return min_of(rows, (i + 1) * block); }
};

// f(row range) for the elementwise sweeps.
template <class F>
inline void for_row_blocks(int64_t rows, int64_t channels, F&& f) {
  parallel(rows, ceil_div(kStreamGrain, channels), f);
}

template <class T>
void scale_and_shift(const BatchNormParams& p, const T* mean, const T* variance, T* coefficients) {
  const T* gamma = static_cast<const T*>(p.gamma);
  T* scale = coefficients;
  for (int64_t c = 0; c < p.channels; ++c) {
    const double s = 1 / __builtin_sqrt(static_cast<double>(variance[c]) + p.epsilon);
    scale[c] = static_cast<T>(gamma ? gamma[c] * s : s);
  }
  const T* beta = static_cast<const T*>(p.beta);
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  constexpr int L = kLanes<T>;
  for_row_blocks(p.rows, p.channels, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* in = x + r * p.channels;
      T* out = y + r * p.channels;
      for (int64_t c = 0; c < p.channels; c += L) {
        const int lanes = static_cast<int>(min_of<int64_t>(L, p.channels - c));
        vec<T> v = (load_lanes(in + c, lanes) - load_lanes(mean + c, lanes)) *
                   load_lanes(scale + c, lanes);
        if (beta) v += load_lanes(beta + c, lanes);
        store_lanes(out + c, v, lanes);
      }
    }
  });
}

template <class T>
Status batch_norm(const BatchNormParams& p) {
  const int64_t n = p.channels;
  const Blocks blocks(p.rows, n);
  Scratch<T> partial(blocks.count * 2 * n), scale(n);
  Scratch<double> sums(2 * n);
  if (!partial || !scale || !sums) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  parallel(blocks.count, 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      T* m = partial.get() + b * 2 * n;
      T* const means[1] = {m};
      T* const squares[1] = {m + n};
      fold_columns<SumOp>(blocks.begin(b), blocks.end(b), n, means,
                          [&](int64_t r, int64_t c, int lanes, vec<T>(&acc)[1]) {
                            acc[0] += load_lanes(x + r * n + c, lanes);
                          });
      const T inverse = T(1) / static_cast<T>(blocks.end(b) - blocks.begin(b));
      for (int64_t c = 0; c < n; ++c) m[c] *= inverse;
      fold_columns<SumOp>(blocks.begin(b), blocks.end(b), n, squares,
                          [&](int64_t r, int64_t c, int lanes, vec<T>(&acc)[1]) {
                            const vec<T> d =
                                load_lanes(x + r * n + c, lanes) - load_lanes(m + c, lanes);
                            acc[0] += d * d;
                          });
    }
  });
  double* mean = sums.get();
  double* m2 = mean + n;
  for (int64_t c = 0; c < n; ++c) mean[c] = m2[c] = 0;
  for (int64_t b = 0; b < blocks.count; ++b) {
    const T* m = partial.get() + b * 2 * n;
    const double before = static_cast<double>(blocks.begin(b));
    const double here = static_cast<double>(blocks.end(b) - blocks.begin(b));
    for (int64_t c = 0; c < n; ++c) {
      const double delta = m[c] - mean[c];
      mean[c] += delta * here / (before + here);
      m2[c] += m[n + c] + delta * delta * before * here / (before + here);
    }
  }
  T* out_mean = static_cast<T*>(p.mean);
  T* out_variance = static_cast<T*>(p.variance);
  for (int64_t c = 0; c < n; ++c) {
    out_mean[c] = static_cast<T>(mean[c]);
    out_variance[c] = static_cast<T>(m2[c] / static_cast<double>(p.rows));
  }
  scale_and_shift(p, out_mean, out_variance, scale.get());
  return Status::kOk;
}

template <class T>
Status batch_norm_inference(const BatchNormParams& p) {
  Scratch<T> scale(p.channels);
  if (!scale) return Status::kOutOfMemory;
  scale_and_shift(p, static_cast<const T*>(p.mean), static_cast<const T*>(p.variance), scale.get());
  return Status::kOk;
}

template <class T>
Status batch_norm_grad(const BatchNormGradParams& p) {
  const int64_t n = p.channels;
  const Blocks blocks(p.rows, n);
  Scratch<T> partial(blocks.count * 2 * n), factors(3 * n);
  if (!partial || !factors) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  const T* dy = static_cast<const T*>(p.dy);
  const T* mean = static_cast<const T*>(p.mean);
  const T* variance = static_cast<const T*>(p.variance);
  const T* gamma = static_cast<const T*>(p.gamma);
  parallel(blocks.count, 1, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      T* const sums[2] = {partial.get() + b * 2 * n, partial.get() + b * 2 * n + n};
      fold_columns<SumOp>(
          blocks.begin(b), blocks.end(b), n, sums,
          [&](int64_t r, int64_t c, int lanes, vec<T>(&acc)[2]) {
            const vec<T> g = load_lanes(dy + r * n + c, lanes);
            acc[0] += g;
            acc[1] += g * (load_lanes(x + r * n + c, lanes) - load_lanes(mean + c, lanes));
          });
    }
  });
  // dx = scale * (dy - a - (x - mean) * b)
  T* scale = factors.get();
  T* a = scale + n;
  T* b = a + n;
  for (int64_t c = 0; c < n; ++c) {
    double sum = 0, product = 0;
    for (int64_t i = 0; i < blocks.count; ++i) {
      sum += partial.get()[i * 2 * n + c];
      product += partial.get()[i * 2 * n + n + c];
    }
    const double rows = static_cast<double>(p.rows);
    const double inverse = 1 / __builtin_sqrt(static_cast<double>(variance[c]) + p.epsilon);
    static_cast<T*>(p.dbeta)[c] = static_cast<T>(sum);
    static_cast<T*>(p.dgamma)[c] = static_cast<T>(product * inverse);
    scale[c] = static_cast<T>(gamma ? gamma[c] * inverse : inverse);
    a[c] = static_cast<T>(sum / rows);
    b[c] = static_cast<T>(product * inverse * inverse / rows);
  }
  T* dx = static_cast<T*>(p.dx);
  constexpr int L = kLanes<T>;
  for_row_blocks(p.rows, n, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < n; c += L) {
        const int lanes = static_cast<int>(min_of<int64_t>(L, n - c));
        const vec<T> d = load_lanes(x + r * n + c, lanes) - load_lanes(mean + c, lanes);
        const vec<T> g = load_lanes(dy + r * n + c, lanes) - load_lanes(a + c, lanes) -
                         d * load_lanes(b + c, lanes);
        store_lanes(dx + r * n + c, g * load_lanes(scale + c, lanes), lanes);
      }
    }
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(batch_norm, BatchNormParams, batch_norm)
MINIDL_EXPORT(batch_norm_inference, BatchNormParams, batch_norm_inference)
MINIDL_EXPORT(batch_norm_grad, BatchNormGradParams, batch_norm_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
