// What the bindings of batch, layer and group normalisation share.
#pragma once

#include <string>

#include "bindings/arrays.h"

namespace minidl {

// x as [rows, channels], channels last; ValueError without at least `least` dimensions.
inline void read_rows(const Array& x, int least, int64_t* rows, int64_t* channels) {
  if (x.ndim() < least) {
    throw py::value_error("x has shape " + shape_string(x) + "; expected at least " +
                          std::to_string(least) + " dimensions [..., channels]");
  }
  *channels = x.dim(-1);
  *rows = *channels ? x.size() / *channels : 0;
}

// An optional vector of one value per channel.
inline Array channel_vector(py::handle v, const char* name, const Array& x, int64_t channels) {
  if (v.is_none()) return {};
  Array a = input(v, name);
  same_dtype(a, name, x, "x");
  expect_vector(a, name, channels);
  return a;
}

inline const void* data_or_null(const Array& a) {
  return a.object() ? a.data() : nullptr;
}

inline void check_epsilon(double epsilon) {
  if (epsilon >= 0) return;
  throw py::value_error("epsilon is " + std::string(py::str(py::float_(epsilon))) +
                        "; expected at least 0");
}

inline void fill_zero(Array& a) {
  PyArray_FILLWBYTE(a.get(), 0);
}

}  // namespace minidl
