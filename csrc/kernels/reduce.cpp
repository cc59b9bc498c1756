// Sum, mean, max, min over any axes. The shape arrives coalesced; one reduced dimension at a time
// is folded away, last first, as [outer, R, inner] -> [outer, inner]. R is cut into blocks, and
// long inner rows into strips, whose sizes depend on the shape only; a block is folded with several
// vector accumulators, blocks are joined in order, so results depend neither on threads nor on
// layout and errors stay near pairwise summation.
#include "kernels/columns.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// One contiguous run.
template <class Op, class T>
T fold_run(const T* x, int64_t n) {
  constexpr int L = kLanes<T>;
  vec<T> acc[4];
  for (int i = 0; i < 4; ++i) acc[i] = broadcast(Op::template identity<T>());
  int64_t k = 0;
  for (; k + 4 * L <= n; k += 4 * L) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) acc[i] = Op::join(acc[i], load(x + k + i * L));
  }
  for (; k + L <= n; k += L) acc[0] = Op::join(acc[0], load(x + k));
  const vec<T> v = Op::join(Op::join(acc[0], acc[1]), Op::join(acc[2], acc[3]));
  T lanes[L];
  __builtin_memcpy(lanes, &v, sizeof v);
  for (int w = L / 2; w > 0; w /= 2) {
    for (int i = 0; i < w; ++i) lanes[i] = Op::join(lanes[i], lanes[i + w]);
  }
  T result = lanes[0];
  for (; k < n; ++k) result = Op::join(result, x[k]);
  return result;
}

// Rows [0, rows) of few columns, several read as one.
template <class Op, class T>
MINIDL_INLINE void fold_narrow(const T* x, int64_t rows, int64_t cols, T* y) {
  const int64_t k = rows_as_one<T>(cols), wide = cols * k, whole = rows / k;
  T room[4 * kLanes<T> * kLanes<T>];
  T* const out[1] = {room};
  fold_columns<Op>(0, whole, 0, wide, out, [=](int64_t r, int64_t c, int lanes, vec<T>(&acc)[1]) {
    acc[0] = Op::join(acc[0], load_lanes(x + r * wide + c, lanes));
  });
  for (int64_t i = 1; i < k; ++i) {
    for (int64_t c = 0; c < cols; ++c) room[c] = Op::join(room[c], room[i * cols + c]);
  }
  for (int64_t c = 0; c < cols; ++c) y[c] = room[c];
  for (int64_t i = whole * wide; i < rows * cols; i += cols) {
    for (int64_t c = 0; c < cols; ++c) y[c] = Op::join(y[c], x[i + c]);
  }
}

// [outer, r, inner] -> [outer, inner]. False when there is no memory.
template <class Op, class T>
bool fold_middle(const T* x, int64_t outer, int64_t r, int64_t inner, T* y) {
  // At least 16 rows: every level of the recursion must be shorter than the one before.
  const int64_t block =
      max_of<int64_t>(16, max_of<int64_t>(ceil_div(8192, inner), ceil_div(r, 64)));
  const int64_t blocks = ceil_div(r, block), rows = min_of(block, r);
  // Long rows are cut as well: a few of them would not keep all threads busy.
  const int64_t width =
      rows * inner < 2 * kStreamGrain ? inner : ceil_div(ceil_div(kStreamGrain, rows), 512) * 512;
  const int64_t strips = ceil_div(inner, width);
  Scratch<T> partial(blocks > 1 ? outer * blocks * inner : 1);
  if (!partial) return false;
  T* to = blocks > 1 ? partial.get() : y;
  parallel(outer * blocks * strips, ceil_div(kStreamGrain, rows * width),
           [&](int64_t begin, int64_t end) {
             for (int64_t u = begin; u < end; ++u) {
               const int64_t strip = u % strips, b = u / strips;
               const int64_t first = b % blocks * block, last = min_of(r, first + block);
               const T* from = x + b / blocks * r * inner;
               T* out = to + b * inner;
               if (inner == 1) {
                 *out = fold_run<Op>(from + first, last - first);
               } else if (inner < 4 * kLanes<T>) {
                 fold_narrow<Op>(from + first * inner, last - first, inner, out);
               } else {
                 T* const outs[1] = {out};
                 fold_columns<Op>(first, last, strip * width, min_of(inner, (strip + 1) * width),
                                  outs, [=](int64_t row, int64_t c, int lanes, vec<T>(&acc)[1]) {
                                    acc[0] =
                                        Op::join(acc[0], load_lanes(from + row * inner + c, lanes));
                                  });
               }
             }
           });
  return blocks == 1 || fold_middle<Op>(partial.get(), outer, blocks, inner, y);
}

template <class Op, class T>
Status fold(const ReduceParams& p, T divisor) {
  int64_t shape[kMaxDims];
  bool reduced[kMaxDims];
  int ndim = p.ndim, left = 0;
  int64_t size = 1;
  for (int d = 0; d < ndim; ++d) {
    shape[d] = p.shape[d];
    reduced[d] = p.reduced[d];
    left += reduced[d];
    size *= shape[d];
  }
  const T* x = static_cast<const T*>(p.x);
  int64_t kept = 1;
  for (int d = 0; d < ndim; ++d) kept *= reduced[d] ? 1 : shape[d];
  T* y = static_cast<T*>(p.y);
  if (left == 0) {
    __builtin_memcpy(y, x, static_cast<size_t>(size) * sizeof(T));
    return Status::kOk;
  }
  // Two buffers in turn: a step shrinks the data by the length of its dimension.
  Scratch<T> buffers(left > 1 ? size : 1), other(left > 2 ? size : 1);
  if (!buffers || !other) return Status::kOutOfMemory;
  for (int d = ndim - 1, step = 0; d >= 0; --d) {
    if (!reduced[d]) continue;
    int64_t outer = 1, inner = 1;
    for (int e = 0; e < d; ++e) outer *= shape[e];
    for (int e = d + 1; e < ndim; ++e) inner *= shape[e];
    --left;
    T* to = left == 0 ? y : step % 2 ? other.get() : buffers.get();
    if (!fold_middle<Op>(x, outer, shape[d], inner, to)) return Status::kOutOfMemory;
    x = to;
    shape[d] = 1;
    ++step;
  }
  if (divisor != T(1)) {  // not a product with the reciprocal: the mean of threes is 3
    for (int64_t i = 0; i < kept; ++i) y[i] /= divisor;
  }
  return Status::kOk;
}

template <class T>
Status sum(const ReduceParams& p) {
  return fold<SumOp, T>(p, T(1));
}
template <class T>
Status mean(const ReduceParams& p) {
  int64_t n = 1;
  for (int d = 0; d < p.ndim; ++d) n *= p.reduced[d] ? p.shape[d] : 1;
  return fold<SumOp, T>(p, static_cast<T>(n));
}
template <class T>
Status max(const ReduceParams& p) {
  return fold<MaxOp, T>(p, T(1));
}
template <class T>
Status min(const ReduceParams& p) {
  return fold<MinOp, T>(p, T(1));
}

}  // namespace

MINIDL_EXPORT(sum, ReduceParams, sum)
MINIDL_EXPORT(mean, ReduceParams, mean)
MINIDL_EXPORT(max, ReduceParams, max)
MINIDL_EXPORT(min, ReduceParams, min)

}  // namespace MINIDL_ISA
}  // namespace minidl
