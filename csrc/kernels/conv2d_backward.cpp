// Gradients of conv2d.
//
// Input gradient: the tap engine run on dy. With stride (sh, sw) the input pixels fall into sh * sw
// phases; each phase is a stride-1 problem that sees only the taps that reach it. Filters are
// transposed once a call into [tap][oc][ic], zero-padded to whole vectors. Few channels would leave
// the vectors empty: conv2d_narrow.h.
//
// Filter gradient: dW[kh, kw] = sum over output rows of X^T dY, where X is the input row under the
// tap (consecutive channels are consecutive rows of A: no transpose) and dY the output-gradient
// row: a brgemm whose batch is the output rows. Rows are taken in chunks that keep x and dy in L2;
// each thread owns a range of (tap, channel tile, panel) units. When there are too few units, the
// rows are also cut into a number of partial sums that depends on the size of the problem only.
#include "kernels/ahead.h"
#include "kernels/conv2d_narrow.h"
#include "kernels/conv2d_rows.h"
#include "kernels/conv2d_taps.h"
#include "kernels/transpose.h"
#include "kernels/valid_range.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Whether any output pixel meets the input through the tap (on a 1x1 map most taps see padding
// only).
inline bool meets_input(const Conv2DParams& q, int64_t tap) {
  const Range rows = valid_range(tap / q.kw * q.dilation_h - q.pad_top, q.stride_h, q.h, q.oh);
  const Range columns = valid_range(tap % q.kw * q.dilation_w - q.pad_left, q.stride_w, q.w, q.ow);
  return rows.first < rows.last && columns.first < columns.last;
}

// filter[tap][ic][oc of one group] -> out[tap][oc][ic rounded up to vectors].
template <class T>
void transpose_filters(const Conv2DParams& q, int64_t g, int64_t ic, int64_t oc, int64_t ld,
                       T* out) {
  const T* filter = static_cast<const T*>(q.filter) + g * oc;
  parallel(q.kh * q.kw, ceil_div(kStreamGrain, oc * ld), [&](int64_t begin, int64_t end) {
    for (int64_t tap = begin; tap < end; ++tap) {
      if (!meets_input(q, tap)) continue;
      T* to = out + tap * oc * ld;
      transpose(filter + tap * ic * q.oc, q.oc, ic, oc, to, ld);
      for (int64_t o = 0; o < oc; ++o) {
        for (int64_t i = ic; i < ld; ++i) to[o * ld + i] = T(0);
      }
    }
  });
}

template <class T>
Status conv2d_input_grad(const Conv2DParams& q) {
  if (has_narrow_input(q)) return conv2d_narrow_input_grad<T>(q);
  const int64_t ic = q.c / q.groups, oc = q.oc / q.groups;
  const int64_t taps = q.kh * q.kw;
  const int64_t ld = ceil_div(ic, kLanes<T>) * kLanes<T>;
  Scratch<T> filters(taps * oc * ld);
  Scratch<T> zeros(oc);
  Scratch<int64_t> lists(3 * taps);
  if (!filters || !zeros || !lists) return Status::kOutOfMemory;
  for (int64_t i = 0; i < oc; ++i) zeros.get()[i] = T(0);
  int64_t* dh = lists.get();
  int64_t* dw = dh + taps;
  int64_t* b_offset = dw + taps;

  for (int64_t g = 0; g < q.groups; ++g) {
    transpose_filters(q, g, ic, oc, ld, filters.get());
    for (int64_t a = 0; a < min_of(q.stride_h, q.h); ++a) {
      for (int64_t b = 0; b < min_of(q.stride_w, q.w); ++b) {
        int count = 0;
        for (int64_t t = 0; t < taps; ++t) {
          const int64_t th = a + q.pad_top - t / q.kw * q.dilation_h;
          const int64_t tw = b + q.pad_left - t % q.kw * q.dilation_w;
          if (th % q.stride_h || tw % q.stride_w) continue;
          dh[count] = th / q.stride_h;
          dw[count] = tw / q.stride_w;
          b_offset[count++] = t * oc * ld;
        }
        TapsProblem<T> p{};
        p.in = static_cast<const T*>(q.dy) + g * oc;
        p.n = q.n;
        p.h = q.oh;
        p.w = q.ow;
        p.in_pixel = q.oc;
        p.k = oc;
        p.out = static_cast<T*>(q.out) + (a * q.w + b) * q.c + g * ic;
        p.gh = ceil_div(q.h - a, q.stride_h);
        p.gw = ceil_div(q.w - b, q.stride_w);
        p.out_image = q.h * q.w * q.c;
        p.out_row = q.stride_h * q.w * q.c;
        p.out_pixel = q.stride_w * q.c;
        p.sh = p.sw = 1;
        p.taps = count;
        p.dh = dh;
        p.dw = dw;
        p.b_offset = b_offset;
        p.b = filters.get();
        p.ldb = ld;
        p.padded = true;
        p.columns = ic;
        p.bias = q.bias ? static_cast<const T*>(q.bias) + g * ic : nullptr;
        p.relu = q.act == Act::kRelu;
        p.zeros = zeros.get();
        const Status status = conv_taps(p);
        if (status != Status::kOk) return status;
      }
    }
  }
  return Status::kOk;
}

