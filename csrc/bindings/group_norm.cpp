#include "bindings/normalization.h"

namespace minidl {
namespace {

// x as [images, rows, channels], none of the last two empty.
template <class Params>
void read_images(const Array& x, Params* p) {
  read_rows(x, 2, &p->rows, &p->channels);
  p->images = x.dim(0);
  p->rows = 1;
  for (int d = 1; d < x.ndim() - 1; ++d) p->rows *= x.dim(d);
  if (p->rows && p->channels) return;
  throw py::value_error("x has shape " + shape_string(x) +
                        "; expected no empty axis but the first");
}

void check_groups(int64_t groups, int64_t channels) {
  if (groups >= 1 && channels % groups == 0) return;
  throw py::value_error("groups is " + std::to_string(groups) + "; expected a divisor of the " +
                        std::to_string(channels) + " channels");
}

py::object group_norm(py::handle x_, py::handle gamma_, py::handle beta_, int64_t groups,
                      double epsilon) {
  check_epsilon(epsilon);
  const Array x = input(x_, "x");
  GroupNormParams p{};
  read_images(x, &p);
  check_groups(groups, p.channels);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.channels);
  const Array beta = channel_vector(beta_, "beta", x, p.channels);
  Array y = output_like(x), mean = output(x.dtype(), {p.images, groups});
  Array scale = output(x.dtype(), {p.images, groups});
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.beta = data_or_null(beta);
  p.y = y.data();
  p.mean = mean.data();
  p.scale = scale.data();
  p.groups = groups;
  p.epsilon = epsilon;
  if (y.size()) run(kernels().group_norm, x.dtype(), p, x.size() * 4);
  return py::make_tuple(y.object(), mean.object(), scale.object());
}

Array statistics(py::handle v, const char* name, const Array& x, int64_t images) {
  Array a = input(v, name);
  same_dtype(a, name, x, "x");
  if (a.ndim() == 2 && a.dim(0) == images) return a;
  throw py::value_error(std::string(name) + " has shape " + shape_string(a) + "; expected (" +
                        std::to_string(images) + ", groups)");
}

py::object gradient(py::handle dy_, py::handle x_, py::handle gamma_, py::handle mean_,
                    py::handle scale_) {
  const Array dy = input(dy_, "dy"), x = input(x_, "x");
  same_dtype(dy, "dy", x, "x");
  same_shape(dy, "dy", x, "x");
  GroupNormGradParams p{};
  read_images(x, &p);
  const Array gamma = channel_vector(gamma_, "gamma", x, p.channels);
  const Array mean = statistics(mean_, "mean", x, p.images);
  const Array scale = statistics(scale_, "scale", x, p.images);
  same_shape(mean, "mean", scale, "scale");
  p.groups = mean.dim(1);
  check_groups(p.groups, p.channels);
  Array dx = output_like(x), dgamma = output(x.dtype(), {p.channels});
  Array dbeta = output(x.dtype(), {p.channels});
  p.dy = dy.data();
  p.x = x.data();
  p.gamma = data_or_null(gamma);
  p.mean = mean.data();
  p.scale = scale.data();
  p.dx = dx.data();
  p.dgamma = dgamma.data();
  p.dbeta = dbeta.data();
  if (dx.size()) {
    run(kernels().group_norm_grad, x.dtype(), p, x.size() * 4);
  } else {
    fill_zero(dgamma);
    fill_zero(dbeta);
  }
  return py::make_tuple(dx.object(), dgamma.object(), dbeta.object());
}

}  // namespace

void bind_group_norm(py::module_& m) {
  m.def("group_norm", &group_norm, py::arg("x"), py::arg("gamma"), py::arg("beta"),
        py::arg("groups"), py::arg("epsilon"),
        "(y, mean, scale): each group of channels of each image of x [images, ..., channels] to "
        "mean 0 and variance 1, then scaled by gamma and shifted by beta; mean and scale = 1 / "
        "sqrt(variance + epsilon) are [images, groups].");
  m.def("group_norm_grad", &gradient, py::arg("dy"), py::arg("x"), py::arg("gamma"),
        py::arg("mean"), py::arg("scale"),
        "(dx, dgamma, dbeta) of group_norm; mean and scale are those it returned.");
}

}  // namespace minidl
