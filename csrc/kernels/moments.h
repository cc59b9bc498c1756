// Statistics of channels, shared by batch and group normalisation: sums, means and squared
// deviations of the columns of a [rows, channels] matrix.
// Of few channels k rows are read as one (rows_as_one): coefficients are repeated k times to match,
// and the k copies of a sum are added up.
#pragma once

#include "kernels/columns.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// The rows of one matrix cut into at most 256 pieces of a whole number of `k` rows, each large
// enough to be worth handing out.
struct Pieces {
  int64_t rows, size, count, grain;
  Pieces(int64_t rows_, int64_t channels, int64_t k) : rows(rows_) {
    size = max_of(ceil_div(8192, channels), ceil_div(rows, 256));
    size = ceil_div(max_of<int64_t>(size, 16), k) * k;
    count = ceil_div(rows, size);
    grain = ceil_div(kStreamGrain, size * channels);
  }
  int64_t begin(int64_t i) const { return i * size; }
  int64_t end(int64_t i) const { return min_of(rows, (i + 1) * size); }
};

// f(offset, channel, lanes) for every vector of rows [r0, r1), r0 a multiple of k; `channel` counts
// through the k copies.
template <class T, class F>
MINIDL_INLINE void each_vector(int64_t r0, int64_t r1, int64_t channels, int64_t k, F f) {
  constexpr int64_t L = kLanes<T>;
  const int64_t cols = channels * k;
  for (int64_t r = r0 / k; r < r1 / k; ++r) {
    int64_t c = 0;
    for (; c + L <= cols; c += L) f(r * cols + c, c, static_cast<int>(L));
    if (c < cols) f(r * cols + c, c, static_cast<int>(cols - c));
  }
  for (int64_t r = r1 / k * k; r < r1; ++r) {
    for (int64_t c = 0; c < channels; c += L) {
      f(r * channels + c, c, static_cast<int>(min_of(L, channels - c)));
    }
  }
}

template <class T>
inline void repeat_channels(T* values, int64_t channels, int64_t k) {
  for (int64_t i = channels; i < channels * k; ++i) values[i] = values[i - channels];
}

// S sums per channel over rows [0, rows): f(offset, channel, lanes, acc) adds to acc[S]. out[s] has
// room for k * channels values; the sums are the first `channels`.
template <int S, class T, class F>
MINIDL_INLINE void sum_channels(int64_t rows, int64_t channels, int64_t k, T* const (&out)[S],
                                F f) {
  constexpr int64_t L = kLanes<T>;
  const int64_t cols = channels * k, whole = rows / k;
  fold_columns<SumOp>(
      0, whole, 0, cols, out,
      [&](int64_t r, int64_t c, int lanes, vec<T>(&acc)[S]) { f(r * cols + c, c, lanes, acc); });
  for (int s = 0; s < S; ++s) {
    for (int64_t i = 1; i < k; ++i) {
      for (int64_t c = 0; c < channels; ++c) out[s][c] += out[s][i * channels + c];
    }
  }
  if (whole * k == rows) return;
  for (int64_t c = 0; c < channels; c += L) {
    const int lanes = static_cast<int>(min_of(L, channels - c));
    vec<T> acc[S] = {};
    for (int64_t r = whole * k; r < rows; ++r) f(r * channels + c, c, lanes, acc);
    for (int s = 0; s < S; ++s) {
      store_lanes(out[s] + c, load_lanes(out[s] + c, lanes) + acc[s], lanes);
    }
  }
}

// Joins the mean and squared deviations of `here` more samples to those of `before` (Chan et al.).
inline void join_moments(double before, double here, double mean, double squares, double* to_mean,
                         double* to_squares) {
  const double share = here / (before + here), delta = mean - *to_mean;
  *to_mean += delta * share;
  *to_squares += squares + delta * delta * before * share;
}

// Mean and squared deviations of every channel over [rows, channels], in two passes over blocks
// that stay in cache. work: 2 * k * channels values.
template <class T>
void channel_moments(const T* x, int64_t rows, int64_t channels, int64_t k, T* work, double* mean,
                     double* squares) {
  const int64_t block = ceil_div(max_of<int64_t>(16, ceil_div(8192, channels)), k) * k;
  T* m = work;
  T* q = work + k * channels;
  for (int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = 0;
  for (int64_t r = 0; r < rows; r += block) {
    const int64_t here = min_of(block, rows - r);
    const T* from = x + r * channels;
    T* const means[1] = {m};
    T* const deviations[1] = {q};
    sum_channels(here, channels, k, means, [&](int64_t at, int64_t, int lanes, vec<T>(&acc)[1]) {
      acc[0] += load_lanes(from + at, lanes);
    });
    for (int64_t c = 0; c < channels; ++c) m[c] /= static_cast<T>(here);
    repeat_channels(m, channels, k);
    sum_channels(here, channels, k, deviations,
                 [&](int64_t at, int64_t c, int lanes, vec<T>(&acc)[1]) {
                   const vec<T> d = load_lanes(from + at, lanes) - load_lanes(m + c, lanes);
                   acc[0] += d * d;
                 });
    for (int64_t c = 0; c < channels; ++c) {
      join_moments(static_cast<double>(r), static_cast<double>(here), m[c], q[c], mean + c,
                   squares + c);
    }
  }
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
