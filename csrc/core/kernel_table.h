// The kernel table: one function pointer per kernel and element type, filled once per instruction
// set, chosen once at import.
#pragma once

#include "core/params.h"

namespace minidl {

enum class DType : int { kFloat32 = 0, kFloat64 = 1 };

struct KernelTable {
  const char* isa;
#define MINIDL_KERNEL(name, Params) Status (*name[2])(const Params&) noexcept;
#include "kernels.def"
  double (*bench_fma)(int64_t iterations, int dtype) noexcept;  // returns flops done
  // Writes the sum of one or two vectors of n floats where y is given, past the caches if asked.
  float (*bench_move)(const float* a, const float* b, float* y, int64_t n, bool streams) noexcept;
};

// The table in use.
const KernelTable& kernels() noexcept;

}  // namespace minidl
