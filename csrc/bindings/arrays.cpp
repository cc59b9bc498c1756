#include "bindings/arrays.h"

#include <cstring>
#include <new>

#include "core/allocator.h"

namespace minidl {
namespace {

// NumPy's hook for array memory (NEP 49): arrays own their data and free it through these.
void* handler_malloc(void*, size_t size) {
  return allocate(size);
}
void* handler_calloc(void*, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) return nullptr;
  void* p = allocate(bytes);
  if (p) std::memset(p, 0, bytes);
  return p;
}
void* handler_realloc(void*, void* p, size_t size) {
  void* q = allocate(size);
  if (!q) return nullptr;
  if (p) {
    const size_t old = usable_size(p);
    std::memcpy(q, p, old < size ? old : size);
    deallocate(p);
  }
  return q;
}
void handler_free(void*, void* p, size_t) {
  deallocate(p);
}

PyDataMem_Handler g_handler = {
    "minidl_allocator",
    1,
    {nullptr, handler_malloc, handler_calloc, handler_realloc, handler_free}};

PyObject* handler_capsule() {
  static PyObject* capsule = PyCapsule_New(&g_handler, "mem_handler", nullptr);
  return capsule;
}

[[noreturn]] void bad_dtype(py::handle x, const char* name) {
  const std::string given = py::str(py::handle(
      reinterpret_cast<PyObject*>(PyArray_DESCR(reinterpret_cast<PyArrayObject*>(x.ptr())))));
  throw py::type_error(std::string(name) + " has dtype " + given +
                       "; expected float32 or float64 (cast it with minidl.ops.cast)");
}

Array convert(py::handle x, const char* name, int extra_flags) {
  if (!PyArray_Check(x.ptr())) {
    throw py::type_error(std::string(name) + " is of type " + Py_TYPE(x.ptr())->tp_name +
                         "; expected a numpy.ndarray");
  }
  auto* array = reinterpret_cast<PyArrayObject*>(x.ptr());
  const int type = PyArray_TYPE(array);
  if (type != NPY_FLOAT && type != NPY_DOUBLE) bad_dtype(x, name);
  const DType dtype = type == NPY_FLOAT ? DType::kFloat32 : DType::kFloat64;
  if (profiling()) profile_bytes(PyArray_NBYTES(array));
  const int need = NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED | extra_flags;
  const int have = NPY_ARRAY_ALIGNED | extra_flags;
  if ((PyArray_FLAGS(array) & have) == have && PyArray_ISNOTSWAPPED(array)) {
    return Array(py::reinterpret_borrow<py::object>(x), dtype);
  }
  PyObject* copy = PyArray_FromArray(array, PyArray_DescrFromType(type), need);
  if (!copy) throw py::error_already_set();
  return Array(py::reinterpret_steal<py::object>(copy), dtype);
}

}  // namespace

Array input(py::handle x, const char* name) {
  return convert(x, name, NPY_ARRAY_C_CONTIGUOUS);
}

Array strided_input(py::handle x, const char* name) {
  return convert(x, name, 0);
}

void same_dtype(const Array& a, const char* a_name, const Array& b, const char* b_name) {
  if (a.dtype() == b.dtype()) return;
  auto text = [](const Array& x) { return x.dtype() == DType::kFloat32 ? "float32" : "float64"; };
  throw py::type_error(std::string(a_name) + " is " + text(a) + " and " + b_name + " is " +
                       text(b) + "; cast one with minidl.ops.cast");
}

void same_shape(const Array& a, const char* a_name, const Array& b, const char* b_name) {
  if (a.ndim() == b.ndim() && PyArray_CompareLists(a.shape(), b.shape(), a.ndim())) return;
  throw py::value_error(std::string(a_name) + " has shape " + shape_string(a) + " and " + b_name +
                        " has shape " + shape_string(b) + "; expected the same shape");
}

void expect_ndim(const Array& x, const char* name, int ndim, const char* layout) {
  if (x.ndim() == ndim) return;
  throw py::value_error(std::string(name) + " has shape " + shape_string(x) + "; expected " +
                        std::to_string(ndim) + " dimensions " + layout);
}

void expect_vector(const Array& x, const char* name, int64_t n) {
  if (x.ndim() == 1 && x.dim(0) == n) return;
  throw py::value_error(std::string(name) + " has shape " + shape_string(x) + "; expected (" +
                        std::to_string(n) + ",)");
}

Array output(DType dtype, const int64_t* shape, int ndim) {
  int64_t size;
  if (!checked_size(shape, ndim, &size)) {
    throw py::value_error("the result would have more elements than memory can address");
  }
  const size_t bytes = static_cast<size_t>(size) * (dtype == DType::kFloat32 ? 4 : 8);
  void* data = allocate(bytes ? bytes : 1);
  if (!data) throw std::bad_alloc();
  if (profiling()) profile_bytes(static_cast<int64_t>(bytes));
  npy_intp dims[NPY_MAXDIMS];
  for (int i = 0; i < ndim; ++i) dims[i] = static_cast<npy_intp>(shape[i]);
  PyObject* a = PyArray_NewFromDescr(
      &PyArray_Type, PyArray_DescrFromType(dtype == DType::kFloat32 ? NPY_FLOAT : NPY_DOUBLE), ndim,
      dims, nullptr, data, NPY_ARRAY_CARRAY, nullptr);
  if (!a) {
    deallocate(data);
    throw py::error_already_set();
  }
  auto* fields = reinterpret_cast<PyArrayObject_fields*>(a);
  fields->flags |= NPY_ARRAY_OWNDATA;
  fields->mem_handler = handler_capsule();
  Py_INCREF(fields->mem_handler);
  return Array(py::reinterpret_steal<py::object>(a), dtype);
}

Array output(DType dtype, std::initializer_list<int64_t> shape) {
  return output(dtype, shape.begin(), static_cast<int>(shape.size()));
}

Array output_like(const Array& x) {
  int64_t shape[NPY_MAXDIMS];
  for (int i = 0; i < x.ndim(); ++i) shape[i] = x.dim(i);
  return output(x.dtype(), shape, x.ndim());
}

std::string shape_string(const Array& x) {
  std::string s = "(";
  for (int i = 0; i < x.ndim(); ++i) {
    s += std::to_string(x.dim(i));
    if (i + 1 < x.ndim() || x.ndim() == 1) s += ",";
    if (i + 1 < x.ndim()) s += " ";
  }
  return s + ")";
}

void read_ints(py::handle seq, const char* name, int64_t* out, int count, int64_t least) {
  auto fail = [&] {
    const std::string given = py::repr(seq);
    throw py::value_error(std::string(name) + " is " + given + "; expected " +
                          std::to_string(count) + " integers of at least " + std::to_string(least));
  };
  if (!py::isinstance<py::sequence>(seq) || py::len(seq) != static_cast<size_t>(count)) fail();
  int i = 0;
  for (py::handle item : py::reinterpret_borrow<py::sequence>(seq)) {
    const int64_t value = PyIndex_Check(item.ptr()) ? PyLong_AsLongLong(item.ptr()) : least - 1;
    if (PyErr_Occurred()) PyErr_Clear();
    if (value < least || value > (int64_t{1} << 40)) fail();
    out[i++] = value;
  }
}

void check_status(Status status) {
  if (take_interrupted()) {
    if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw py::error_already_set();
  }
  if (status == Status::kOutOfMemory) throw std::bad_alloc();
}

}  // namespace minidl
