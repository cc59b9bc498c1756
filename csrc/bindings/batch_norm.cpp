#include "bindings/normalization.h"

namespace minidl {
namespace {

py::object batch_norm(py::handle x_, py::handle gamma_, py::handle beta_, double epsilon) {
  check_epsilon(epsilon);
  const Array x = input(x_, "x");
  BatchNormParams p{};
  read_rows(x, 2, &p.rows, &p.channels);
  if (p.rows == 0) {
    throw py::value_error("x has shape " + shape_string(x) +
                          "; expected at least one row to take statistics of");
  }
  const Array gamma = channel_vector(gamma_, "gamma", x, p.channels);
  const Array beta = channel_vector(beta_, "beta", x, p.channels);
  Array y = output_like(x), mean = output(x.dtype(), {p.channels});
  Array variance = output(x.dtype(), {p.channels});
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.beta = data_or_null(beta);
  p.y = y.data();
  p.mean = mean.data();
  p.variance = variance.data();
  p.epsilon = epsilon;
  run(kernels().batch_norm, x.dtype(), p, x.size() * 4);
  return py::make_tuple(y.object(), mean.object(), variance.object());
}

py::object inference(py::handle x_, py::handle gamma_, py::handle beta_, py::handle mean_,
                     py::handle variance_, double epsilon) {
  check_epsilon(epsilon);
  const Array x = input(x_, "x");
  BatchNormParams p{};
  read_rows(x, 2, &p.rows, &p.channels);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.channels);
  const Array beta = channel_vector(beta_, "beta", x, p.channels);
  const Array mean = channel_vector(mean_, "mean", x, p.channels);
  const Array variance = channel_vector(variance_, "variance", x, p.channels);
  if (!mean.object() || !variance.object()) {
    throw py::type_error("mean or variance is None; expected one value for each channel");
  }
  Array y = output_like(x);
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.beta = data_or_null(beta);
  p.y = y.data();
  p.mean = mean.data();
  p.variance = variance.data();
  p.epsilon = epsilon;
  if (y.size()) run(kernels().batch_norm_inference, x.dtype(), p, x.size() * 2);
  return y.object();
}

py::object gradient(py::handle dy_, py::handle x_, py::handle gamma_, py::handle mean_,
                    py::handle variance_, double epsilon) {
  check_epsilon(epsilon);
  const Array dy = input(dy_, "dy"), x = input(x_, "x");
  same_dtype(dy, "dy", x, "x");
  same_shape(dy, "dy", x, "x");
  BatchNormGradParams p{};
  read_rows(x, 2, &p.rows, &p.channels);
  if (p.rows == 0) {
    throw py::value_error("x has shape " + shape_string(x) + "; expected at least one row");
  }
  const Array gamma = channel_vector(gamma_, "gamma", x, p.channels);
  const Array mean = channel_vector(mean_, "mean", x, p.channels);
  const Array variance = channel_vector(variance_, "variance", x, p.channels);
  if (!mean.object() || !variance.object()) {
    throw py::type_error("mean or variance is None; expected one value for each channel");
  }
  Array dx = output_like(x), dgamma = output(x.dtype(), {p.channels});
  Array dbeta = output(x.dtype(), {p.channels});
  p.dy = dy.data();
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.mean = mean.data();
  p.variance = variance.data();
  p.dx = dx.data();
  p.dgamma = dgamma.data();
  p.dbeta = dbeta.data();
  p.epsilon = epsilon;
  run(kernels().batch_norm_grad, x.dtype(), p, x.size() * 4);
  return py::make_tuple(dx.object(), dgamma.object(), dbeta.object());
}

}  // namespace

void bind_batch_norm(py::module_& m) {
  m.def("batch_norm", &batch_norm, py::arg("x"), py::arg("gamma"), py::arg("beta"),
        py::arg("epsilon"),
        "(y, mean, variance): x [..., channels] normalised by the statistics of its own rows.");
  m.def("batch_norm_inference", &inference, py::arg("x"), py::arg("gamma"), py::arg("beta"),
        py::arg("mean"), py::arg("variance"), py::arg("epsilon"),
        "x [..., channels] normalised by given statistics.");
  m.def("batch_norm_grad", &gradient, py::arg("dy"), py::arg("x"), py::arg("gamma"),
        py::arg("mean"), py::arg("variance"), py::arg("epsilon"),
        "(dx, dgamma, dbeta) of batch_norm; mean and variance are those it returned.");
}

}  // namespace minidl
