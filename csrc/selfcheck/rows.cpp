// Elementwise kernels, sums, softmax, normalisation and optimizers against naive loops.
#include "selfcheck/checks.h"

namespace minidl {
namespace {

template <class T>
void check_elementwise() {
  const int64_t rows = 301, cols = 257;  // long enough for several chunks
  const auto x = integers<T>(rows * cols), y = integers<T>(cols), dy = integers<T>(rows * cols);
  std::vector<T> z(x.size()), want(x.size());
  BinaryParams binary{x.data(), y.data(), z.data(), 2, {rows, cols}, {cols, 1}, {0, 1}};
  kernels().multiply[kIndex<T>](binary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = x[i] * y[i % cols];
  compare("multiply", z, want, 0);
  kernels().maximum[kIndex<T>](binary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = std::fmax(x[i], y[i % cols]);
  compare("maximum", z, want, 0);

  UnaryParams unary{x.data(), z.data(), rows * cols, {}};
  kernels().exp[kIndex<T>](unary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = std::exp(static_cast<double>(x[i]));
  compare("exp", z, want, 2e-5);
  kernels().tanh[kIndex<T>](unary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = std::tanh(static_cast<double>(x[i]));
  compare("tanh", z, want, 1e-6);
  kernels().erf[kIndex<T>](unary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = std::erf(static_cast<double>(x[i]));
  compare("erf", z, want, 1e-6);
  kernels().gelu[kIndex<T>](unary);
  for (size_t i = 0; i < x.size(); ++i) want[i] = x[i] * T(0.5) * std::erfc(-x[i] / T(M_SQRT2));
  compare("gelu", z, want, 1e-6);
  UnaryGradParams grad{dy.data(), x.data(), z.data(), rows * cols, {0, HUGE_VAL, 0}};
  kernels().relu_grad[kIndex<T>](grad);
  for (size_t i = 0; i < x.size(); ++i) want[i] = x[i] > 0 ? dy[i] : T(0);
  compare("relu_grad", z, want, 0);

  ReduceParams reduce{};
  std::vector<T> sums(cols), want_sums(cols);
  reduce.x = x.data(), reduce.y = sums.data(), reduce.ndim = 2;
  reduce.shape[0] = rows, reduce.shape[1] = cols, reduce.reduced[0] = true;
  kernels().sum[kIndex<T>](reduce);
  for (size_t i = 0; i < x.size(); ++i) want_sums[i % cols] += x[i];
  compare("sum", sums, want_sums, 0);
}

template <class T>
void check_softmax(int64_t rows, int64_t cols) {
  const auto x = integers<T>(rows * cols);
  std::vector<T> y(x.size()), want(x.size()), loss(rows), want_loss(rows), want_dx(x.size());
  std::vector<int64_t> labels(rows);
  for (int64_t r = 0; r < rows; ++r) {
    labels[r] = r % cols;
    double sum = 0;
    for (int64_t c = 0; c < cols; ++c) sum += std::exp(static_cast<double>(x[r * cols + c]));
    for (int64_t i = r * cols; i < (r + 1) * cols; ++i) {
      want[i] = static_cast<T>(std::exp(static_cast<double>(x[i])) / sum);
      want_dx[i] = want[i] - (i - r * cols == labels[r] ? T(1) : T(0));
    }
    want_loss[r] = static_cast<T>(std::log(sum)) - x[r * cols + labels[r]];
  }
  SoftmaxParams softmax{x.data(), y.data(), rows, cols};
  kernels().softmax[kIndex<T>](softmax);
  compare("softmax", y, want, 1e-6);
  std::vector<T> log_sum(2 * rows), ones(rows, T(1));
  SoftmaxCrossEntropyParams loss_params{x.data(),    labels.data(),  ones.data(),
                                        loss.data(), log_sum.data(), y.data(),
                                        rows,        cols,           true};
  kernels().softmax_cross_entropy[kIndex<T>](loss_params);
  kernels().softmax_cross_entropy_grad[kIndex<T>](loss_params);
  compare("softmax_cross_entropy", loss, want_loss, 4e-6);
  compare("gradient of softmax_cross_entropy", y, want_dx, 1e-6);
}

template <class T>
void check_batch_norm(int64_t rows, int64_t channels) {
  const auto x = integers<T>(rows * channels), gamma = integers<T>(channels);
  const auto beta = integers<T>(channels), dy = integers<T>(rows * channels);
  std::vector<T> y(x.size()), mean(channels), variance(channels), dx(x.size()), dgamma(channels);
  std::vector<T> dbeta(channels), want_y(y), want_mean(mean), want_variance(mean), want_dx(dx);
  std::vector<T> want_dgamma(mean), want_dbeta(mean);
  const double epsilon = 1e-3;
  for (int64_t c = 0; c < channels; ++c) {
    double m = 0, v = 0, sum_dy = 0, sum_dy_x = 0;
    for (int64_t r = 0; r < rows; ++r) m += x[r * channels + c];
    m /= rows;
    for (int64_t r = 0; r < rows; ++r) v += std::pow(x[r * channels + c] - m, 2);
    v /= rows;
    const double scale = 1 / std::sqrt(v + epsilon);
    for (int64_t i = c; i < rows * channels; i += channels) {
      want_y[i] = static_cast<T>((x[i] - m) * scale * gamma[c] + beta[c]);
      sum_dy += dy[i];
      sum_dy_x += dy[i] * (x[i] - m) * scale;
    }
    for (int64_t i = c; i < rows * channels; i += channels) {
      const double centred = dy[i] - sum_dy / rows - (x[i] - m) * scale * sum_dy_x / rows;
      want_dx[i] = static_cast<T>(gamma[c] * scale * centred);
    }
    want_mean[c] = static_cast<T>(m), want_variance[c] = static_cast<T>(v);
    want_dgamma[c] = static_cast<T>(sum_dy_x), want_dbeta[c] = static_cast<T>(sum_dy);
  }
  BatchNormParams p{x.data(),        gamma.data(), beta.data(), y.data(), mean.data(),
                    variance.data(), rows,         channels,    epsilon};
  kernels().batch_norm[kIndex<T>](p);
  compare("mean of batch_norm", mean, want_mean, 1e-6);
  compare("variance of batch_norm", variance, want_variance, 1e-5);
  compare("batch_norm", y, want_y, 1e-5);
  BatchNormGradParams g{dy.data(), x.data(),      gamma.data(), mean.data(), variance.data(),
                        dx.data(), dgamma.data(), dbeta.data(), rows,        channels,
                        epsilon};
  kernels().batch_norm_grad[kIndex<T>](g);
  compare("dx of batch_norm_grad", dx, want_dx, 2e-5);
  compare("dgamma of batch_norm_grad", dgamma, want_dgamma, 2e-3);
  compare("dbeta of batch_norm_grad", dbeta, want_dbeta, 1e-3);
}

// Every group of `size` channels of every image, in double; one group of one row is a layer norm.
template <class T>
void check_group_norm(int64_t images, int64_t rows, int64_t groups, int64_t size) {
  const int64_t n = groups * size, total = images * rows * n;
  const auto x = integers<T>(total), dy = integers<T>(total), gamma = integers<T>(n);
  const auto beta = integers<T>(n);
  std::vector<T> y(x.size()), dx(x.size()), want_y(y), want_dx(y), dgamma(n), dbeta(n);
  std::vector<T> want_dgamma(n), want_dbeta(n), mean(images * groups), scale(images * groups);
  const double epsilon = 1e-3, count = static_cast<double>(rows * size);
  for (int64_t u = 0; u < images * groups; ++u) {
    std::vector<int64_t> cells;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t first = (u / groups * rows + r) * n + u % groups * size;
      for (int64_t c = 0; c < size; ++c) cells.push_back(first + c);
    }
    double m = 0, v = 0, sum = 0, product = 0;
    for (int64_t i : cells) m += x[i] / count;
    for (int64_t i : cells) v += std::pow(x[i] - m, 2) / count;
    const double s = 1 / std::sqrt(v + epsilon);
    for (int64_t i : cells) {
      want_y[i] = static_cast<T>((x[i] - m) * s * gamma[i % n] + beta[i % n]);
      want_dgamma[i % n] += static_cast<T>(dy[i] * (x[i] - m) * s);
      want_dbeta[i % n] += dy[i];
      sum += dy[i] * gamma[i % n] / count;
      product += dy[i] * gamma[i % n] * (x[i] - m) * s / count;
    }
    for (int64_t i : cells) {
      want_dx[i] = static_cast<T>(s * (dy[i] * gamma[i % n] - sum - (x[i] - m) * s * product));
    }
  }
  const auto compare_all = [&](const char* what) {
    compare(what, y, want_y, 2e-5);
    compare(what, dx, want_dx, 5e-5);
    compare(what, dgamma, want_dgamma, 5e-3);
    compare(what, dbeta, want_dbeta, 1e-3);
  };
  kernels().group_norm[kIndex<T>]({x.data(), gamma.data(), beta.data(), y.data(), mean.data(),
                                   scale.data(), images, rows, n, groups, epsilon});
  kernels().group_norm_grad[kIndex<T>]({dy.data(), x.data(), gamma.data(), mean.data(),
                                        scale.data(), dx.data(), dgamma.data(), dbeta.data(),
                                        images, rows, n, groups});
  compare_all("group_norm");
  if (rows != 1 || groups != 1) return;
  kernels().layer_norm[kIndex<T>]({x.data(), gamma.data(), beta.data(), y.data(), mean.data(),
                                   scale.data(), images, n, epsilon});
  kernels().layer_norm_grad[kIndex<T>]({dy.data(), x.data(), gamma.data(), mean.data(),
                                        scale.data(), dx.data(), dgamma.data(), dbeta.data(),
                                        images, n});
  compare_all("layer_norm");
}

template <class T>
void check_optimizers(int64_t size) {
  const auto start = integers<T>(size), g = integers<T>(size);
  const void* gradients[] = {g.data()};
  std::vector<T> w(start), want(start), velocity(size), m(size), v(size);
  void *variables[] = {w.data()}, *velocities[] = {velocity.data()};
  void *first[] = {m.data()}, *second[] = {v.data()};
  const StepParams sgd{1, variables, gradients, {velocities}, &size, nullptr, 0.5, {0.5}, 1, true};
  kernels().sgd[kIndex<T>](sgd);
  for (int64_t i = 0; i < size; ++i) want[i] = start[i] - T(0.75) * g[i];
  compare("sgd", w, want, 0);
  w = start;
  const StepParams adam{1,     variables, gradients, {first, second},
                        &size, nullptr,   0.125,     {0.9, 0.999, 1e-7},
                        1,     false};
  kernels().adam[kIndex<T>](adam);
  // The first step is the learning rate, whatever the size of the gradient.
  for (int64_t i = 0; i < size; ++i)
    want[i] = start[i] - T(0.125) * (g[i] > 0) + T(0.125) * (g[i] < 0);
  compare("adam", w, want, 2e-6);
}

}  // namespace

template <class T>
void check_rows() {
  check_elementwise<T>();
  check_softmax<T>(37, 21);
  check_softmax<T>(5, 1000);
  check_batch_norm<T>(1, 3);
  check_batch_norm<T>(3000, 37);
  check_batch_norm<T>(5001, 3);
  check_group_norm<T>(3, 700, 2, 3);
  check_group_norm<T>(2, 150, 5, 16);
  check_group_norm<T>(300, 1, 1, 133);
  check_optimizers<T>(7);
  check_optimizers<T>(50001);
}

template void check_rows<float>();
template void check_rows<double>();

}  // namespace minidl
