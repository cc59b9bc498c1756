// Rows of a table by index, and the gradient of that.
//
// The gradient threads the uses of each row into a list, first use first, then writes every row of
// the result once: zeros, or the sum over its list. No row is read before it is written, uses need
// no sorting, and the order of each sum is that of the indices.
#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
MINIDL_INLINE void copy_row(const T* from, T* to, int64_t n) {
  int64_t j = 0;
  for (; j + kLanes<T> <= n; j += kLanes<T>) store(to + j, load(from + j));
  for (; j < n; ++j) to[j] = from[j];
}

template <class T>
Status embedding(const EmbeddingParams& p) {
  const T* table = static_cast<const T*>(p.table);
  T* out = static_cast<T*>(p.out);
  parallel(p.count, ceil_div(kStreamGrain, p.width), [=, &p](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      copy_row(table + p.indices[i] * p.width, out + i * p.width, p.width);
    }
  });
  return Status::kOk;
}

template <class T>
Status embedding_grad(const EmbeddingParams& p) {
  Scratch<int64_t> lists(p.rows + p.count);
  if (!lists) return Status::kOutOfMemory;
  int64_t* first = lists.get();
  int64_t* next = first + p.rows;
  for (int64_t r = 0; r < p.rows; ++r) first[r] = -1;
  for (int64_t i = p.count - 1; i >= 0; --i) {
    next[i] = first[p.indices[i]];
    first[p.indices[i]] = i;
  }
  const T* dy = static_cast<const T*>(p.dy);
  T* out = static_cast<T*>(p.out);
  parallel(p.rows, ceil_div(kStreamGrain, p.width), [=, &p](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* __restrict row = out + r * p.width;
      int64_t i = first[r];
      if (i < 0) {
        for (int64_t j = 0; j < p.width; ++j) row[j] = T(0);
        continue;
      }
      copy_row(dy + i * p.width, row, p.width);
      for (i = next[i]; i >= 0; i = next[i]) {
        const T* __restrict more = dy + i * p.width;
        for (int64_t j = 0; j < p.width; ++j) row[j] += more[j];
      }
    }
  });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(embedding, EmbeddingParams, embedding)
MINIDL_EXPORT(embedding_grad, EmbeddingParams, embedding_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