// One group's filter gradient as units (tap, tile of A rows, panel).
template <class T>
struct FilterProblem {
  const T* x;
  const T* dy;
  T* out;  // [taps][a_rows][ldc]
  int64_t taps_h, taps_w;
  int64_t a_rows;  // channels, or kw * channels when merged
  int64_t columns, ldc;
  int64_t x_w;       // pixels of an input row as stored
  int64_t pad_left;  // 0 when the rows are padded already
  const Conv2DParams* q;
};

// Sums the output rows [row0, row1) (flattened over images) into `out` for the units [u0, u1).
template <class T>
void filter_units(const FilterProblem<T>& p, T* out, int64_t u0, int64_t u1, int64_t row0,
                  int64_t row1, int64_t chunk) {
  const Conv2DParams& q = *p.q;
  const Panels<T> panels(p.columns);
  const Split ms(p.a_rows, tile_rows(panels.widest(), true));
  constexpr int64_t kBatch = 128;
  int64_t a_offset[kBatch], b_offset[kBatch];
  // The channels of x that these units meet.
  const bool all = p.taps_h * p.taps_w > 1 || p.a_rows > q.c;
  const int64_t c0 = all ? 0 : ms.begin(u0 / panels.count());
  const int64_t c1 = all ? min_of(p.a_rows, q.c) : ms.begin((u1 - 1) / panels.count() + 1);
  for (int64_t r0 = row0; r0 < row1; r0 += chunk) {
    const int64_t r1 = min_of(r0 + chunk, row1);
    int64_t seen = -1, batch = 0;
    Range in{0, 0};
    // The next chunk comes into L2 while this one is summed.
    const int64_t next = min_of(chunk, row1 - r1);
    const int64_t x_row = r1 / q.oh * q.h + r1 % q.oh * q.stride_h;
    Ahead<T> x_ahead(p.x + x_row * p.x_w * q.c + c0, next * q.stride_h * p.x_w, q.c, c1 - c0,
                     u1 - u0);
    Ahead<T> dy_ahead(p.dy + r1 * q.ow * q.oc, next * q.ow, q.oc, p.columns, u1 - u0);
    for (int64_t u = u0; u < u1; ++u) {
      const int64_t per_tap = ms.parts * panels.count();
      const int64_t tap = u / per_tap, i = u % per_tap / panels.count(), j = u % panels.count();
      if (tap != seen) {
        seen = tap;
        batch = 0;
        const int64_t h_shift = tap / p.taps_w * q.dilation_h - q.pad_top;
        const int64_t w_shift = tap % p.taps_w * q.dilation_w - p.pad_left;
        in = valid_range(w_shift, q.stride_w, p.x_w, q.ow);
        for (int64_t r = r0; r < r1; ++r) {
          const int64_t image = r / q.oh, oh = r % q.oh, ih = oh * q.stride_h + h_shift;
          if (ih < 0 || ih >= q.h) continue;
          a_offset[batch] = ((image * q.h + ih) * p.x_w + in.first * q.stride_w + w_shift) * q.c;
          b_offset[batch++] = (r * q.ow + in.first) * q.oc;
        }
      }
      const int64_t row = ms.begin(i), column = panels.column(j);
      const int mr = static_cast<int>(ms.length(i));
      T* c[kMaxMR];
      for (int m = 0; m < mr; ++m) c[m] = out + (tap * p.a_rows + row + m) * p.ldc + column;
      Tile<T> tile{nullptr,
                   0,
                   p.x + row,
                   q.stride_w * q.c,
                   a_offset,
                   p.dy + column,
                   b_offset,
                   q.oc,
                   batch,
                   in.last - in.first,
                   c,
                   nullptr,
                   panels.last_lanes(j),
                   r0 > row0,
                   false};
      x_ahead.turn();
      dy_ahead.turn();
      brgemm(tile, mr, panels.vectors(j), true, false);
    }
  }
}

