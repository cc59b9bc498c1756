// Recurrent weights packed panel by panel, and the product of a tile of rows with a panel.
#pragma once

#include "kernels/brgemm.h"
#include "kernels/columns.h"
#include "kernels/transpose.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Weights [k, columns] as panels: panel j holds `vectors` vectors of columns of each row, one row
// after the other, and zeros where there are no columns any more.
template <class T>
class PackedPanels {
 public:
  PackedPanels(int64_t k, int64_t panels, int vectors)
      : k_(k), panels_(panels), vectors_(vectors), data_(k * panels * vectors * kLanes<T> + 1) {}
  explicit operator bool() const { return static_cast<bool>(data_); }
  int vectors() const { return vectors_; }
  int64_t depth() const { return k_; }
  const T* panel(int64_t j) const { return data_.get() + j * k_ * width(); }
  int64_t width() const { return static_cast<int64_t>(vectors_) * kLanes<T>; }

  // Gates side by side: w is [k, gates * units], vectors_ the gates from column `first` on.
  void pack_gates(const T* w, int64_t ld, int64_t units) {
    parallel(panels_, ceil_div(16384, k_ * width()), [=](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) {
        T* out = data_.get() + j * k_ * width();
        const int lanes = static_cast<int>(min_of<int64_t>(kLanes<T>, units - j * kLanes<T>));
        for (int64_t k = 0; k < k_; ++k, out += width()) {
          for (int v = 0; v < vectors_; ++v) {
            const T* from = w + k * ld + v * units + j * kLanes<T>;
            store<T>(out + v * kLanes<T>, load_lanes(from, lanes));
          }
        }
      }
    });
  }

  // Consecutive columns of w [k, columns].
  void pack_columns(const T* w, int64_t ld, int64_t columns) {
    parallel(panels_, ceil_div(16384, k_ * width()), [=](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) {
        T* out = data_.get() + j * k_ * width();
        for (int64_t k = 0; k < k_; ++k, out += width()) {
          for (int v = 0; v < vectors_; ++v) {
            const int64_t column = j * width() + v * kLanes<T>;
            const int lanes =
                static_cast<int>(max_of<int64_t>(0, min_of<int64_t>(kLanes<T>, columns - column)));
            const T* from = w + k * ld + (lanes ? column : 0);
            store<T>(out + v * kLanes<T>, lanes ? load_lanes(from, lanes) : vec<T>{});
          }
        }
      }
    });
  }

  // The same of the transpose of w [columns, k].
  void pack_transposed(const T* w, int64_t ld, int64_t columns) {
    parallel(panels_, ceil_div(16384, k_ * width()), [=](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) {
        T* out = data_.get() + j * k_ * width();
        const int64_t n = min_of(width(), columns - j * width());
        transpose(w + j * width() * ld, ld, n, k_, out, width());
        for (int64_t k = 0; k < k_ && n < width(); ++k) {
          for (int64_t i = n; i < width(); ++i) out[k * width() + i] = T(0);
        }
      }
    });
  }

 private:
  int64_t k_, panels_;
  int vectors_;
  Scratch<T> data_;
};

// How many rows a tile may have that meets panels of so many vectors.
constexpr int panel_rows(int vectors) {
  return tile_rows(vectors < kMaxNV ? vectors : kMaxNV);
}

const int64_t kAtStart[1] = {0};

// Tile of `mr` rows (a, ld_a apart) times a panel: c (+)= a b, c with rows of ld_c. Where
// `gate_stride` is not 0, each vector of the panel has an `a` of its own, so far apart.
template <class T>
MINIDL_INLINE void tile_product(const T* a, int64_t ld_a, int mr, const T* panel, int64_t k,
                                int vectors, T* c, int64_t ld_c, bool accumulate,
                                int64_t gate_stride = 0) {
  const T* rows[kMaxMR];
  T* out[kMaxMR];
  const int most = gate_stride ? 1 : kMaxNV;
  for (int v = 0; v < vectors; v += most) {
    const int nv = min_of(most, vectors - v);
    for (int m = 0; m < mr; ++m) rows[m] = a + v * gate_stride + m * ld_a;
    for (int m = 0; m < mr; ++m) out[m] = c + m * ld_c + v * kLanes<T>;
    Tile<T> t{};
    t.rows = rows;
    t.a_offset = kAtStart;
    t.b = panel + v * kLanes<T>;
    t.b_offset = kAtStart;
    t.ldb = static_cast<int64_t>(vectors) * kLanes<T>;
    t.batch = 1;
    t.k = k;
    t.c = out;
    t.last_lanes = kLanes<T>;
    t.accumulate = accumulate;
    brgemm(t, mr, nv, false, true);
  }
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
