#include <string>

#include "bindings/arrays.h"

namespace minidl {
namespace {

// Sizes above this would overflow the whole-number arithmetic of the taps.
constexpr int64_t kLargest = int64_t{1} << 30;

bool is_bilinear(const std::string& interpolation) {
  if (interpolation != "nearest" && interpolation != "bilinear") {
    throw py::value_error("interpolation is '" + interpolation +
                          "'; expected 'nearest' or 'bilinear'");
  }
  return interpolation == "bilinear";
}

void check_lengths(const char* name, int64_t h, int64_t w) {
  if (h < 1 || w < 1 || h > kLargest || w > kLargest) {
    throw py::value_error(std::string(name) + " has height " + std::to_string(h) + " and width " +
                          std::to_string(w) + "; expected 1 to 2**30");
  }
}

py::object resize2d(py::handle x_, py::handle size_, const std::string& interpolation) {
  const Array x = input(x_, "x");
  expect_ndim(x, "x", 4, "[batch, height, width, channels]");
  int64_t size[2];
  read_ints(size_, "size", size, 2, 1);
  check_lengths("x", x.dim(1), x.dim(2));
  check_lengths("size", size[0], size[1]);
  Resize2DParams p{};
  p.bilinear = is_bilinear(interpolation);
  p.n = x.dim(0);
  p.h = x.dim(1);
  p.w = x.dim(2);
  p.c = x.dim(3);
  p.oh = size[0];
  p.ow = size[1];
  Array y = output(x.dtype(), {p.n, p.oh, p.ow, p.c});
  p.x = x.data();
  p.y = y.data();
  if (y.size()) run(kernels().resize2d, x.dtype(), p, y.size() + x.size());
  return y.object();
}

py::object resize2d_grad(py::handle dy_, py::handle x_shape, const std::string& interpolation) {
  const Array dy = input(dy_, "dy");
  expect_ndim(dy, "dy", 4, "[batch, height, width, channels]");
  int64_t shape[4];
  read_ints(x_shape, "x_shape", shape, 4, 0);
  check_lengths("x_shape", shape[1], shape[2]);
  check_lengths("dy", dy.dim(1), dy.dim(2));
  if (dy.dim(0) != shape[0] || dy.dim(3) != shape[3]) {
    throw py::value_error("dy has shape " + shape_string(dy) + "; expected batch " +
                          std::to_string(shape[0]) + " and " + std::to_string(shape[3]) +
                          " channels as in x_shape");
  }
  Resize2DParams p{};
  p.bilinear = is_bilinear(interpolation);
  p.n = shape[0];
  p.h = shape[1];
  p.w = shape[2];
  p.c = shape[3];
  p.oh = dy.dim(1);
  p.ow = dy.dim(2);
  Array dx = output(dy.dtype(), {p.n, p.h, p.w, p.c});
  p.x = dy.data();
  p.y = dx.data();
  if (dx.size()) run(kernels().resize2d_grad, dy.dtype(), p, 2 * dy.size() + dx.size());
  return dx.object();
}

}  // namespace

void bind_resize2d(py::module_& m) {
  m.def("resize2d", &resize2d, py::arg("x"), py::arg("size"), py::arg("interpolation"),
        "x [n, h, w, c] in another size (height, width); interpolation 'nearest' or 'bilinear', "
        "pixel centres at half steps.");
  m.def("resize2d_grad", &resize2d_grad, py::arg("dy"), py::arg("x_shape"),
        py::arg("interpolation"), "Gradient of resize2d; x_shape is (n, h, w, c).");
}

}  // namespace minidl
