// Matrix products, convolutions and pooling against naive loops.
#include "selfcheck/checks.h"

namespace minidl {
namespace {

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

}  // namespace

template <class T>
void check_products() {
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
}

template void check_products<float>();
template void check_products<double>();

}  // namespace minidl
