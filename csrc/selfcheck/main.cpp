// Kernels against naive loops on small integers (every result exact), without Python: for compilers
// and machines that the test suite does not reach, and for sanitizers. Exits 1 on a mismatch.
//   minidl_selfcheck            every kernel family on every instruction set, 1 to 4 threads
//   minidl_selfcheck overread   reads past the end of an image: AddressSanitizer must stop it
//   minidl_selfcheck race       writes one cell from all threads: ThreadSanitizer must stop it
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/allocator.h"
#include "core/dispatch.h"
#include "core/kernel_table.h"
#include "core/thread_pool.h"

using namespace minidl;

namespace {

template <class T>
constexpr int kIndex = sizeof(T) == 4 ? 0 : 1;

template <class T>
std::vector<T> integers(int64_t n) {
  std::vector<T> v(static_cast<size_t>(n));
  for (T& x : v) x = static_cast<T>(std::rand() % 9 - 4);
  return v;
}

bool failed = false;
template <class T>
void compare(const char* what, const std::vector<T>& got, const std::vector<T>& want, double tol) {
  for (size_t i = 0; i < want.size(); ++i) {
    if (std::fabs(static_cast<double>(got[i] - want[i])) <= tol) continue;
    std::printf("%s %s: element %zu is %g, expected %g\n", kernels().isa, what, i,
                static_cast<double>(got[i]), static_cast<double>(want[i]));
    failed = true;
    return;
  }
}

template <class T>
void check_matmul(int64_t m, int64_t n, int64_t k, bool turn_a, bool turn_b) {
  const auto a = integers<T>(m * k), b = integers<T>(k * n), bias = integers<T>(n);
  std::vector<T> c(static_cast<size_t>(m * n), T(-99)), want(c);
  const int64_t ars = turn_a ? 1 : k, acs = turn_a ? m : 1, brs = turn_b ? 1 : n;
  const int64_t bcs = turn_b ? k : 1;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      T s = bias[j];
      for (int64_t x = 0; x < k; ++x) s += a[i * ars + x * acs] * b[x * brs + j * bcs];
      want[i * n + j] = s > T(0) ? s : T(0);
    }
  }
  MatmulParams p{a.data(), b.data(), bias.data(), c.data(), 1,       m,       n,         k,
                 ars,      acs,      brs,         bcs,      nullptr, nullptr, Act::kRelu};
  kernels().matmul[kIndex<T>](p);
  compare("matmul", c, want, 0);
}

template <class T>
void check_conv2d(int64_t c, int64_t oc, int64_t kernel, int64_t stride, int64_t dilation,
                  int64_t pad, int64_t groups) {
  Conv2DParams p{};
  p.n = 2, p.h = 11, p.w = 9, p.c = c * groups, p.kh = p.kw = kernel, p.oc = oc * groups;
  p.groups = groups, p.stride_h = p.stride_w = stride, p.dilation_h = p.dilation_w = dilation;
  p.pad_top = p.pad_left = pad;
  const int64_t span = (kernel - 1) * dilation + 1;
  p.oh = (p.h + 2 * pad - span) / stride + 1;
  p.ow = (p.w + 2 * pad - span) / stride + 1;
  const auto x = integers<T>(p.n * p.h * p.w * p.c), f = integers<T>(kernel * kernel * c * p.oc);
  const auto dy = integers<T>(p.n * p.oh * p.ow * p.oc);
  std::vector<T> y(dy.size(), T(-99)), dx(x.size(), T(-99)), df(f.size(), T(-99));
  std::vector<T> want_y(y.size()), want_dx(dx.size()), want_df(df.size());
  for (int64_t n = 0; n < p.n; ++n)
    for (int64_t i = 0; i < p.oh; ++i)
      for (int64_t j = 0; j < p.ow; ++j)
        for (int64_t o = 0; o < p.oc; ++o)
          for (int64_t kh = 0; kh < kernel; ++kh)
            for (int64_t kw = 0; kw < kernel; ++kw)
              for (int64_t ic = 0; ic < c; ++ic) {
                const int64_t ih = i * stride + kh * dilation - pad;
                const int64_t iw = j * stride + kw * dilation - pad;
                if (ih < 0 || ih >= p.h || iw < 0 || iw >= p.w) continue;
                const int64_t xi = ((n * p.h + ih) * p.w + iw) * p.c + o / oc * c + ic;
                const int64_t fi = ((kh * kernel + kw) * c + ic) * p.oc + o;
                const int64_t yi = ((n * p.oh + i) * p.ow + j) * p.oc + o;
                want_y[yi] += x[xi] * f[fi];
                want_dx[xi] += dy[yi] * f[fi];
                want_df[fi] += dy[yi] * x[xi];
              }
  p.x = x.data(), p.filter = f.data(), p.dy = dy.data();
  p.out = y.data();
  kernels().conv2d[kIndex<T>](p);
  p.out = dx.data();
  kernels().conv2d_input_grad[kIndex<T>](p);
  p.out = df.data();
  kernels().conv2d_filter_grad[kIndex<T>](p);
  compare("conv2d", y, want_y, 0);
  compare("conv2d_input_grad", dx, want_dx, 0);
  compare("conv2d_filter_grad", df, want_df, 0);
}

