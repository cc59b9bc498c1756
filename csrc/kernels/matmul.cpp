// C = act(A B + bias), batched.
//
// Loops from the outside: a block of columns whose slice of B (KC x NC) fits L2, blocks of K, row
// tiles (shared out to the threads), panels of NR columns. A tile of A (MR x KC) stays in L1 while
// the panels of B stream from L2; A is packed only when it is transposed and large, or strided so
// that a tile would fall on the same cache sets. B is packed (zero-padded to whole vectors) when it
// is transposed, or when enough rows use it to pay for the copy. A sum that is cut goes on from C,
// so each element is one chain over K for every layout, blocking and thread count. One row (M = 1)
// streams B once, row by row, at memory speed.
#include "core/dispatch.h"
#include "kernels/ahead.h"
#include "kernels/brgemm.h"
#include "kernels/transpose.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int64_t kBlockBytes = 512 * 1024;  // B's slice in L2
constexpr int64_t kMaxK = 1024;
constexpr int64_t kMaxRun = 16;  // tiles one thread takes together
const int64_t kNoOffset[1] = {0};

template <class T>
struct Product {
  const T* a;
  const T* b;
  const T* bias;
  T* c;
  int64_t m, n, k;
  int64_t a_rs, a_cs, b_rs, b_cs;
  bool relu;
};

// Copies the slice [k0, k0 + kc) x (panel j) of B into `out`: kc rows of `width` values.
template <class T>
void pack_panel(const Product<T>& p, int64_t k0, int64_t kc, int64_t column, int64_t columns,
                int64_t width, T* out) {
  const T* b = p.b + k0 * p.b_rs + column * p.b_cs;
  if (p.b_cs == 1) {
    for (int64_t k = 0; k < kc; ++k, b += p.b_rs, out += width) {
      int64_t j = 0;
      for (; j + kLanes<T> <= columns; j += kLanes<T>) store(out + j, load(b + j));
      for (; j < width; ++j) out[j] = j < columns ? b[j] : T(0);
    }
    return;
  }
  transpose(b, p.b_cs, columns, kc, out, width);
  for (int64_t k = 0; k < kc && columns < width; ++k) {
    for (int64_t j = columns; j < width; ++j) out[k * width + j] = T(0);
  }
}

// A tile of a transposed A is copied as [k][copied_rows], in pieces of 32 bytes that never lie in
// two cache lines. From one tile to the next a line more, as the tiles would share the sets of L1.
template <class T>
int64_t copied_rows(const Split& ms) {
  constexpr int64_t kPiece = 32 / sizeof(T);
  return ceil_div(ms.longest(), kPiece) * kPiece;
}
template <class T>
int64_t tile_stride(const Split& ms, int64_t kc) {
  return kc * copied_rows<T>(ms) + 64 / static_cast<int64_t>(sizeof(T));
}

// Tiles [i0, i1) over [k0, k0 + kc), one after the other.
template <class T>
void copy_tiles(const Product<T>& p, const Split& ms, int64_t i0, int64_t i1, int64_t k0,
                int64_t kc, T* out) {
  typedef T Piece __attribute__((vector_size(32)));
  constexpr int64_t kPiece = 32 / sizeof(T);
  const int count = static_cast<int>(i1 - i0);
  const int64_t stride = tile_stride<T>(ms, kc), step = copied_rows<T>(ms);
  int64_t row[kMaxRun + 1];
  for (int i = 0; i <= count; ++i) row[i] = ms.begin(i0 + i);
  for (int64_t k = 0; k < kc; ++k) {
    const T* from = p.a + (k0 + k) * p.a_cs;
    for (int64_t m = row[0]; m < row[count]; m += 64 / static_cast<int64_t>(sizeof(T))) {
      __builtin_prefetch(from + 12 * p.a_cs + m);
    }
    for (int i = 0; i < count; ++i) {
      T* to = out + i * stride + k * step;
      if (row[i] + step > p.m) {  // nothing beyond the end of A
        for (int64_t m = 0; m < row[i + 1] - row[i]; ++m) to[m] = from[row[i] + m];
        continue;
      }
      for (int64_t m = 0; m < step; m += kPiece) {
        Piece piece;
        __builtin_memcpy(&piece, from + row[i] + m, sizeof piece);
        __builtin_memcpy(to + m, &piece, sizeof piece);
      }
    }
  }
}

