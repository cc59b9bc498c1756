#include <string>
#include <vector>

#include "bindings/arrays.h"

namespace minidl {
namespace {

// Rows and columns of x over its last axis; ValueError when there is nothing to normalise.
void read_rows(const Array& x, const char* name, int64_t* rows, int64_t* cols) {
  if (x.ndim() < 1) {
    throw py::value_error(std::string(name) + " is a scalar; expected at least 1 dimension");
  }
  *cols = x.dim(-1);
  *rows = *cols ? x.size() / *cols : 0;
}

template <class Kernel>
py::object forward(Kernel& kernel, py::handle x_) {
  const Array x = input(x_, "x");
  Array y = output_like(x);
  SoftmaxParams p{x.data(), y.data(), 0, 0};
  read_rows(x, "x", &p.rows, &p.cols);
  if (y.size()) run(kernel, x.dtype(), p, y.size() * 8);
  return y.object();
}

template <class Kernel>
py::object backward(Kernel& kernel, py::handle dy_, py::handle y_) {
  const Array dy = input(dy_, "dy"), y = input(y_, "y");
  same_dtype(dy, "dy", y, "y");
  if (dy.ndim() != y.ndim() || !PyArray_CompareLists(dy.shape(), y.shape(), y.ndim())) {
    throw py::value_error("dy has shape " + shape_string(dy) + "; expected " + shape_string(y) +
                          " as y");
  }
  Array dx = output_like(y);
  SoftmaxGradParams p{dy.data(), y.data(), dx.data(), 0, 0};
  read_rows(y, "y", &p.rows, &p.cols);
  if (dx.size()) run(kernel, y.dtype(), p, dx.size() * 4);
  return dx.object();
}

// Class indices as int64, all checked to lie in [0, classes).
py::object read_labels(py::handle labels_, int64_t rows, int64_t classes) {
  auto* array = reinterpret_cast<PyArrayObject*>(labels_.ptr());
  PyObject* copy = PyArray_FromArray(array, PyArray_DescrFromType(NPY_INT64),
                                     NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED);
  if (!copy) throw py::error_already_set();
  py::object labels = py::reinterpret_steal<py::object>(copy);
  auto* a = reinterpret_cast<PyArrayObject*>(labels.ptr());
  if (PyArray_NDIM(a) != 1 || PyArray_DIM(a, 0) != rows) {
    throw py::value_error("labels has shape " + std::string(py::str(labels.attr("shape"))) +
                          "; expected (" + std::to_string(rows) +
                          ",) class indices, one for each row of logits");
  }
  const int64_t* values = static_cast<const int64_t*>(PyArray_DATA(a));
  for (int64_t i = 0; i < rows; ++i) {
    if (values[i] < 0 || values[i] >= classes) {
      throw py::value_error("labels holds " + std::to_string(values[i]) + " at index " +
                            std::to_string(i) + "; expected 0 <= label < " +
                            std::to_string(classes));
    }
  }
  return labels;
}

// Logits and labels of a cross-entropy, checked, and their place in the parameters.
struct CrossEntropy {
  Array logits, dense;
  py::object sparse;
  SoftmaxCrossEntropyParams p{};

