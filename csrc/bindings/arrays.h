// What every binding needs: arrays in (any layout, made contiguous where the kernel wants it),
// arrays out (memory from the caching allocator), and the call itself (GIL dropped when the work is
// worth it, denormals flushed, status turned into an exception).
#pragma once

#include <pybind11/pybind11.h>

#ifndef MINIDL_IMPORT_ARRAY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <initializer_list>
#include <string>

#include "bindings/profile.h"
#include "core/checked.h"
#include "core/kernel_table.h"
#include "core/thread_pool.h"

namespace py = pybind11;

namespace minidl {

// An input array: float32 or float64, native byte order, aligned, and C-contiguous unless it came
// from `strided_input`. Holds a reference to the array (or to the copy that had to be made).
class Array {
 public:
  Array() = default;
  Array(py::object holder, DType dtype) : holder_(std::move(holder)), dtype_(dtype) {}

  PyArrayObject* get() const { return reinterpret_cast<PyArrayObject*>(holder_.ptr()); }
  void* data() const { return PyArray_DATA(get()); }
  int ndim() const { return PyArray_NDIM(get()); }
  int64_t dim(int i) const { return PyArray_DIM(get(), i < 0 ? i + ndim() : i); }
  int64_t stride(int i) const { return PyArray_STRIDE(get(), i < 0 ? i + ndim() : i); }
  const npy_intp* shape() const { return PyArray_DIMS(get()); }
  int64_t size() const { return PyArray_SIZE(get()); }
  DType dtype() const { return dtype_; }
  bool writable() const { return PyArray_ISWRITEABLE(get()); }
  const py::object& object() const { return holder_; }

 private:
  py::object holder_;
  DType dtype_ = DType::kFloat32;
};

// `x` as a contiguous float array. TypeError naming `name` when it is no array or no float32/64.
Array input(py::handle x, const char* name);

// The same without the copy: aligned and native, any strides.
Array strided_input(py::handle x, const char* name);

// TypeError unless both have one dtype.
void same_dtype(const Array& a, const char* a_name, const Array& b, const char* b_name);

// ValueError unless both have one shape.
void same_shape(const Array& a, const char* a_name, const Array& b, const char* b_name);

// ValueError unless x has `ndim` dimensions.
void expect_ndim(const Array& x, const char* name, int ndim, const char* layout);

// ValueError unless x is 1-D with n values.
void expect_vector(const Array& x, const char* name, int64_t n);

// A fresh C-contiguous array; MemoryError when there is no memory, ValueError on overflow.
Array output(DType dtype, const int64_t* shape, int ndim);
Array output(DType dtype, std::initializer_list<int64_t> shape);
Array output_like(const Array& x);

// "(2, 3)"
std::string shape_string(const Array& x);

// A pair of positive integers, or whatever is at least `least`; ValueError naming the argument.
void read_ints(py::handle seq, const char* name, int64_t* out, int count, int64_t least);

// Raises what `status` says; nothing when it is kOk and no signal came.
void check_status(Status status);

// Work above which the GIL is dropped: dropping costs about 0.1 us.
constexpr int64_t kGilWork = 8192;

// Calls table entry `kernel` for dtype. `work` is about the number of element operations.
template <class Params>
void run(Status (*const (&kernel)[2])(const Params&) noexcept, DType dtype, const Params& params,
         int64_t work) {
  Status status;
  const int64_t begin = profiling() ? profile_clock() : 0;
  {
    DenormalGuard denormals;
    if (work > kGilWork) {
      py::gil_scoped_release release;
      status = kernel[static_cast<int>(dtype)](params);
    } else {
      status = kernel[static_cast<int>(dtype)](params);
    }
  }
  if (begin) profile_call(&kernel, dtype, begin, flops_of(params, work));
  check_status(status);
}

}  // namespace minidl
