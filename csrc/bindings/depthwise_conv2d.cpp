// depthwise_conv2d is conv2d with one group a channel; the kernel [kh, kw, c, multiplier] is that
// convolution's filter seen in another shape. conv2d chooses the depthwise kernels itself.
#include "bindings/conv2d.h"

namespace minidl {
namespace {

// The filter as conv2d takes it, and its channels.
py::object as_groups(py::handle kernel_, int64_t* channels) {
  const Array kernel = input(kernel_, "kernel");
  expect_ndim(kernel, "kernel", 4, "[height, width, channels, multiplier]");
  *channels = kernel.dim(2);
  return kernel.object().attr("reshape")(kernel.dim(0), kernel.dim(1), 1,
                                         kernel.dim(2) * kernel.dim(3));
}

py::object depthwise_conv2d(py::handle x, py::handle kernel, py::handle bias, py::handle strides,
                            py::handle padding, py::handle dilation, const std::string& activation,
                            py::handle residual) {
  int64_t channels = 0;
  const py::object filter = as_groups(kernel, &channels);
  return conv2d(x, filter, bias, strides, padding, dilation, channels, activation, residual);
}

py::object depthwise_conv2d_input_grad(py::handle dy, py::handle kernel, py::handle input_shape,
                                       py::handle strides, py::handle padding,
                                       py::handle dilation) {
  int64_t channels = 0;
  const py::object filter = as_groups(kernel, &channels);
  return conv2d_input_grad(dy, filter, input_shape, strides, padding, dilation, channels,
                           py::none(), "linear");
}

py::object depthwise_conv2d_filter_grad(py::handle x_, py::handle dy, py::handle kernel_size,
                                        py::handle strides, py::handle padding,
                                        py::handle dilation) {
  const Array x = input(x_, "x");
  expect_ndim(x, "x", 4, "[batch, height, width, channels]");
  const py::object dw =
      conv2d_filter_grad(x_, dy, kernel_size, strides, padding, dilation, x.dim(3));
  const py::tuple shape = dw.attr("shape");
  return dw.attr("reshape")(shape[0], shape[1], x.dim(3), -1);
}

}  // namespace

void bind_depthwise_conv2d(py::module_& m) {
  m.def("depthwise_conv2d", &depthwise_conv2d, py::arg("x"), py::arg("kernel"),
        py::arg("bias") = py::none(), py::arg("strides") = py::make_tuple(1, 1),
        py::arg("padding") = py::make_tuple(0, 0, 0, 0), py::arg("dilation") = py::make_tuple(1, 1),
        py::arg("activation") = "linear", py::arg("residual") = py::none(),
        "Convolution of every channel of x [n, h, w, c] with its own kernels"
        " [kh, kw, c, multiplier]; padding is (top, bottom, left, right).");
  m.def("depthwise_conv2d_input_grad", &depthwise_conv2d_input_grad, py::arg("dy"),
        py::arg("kernel"), py::arg("input_shape"), py::arg("strides") = py::make_tuple(1, 1),
        py::arg("padding") = py::make_tuple(0, 0, 0, 0), py::arg("dilation") = py::make_tuple(1, 1),
        "Gradient of depthwise_conv2d with respect to x, given dy; input_shape is x's.");
  m.def("depthwise_conv2d_filter_grad", &depthwise_conv2d_filter_grad, py::arg("x"), py::arg("dy"),
        py::arg("kernel_size"), py::arg("strides") = py::make_tuple(1, 1),
        py::arg("padding") = py::make_tuple(0, 0, 0, 0), py::arg("dilation") = py::make_tuple(1, 1),
        "Gradient of depthwise_conv2d with respect to the kernel, given dy.");
}

}  // namespace minidl
