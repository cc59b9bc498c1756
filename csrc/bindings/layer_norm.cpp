#include "bindings/normalization.h"

namespace minidl {
namespace {

// x as rows of at least one value.
void read_filled_rows(const Array& x, int64_t* rows, int64_t* cols) {
  read_rows(x, 1, rows, cols);
  if (*cols) return;
  throw py::value_error("x has shape " + shape_string(x) +
                        "; expected at least one value along the last axis");
}

// One value for each row: the shape of x without its last axis.
Array row_values(const Array& x) {
  int64_t shape[NPY_MAXDIMS];
  for (int d = 0; d < x.ndim() - 1; ++d) shape[d] = x.dim(d);
  return output(x.dtype(), shape, x.ndim() - 1);
}

Array read_row_values(py::handle v, const char* name, const Array& x) {
  Array a = input(v, name);
  same_dtype(a, name, x, "x");
  if (a.ndim() == x.ndim() - 1 && PyArray_CompareLists(a.shape(), x.shape(), a.ndim())) return a;
  throw py::value_error(std::string(name) + " has shape " + shape_string(a) +
                        "; expected the shape of x " + shape_string(x) + " without its last axis");
}

py::object layer_norm(py::handle x_, py::handle gamma_, py::handle beta_, double epsilon) {
  check_epsilon(epsilon);
  const Array x = input(x_, "x");
  LayerNormParams p{};
  read_filled_rows(x, &p.rows, &p.cols);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.cols);
  const Array beta = channel_vector(beta_, "beta", x, p.cols);
  Array y = output_like(x), mean = row_values(x), scale = row_values(x);
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.beta = data_or_null(beta);
  p.y = y.data();
  p.mean = mean.data();
  p.scale = scale.data();
  p.epsilon = epsilon;
  if (y.size()) run(kernels().layer_norm, x.dtype(), p, x.size() * 4);
  return py::make_tuple(y.object(), mean.object(), scale.object());
}

py::object rms_norm(py::handle x_, py::handle gamma_, double epsilon) {
  check_epsilon(epsilon);
  const Array x = input(x_, "x");
  LayerNormParams p{};
  read_filled_rows(x, &p.rows, &p.cols);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.cols);
  Array y = output_like(x), scale = row_values(x);
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.y = y.data();
  p.scale = scale.data();
  p.epsilon = epsilon;
  if (y.size()) run(kernels().rms_norm, x.dtype(), p, x.size() * 3);
  return py::make_tuple(y.object(), scale.object());
}

// mean_ is null for RMS normalisation.
py::object gradient(py::handle dy_, py::handle x_, py::handle gamma_, const py::handle* mean_,
                    py::handle scale_) {
  const Array dy = input(dy_, "dy"), x = input(x_, "x");
  same_dtype(dy, "dy", x, "x");
  same_shape(dy, "dy", x, "x");
  LayerNormGradParams p{};
  read_filled_rows(x, &p.rows, &p.cols);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.cols);
  const Array mean = mean_ ? read_row_values(*mean_, "mean", x) : Array();
  const Array scale = read_row_values(scale_, "scale", x);
  Array dx = output_like(x), dgamma = output(x.dtype(), {p.cols});
  Array dbeta = mean_ ? output(x.dtype(), {p.cols}) : Array();
  p.dy = dy.data();
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.mean = data_or_null(mean);
  p.scale = scale.data();
  p.dx = dx.data();
  p.dgamma = dgamma.data();
  p.dbeta = const_cast<void*>(data_or_null(dbeta));
  if (dx.size()) {
    run(mean_ ? kernels().layer_norm_grad : kernels().rms_norm_grad, x.dtype(), p, x.size() * 4);
  } else {
    fill_zero(dgamma);
    if (mean_) fill_zero(dbeta);
  }
  if (!mean_) return py::make_tuple(dx.object(), dgamma.object());
  return py::make_tuple(dx.object(), dgamma.object(), dbeta.object());
}

}  // namespace

void bind_layer_norm(py::module_& m) {
  m.def(
      "layer_norm", &layer_norm, py::arg("x"), py::arg("gamma"), py::arg("beta"),
      py::arg("epsilon"),
      "(y, mean, scale): each row of x [..., cols] to mean 0 and variance 1, then scaled by gamma "
      "and shifted by beta; scale is 1 / sqrt(variance + epsilon).");
  m.def(
      "layer_norm_grad",
      [](py::handle dy, py::handle x, py::handle gamma, py::handle mean, py::handle scale) {
        return gradient(dy, x, gamma, &mean, scale);
      },
      py::arg("dy"), py::arg("x"), py::arg("gamma"), py::arg("mean"), py::arg("scale"),
      "(dx, dgamma, dbeta) of layer_norm; mean and scale are those it returned.");
  m.def(
      "rms_norm", &rms_norm, py::arg("x"), py::arg("gamma"), py::arg("epsilon"),
      "(y, scale): each row of x [..., cols] to mean square 1, then scaled by gamma; scale is 1 / "
      "sqrt(mean square + epsilon).");
  m.def(
      "rms_norm_grad",
      [](py::handle dy, py::handle x, py::handle gamma, py::handle scale) {
        return gradient(dy, x, gamma, nullptr, scale);
      },
      py::arg("dy"), py::arg("x"), py::arg("gamma"), py::arg("scale"),
      "(dx, dgamma) of rms_norm; scale is what it returned.");
}

}  // namespace minidl