template <class T>
Status filter_group(const FilterProblem<T>& p) {
  const Conv2DParams& q = *p.q;
  const Panels<T> panels(p.columns);
  const int64_t taps = p.taps_h * p.taps_w;
  const int64_t units =
      taps * Split(p.a_rows, tile_rows(panels.widest(), true)).parts * panels.count();
  const int64_t rows = q.n * q.oh;
  if (rows * q.ow == 0) {
    for (int64_t row = 0; row < taps * p.a_rows; ++row) {
      for (int64_t j = 0; j < p.columns; ++j) p.out[row * p.ldc + j] = T(0);
    }
    return Status::kOk;
  }
  // Rows per chunk: x and dy of a chunk fill half of L2.
  const int64_t row_bytes =
      (p.x_w * q.c * q.stride_h + q.ow * q.oc) * static_cast<int64_t>(sizeof(T));
  const int64_t chunk =
      min_of<int64_t>(128, max_of<int64_t>(1, 448 * 1024 / (row_bytes ? row_bytes : 1)));
  const double work =
      2.0 * static_cast<double>(taps * p.a_rows * p.columns) * static_cast<double>(rows * q.ow);
  const int64_t wanted = work < 2e6 ? 1 : units >= 32 ? 1 : ceil_div(32, units);
  const int64_t parts = max_of<int64_t>(1, min_of(wanted, rows));
  if (parts == 1) {
    const int64_t threads = num_threads();
    const int64_t grain = work < 2e6 ? units : max_of<int64_t>(1, ceil_div(units, threads));
    parallel(units, grain, [&](int64_t begin, int64_t end) {
      filter_units(p, p.out, begin, end, 0, rows, chunk);
    });
    return Status::kOk;
  }
  const int64_t size = taps * p.a_rows * p.ldc;
  Scratch<T> partial(parts * size);
  if (!partial) return Status::kOutOfMemory;
  const Split rs{rows, ceil_div(rows, parts)};
  parallel(rs.parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      filter_units(p, partial.get() + i * size, 0, units, rs.begin(i), rs.begin(i + 1), chunk);
    }
  });
  for (int64_t row = 0; row < taps * p.a_rows; ++row) {
    for (int64_t j = 0; j < p.columns; ++j) {
      T sum = T(0);
      for (int64_t i = 0; i < rs.parts; ++i) sum += partial.get()[i * size + row * p.ldc + j];
      p.out[row * p.ldc + j] = sum;
    }
  }
  return Status::kOk;
}

template <class T>
Status conv2d_filter_grad(const Conv2DParams& q) {
  const int64_t ic = q.c / q.groups, oc = q.oc / q.groups;
  const bool merge = merges_rows(q);
  PaddedRows<T> rows(q, merge);
  if (!rows.ok()) return Status::kOutOfMemory;
  for (int64_t g = 0; g < q.groups; ++g) {
    FilterProblem<T> p{};
    p.x = merge ? rows.get() : static_cast<const T*>(q.x) + g * ic;
    p.dy = static_cast<const T*>(q.dy) + g * oc;
    p.out = static_cast<T*>(q.out) + g * oc;
    p.taps_h = q.kh;
    p.taps_w = merge ? 1 : q.kw;
    p.a_rows = merge ? q.kw * ic : ic;
    p.columns = oc;
    p.ldc = q.oc;
    p.x_w = merge ? rows.width() : q.w;
    p.pad_left = merge ? 0 : q.pad_left;
    p.q = &q;
    const Status status = filter_group(p);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(conv2d_input_grad, Conv2DParams, conv2d_input_grad)
MINIDL_EXPORT(conv2d_filter_grad, Conv2DParams, conv2d_filter_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
