#include <string>

#include "bindings/arrays.h"

namespace minidl {
namespace {

std::string text(int64_t v) {
  return std::to_string(v);
}

// Output length of one axis; every window must hold at least one pixel of the input.
int64_t output_length(const char* axis, int64_t in, int64_t pool, int64_t stride, int64_t before,
                      int64_t after) {
  if (pool > in + before + after) {
    throw py::value_error("pool_size is " + text(pool) + " along " + axis +
                          " but the padded input has " + text(in + before + after) +
                          "; expected a window no larger than the input");
  }
  const int64_t out = (in + before + after - pool) / stride + 1;
  if (before >= pool || (out - 1) * stride - before >= in) {
    throw py::value_error("padding (" + text(before) + ", " + text(after) + ") along " + axis +
                          " leaves windows of " + text(pool) +
                          " without any input; expected padding smaller than pool_size");
  }
  return out;
}

Pool2DParams make_params(const int64_t* shape, py::handle pool_size, py::handle strides,
                         py::handle padding) {
  int64_t pool[2], stride[2], pad[4];
  read_ints(pool_size, "pool_size", pool, 2, 1);
  read_ints(strides, "strides", stride, 2, 1);
  read_ints(padding, "padding", pad, 4, 0);
  Pool2DParams p{};
  p.n = shape[0];
  p.h = shape[1];
  p.w = shape[2];
  p.c = shape[3];
  p.pool_h = pool[0];
  p.pool_w = pool[1];
  p.stride_h = stride[0];
  p.stride_w = stride[1];
  p.pad_top = pad[0];
  p.pad_left = pad[2];
  p.oh = output_length("height", p.h, pool[0], stride[0], pad[0], pad[1]);
  p.ow = output_length("width", p.w, pool[1], stride[1], pad[2], pad[3]);
  return p;
}

Array read_image(py::handle x_, const char* name, int64_t* shape) {
  Array x = input(x_, name);
  expect_ndim(x, name, 4, "[batch, height, width, channels]");
  for (int d = 0; d < 4; ++d) shape[d] = x.dim(d);
  return x;
}

void check_output(const Array& a, const char* name, const Pool2DParams& p) {
  if (a.ndim() == 4 && a.dim(0) == p.n && a.dim(1) == p.oh && a.dim(2) == p.ow && a.dim(3) == p.c) {
    return;
  }
  throw py::value_error(std::string(name) + " has shape " + shape_string(a) + "; expected (" +
                        text(p.n) + ", " + text(p.oh) + ", " + text(p.ow) + ", " + text(p.c) + ")");
}

using Kernel = Status (*const (&)[2])(const Pool2DParams&) noexcept;

py::object forward(Kernel kernel, py::handle x_, py::handle pool_size, py::handle strides,
                   py::handle padding) {
  int64_t shape[4];
  const Array x = read_image(x_, "x", shape);
  Pool2DParams p = make_params(shape, pool_size, strides, padding);
  Array y = output(x.dtype(), {p.n, p.oh, p.ow, p.c});
  p.x = x.data();
  p.out = y.data();
  if (y.size()) run(kernel, x.dtype(), p, y.size() * p.pool_h * p.pool_w);
  return y.object();
}

py::object max_grad(py::handle dy_, py::handle x_, py::handle y_, py::handle pool_size,
                    py::handle strides, py::handle padding) {
  int64_t shape[4];
  const Array dy = input(dy_, "dy"), x = read_image(x_, "x", shape), y = input(y_, "y");
  same_dtype(dy, "dy", x, "x");
  same_dtype(y, "y", x, "x");
  Pool2DParams p = make_params(shape, pool_size, strides, padding);
  check_output(dy, "dy", p);
  check_output(y, "y", p);
  Array dx = output_like(x);
  p.x = x.data();
  p.y = y.data();
  p.dy = dy.data();
  p.out = dx.data();
  if (dx.size()) run(kernels().max_pool2d_grad, x.dtype(), p, dx.size() * 4);
  return dx.object();
}

py::object average_grad(py::handle dy_, py::handle x_shape, py::handle pool_size,
                        py::handle strides, py::handle padding) {
  const Array dy = input(dy_, "dy");
  int64_t shape[4];
  read_ints(x_shape, "x_shape", shape, 4, 0);
  Pool2DParams p = make_params(shape, pool_size, strides, padding);
  check_output(dy, "dy", p);
  Array dx = output(dy.dtype(), {p.n, p.h, p.w, p.c});
  p.dy = dy.data();
  p.out = dx.data();
  if (dx.size()) run(kernels().average_pool2d_grad, dy.dtype(), p, dx.size() * 4);
  return dx.object();
}

}  // namespace

void bind_pool2d(py::module_& m) {
  m.def(
      "max_pool2d",
      [](py::handle x, py::handle pool_size, py::handle strides, py::handle padding) {
        return forward(kernels().max_pool2d, x, pool_size, strides, padding);
      },
      py::arg("x"), py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
      "Maximum of each window of x [n, h, w, c]; padding (top, bottom, left, right) never wins.");
  m.def("max_pool2d_grad", &max_grad, py::arg("dy"), py::arg("x"), py::arg("y"),
        py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
        "Gradient of max_pool2d: each window's first maximum takes dy.");
  m.def(
      "average_pool2d",
      [](py::handle x, py::handle pool_size, py::handle strides, py::handle padding) {
        return forward(kernels().average_pool2d, x, pool_size, strides, padding);
      },
      py::arg("x"), py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
      "Mean of each window of x [n, h, w, c]; padding (top, bottom, left, right) does not count.");
  m.def("average_pool2d_grad", &average_grad, py::arg("dy"), py::arg("x_shape"),
        py::arg("pool_size"), py::arg("strides"), py::arg("padding"),
        "Gradient of average_pool2d; x_shape is (n, h, w, c).");
}

}  // namespace minidl