// One row times B as it lies: C streams through L1 while eight rows of B are read at a time.
template <class T>
void row_times_matrix(const Product<T>& p) {
  constexpr int64_t kColumns = 1024;
  constexpr int L = kLanes<T>;
  parallel(p.n, kColumns, [&](int64_t begin, int64_t end) {
    T* c = p.c;
    for (int64_t j = begin; j < end; ++j) c[j] = T(0);
    for (int64_t k = 0; k < p.k; k += 8) {
      const int rows = static_cast<int>(min_of<int64_t>(8, p.k - k));
      T a[8];
      const T* b[8];
      for (int i = 0; i < 8; ++i) {
        a[i] = i < rows ? p.a[(k + i) * p.a_cs] : T(0);
        b[i] = p.b + (i < rows ? k + i : k) * p.b_rs;
      }
      int64_t j = begin;
      if (rows == 8) {
        for (; j + L <= end; j += L) {
          vec<T> v = load(c + j);
#pragma GCC unroll 8
          for (int i = 0; i < 8; ++i) v = broadcast(a[i]) * load(b[i] + j) + v;
          store(c + j, v);
        }
      }
      for (; j < end; j += L) {
        const int lanes = static_cast<int>(min_of<int64_t>(L, end - j));
        vec<T> v = load_partial(c + j, lanes);
        for (int i = 0; i < rows; ++i) v = broadcast(a[i]) * load_partial(b[i] + j, lanes) + v;
        store_partial(c + j, v, lanes);
      }
    }
    for (int64_t j = begin; j < end; ++j) {
      T v = c[j];
      if (p.bias) v += p.bias[j];
      if (p.relu) v = (v > T(0)) | (v != v) ? v : T(0);
      c[j] = v;
    }
  });
}

// A transposed, few columns in all (weight gradients): chunks of K, short enough that their rows of
// A and B stay in L2, are summed tile by tile while the next chunk's come. Nothing is copied, and
// threads have tiles of their own, so none waits for another.
template <class T>
struct Chunked {
  static constexpr int64_t kLeast = 96;
  static int64_t length(const Product<T>& p) {
    return l2_bytes() * 7 / 16 / ((p.m + p.n) * static_cast<int64_t>(sizeof(T)));
  }
  static bool fits(const Product<T>& p) {
    return p.a_rs == 1 && p.a_cs >= p.m && p.b_cs == 1 && p.m >= 2 * kMaxMR && p.k > length(p) &&
           length(p) >= kLeast;
  }
  static void run(const Product<T>& p) {
    const Panels<T> panels(p.n);
    const Split ms(p.m, tile_rows(panels.widest(), true));
    const int64_t units = ms.parts * panels.count();
    parallel(units, ceil_div(units, num_threads()),
             [&](int64_t begin, int64_t end) { tiles(p, panels, ms, begin, end); });
  }

 private:
  static void tiles(const Product<T>& p, const Panels<T>& panels, const Split& ms, int64_t u0,
                    int64_t u1) {
    const Split ks(p.k, length(p));
    const int64_t m0 = ms.begin(u0 / panels.count());
    const int64_t m1 = ms.begin((u1 - 1) / panels.count() + 1);
    for (int64_t kb = 0; kb < ks.parts; ++kb) {
      const int64_t k0 = ks.begin(kb), k1 = ks.begin(kb + 1);
      const int64_t next = kb + 1 < ks.parts ? ks.length(kb + 1) : 0;
      Ahead<T> a_ahead(p.a + k1 * p.a_cs + m0, next, p.a_cs, m1 - m0, u1 - u0);
      Ahead<T> b_ahead(p.b + k1 * p.b_rs, next, p.b_rs, p.n, u1 - u0);
      const bool last = kb + 1 == ks.parts;
      for (int64_t u = u0; u < u1; ++u) {
        const int64_t i = u / panels.count(), j = u % panels.count();
        const int64_t row = ms.begin(i), column = panels.column(j);
        const int mr = static_cast<int>(ms.length(i));
        T* c[kMaxMR];
        for (int m = 0; m < mr; ++m) c[m] = p.c + (row + m) * p.n + column;
        a_ahead.turn();
        b_ahead.turn();
        const Tile<T> t{nullptr,
                        0,
                        p.a + row + k0 * p.a_cs,
                        p.a_cs,
                        kNoOffset,
                        p.b + k0 * p.b_rs + column,
                        kNoOffset,
                        p.b_rs,
                        1,
                        k1 - k0,
                        c,
                        last && p.bias ? p.bias + column : nullptr,
                        panels.last_lanes(j),
                        kb > 0,
                        last && p.relu};
        brgemm(t, mr, panels.vectors(j), true, false);
      }
    }
  }
};

