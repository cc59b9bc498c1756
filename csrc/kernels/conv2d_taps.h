// The engine under conv2d's forward pass and input gradient: for every pixel of an output grid,
//   out[n, gi, gj, :] = sum over taps t of in[n, gi*sh + dh_t, gj*sw + dw_t, :] * B_t.
// Forward: one tap per (kh, kw), B_t as it lies in HWIO. Input gradient with stride s: s*s such
// problems, one per phase of the input grid, each with its own taps and transposed filters.
//
// Pixels are flattened over images and rows and cut into tiles of MR; a tile is a brgemm whose
// batch is the list of taps and whose rows are pointers to pixels, so dilation, stride and short
// rows (7x7 maps) cost address arithmetic only. Tiles away from the border use one set of pointers
// and an offset per tap; at the border rows outside the image point at zeros, and a tap that misses
// the image for the whole tile is skipped. Where taps lie so far apart that many tiles would
// straddle such a border, rows are cut at the borders instead (conv2d_cuts.h). Filters are read
// unpacked; panels of 4 vectors of output channels are grouped so that their filters stay in L2,
// and taps (or channels) are cut into passes where one panel alone would not fit.
#pragma once

#include "core/dispatch.h"
#include "kernels/brgemm.h"
#include "kernels/conv2d_cuts.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int kMaxTaps = 512;  // per pass; longer lists are cut into passes

template <class T>
struct TapsProblem {
  const T* in;       // first channel of the group
  int64_t n, h, w;   // input grid
  int64_t in_pixel;  // elements from pixel to pixel
  int64_t k;         // channels summed per tap
  T* out;            // first channel of the group
  int64_t gh, gw;    // output grid
  int64_t out_image, out_row, out_pixel;
  int64_t sh, sw;  // input steps per output step
  int taps;
  const int64_t* dh;        // [taps]
  const int64_t* dw;        // [taps]
  const int64_t* b_offset;  // [taps]
  const T* b;
  int64_t ldb;
  bool padded;      // B's rows may be read to the end of the last vector
  int64_t columns;  // output channels
  const T* bias;
  const T* residual;  // laid out as out, or null
  bool relu;
  const T* zeros;  // k zeros
};

// A pass's filters of one panel as [tap][k][width], zeros beyond the columns.
template <class T>
void pack_filters(const TapsProblem<T>& p, int t0, int t1, int64_t k0, int64_t kc, int64_t column,
                  int64_t columns, int64_t width, T* out) {
  constexpr int L = kLanes<T>;
  for (int t = t0; t < t1; ++t) {
    const T* b = p.b + p.b_offset[t] + k0 * p.ldb + column;
    for (int64_t k = 0; k < kc; ++k, b += p.ldb, out += width) {
      int64_t j = 0;
      for (; j + L <= columns; j += L) store(out + j, load(b + j));
      for (; j < width; j += L) {
        store(out + j, load_partial(b + j, static_cast<int>(max_of<int64_t>(0, columns - j))));
      }
    }
  }
}