template <class T>
void check_pool2d(int64_t pool, int64_t stride, int64_t pad, int64_t channels) {
  Pool2DParams p{};
  p.n = 3, p.h = 13, p.w = 10, p.c = channels;
  p.pool_h = p.pool_w = pool, p.stride_h = p.stride_w = stride, p.pad_top = p.pad_left = pad;
  p.oh = (p.h + 2 * pad - pool) / stride + 1, p.ow = (p.w + 2 * pad - pool) / stride + 1;
  const auto x = integers<T>(p.n * p.h * p.w * p.c);
  auto dy = integers<T>(p.n * p.oh * p.ow * p.c);
  for (T& value : dy) value *= 3600;  // divisible by the size of every window
  std::vector<T> y(dy.size(), T(-99)), dx(x.size(), T(-99));
  for (bool max : {true, false}) {
    std::vector<T> want_y(y.size()), want_dx(dx.size());
    for (int64_t n = 0; n < p.n; ++n)
      for (int64_t i = 0; i < p.oh; ++i)
        for (int64_t j = 0; j < p.ow; ++j)
          for (int64_t c = 0; c < p.c; ++c) {
            std::vector<int64_t> window;
            for (int64_t k = 0; k < pool * pool; ++k) {
              const int64_t ih = i * stride + k / pool - pad, iw = j * stride + k % pool - pad;
              if (ih < 0 || ih >= p.h || iw < 0 || iw >= p.w) continue;
              window.push_back(((n * p.h + ih) * p.w + iw) * p.c + c);
            }
            const int64_t yi = ((n * p.oh + i) * p.ow + j) * p.c + c;
            const T count = static_cast<T>(window.size());
            int64_t best = window[0];
            T sum = 0;
            for (int64_t at : window) {
              best = x[at] > x[best] ? at : best;
              sum += x[at];
              if (!max) want_dx[at] += dy[yi] / count;
            }
            want_y[yi] = max ? x[best] : sum / count;
            if (max) want_dx[best] += dy[yi];
          }
    p.x = x.data(), p.out = y.data();
    (max ? kernels().max_pool2d : kernels().average_pool2d)[kIndex<T>](p);
    compare(max ? "max_pool2d" : "average_pool2d", y, want_y, 0);
    p.y = y.data(), p.dy = dy.data(), p.out = dx.data();
    (max ? kernels().max_pool2d_grad : kernels().average_pool2d_grad)[kIndex<T>](p);
    compare(max ? "max_pool2d_grad" : "average_pool2d_grad", dx, want_dx, 0);
  }
}

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

template <class T>
void check_all() {
  for (int64_t size : {1, 5, 16, 33, 70}) {
    for (int turns = 0; turns < 4; ++turns) {
      check_matmul<T>(size, size + 3, 2 * size + 1, turns & 1, turns & 2);
    }
  }
  check_matmul<T>(97, 210, 600, false, false);
  for (int64_t stride : {1, 2, 3}) {
    check_conv2d<T>(1, 8, 3, stride, 1, 1, 1);
    check_conv2d<T>(3, 20, 5, stride, 1, 2, 1);
    check_conv2d<T>(17, 33, 3, stride, 2, 2, 1);
    check_conv2d<T>(5, 4, 3, stride, 1, 0, 3);
  }
  for (int64_t pool : {2, 3}) {
    for (int64_t stride : {1, 2, 3}) {
      check_pool2d<T>(pool, stride, 0, 1);
      check_pool2d<T>(pool, stride, 1, 21);
    }
  }
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

// The kernel is told of an image one row higher than the one there is.
void read_past_the_end() {
  Conv2DParams p{};
  p.n = 1, p.h = 9, p.w = 8, p.c = 16, p.kh = p.kw = 3, p.oc = 16, p.groups = 1;
  p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.oh = p.h - 2, p.ow = p.w - 2;
  const auto x = integers<float>((p.h - 1) * p.w * p.c), f = integers<float>(9 * p.c * p.oc);
  std::vector<float> y(static_cast<size_t>(p.oh * p.ow * p.oc));
  p.x = x.data(), p.filter = f.data(), p.out = y.data();
  kernels().conv2d[0](p);
}

void race() {
  int64_t sum = 0;
  set_num_threads(4);
  parallel_for(
      1000, 1, [](void* ctx, int64_t begin, int64_t) { *static_cast<int64_t*>(ctx) += begin; },
      &sum);
  std::printf("sum %lld\n", static_cast<long long>(sum));
}

}  // namespace

int main(int argc, char** argv) {
  const char *given = nullptr, *variable = nullptr;
  if (!select_initial_isa(&given) || !init_allocator(&variable, &given)) return 2;
  if (argc > 1) {
    if (!std::strcmp(argv[1], "overread")) read_past_the_end();
    if (!std::strcmp(argv[1], "race")) race();
    std::printf("nothing stopped the planted fault\n");
    return 0;
  }
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    select_isa(*isa);
    for (int threads : {1, 2, 3, 4}) {
      set_num_threads(threads);
      check_all<float>();
      check_all<double>();
    }
    std::printf("%s: %s\n", *isa, failed ? "wrong" : "right");
  }
  return failed;
}