template <class T>
Status product(const Product<T>& p) {
  if (Chunked<T>::fits(p)) {
    Chunked<T>::run(p);
    return Status::kOk;
  }
  if (p.m == 1 && p.b_cs == 1 && p.n >= kLanes<T>) {
    row_times_matrix(p);
    return Status::kOk;
  }
  const Panels<T> panels(p.n);
  constexpr int64_t kWidth = kMaxNV * kLanes<T>;
  const bool columns = p.a_cs != 1;
  // A transposed A lies in pieces, one a row: tiles are copied where it comes from beyond L2, or
  // where several panels use them and the pieces fall on the same sets of L1.
  const int64_t size = static_cast<int64_t>(sizeof(T)), piece = p.a_cs * size;
  const bool copy_a =
      columns && p.m > 1 && piece >= 256 &&
      (p.m * p.k * size > l2_bytes() * 3 / 2 || (panels.count() > 1 && piece % 2048 == 0));
  const Split ks(p.k, copy_a ? kMaxK / 2 : panels.count() <= 2 ? 2 * kMaxK : kMaxK);
  const int64_t kc_most = max_of<int64_t>(1, ks.longest());
  const int64_t per_block =
      max_of<int64_t>(1, kBlockBytes / (kc_most * kWidth * static_cast<int64_t>(sizeof(T))));
  const bool pack_b =
      p.b_cs != 1 || (p.m >= 192 && p.n > kWidth * 2) || (p.m >= 64 && p.n % kLanes<T> != 0);
  const int64_t block_panels = min_of(per_block, panels.count());
  Scratch<T> packed(pack_b ? kc_most * kWidth * block_panels : 1);
  if (!packed) return Status::kOutOfMemory;
  bool no_memory = false;

  for (int64_t j0 = 0; j0 < panels.count(); j0 += block_panels) {
    const int64_t j1 = min_of(j0 + block_panels, panels.count());
    for (int64_t kb = 0; kb < ks.parts; ++kb) {
      const int64_t k0 = ks.begin(kb), kc = ks.length(kb);
      const int64_t panel_size = kc * kWidth;
      if (pack_b) {
        parallel(j1 - j0, max_of<int64_t>(1, 16384 / (panel_size + 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t j = begin; j < end; ++j) {
                     const int64_t column = panels.column(j0 + j);
                     const int64_t width = panels.vectors(j0 + j) * kLanes<T>;
                     pack_panel(p, k0, kc, column, min_of(width, p.n - column), width,
                                packed.get() + j * panel_size);
                   }
                 });
      }
      // Rows in tiles as tall as the widest panel allows (no panel may be too wide for them).
      const Split ms(p.m, tile_rows(panels.widest()));
      auto tiles = [&](int64_t i0, int64_t i1, int64_t ja, int64_t jb, T* a_copy) {
        if (a_copy) copy_tiles(p, ms, i0, i1, k0, kc, a_copy);
        for (int64_t i = i0; i < i1; ++i) {
          const int64_t row = ms.begin(i);
          const int mr = static_cast<int>(ms.length(i));
          const T* a = p.a + row * p.a_rs + k0 * p.a_cs;
          int64_t a_cs = p.a_cs;
          const T* rows[kMaxMR];
          if (a_copy) {
            a = a_copy + (i - i0) * tile_stride<T>(ms, kc);
            a_cs = copied_rows<T>(ms);
          } else {
            for (int m = 0; m < mr; ++m) rows[m] = a + m * p.a_rs;
          }
          for (int64_t j = ja; j < jb; ++j) {
            const int64_t column = panels.column(j);
            const int nv = panels.vectors(j);
            T* c[kMaxMR];
            for (int m = 0; m < mr; ++m) c[m] = p.c + (row + m) * p.n + column;
            // A sum that goes on begins with its C: ask for the next tile's.
            if (kb > 0) {
              const bool turn = j + 1 == jb;
              const int64_t next_row = turn ? row + mr : row;
              const T* next = p.c + next_row * p.n + panels.column(turn ? ja : j + 1);
              for (int m = 0; m < mr && next_row + m < p.m; ++m, next += p.n) {
                for (int64_t v = 0; v < kWidth; v += 64 / static_cast<int64_t>(sizeof(T))) {
                  __builtin_prefetch(next + v, 1);
                }
              }
            }
            const T* b = pack_b ? packed.get() + (j - j0) * panel_size : p.b + k0 * p.b_rs + column;
            const bool last = kb == ks.parts - 1;
            Tile<T> t{rows,
                      0,
                      a,
                      a_cs,
                      kNoOffset,
                      b,
                      kNoOffset,
                      pack_b ? nv * kLanes<T> : p.b_rs,
                      1,
                      kc,
                      c,
                      last && p.bias ? p.bias + column : nullptr,
                      panels.last_lanes(j),
                      kb > 0,
                      last && p.relu};
            if (j == jb - 1 && !columns && i + 1 < ms.parts) {
              t.next = p.a + ms.begin(i + 1) * p.a_rs + k0;
              t.next_rs = p.a_rs;
            }
            brgemm(t, mr, nv, columns, pack_b);
          }
        }
      };
      // Shared out by rows; by panels too when there are few row tiles.
      const double tile_work = 2.0 * tile_rows(panels.widest()) * kc * kWidth;
      const int64_t groups_j = ms.parts >= 16 ? 1 : j1 - j0;
      const Split js(j1 - j0, ceil_div(j1 - j0, groups_j));
      // Runs of tiles: what is asked for ahead is met by the same thread, and a run is copied at
      // once.
      const int64_t run = max_of<int64_t>(1, min_of<int64_t>(kMaxRun, ms.parts / 16));
      const Split is(ms.parts, run);
      const int64_t grain =
          static_cast<int64_t>(1.5e6 / (tile_work * is.longest() * js.longest())) + 1;
      parallel(is.parts * js.parts, grain, [&](int64_t begin, int64_t end) {
        Scratch<T> a_copy(copy_a ? is.longest() * tile_stride<T>(ms, kc) : 1);
        if (!a_copy) {
          no_memory = true;
          return;
        }
        for (int64_t u = begin; u < end; ++u) {
          const int64_t i = u % is.parts, j = u / is.parts;
          tiles(is.begin(i), is.begin(i + 1), j0 + js.begin(j), j0 + js.begin(j + 1),
                copy_a ? a_copy.get() : nullptr);
        }
      });
      if (no_memory) return Status::kOutOfMemory;
    }
  }
  return Status::kOk;
}