template <class T>
Status conv_taps(const TapsProblem<T>& p) {
  // 600 KiB of 1 MiB: a 3x3 filter of 256 channels in one pass.
  const int64_t panel_bytes =
      min_of<int64_t>(1 << 20, max_of<int64_t>(1 << 17, l2_bytes() * 19 / 32));
  constexpr int64_t kWidth = kMaxNV * kLanes<T>;
  const int64_t pixels = p.n * p.gh * p.gw;
  const Panels<T> panels(p.columns);
  const int64_t column_bytes = kWidth * static_cast<int64_t>(sizeof(T));

  // Passes over (taps x channels), each with at most panel_bytes of filters per panel.
  const Split ks(p.k, max_of<int64_t>(64, panel_bytes / column_bytes));
  const int64_t taps_most =
      min_of<int64_t>(kMaxTaps, max_of<int64_t>(1, panel_bytes / (column_bytes * ks.longest())));
  const Split ts(p.taps ? p.taps : 1, taps_most);
  const int64_t passes = ks.parts * ts.parts;
  const int64_t pass_bytes = column_bytes * ks.longest() * ts.longest();
  const int64_t group = min_of(panels.count(), max_of<int64_t>(1, panel_bytes / pass_bytes));

  // Filters of several panels lie in pieces; many pixels pay for laying a panel's side by side.
  const bool pack = panels.count() > 1 && pixels >= 512;
  const int64_t width = panels.widest() * kLanes<T>;
  const int64_t packed_panel = pass_bytes / static_cast<int64_t>(sizeof(T));
  Scratch<T> packed(pack ? packed_panel * group : 1);
  if (!packed) return Status::kOutOfMemory;

  int64_t dh_min = 0, dh_max = 0, dw_min = 0, dw_max = 0;
  for (int t = 0; t < p.taps; ++t) {
    dh_min = t ? min_of(dh_min, p.dh[t]) : p.dh[t];
    dh_max = t ? max_of(dh_max, p.dh[t]) : p.dh[t];
    dw_min = t ? min_of(dw_min, p.dw[t]) : p.dw[t];
    dw_max = t ? max_of(dw_max, p.dw[t]) : p.dw[t];
  }
  const int height = tile_rows(panels.widest());
  const Split flat(pixels, height);
  RowCuts cuts;
  cuts.plan(p.gw, p.w, p.sw, p.dw, p.taps, height, p.k);
  const int64_t tile_count = cuts.count ? p.n * p.gh * cuts.count : flat.parts;

  for (int64_t j0 = 0; j0 < panels.count(); j0 += group) {
    const int64_t j1 = min_of(j0 + group, panels.count());
    for (int64_t pass = 0; pass < passes; ++pass) {
      const int64_t kb = pass / ts.parts, tb = pass % ts.parts;
      const int64_t k0 = ks.begin(kb), kc = ks.length(kb);
      const int t0 = static_cast<int>(p.taps ? ts.begin(tb) : 0);
      const int t1 = static_cast<int>(p.taps ? ts.begin(tb + 1) : 0);
      const bool last = pass == passes - 1;
      const double work = 2.0 * height * kc * (t1 - t0 + 1) * kWidth * (j1 - j0);

      if (pack) {
        parallel(j1 - j0, ceil_div(kStreamGrain, packed_panel), [&](int64_t begin, int64_t end) {
          for (int64_t j = j0 + begin; j < j0 + end; ++j) {
            const int64_t column = panels.column(j);
            pack_filters(p, t0, t1, k0, kc, column, min_of(width, p.columns - column), width,
                         packed.get() + (j - j0) * packed_panel);
          }
        });
      }
      auto body = [&](int64_t begin, int64_t end) {
        const T* rows[kMaxTaps * kMaxMR];
        int64_t a_offset[kMaxTaps], b_offset[kMaxTaps];
        const int64_t first = cuts.count
                                  ? begin / cuts.count * p.gw + cuts.begin[begin % cuts.count]
                                  : flat.begin(begin);
        int64_t gj = first % p.gw, gi = first / p.gw % p.gh, image = first / (p.gw * p.gh);
        for (int64_t i = begin; i < end; ++i) {
          const int mr =
              static_cast<int>(cuts.count ? cuts.length(i % cuts.count) : flat.length(i));
          int64_t ih[kMaxMR], iw[kMaxMR];
          const T* base[kMaxMR];
          T* c[kMaxMR];
          bool inside = true;
          for (int m = 0; m < mr; ++m) {
            ih[m] = gi * p.sh;
            iw[m] = gj * p.sw;
            base[m] = p.in + ((image * p.h + ih[m]) * p.w + iw[m]) * p.in_pixel + k0;
            c[m] = p.out + image * p.out_image + gi * p.out_row + gj * p.out_pixel;
            inside = inside && ih[m] + dh_min >= 0 && ih[m] + dh_max < p.h && iw[m] + dw_min >= 0 &&
                     iw[m] + dw_max < p.w;
            if (++gj == p.gw) {
              gj = 0;
              if (++gi == p.gh) {
                gi = 0;
                ++image;
              }
            }
          }
          int batch = 0;
          for (int t = t0; t < t1; ++t) {
            const int64_t shift = (p.dh[t] * p.w + p.dw[t]) * p.in_pixel;
            b_offset[batch] = pack ? (t - t0) * kc * width : p.b_offset[t];
            if (inside) {
              a_offset[batch++] = shift;
              continue;
            }
            const T** r = rows + batch * mr;
            bool any = false;
            for (int m = 0; m < mr; ++m) {
              const bool valid =
                  static_cast<uint64_t>(ih[m] + p.dh[t]) < static_cast<uint64_t>(p.h) &&
                  static_cast<uint64_t>(iw[m] + p.dw[t]) < static_cast<uint64_t>(p.w);
              r[m] = valid ? base[m] + shift : p.zeros;
              any = any || valid;
            }
            a_offset[batch] = 0;
            batch += any;
          }
          for (int64_t j = j0; j < j1; ++j) {
            const int64_t column = panels.column(j);
            T* cj[kMaxMR];
            const T* add[kMaxMR];
            for (int m = 0; m < mr; ++m) cj[m] = c[m] + column;
            if (p.residual) {
              for (int m = 0; m < mr; ++m) add[m] = p.residual + (cj[m] - p.out);
            }
            Tile<T> tile{inside ? base : rows,
                         inside ? 0 : mr,
                         nullptr,
                         0,
                         a_offset,
                         pack ? packed.get() + (j - j0) * packed_panel : p.b + k0 * p.ldb + column,
                         b_offset,
                         pack ? width : p.ldb,
                         batch,
                         kc,
                         cj,
                         last && p.bias ? p.bias + column : nullptr,
                         panels.last_lanes(j),
                         pass > 0,
                         last && p.relu,
                         last && p.residual ? add : nullptr};
            if (j == j1 - 1 && i + 1 < end) {
              const int64_t row = image * p.h + gi * p.sh + dh_max;
              tile.next = p.in + (row * p.w + gj * p.sw + dw_max) * p.in_pixel + k0;
              tile.next_rs = p.sw * p.in_pixel;
            }
            brgemm(tile, mr, panels.vectors(j), false, pack || p.padded);
          }
        }
      };
      // Runs of tiles, so that what is asked for ahead is met by the same thread.
      parallel(tile_count,
               max_of(static_cast<int64_t>(1e6 / work) + 1, min_of<int64_t>(8, tile_count / 64)),
               body);
    }
  }
  return Status::kOk;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
