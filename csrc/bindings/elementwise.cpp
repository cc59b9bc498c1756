#include "bindings/arrays.h"

namespace minidl {
namespace {

// Broadcasts as NumPy, then joins neighbouring dimensions that both operands walk alike, so that
// the kernel sees few and long loops.
Array binary(Status (*const (&kernel)[2])(const BinaryParams&) noexcept, py::handle x_,
             py::handle y_) {
  const Array x = input(x_, "x"), y = input(y_, "y");
  same_dtype(x, "x", y, "y");
  const int nd = x.ndim() > y.ndim() ? x.ndim() : y.ndim();
  int64_t shape[NPY_MAXDIMS], xs[NPY_MAXDIMS], ys[NPY_MAXDIMS];
  int64_t x_step = 1, y_step = 1;
  for (int d = nd - 1, i = 1; d >= 0; --d, ++i) {
    const int64_t a = i <= x.ndim() ? x.dim(-i) : 1;
    const int64_t b = i <= y.ndim() ? y.dim(-i) : 1;
    if (a != b && a != 1 && b != 1) {
      throw py::value_error("x has shape " + shape_string(x) + " and y has shape " +
                            shape_string(y) + "; expected shapes that broadcast");
    }
    shape[d] = a == 1 ? b : a;
    xs[d] = a == 1 ? 0 : x_step;
    ys[d] = b == 1 ? 0 : y_step;
    x_step *= a;
    y_step *= b;
  }
  Array z = output(x.dtype(), shape, nd);
  BinaryParams p{};
  p.x = x.data();
  p.y = y.data();
  p.z = z.data();
  p.ndim = 0;
  int64_t size = 1;
  for (int d = 0; d < nd; ++d) {
    size *= shape[d];
    if (shape[d] == 1) continue;
    const int k = p.ndim - 1;
    if (k >= 0 && p.x_strides[k] == xs[d] * shape[d] && p.y_strides[k] == ys[d] * shape[d]) {
      p.shape[k] *= shape[d];
      p.x_strides[k] = xs[d];
      p.y_strides[k] = ys[d];
      continue;
    }
    if (p.ndim == kMaxDims) throw py::value_error("too many dimensions to broadcast; expected 8");
    p.shape[p.ndim] = shape[d];
    p.x_strides[p.ndim] = xs[d];
    p.y_strides[p.ndim++] = ys[d];
  }
  if (p.ndim == 0) {
    p.ndim = 1;
    p.shape[0] = 1;
    p.x_strides[0] = p.y_strides[0] = 1;
  }
  if (size) run(kernel, x.dtype(), p, size);
  return z;
}

Array unary(Status (*const (&kernel)[2])(const UnaryParams&) noexcept, py::handle x_) {
  const Array x = input(x_, "x");
  Array y = output_like(x);
  UnaryParams p{x.data(), y.data(), x.size(), {}};
  if (p.n) run(kernel, x.dtype(), p, p.n);
  return y;
}

}  // namespace

#define MINIDL_BIND_BINARY(name, doc)                                                          \
  m.def(                                                                                       \
      #name, [](py::handle x, py::handle y) { return binary(kernels().name, x, y).object(); }, \
      py::arg("x"), py::arg("y"), doc)
#define MINIDL_BIND_UNARY(name, doc) \
  m.def(#name, [](py::handle x) { return unary(kernels().name, x).object(); }, py::arg("x"), doc)

void bind_elementwise(py::module_& m) {
  MINIDL_BIND_BINARY(add, "x + y with broadcasting.");
  MINIDL_BIND_BINARY(subtract, "x - y with broadcasting.");
  MINIDL_BIND_BINARY(multiply, "x * y with broadcasting.");
  MINIDL_BIND_BINARY(divide, "x / y with broadcasting.");
  MINIDL_BIND_BINARY(maximum, "Larger of x and y, NaN if either is.");
  MINIDL_BIND_BINARY(minimum, "Smaller of x and y, NaN if either is.");
  MINIDL_BIND_UNARY(negative, "-x.");
  MINIDL_BIND_UNARY(exp, "e to the power x.");
  MINIDL_BIND_UNARY(expm1, "exp(x) - 1, precise for small x.");
  MINIDL_BIND_UNARY(log, "Natural logarithm of x: -inf at 0, NaN below.");
  MINIDL_BIND_UNARY(log1p, "log(1 + x), precise for small x: -inf at -1, NaN below.");
  MINIDL_BIND_UNARY(erf, "The error function of Gauss.");
  MINIDL_BIND_UNARY(sqrt, "Square root of x, NaN below 0.");
  MINIDL_BIND_UNARY(rsqrt, "1 / sqrt(x).");
  MINIDL_BIND_UNARY(square, "x * x.");
  MINIDL_BIND_UNARY(absolute, "|x|.");
}

}  // namespace minidl
