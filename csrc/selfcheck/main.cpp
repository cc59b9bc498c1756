// Kernels against naive loops on small integers (every result exact), without Python: for compilers
// and machines that the test suite does not reach. Exits 1 on the first mismatch of any kernel.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

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
void check_rest() {
  const int64_t rows = 37, cols = 21;
  const auto x = integers<T>(rows * cols);
  std::vector<T> y(x.size()), want(x.size());
  UnaryParams unary{x.data(), y.data(), rows * cols, {}};
  kernels().exp[kIndex<T>](unary);
  for (size_t i = 0; i < x.size(); ++i)
    want[i] = static_cast<T>(std::exp(static_cast<double>(x[i])));
  compare("exp", y, want, 2e-5);
  SoftmaxParams softmax{x.data(), y.data(), rows, cols};
  kernels().softmax[kIndex<T>](softmax);
  for (int64_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (int64_t c = 0; c < cols; ++c) sum += std::exp(static_cast<double>(x[r * cols + c]));
    for (int64_t c = 0; c < cols; ++c) {
      want[r * cols + c] = static_cast<T>(std::exp(static_cast<double>(x[r * cols + c])) / sum);
    }
  }
  compare("softmax", y, want, 1e-6);
  ReduceParams reduce{};
  reduce.x = x.data();
  std::vector<T> sums(cols), want_sums(cols);
  reduce.y = sums.data();
  reduce.ndim = 2;
  reduce.shape[0] = rows, reduce.shape[1] = cols, reduce.reduced[0] = true;
  kernels().sum[kIndex<T>](reduce);
  for (int64_t i = 0; i < rows * cols; ++i) want_sums[i % cols] += x[i];
  compare("sum", sums, want_sums, 0);
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
  check_rest<T>();
}

}  // namespace

int main() {
  const char* given = nullptr;
  select_initial_isa(&given);
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    select_isa(*isa);
    for (int threads : {1, 2, 4}) {
      set_num_threads(threads);
      check_all<float>();
      check_all<double>();
    }
    std::printf("%s: %s\n", *isa, failed ? "wrong" : "right");
  }
  return failed;
}
