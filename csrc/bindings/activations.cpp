#include "bindings/arrays.h"

namespace minidl {
namespace {

using UnaryKernel = Status (*const (&)[2])(const UnaryParams&) noexcept;
using GradKernel = Status (*const (&)[2])(const UnaryGradParams&) noexcept;

py::object unary(UnaryKernel kernel, py::handle x_, double p0 = 0, double p1 = 0, double p2 = 0) {
  const Array x = input(x_, "x");
  Array y = output_like(x);
  const UnaryParams p{x.data(), y.data(), x.size(), {p0, p1, p2}};
  if (p.n) run(kernel, x.dtype(), p, p.n);
  return y.object();
}

py::object gradient(GradKernel kernel, py::handle dy_, py::handle ref_, const char* ref_name,
                    double p0 = 0, double p1 = 0, double p2 = 0) {
  const Array dy = input(dy_, "dy"), ref = input(ref_, ref_name);
  same_dtype(dy, "dy", ref, ref_name);
  same_shape(dy, "dy", ref, ref_name);
  Array dx = output_like(dy);
  const UnaryGradParams p{dy.data(), ref.data(), dx.data(), dy.size(), {p0, p1, p2}};
  if (p.n) run(kernel, dy.dtype(), p, p.n);
  return dx.object();
}

py::object dropout(py::handle x_, double rate, py::int_ seed) {
  const Array x = input(x_, "x");
  if (!(rate >= 0 && rate < 1)) {
    throw py::value_error("rate is " + std::to_string(rate) + "; expected 0 <= rate < 1");
  }
  Array y = output_like(x);
  DropoutParams p{x.data(), y.data(), x.size(), rate, PyLong_AsUnsignedLongLongMask(seed.ptr())};
  if (PyErr_Occurred()) throw py::error_already_set();
  if (p.n) run(kernels().dropout, x.dtype(), p, p.n);
  return y.object();
}

}  // namespace

void bind_activations(py::module_& m) {
  const double inf = __builtin_inf();
  m.def(
      "relu",
      [](py::handle x, double slope, double top, double threshold) {
        return unary(kernels().relu, x, slope, top, threshold);
      },
      py::arg("x"), py::arg("negative_slope") = 0.0, py::arg("max_value") = inf,
      py::arg("threshold") = 0.0,
      "max_value where x >= max_value, x where x >= threshold, else negative_slope * (x - "
      "threshold).");
  m.def(
      "relu_grad",
      [](py::handle dy, py::handle x, double slope, double top, double threshold) {
        return gradient(kernels().relu_grad, dy, x, "x", slope, top, threshold);
      },
      py::arg("dy"), py::arg("x"), py::arg("negative_slope") = 0.0, py::arg("max_value") = inf,
      py::arg("threshold") = 0.0,
      "dy where threshold < x < max_value, 0 above, negative_slope * dy below.");
  m.def(
      "elu", [](py::handle x, double alpha) { return unary(kernels().elu, x, alpha); },
      py::arg("x"), py::arg("alpha") = 1.0, "x where x > 0, else alpha * (exp(x) - 1).");
  m.def(
      "elu_grad",
      [](py::handle dy, py::handle y, double alpha) {
        return gradient(kernels().elu_grad, dy, y, "y", alpha);
      },
      py::arg("dy"), py::arg("y"), py::arg("alpha") = 1.0,
      "Gradient of elu from its output y: dy where y > 0, else dy * (y + alpha).");
  m.def(
      "tanh", [](py::handle x) { return unary(kernels().tanh, x); }, py::arg("x"),
      "Hyperbolic tangent of x.");
  m.def(
      "tanh_grad",
      [](py::handle dy, py::handle y) { return gradient(kernels().tanh_grad, dy, y, "y"); },
      py::arg("dy"), py::arg("y"), "Gradient of tanh from its output y: dy * (1 - y * y).");
  m.def(
      "sigmoid", [](py::handle x) { return unary(kernels().sigmoid, x); }, py::arg("x"),
      "1 / (1 + exp(-x)).");
  m.def(
      "sigmoid_grad",
      [](py::handle dy, py::handle y) { return gradient(kernels().sigmoid_grad, dy, y, "y"); },
      py::arg("dy"), py::arg("y"), "Gradient of sigmoid from its output y: dy * y * (1 - y).");
  m.def(
      "softplus", [](py::handle x) { return unary(kernels().softplus, x); }, py::arg("x"),
      "log(1 + exp(x)).");
  m.def(
      "softplus_grad",
      [](py::handle dy, py::handle x) { return gradient(kernels().softplus_grad, dy, x, "x"); },
      py::arg("dy"), py::arg("x"), "Gradient of softplus: dy * sigmoid(x).");
  m.def(
      "silu", [](py::handle x) { return unary(kernels().silu, x); }, py::arg("x"),
      "x * sigmoid(x).");
  m.def(
      "silu_grad",
      [](py::handle dy, py::handle x) { return gradient(kernels().silu_grad, dy, x, "x"); },
      py::arg("dy"), py::arg("x"), "Gradient of silu: dy * s * (1 + x * (1 - s)), s = sigmoid(x).");
  m.def(
      "gelu", [](py::handle x, bool approximate) { return unary(kernels().gelu, x, approximate); },
      py::arg("x"), py::arg("approximate") = true,
      "x / 2 * (1 + erf(x / sqrt(2))), or with tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)) for erf.");
  m.def(
      "gelu_grad",
      [](py::handle dy, py::handle x, bool approximate) {
        return gradient(kernels().gelu_grad, dy, x, "x", approximate);
      },
      py::arg("dy"), py::arg("x"), py::arg("approximate") = true, "Gradient of gelu.");
  m.def("dropout", &dropout, py::arg("x"), py::arg("rate"), py::arg("seed"),
        "x / (1 - rate) where the random number of (seed, flat index) is at least rate, else 0.");
}

}  // namespace minidl
