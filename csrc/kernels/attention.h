// What the forward and the backward pass of attention share: blocking, packing, masked scores of
// one tile, and products of tiles that lie in scratch.
//
// Scores of float are kept in units of ln 2 (the factor goes into the packed keys, beside the
// scale), so that a weight is a bare power of two. Scratch is padded to whole vectors everywhere.
#pragma once

#include "kernels/brgemm.h"
#include "kernels/hash.h"
#include "kernels/math.h"
#include "kernels/transpose.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

const int64_t kZeroOffset[1] = {0};

template <class T>
constexpr int64_t kPanel = kMaxNV * kLanes<T>;  // keys side by side in packed K^T
template <class T>
MINIDL_INLINE T minus_infinity() {
  return static_cast<T>(-__builtin_inf());
}

MINIDL_INLINE int64_t round_up(int64_t n, int64_t to) {
  return ceil_div(n, to) * to;
}

// Rows of `width` values, scaled, into rows of `padded`.
template <class T>
void pack_rows(const T* x, int64_t stride, int64_t rows, int64_t width, int64_t padded, T scale,
               T* out) {
  const vec<T> factor = broadcast(scale);
  constexpr int L = kLanes<T>;
  for (int64_t r = 0; r < rows; ++r, x += stride, out += padded) {
    int64_t i = 0;
    for (; i + L <= width; i += L) store<T>(out + i, load(x + i) * factor);
    const int rest = static_cast<int>(width - i);
    if (rest) store<T>(out + i, load_partial(x + i, rest) * factor);
  }
}

// Transposed panels, scaled: panel p holds `depth` rows of the kPanel columns from p * kPanel on.
template <class T>
void pack_panels(const T* x, int64_t stride, int64_t rows, int64_t depth, T scale, T* out) {
  const vec<T> factor = broadcast(scale);
  for (int64_t r = 0; r < rows; r += kPanel<T>, out += depth * kPanel<T>) {
    const int64_t columns = min_of(kPanel<T>, rows - r);
    transpose(x + r * stride, stride, columns, depth, out, kPanel<T>);
    if (columns < kPanel<T>) {
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t j = columns; j < kPanel<T>; ++j) out[k * kPanel<T> + j] = T(0);
      }
    }
    if (scale == T(1)) continue;
    for (int64_t i = 0; i < depth * kPanel<T>; i += kLanes<T>) {
      store<T>(out + i, load(out + i) * factor);
    }
  }
}

// C[rows x nv vectors] (+)= A B, A by rows; `depth(first, last)` says how much of K the row tile
// [first, last) needs.
template <class T, class F>
MINIDL_INLINE void multiply_rows(const T* a, int64_t lda, int64_t rows, const T* b, int64_t ldb,
                                 int nv, T* c, int64_t ldc, bool accumulate, F depth) {
  const Split tiles(rows, tile_rows(nv));
  for (int64_t i = 0; i < tiles.parts; ++i) {
    const int64_t row = tiles.begin(i);
    const int mr = static_cast<int>(tiles.length(i));
    const T* a_rows[kMaxMR];
    T* c_rows[kMaxMR];
    for (int m = 0; m < mr; ++m) {
      a_rows[m] = a + (row + m) * lda;
      c_rows[m] = c + (row + m) * ldc;
    }
    const Tile<T> t{a_rows,  0,           nullptr,   0,          kZeroOffset,
                    b,       kZeroOffset, ldb,       1,          depth(row, row + mr),
                    c_rows,  nullptr,     kLanes<T>, accumulate, false,
                    nullptr, true};
    brgemm(t, mr, nv, false, true);
  }
}

// C[rows x nv vectors] += A^T B over `depth` rows of A and B, of which `skip(first)` at the front
// hold zeros in the columns of A from `first` on.
template <class T, class F>
MINIDL_INLINE void multiply_columns(const T* a, int64_t lda, int64_t rows, int64_t depth,
                                    const T* b, int64_t ldb, int nv, T* c, int64_t ldc, F skip) {
  const Split tiles(rows, tile_rows(nv, true));
  for (int64_t i = 0; i < tiles.parts; ++i) {
    const int64_t row = tiles.begin(i);
    const int mr = static_cast<int>(tiles.length(i));
    const int64_t k0 = skip(row);
    if (k0 >= depth) break;
    T* c_rows[kMaxMR];
    for (int m = 0; m < mr; ++m) c_rows[m] = c + (row + m) * ldc;
    const Tile<T> t{nullptr,     0,           a + row + k0 * lda,
                    lda,         kZeroOffset, b + k0 * ldb,
                    kZeroOffset, ldb,         1,
                    depth - k0,  c_rows,      nullptr,
                    kLanes<T>,   true,        false,
                    nullptr,     true};
    brgemm(t, mr, nv, true, true);
  }
}

// One head's queries [q0, q0 + rows) against its keys [k0, k0 + keys), at most kKeyBlock of them.
template <class T, int64_t kKeyBlock>
struct Block {
  // Leading dimension of the scores: not a power of two, or rows would share cache sets.
  static constexpr int64_t kLd = kKeyBlock + kLanes<T>;

