// What the parts of the self-check share.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/dispatch.h"
#include "core/kernel_table.h"

namespace minidl {

template <class T>
constexpr int kIndex = sizeof(T) == 4 ? 0 : 1;

template <class T>
std::vector<T> integers(int64_t n) {
  std::vector<T> v(static_cast<size_t>(n));
  for (T& x : v) x = static_cast<T>(std::rand() % 9 - 4);
  return v;
}

inline bool failed = false;
template <class T>
void compare(const char* what, const std::vector<T>& got, const std::vector<T>& want, double tol) {
  for (size_t i = 0; i < want.size(); ++i) {
    if (std::fabs(static_cast<double>(got[i] - want[i])) <= tol) continue;
    std::printf("%s %s: element %zu is %g, expected %g\n", kernels().isa, what, i,
                static_cast<double>(got[i]), static_cast<double>(want[i]));
    failed = true;
    return;
  }
}

// Each for float and double.
template <class T>
void check_products();  // matmul, convolutions, pooling
template <class T>
void check_rows();  // elementwise, sums, softmax, normalisation, optimizers
template <class T>
void check_sequences();  // recurrent nets, attention, embedding

}  // namespace minidl