  CrossEntropy(py::handle logits_, py::handle labels_) : logits(input(logits_, "logits")) {
    expect_ndim(logits, "logits", 2, "[batch, classes]");
    if (!PyArray_Check(labels_.ptr())) {
      throw py::type_error(std::string("labels is of type ") + Py_TYPE(labels_.ptr())->tp_name +
                           "; expected a numpy.ndarray");
    }
    p.rows = logits.dim(0);
    p.cols = logits.dim(1);
    p.logits = logits.data();
    if (p.rows && !p.cols) throw py::value_error("logits has no classes; expected at least 1");
    auto* labels = reinterpret_cast<PyArrayObject*>(labels_.ptr());
    const int type = PyArray_TYPE(labels);
    if (type == NPY_FLOAT || type == NPY_DOUBLE) {
      dense = input(labels_, "labels");
      same_dtype(logits, "logits", dense, "labels");
      if (dense.ndim() != 2 || dense.dim(0) != p.rows || dense.dim(1) != p.cols) {
        throw py::value_error("labels has shape " + shape_string(dense) + "; expected " +
                              shape_string(logits) + " as logits, or integer class indices (" +
                              std::to_string(p.rows) + ",)");
      }
      p.labels = dense.data();
    } else if (PyTypeNum_ISINTEGER(type) && PyArray_ITEMSIZE(labels) >= 4) {
      sparse = read_labels(labels_, p.rows, p.cols);
      p.labels = PyArray_DATA(reinterpret_cast<PyArrayObject*>(sparse.ptr()));
      p.sparse = true;
    } else {
      throw py::type_error("labels has dtype " + std::string(py::str(labels_.attr("dtype"))) +
                           "; expected int32 or int64 class indices, or the logits' dtype");
    }
  }
};

py::object cross_entropy(py::handle logits, py::handle labels) {
  CrossEntropy c(logits, labels);
  Array loss = output(c.logits.dtype(), {c.p.rows});
  Array log_sum = output(c.logits.dtype(), {c.p.rows, 2});
  c.p.loss = loss.data();
  c.p.log_sum = log_sum.data();
  const int64_t size = c.logits.size();
  if (size) run(kernels().softmax_cross_entropy, c.logits.dtype(), c.p, size * 8);
  return py::make_tuple(loss.object(), log_sum.object());
}

py::object cross_entropy_grad(py::handle dy_, py::handle logits, py::handle labels,
                              py::handle log_sum_) {
  CrossEntropy c(logits, labels);
  const Array dy = input(dy_, "dy"), log_sum = input(log_sum_, "log_sum");
  same_dtype(c.logits, "logits", dy, "dy");
  same_dtype(c.logits, "logits", log_sum, "log_sum");
  expect_vector(dy, "dy", c.p.rows);
  if (log_sum.ndim() != 2 || log_sum.dim(0) != c.p.rows || log_sum.dim(1) != 2) {
    throw py::value_error("log_sum has shape " + shape_string(log_sum) + "; expected (" +
                          std::to_string(c.p.rows) + ", 2) as softmax_cross_entropy gave it");
  }
  Array dlogits = output_like(c.logits);
  c.p.dy = dy.data();
  c.p.log_sum = log_sum.data();
  c.p.dlogits = dlogits.data();
  const int64_t size = c.logits.size();
  if (size) run(kernels().softmax_cross_entropy_grad, c.logits.dtype(), c.p, size * 8);
  return dlogits.object();
}

}  // namespace

void bind_softmax(py::module_& m) {
  m.def(
      "softmax", [](py::handle x) { return forward(kernels().softmax, x); }, py::arg("x"),
      "exp(x) / sum(exp(x)) over the last axis.");
  m.def(
      "softmax_grad",
      [](py::handle dy, py::handle y) { return backward(kernels().softmax_grad, dy, y); },
      py::arg("dy"), py::arg("y"), "Gradient of softmax; y is its output.");
  m.def(
      "log_softmax", [](py::handle x) { return forward(kernels().log_softmax, x); }, py::arg("x"),
      "log(softmax(x)) over the last axis.");
  m.def(
      "log_softmax_grad",
      [](py::handle dy, py::handle y) { return backward(kernels().log_softmax_grad, dy, y); },
      py::arg("dy"), py::arg("y"), "Gradient of log_softmax; y is its output.");
  m.def("softmax_cross_entropy", &cross_entropy, py::arg("logits"), py::arg("labels"),
        "(loss [n], log_sum [n, 2]) of logits [n, c] against class indices [n] or a distribution"
        " [n, c]. log_sum holds the maximum of each row and the logarithm of the sum of"
        " exponentials of what the others are below it.");
  m.def("softmax_cross_entropy_grad", &cross_entropy_grad, py::arg("dy"), py::arg("logits"),
        py::arg("labels"), py::arg("log_sum"),
        "Gradient of softmax_cross_entropy by its logits; log_sum is its second result.");
}

}  // namespace minidl
