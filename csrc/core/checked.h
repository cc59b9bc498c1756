// Size arithmetic that cannot wrap: shapes come from users.
#pragma once

#include <cstdint>

namespace minidl {

// False when a * b does not fit; sizes are never negative here.
inline bool checked_mul(int64_t a, int64_t b, int64_t* out) noexcept {
  return !__builtin_mul_overflow(a, b, out);
}

// Elements of a shape; false on overflow (also of the byte count, 16 bytes an element at most).
inline bool checked_size(const int64_t* shape, int ndim, int64_t* out) noexcept {
  int64_t n = 1;
  bool zero = false;
  for (int i = 0; i < ndim; ++i) {
    if (shape[i] == 0) {
      zero = true;
    } else if (!checked_mul(n, shape[i], &n)) {
      return false;
    }
  }
  int64_t bytes;
  if (!checked_mul(n, 16, &bytes)) return false;
  *out = zero ? 0 : n;
  return true;
}

}  // namespace minidl