  const AttentionParams& p;
  const T* bias;  // of this batch entry and head, or null
  const uint8_t* mask;
  uint64_t dropout_key;
  int64_t q0, rows, k0, keys;

  Block(const AttentionParams& params, int64_t batch, int64_t head, int64_t first, int64_t count)
      : p(params),
        bias(p.bias ? static_cast<const T*>(p.bias) + batch * p.bias_strides[0] +
                          head * p.bias_strides[1]
                    : nullptr),
        mask(p.mask ? p.mask + batch * p.mask_strides[0] + head * p.mask_strides[1] : nullptr),
        dropout_key(mix64(p.seed) + static_cast<uint64_t>((batch * p.heads + head) * p.queries)),
        q0(first),
        rows(count),
        k0(0),
        keys(0) {}

  // Keys that query row `r` of the tile may see in this block, as far as causality goes.
  MINIDL_INLINE int64_t visible(int64_t r) const {
    return p.causal ? max_of<int64_t>(0, min_of(keys, q0 + r + 1 - k0)) : keys;
  }
  // The first row of the tile that sees key column `c` of the block.
  MINIDL_INLINE int64_t first_row(int64_t c) const {
    return p.causal ? min_of(rows, max_of<int64_t>(0, k0 + c - q0)) : 0;
  }

  // Moves on to the block of keys from `from` on; false when no query sees anything in it.
  bool select(int64_t from) {
    k0 = from;
    keys = min_of(kKeyBlock, p.keys - from);
    if (p.causal) {
      if (k0 >= q0 + rows) return false;
      keys = min_of(keys, q0 + rows - k0);
    }
    if (!mask) return true;
    const int64_t row_step = p.mask_strides[2], step = p.mask_strides[3];
    const int64_t different_rows = row_step ? rows : 1, different_keys = step ? keys : 1;
    for (int64_t r = 0; r < different_rows; ++r) {
      const uint8_t* m = mask + (q0 + r) * row_step + k0 * step;
      for (int64_t k = 0; k < different_keys; ++k) {
        if (m[k * step]) return true;
      }
    }
    return false;
  }

  // scores[rows][kLd] = queries keys^T with bias and masks; minus infinity up to the end of
  // the last vector of what a row can see, anything beyond.
  void scores(const T* queries, int64_t ld, const T* panels, T* s) const {
    constexpr int64_t L = kLanes<T>;
    for (int64_t c = 0; c < keys; c += kPanel<T>) {
      const int64_t first = first_row(c);
      const int nv = static_cast<int>(ceil_div(min_of(kPanel<T>, keys - c), L));
      multiply_rows<T>(queries + first * ld, ld, rows - first, panels + (k0 + c) * p.dim, kPanel<T>,
                       nv, s + first * kLd + c, kLd, false,
                       [&](int64_t, int64_t) { return p.dim; });
    }
    for (int64_t r = 0; r < rows; ++r, s += kLd) {
      const int64_t n = visible(r);
      if (bias) add_bias(s, r, n);
      if (mask) hide(s, r, n);
      for (int64_t k = n; k < round_up(n, L); ++k) s[k] = minus_infinity<T>();
    }
  }

  // What the dropped weights (0) and the others are multiplied by.
  void dropout(int64_t r, int64_t n, T* __restrict factors) const {
    const uint64_t key = mix64(dropout_key + static_cast<uint64_t>(q0 + r));
    const uint32_t first = static_cast<uint32_t>(key), second = static_cast<uint32_t>(key >> 32);
    const uint32_t least = least_kept(p.dropout_rate), place = static_cast<uint32_t>(k0);
    const T kept = static_cast<T>(1 / (1 - p.dropout_rate));
    const uint32_t count = static_cast<uint32_t>(n);
    for (uint32_t k = 0; k < count; ++k) {
      factors[k] = mix32(place + k, first, second) >= least ? kept : T(0);
    }
  }

 private:
  void add_bias(T* __restrict s, int64_t r, int64_t n) const {
    const int64_t step = p.bias_strides[3];
    const T* __restrict b = bias + (q0 + r) * p.bias_strides[2] + k0 * step;
    if (step == 1) {
      for (int64_t k = 0; k < n; ++k) s[k] += b[k] * kUnit<T>;
    } else {
      for (int64_t k = 0; k < n; ++k) s[k] += b[k * step] * kUnit<T>;
    }
  }
  void hide(T* __restrict s, int64_t r, int64_t n) const {
    const int64_t step = p.mask_strides[3];
    const uint8_t* __restrict m = mask + (q0 + r) * p.mask_strides[2] + k0 * step;
    if (step == 1) {
      for (int64_t k = 0; k < n; ++k) s[k] = m[k] ? s[k] : minus_infinity<T>();
    } else {
      for (int64_t k = 0; k < n; ++k) s[k] = m[k * step] ? s[k] : minus_infinity<T>();
    }
  }
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
