#include <string>

#include "bindings/arrays.h"

namespace minidl {
namespace {

// Contiguous int64 indices, all checked to lie in [0, rows).
class Indices {
 public:
  Indices(py::handle x, int64_t rows) {
    if (!PyArray_Check(x.ptr()) ||
        !PyTypeNum_ISINTEGER(PyArray_TYPE(reinterpret_cast<PyArrayObject*>(x.ptr())))) {
      const py::object given = py::getattr(x, "dtype", py::type::of(x));
      throw py::type_error("indices is of " + std::string(py::str(given)) +
                           "; expected a numpy.ndarray of integers");
    }
    PyObject* copy = PyArray_FromArray(
        reinterpret_cast<PyArrayObject*>(x.ptr()), PyArray_DescrFromType(NPY_INT64),
        NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_FORCECAST);
    if (!copy) throw py::error_already_set();
    holder_ = py::reinterpret_steal<py::object>(copy);
    for (int64_t i = 0; i < count(); ++i) {
      if (data()[i] < 0 || data()[i] >= rows) {
        throw py::index_error("indices holds " + std::to_string(data()[i]) + " at place " +
                              std::to_string(i) + "; expected 0 <= index < " +
                              std::to_string(rows) + ", the number of rows");
      }
    }
  }

  PyArrayObject* get() const { return reinterpret_cast<PyArrayObject*>(holder_.ptr()); }
  const int64_t* data() const { return static_cast<const int64_t*>(PyArray_DATA(get())); }
  int64_t count() const { return PyArray_SIZE(get()); }

 private:
  py::object holder_;
};

py::object embedding(py::handle table_, py::handle indices_) {
  const Array table = input(table_, "table");
  expect_ndim(table, "table", 2, "[rows, width]");
  const Indices indices(indices_, table.dim(0));
  const int nd = PyArray_NDIM(indices.get());
  int64_t shape[NPY_MAXDIMS + 1];
  for (int i = 0; i < nd; ++i) shape[i] = PyArray_DIM(indices.get(), i);
  if (nd >= NPY_MAXDIMS) {
    throw py::value_error("indices has " + std::to_string(nd) + " dimensions; expected fewer");
  }
  shape[nd] = table.dim(1);
  Array out = output(table.dtype(), shape, nd + 1);
  EmbeddingParams p{table.data(),    indices.data(), nullptr,     out.data(),
                    indices.count(), table.dim(0),   table.dim(1)};
  if (out.size()) run(kernels().embedding, table.dtype(), p, out.size());
  return out.object();
}

py::object embedding_grad(py::handle dy_, py::handle indices_, int64_t rows) {
  const Array dy = input(dy_, "dy");
  if (rows < 0) throw py::value_error("rows is " + std::to_string(rows) + "; expected at least 0");
  const Indices indices(indices_, rows);
  const int nd = PyArray_NDIM(indices.get());
  if (dy.ndim() != nd + 1 || !PyArray_CompareLists(dy.shape(), PyArray_DIMS(indices.get()), nd)) {
    throw py::value_error("dy has shape " + shape_string(dy) +
                          "; expected the shape of indices and one axis more");
  }
  const int64_t width = dy.dim(-1);
  Array out = output(dy.dtype(), {rows, width});
  EmbeddingParams p{nullptr, indices.data(), dy.data(), out.data(), indices.count(), rows, width};
  if (out.size()) run(kernels().embedding_grad, dy.dtype(), p, out.size() + dy.size());
  return out.object();
}

}  // namespace

void bind_embedding(py::module_& m) {
  m.def("embedding", &embedding, py::arg("table"), py::arg("indices"),
        "Rows of table [rows, width] by index, of shape indices.shape + (width,).");
  m.def("embedding_grad", &embedding_grad, py::arg("dy"), py::arg("indices"), py::arg("rows"),
        "Gradient of embedding by its table: the rows of dy added up by index, [rows, width].");
}

}  // namespace minidl
