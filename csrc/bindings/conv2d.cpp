#include "bindings/conv2d.h"

#include <string>

namespace minidl {
namespace {

std::string text(int64_t v) {
  return std::to_string(v);
}

// Strides, padding, dilation and groups as given, checked.
struct Window {
  int64_t strides[2], padding[4], dilation[2], groups;
  Window(py::handle strides_, py::handle padding_, py::handle dilation_, int64_t groups_)
      : groups(groups_) {
    read_ints(strides_, "strides", strides, 2, 1);
    read_ints(padding_, "padding", padding, 4, 0);
    read_ints(dilation_, "dilation", dilation, 2, 1);
    if (groups < 1) throw py::value_error("groups is " + text(groups) + "; expected at least 1");
  }
};

// Output length of one axis, or ValueError when the dilated kernel does not fit.
int64_t output_length(const char* axis, int64_t in, int64_t kernel, int64_t stride,
                      int64_t dilation, int64_t before, int64_t after) {
  const int64_t span = (kernel - 1) * dilation + 1, padded = in + before + after;
  if (span > padded) {
    throw py::value_error(std::string("kernel spans ") + text(span) + " pixels of " + axis +
                          " but the padded input has " + text(padded) +
                          "; expected a kernel no larger than the input");
  }
  return (padded - span) / stride + 1;
}

Conv2DParams make_params(const Window& win, int64_t n, int64_t h, int64_t w, int64_t c, int64_t kh,
                         int64_t kw, int64_t oc) {
  if (c % win.groups || oc % win.groups) {
    throw py::value_error("groups is " + text(win.groups) + "; expected a divisor of the " +
                          text(c) + " input and " + text(oc) + " output channels");
  }
  if (kh < 1 || kw < 1) {
    throw py::value_error("kernel size is (" + text(kh) + ", " + text(kw) +
                          "); expected at least (1, 1)");
  }
  Conv2DParams p{};
  p.n = n;
  p.h = h;
  p.w = w;
  p.c = c;
  p.kh = kh;
  p.kw = kw;
  p.oc = oc;
  p.groups = win.groups;
  p.stride_h = win.strides[0];
  p.stride_w = win.strides[1];
  p.dilation_h = win.dilation[0];
  p.dilation_w = win.dilation[1];
  p.pad_top = win.padding[0];
  p.pad_left = win.padding[2];
  p.oh = output_length("height", h, kh, p.stride_h, p.dilation_h, win.padding[0], win.padding[1]);
  p.ow = output_length("width", w, kw, p.stride_w, p.dilation_w, win.padding[2], win.padding[3]);
  return p;
}

void check_channels(const Array& x, const Array& kernel, int64_t groups) {
  const int64_t want = kernel.dim(2) * groups;
  if (x.dim(3) == want) return;
  std::string hint;
  if (x.dim(1) == want) hint = "; this looks channels-first, minidl is channels-last (NHWC)";
  throw py::value_error("x has shape " + shape_string(x) + " with " + text(x.dim(3)) +
                        " channels; expected " + text(want) + " for kernel of shape " +
                        shape_string(kernel) + " and groups " + text(groups) + hint);
}

void check_output_shape(const Array& a, const char* name, const Conv2DParams& p) {
  expect_ndim(a, name, 4, "[batch, height, width, channels]");
  if (a.dim(0) == p.n && a.dim(1) == p.oh && a.dim(2) == p.ow && a.dim(3) == p.oc) return;
  throw py::value_error(std::string(name) + " has shape " + shape_string(a) + "; expected (" +
                        text(p.n) + ", " + text(p.oh) + ", " + text(p.ow) + ", " + text(p.oc) +
                        ")");
}

Act read_activation(const std::string& activation) {
  if (activation == "relu") return Act::kRelu;
  if (activation == "linear") return Act::kLinear;
  throw py::value_error("activation is '" + activation + "'; expected 'linear' or 'relu'");
}

// One input channel a group: vectors over channels serve better than matrix products.
bool is_depthwise(const Conv2DParams& p) {
  return p.groups > 1 && p.groups == p.c;
}

int64_t work_of(const Conv2DParams& p) {
  const double work = static_cast<double>(p.n * p.oh * p.ow) * static_cast<double>(p.kh * p.kw) *
                      static_cast<double>(p.c / p.groups) * static_cast<double>(p.oc);
  return work > 1e15 ? int64_t{1} << 50 : static_cast<int64_t>(work);
}

}  // namespace

py::object conv2d(py::handle x_, py::handle kernel_, py::handle bias_, py::handle strides,
                  py::handle padding, py::handle dilation, int64_t groups,
                  const std::string& activation, py::handle residual_) {
  const Array x = input(x_, "x"), kernel = input(kernel_, "kernel");
  same_dtype(x, "x", kernel, "kernel");
  expect_ndim(x, "x", 4, "[batch, height, width, channels]");
  expect_ndim(kernel, "kernel", 4, "[height, width, in_channels / groups, out_channels]");
  const Window win(strides, padding, dilation, groups);
  check_channels(x, kernel, groups);
  Conv2DParams p = make_params(win, x.dim(0), x.dim(1), x.dim(2), x.dim(3), kernel.dim(0),
                               kernel.dim(1), kernel.dim(3));
  p.act = read_activation(activation);
  Array bias;
  if (!bias_.is_none()) {
    bias = input(bias_, "bias");
    same_dtype(x, "x", bias, "bias");
    expect_vector(bias, "bias", p.oc);
    p.bias = bias.data();
  }
  Array residual;
  if (!residual_.is_none()) {
    residual = input(residual_, "residual");
    same_dtype(x, "x", residual, "residual");
    check_output_shape(residual, "residual", p);
    p.residual = residual.data();
  }
  Array y = output(x.dtype(), {p.n, p.oh, p.ow, p.oc});
  p.x = x.data();
  p.filter = kernel.data();
  p.out = y.data();
  if (y.size())
    run(is_depthwise(p) ? kernels().depthwise_conv2d : kernels().conv2d, x.dtype(), p, work_of(p));
  return y.object();
}

py::object conv2d_input_grad(py::handle dy_, py::handle kernel_, py::handle input_shape,
                             py::handle strides, py::handle padding, py::handle dilation,
                             int64_t groups, py::handle bias_, const std::string& activation) {
  const Array dy = input(dy_, "dy"), kernel = input(kernel_, "kernel");
  same_dtype(dy, "dy", kernel, "kernel");
  expect_ndim(dy, "dy", 4, "[batch, height, width, channels]");
  expect_ndim(kernel, "kernel", 4, "[height, width, in_channels / groups, out_channels]");
  const Window win(strides, padding, dilation, groups);
  int64_t shape[4];
  read_ints(input_shape, "input_shape", shape, 4, 0);
  Conv2DParams p = make_params(win, shape[0], shape[1], shape[2], shape[3], kernel.dim(0),
                               kernel.dim(1), kernel.dim(3));
  if (kernel.dim(2) * groups != p.c) {
    throw py::value_error("input_shape is " + std::string(py::repr(input_shape)) + "; expected " +
                          text(kernel.dim(2) * groups) + " channels for kernel of shape " +
                          shape_string(kernel) + " and groups " + text(groups));
  }
  check_output_shape(dy, "dy", p);
  p.act = read_activation(activation);
  Array bias;
  if (!bias_.is_none()) {
    bias = input(bias_, "bias");
    same_dtype(dy, "dy", bias, "bias");
    expect_vector(bias, "bias", p.c);
    p.bias = bias.data();
  }
  if (is_depthwise(p) && (p.bias || p.act != Act::kLinear)) {
    throw py::value_error("groups is " + text(groups) +
                          "; expected fewer than the channels beside a bias or an activation");
  }
  Array dx = output(dy.dtype(), {p.n, p.h, p.w, p.c});
  p.dy = dy.data();
  p.filter = kernel.data();
  p.out = dx.data();
  if (dx.size())
    run(is_depthwise(p) ? kernels().depthwise_conv2d_input_grad : kernels().conv2d_input_grad,
        dy.dtype(), p, work_of(p));
  return dx.object();
}

py::object conv2d_filter_grad(py::handle x_, py::handle dy_, py::handle kernel_size,
                              py::handle strides, py::handle padding, py::handle dilation,
                              int64_t groups) {
  const Array x = input(x_, "x"), dy = input(dy_, "dy");
  same_dtype(x, "x", dy, "dy");
  expect_ndim(x, "x", 4, "[batch, height, width, channels]");
  expect_ndim(dy, "dy", 4, "[batch, height, width, channels]");
  const Window win(strides, padding, dilation, groups);
  int64_t size[2];
  read_ints(kernel_size, "kernel_size", size, 2, 1);
  Conv2DParams p =
      make_params(win, x.dim(0), x.dim(1), x.dim(2), x.dim(3), size[0], size[1], dy.dim(3));
  check_output_shape(dy, "dy", p);
  Array dw = output(x.dtype(), {p.kh, p.kw, p.c / p.groups, p.oc});
  p.x = x.data();
  p.dy = dy.data();
  p.out = dw.data();
  if (dw.size())
    run(is_depthwise(p) ? kernels().depthwise_conv2d_filter_grad : kernels().conv2d_filter_grad,
        x.dtype(), p, work_of(p));
  return dw.object();
}

void bind_conv2d(py::module_& m) {
  m.def(
      "conv2d", &conv2d, py::arg("x"), py::arg("kernel"), py::arg("bias") = py::none(),
      py::arg("strides") = py::make_tuple(1, 1), py::arg("padding") = py::make_tuple(0, 0, 0, 0),
      py::arg("dilation") = py::make_tuple(1, 1), py::arg("groups") = 1,
      py::arg("activation") = "linear", py::arg("residual") = py::none(),
      "2-D convolution (cross-correlation) of x [n, h, w, c] with kernel [kh, kw, c / groups, oc];"
      " padding is (top, bottom, left, right). Bias, a residual of the output's shape and then the"
      " activation are fused.");
  m.def(
      "conv2d_input_grad", &conv2d_input_grad, py::arg("dy"), py::arg("kernel"),
      py::arg("input_shape"), py::arg("strides") = py::make_tuple(1, 1),
      py::arg("padding") = py::make_tuple(0, 0, 0, 0), py::arg("dilation") = py::make_tuple(1, 1),
      py::arg("groups") = 1, py::arg("bias") = py::none(), py::arg("activation") = "linear",
      "Gradient of conv2d with respect to x, given dy; input_shape is x's. A transposed convolution"
      " adds a bias [c] and an activation.");
  m.def("conv2d_filter_grad", &conv2d_filter_grad, py::arg("x"), py::arg("dy"),
        py::arg("kernel_size"), py::arg("strides") = py::make_tuple(1, 1),
        py::arg("padding") = py::make_tuple(0, 0, 0, 0), py::arg("dilation") = py::make_tuple(1, 1),
        py::arg("groups") = 1,
        "Gradient of conv2d with respect to the kernel, given dy; kernel_size is (kh, kw).");
}

}  // namespace minidl
