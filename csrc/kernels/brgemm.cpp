// The register tiles of brgemm.h, one function per (rows, vectors, shape of A, tail of B), and the
// table that finds them.
#include "kernels/brgemm.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, int MR, int NV>
MINIDL_INLINE void write_out(const Tile<T>& t, vec<T> (&acc)[MR][NV]) {
  constexpr int L = kLanes<T>;
  const bool partial = t.last_lanes < L;
  vec<T> bias[NV];
  if (t.bias) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      bias[j] = partial && j == NV - 1 ? load_partial(t.bias + j * L, t.last_lanes)
                                       : load(t.bias + j * L);
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
    T* c = t.c[m];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      const bool cut = partial && j == NV - 1;
      vec<T> v = acc[m][j];
      if (t.bias) v += bias[j];
      if (t.add) {
        const T* add = t.add[m] + j * L;
        v += cut ? load_partial(add, t.last_lanes) : load(add);
      }
      if (t.relu) v = vmax<T>(v, vec<T>{});
      if (cut) {
        store_partial(c + j * L, v, t.last_lanes);
      } else {
        store(c + j * L, v);
      }
    }
  }
}

// C is needed only at the end, and is seldom in L1: ask for its lines before the sums begin.
template <class T, int MR, int NV>
MINIDL_INLINE void prefetch_c(const Tile<T>& t) {
  constexpr int kStep = 64 / sizeof(T);
  if (t.near) return;
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < NV * kLanes<T>; j += kStep) __builtin_prefetch(t.c[m] + j, 1);
  }
}

// Sums go on from what C holds, so that cutting K into passes leaves every chain as it is.
template <class T, int MR, int NV>
MINIDL_INLINE void begin_sums(const Tile<T>& t, vec<T> (&acc)[MR][NV]) {
  constexpr int L = kLanes<T>;
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) acc[m][j] = vec<T>{};
  }
  if (!t.accumulate) {
    prefetch_c<T, MR, NV>(t);
    return;
  }
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      acc[m][j] = j == NV - 1 && t.last_lanes < L ? load_partial(t.c[m] + j * L, t.last_lanes)
                                                  : load(t.c[m] + j * L);
    }
  }
}

template <class T, int NV, bool kTail>
MINIDL_INLINE void load_b(const Tile<T>& t, const T* b, vec<T> (&bv)[NV]) {
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) {
    bv[j] = kTail && j == NV - 1 ? load_partial(b + j * kLanes<T>, t.last_lanes)
                                 : load(b + j * kLanes<T>);
  }
}

// The rows of a long A are short streams from far away: hardware prefetch starts anew at each of
// them, so while one tile is summed the next one's rows are asked for, MR values a step.
template <class T, int MR, int NV, bool kTail>
void rows_tile(const Tile<T>& t) {
  constexpr bool kAhead = NV >= 3;
  vec<T> acc[MR][NV];
  begin_sums<T, MR, NV>(t, acc);
  const T* next = t.next ? t.next : t.b;
  const T* next_end = next + (t.next ? t.k : 0);
  int64_t next_step = t.next ? MR : 0;
  for (int64_t i = 0; i < t.batch; ++i) {
    const T* p[MR];
    const T* const* rows = t.rows + i * t.rows_step;
    const int64_t offset = t.a_offset[i];
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) p[m] = rows[m] + offset;
    const T* b = t.b + t.b_offset[i];
    for (int64_t k = 0; k < t.k; ++k, b += t.ldb) {
      if constexpr (kAhead) {
        __builtin_prefetch(next, 0, 2);
        next += next_step;
        if (next > next_end) next += t.next_rs - t.k, next_end += t.next_rs;
      }
      vec<T> bv[NV];
      load_b<T, NV, kTail>(t, b, bv);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const vec<T> a = broadcast(p[m][k]);
#pragma GCC unroll 4
        for (int j = 0; j < NV; ++j) acc[m][j] = a * bv[j] + acc[m][j];
      }
    }
    next_step = 0;
  }
  write_out<T, MR, NV>(t, acc);
}

template <class T, int MR, int NV, bool kTail>
void columns_tile(const Tile<T>& t) {
  vec<T> acc[MR][NV];
  begin_sums<T, MR, NV>(t, acc);
  for (int64_t i = 0; i < t.batch; ++i) {
    const T* a = t.a + t.a_offset[i];
    const T* b = t.b + t.b_offset[i];
    for (int64_t k = 0; k < t.k; ++k, a += t.a_cs, b += t.ldb) {
      vec<T> bv[NV];
      load_b<T, NV, kTail>(t, b, bv);
#pragma GCC unroll 16
      for (int m = 0; m < MR; ++m) {
        const vec<T> x = broadcast(a[m]);
#pragma GCC unroll 4
        for (int j = 0; j < NV; ++j) acc[m][j] = x * bv[j] + acc[m][j];
      }
    }
  }
  write_out<T, MR, NV>(t, acc);
}

template <class T>
using TileFn = void (*)(const Tile<T>&);

template <class T>
struct TileTable {
  TileFn<T> fn[2][2][kMaxNV][kMaxMR];  // [columns][padded][nv - 1][mr - 1]
};

template <class T, int NV, int MR>
constexpr void fill(TileTable<T>& table) {
  if constexpr (MR <= tile_rows(NV)) {
    table.fn[0][0][NV - 1][MR - 1] = rows_tile<T, MR, NV, true>;
    table.fn[0][1][NV - 1][MR - 1] = rows_tile<T, MR, NV, false>;
  }
  if constexpr (MR <= tile_rows(NV, true)) {
    table.fn[1][0][NV - 1][MR - 1] = columns_tile<T, MR, NV, true>;
    table.fn[1][1][NV - 1][MR - 1] = columns_tile<T, MR, NV, false>;
    fill<T, NV, MR + 1>(table);
  }
}

template <class T>
constexpr TileTable<T> make_table() {
  TileTable<T> table{};
  fill<T, 1, 1>(table);
  fill<T, 2, 1>(table);
  if constexpr (kMaxNV == 4) {
    fill<T, 3, 1>(table);
    fill<T, 4, 1>(table);
  }
  return table;
}

constexpr TileTable<float> kFloatTiles = make_table<float>();
constexpr TileTable<double> kDoubleTiles = make_table<double>();

}  // namespace

void brgemm(const Tile<float>& t, int mr, int nv, bool columns, bool padded) noexcept {
  kFloatTiles.fn[columns][padded || t.last_lanes == kLanes<float>][nv - 1][mr - 1](t);
}

void brgemm(const Tile<double>& t, int mr, int nv, bool columns, bool padded) noexcept {
  kDoubleTiles.fn[columns][padded || t.last_lanes == kLanes<double>][nv - 1][mr - 1](t);
}

}  // namespace MINIDL_ISA
}  // namespace minidl
