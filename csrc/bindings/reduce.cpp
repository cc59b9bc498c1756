#include <cmath>
#include <string>

#include "bindings/arrays.h"

namespace minidl {
namespace {

using Kernel = Status (*const (&)[2])(const ReduceParams&) noexcept;

void fill(const Array& y, double value) {
  for (int64_t i = 0; i < y.size(); ++i) {
    if (y.dtype() == DType::kFloat32) {
      static_cast<float*>(y.data())[i] = static_cast<float>(value);
    } else {
      static_cast<double*>(y.data())[i] = value;
    }
  }
}

// Which dimensions of x `axes` names; ValueError for what is out of range or named twice.
void read_axes(py::handle axes, int ndim, bool* reduced) {
  for (int d = 0; d < ndim; ++d) reduced[d] = false;
  if (!PyTuple_Check(axes.ptr()) && !PyList_Check(axes.ptr())) {
    throw py::type_error("axes is " + std::string(py::repr(axes)) +
                         "; expected a tuple of integers");
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(axes.ptr()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(axes.ptr(), i);
    const int64_t axis = PyIndex_Check(item) ? PyLong_AsLongLong(item) : ndim;
    if (PyErr_Occurred()) PyErr_Clear();
    const int64_t d = axis < 0 ? axis + ndim : axis;
    if (d < 0 || d >= ndim || reduced[d]) {
      throw py::value_error("axes is " + std::string(py::repr(axes)) +
                            "; expected different integers from " + std::to_string(-ndim) + " to " +
                            std::to_string(ndim - 1));
    }
    reduced[d] = true;
  }
}

// `empty` is the result over no elements; NaN stands for "there is none" when `must_have` is set.
py::object reduce(Kernel kernel, py::handle x_, py::handle axes, bool keepdims, double empty,
                  bool must_have) {
  const Array x = input(x_, "x");
  bool reduced[NPY_MAXDIMS];
  read_axes(axes, x.ndim(), reduced);
  int64_t shape[NPY_MAXDIMS];
  int ndim = 0;
  ReduceParams p{};
  for (int d = 0; d < x.ndim(); ++d) {
    if (!reduced[d] || keepdims) shape[ndim++] = reduced[d] ? 1 : x.dim(d);
    if (x.dim(d) == 1) continue;
    if (p.ndim && p.reduced[p.ndim - 1] == reduced[d]) {
      p.shape[p.ndim - 1] *= x.dim(d);
      continue;
    }
    if (p.ndim == kMaxDims) {
      throw py::value_error("x has shape " + shape_string(x) +
                            "; expected at most 8 groups of kept and reduced dimensions");
    }
    p.reduced[p.ndim] = reduced[d];
    p.shape[p.ndim++] = x.dim(d);
  }
  Array y = output(x.dtype(), shape, ndim);
  if (x.size() == 0) {
    if (y.size() && must_have) {
      throw py::value_error("x has shape " + shape_string(x) +
                            ", empty along the reduced axes; expected at least one element");
    }
    fill(y, empty);
    return y.object();
  }
  p.x = x.data();
  p.y = y.data();
  run(kernel, x.dtype(), p, x.size());
  return y.object();
}

}  // namespace

#define MINIDL_BIND_REDUCE(name, empty, must_have, doc)                     \
  m.def(                                                                    \
      #name,                                                                \
      [](py::handle x, py::handle axes, bool keepdims) {                    \
        return reduce(kernels().name, x, axes, keepdims, empty, must_have); \
      },                                                                    \
      py::arg("x"), py::arg("axes"), py::arg("keepdims") = false, doc)

void bind_reduce(py::module_& m) {
  MINIDL_BIND_REDUCE(sum, 0.0, false, "Sum over axes.");
  MINIDL_BIND_REDUCE(mean, std::nan(""), false, "Mean over axes.");
  MINIDL_BIND_REDUCE(max, 0.0, true, "Largest value over axes, NaN if there is one.");
  MINIDL_BIND_REDUCE(min, 0.0, true, "Smallest value over axes, NaN if there is one.");
}

}  // namespace minidl