template <class T>
Status matmul(const MatmulParams& q) {
  const int64_t c_size = q.m * q.n;
  auto one = [&](int64_t i) {
    return product<T>({static_cast<const T*>(q.a) + (q.a_batch ? q.a_batch[i] : 0),
                       static_cast<const T*>(q.b) + (q.b_batch ? q.b_batch[i] : 0),
                       static_cast<const T*>(q.bias), static_cast<T*>(q.c) + i * c_size, q.m, q.n,
                       q.k, q.a_rs, q.a_cs, q.b_rs, q.b_cs, q.act == Act::kRelu});
  };
  const double work = 2.0 * static_cast<double>(c_size) * static_cast<double>(q.k);
  if (q.batch == 1 || (q.batch < 8 && work > 4e6)) {
    for (int64_t i = 0; i < q.batch; ++i) {
      const Status status = one(i);
      if (status != Status::kOk) return status;
    }
    return Status::kOk;
  }
  Status worst = Status::kOk;
  parallel(q.batch, static_cast<int64_t>(1e6 / (work + 1)) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (one(i) != Status::kOk) worst = Status::kOutOfMemory;
    }
  });
  return worst;
}

}  // namespace

MINIDL_EXPORT(matmul, MatmulParams, matmul)

}  // namespace MINIDL_ISA
}  // namespace minidl
