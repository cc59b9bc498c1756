// Batch-reduce GEMM on one register tile: C[MR x NR] (+)= sum_t A_t[MR x k] B_t[k x NR], the one
// micro-kernel under matmul and the convolutions.
//
// Outer-product form: NV vectors of a row of B are loaded, MR scalars of A broadcast, MR x NV
// accumulators stay in registers over the whole batch; bias, activation and addition to C happen on
// the way out. B is row-major with leading dimension ldb (packed or as it lies). A comes in two
// shapes: `rows`, one pointer per row with consecutive k (any gather of pixels is an A), and
// `columns`, consecutive rows with stride a_cs between the k (a transposed or packed A).
// Every element of C is one chain of fused multiply-adds over t and k in order, whatever the tile,
// so results depend neither on tiling nor on threads nor on the layout of the operands.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {

// One call. Batch entry t reads A at rows[t * rows_step + m] + a_offset[t] (or a + a_offset[t] +
// m + k * a_cs) and B at b + b_offset[t].
template <class T>
struct Tile {
  const T* const* rows;
  int64_t rows_step;
  const T* a;
  int64_t a_cs;
  const int64_t* a_offset;
  const T* b;
  const int64_t* b_offset;
  int64_t ldb;
  int64_t batch, k;
  T* const* c;      // one pointer per row
  const T* bias;    // at the tile's first column, or null
  int last_lanes;   // lanes in use of the last vector: 1 .. lanes
  bool accumulate;  // the sums begin with what C holds
  bool relu;
  const T* const* add = nullptr;  // one pointer per row: added before relu
  bool near = false;              // C is in a cache close by: nothing to ask for
  const T* next = nullptr;        // mr rows of k values, next_rs apart, new to the next tile
  int64_t next_rs = 0;
};

// Tile heights per number of vectors NV = 1..4: what fits the register file with B and a broadcast
// beside it. `columns` needs one address register, `rows` one per row.
constexpr int kMaxNV = MINIDL_VEC_REGISTERS == 32 ? 4 : 2;
constexpr int kMaxMR = MINIDL_VEC_REGISTERS == 32 ? 12 : 6;
constexpr int tile_rows(int nv, bool columns = false) {
#if defined(MINIDL_ISA_neon)
  return nv <= 2 ? 8 : nv == 3 ? 5 : 4;
#else
  if (MINIDL_VEC_REGISTERS == 16) return 6;
  return nv == 1 ? 12 : nv == 2 ? (columns ? 12 : 10) : nv == 3 ? 8 : 6;
#endif
}

// Runs one tile: mr rows, nv vectors; `columns` chooses A's shape, `padded` promises that B may be
// read to the end of the last vector.
void brgemm(const Tile<float>& t, int mr, int nv, bool columns, bool padded) noexcept;
void brgemm(const Tile<double>& t, int mr, int nv, bool columns, bool padded) noexcept;

namespace {

// Splits `total` into parts of at most `most`, as even as can be: part i begins at begin(i).
// Nothing is one empty part, so that a sum over nothing still writes its zeros.
struct Split {
  int64_t total, parts;
  Split(int64_t n, int64_t most) : total(n), parts(n ? ceil_div(n, most) : 1) {}
  int64_t begin(int64_t i) const { return total * i / parts; }
  int64_t length(int64_t i) const { return begin(i + 1) - begin(i); }
  int64_t longest() const { return ceil_div(total, parts); }
};

// Columns of C cut into panels of whole vectors, evenly, at most `most` vectors each.
template <class T>
struct Panels {
  int64_t n;
  Split split;
  explicit Panels(int64_t columns, int most = kMaxNV)
      : n(columns), split(ceil_div(columns, kLanes<T>), most) {}
  int64_t count() const { return split.parts; }
  int64_t column(int64_t j) const { return split.begin(j) * kLanes<T>; }
  int widest() const { return static_cast<int>(split.longest()); }
  int vectors(int64_t j) const { return static_cast<int>(split.length(j)); }
  int last_lanes(int64_t j) const {
    const int64_t end = split.begin(j + 1) * kLanes<T>;
    return end <= n ? kLanes<T> : static_cast<int>(kLanes<T> - (end - n));
  }
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
