// Input gradient of conv2d for few channels (at most 4, one group), where a vector of input
// channels would be almost empty.
//
// R rows of dx, `dilation` apart, are one problem. An output row `oh` reaches them through R
// neighbouring kernel rows, so with filters laid out as [oc][kernel row, kernel column, channel]
// and zero rows before and after,
//   T[ow, (r, kw, c)] = sum over oh, oc of dy[oh, ow, oc] * B[oc, (kh(oh) + r, kw, c)]
// is a brgemm whose batch is the output rows, with R * kw * c columns. T is then added to rows
// padded left and right: undilated, pixel ow covers kw * c neighbouring values there. Pixels that
// overlap are taken in separate sweeps, since a load waits for the store it overlaps. R, a multiple
// of the stride that the rows see, is chosen for the fullest vectors and the fewest zero rows.
#pragma once

#include "kernels/brgemm.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

inline bool has_narrow_input(const Conv2DParams& q) {
  return q.groups == 1 && q.c <= 4;
}

// Kernel rows from one output row to the next that reaches the same rows of dx.
inline int64_t narrow_stride(const Conv2DParams& q) {
  int64_t a = q.stride_h, b = q.dilation_h;
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return q.stride_h / a;
}

template <class T>
int64_t narrow_rows(const Conv2DParams& q) {
  const int64_t stride = narrow_stride(q);
  int64_t best = stride;
  double most = 0;
  for (int64_t rows = stride; rows * q.kw * q.c <= 8 * kLanes<T> || rows == stride;
       rows += stride) {
    const int64_t columns = rows * q.kw * q.c;
    const int64_t reached = ceil_div(rows + q.kh - 1, stride);
    const double full = static_cast<double>(columns) /
                        static_cast<double>(ceil_div(columns, kLanes<T>) * kLanes<T>) /
                        static_cast<double>(reached);
    if (full > most * 1.02) {
      most = full;
      best = rows;
    }
    if (rows * q.dilation_h >= q.h) break;
  }
  return best;
}

template <class T>
struct NarrowProblem {
  const Conv2DParams* q;
  int64_t rows;      // R
  int64_t batch;     // output rows that reach them, at most
  int64_t columns;   // of T: R * kw * c
  int64_t ldt, ldb;  // of T and of B
  int64_t width;     // pixels of a padded row
  const T* b;
};

// T for the block of rows from ih0 on of one image; false where no output row reaches it.
template <class T>
bool narrow_products(const NarrowProblem<T>& p, int64_t image, int64_t ih0, int64_t* offsets,
                     T* t) {
  const Conv2DParams& q = *p.q;
  // The kernel row at ih0 is (ih0 + pad - oh * stride) / dilation, where that is whole: from
  // -(R - 1) to KH - 1.
  const int64_t top = ih0 + q.pad_top, reach = top - (q.kh - 1) * q.dilation_h;
  int64_t oh = reach <= 0 ? 0 : ceil_div(reach, q.stride_h);
  const int64_t last = min_of(q.oh - 1, (top + (p.rows - 1) * q.dilation_h) / q.stride_h);
  int64_t* a_offset = offsets;
  int64_t* b_offset = offsets + p.batch;
  int64_t batch = 0;
  for (; oh <= last; ++oh) {
    const int64_t at = top - oh * q.stride_h;
    if (at % q.dilation_h) continue;
    a_offset[batch] = oh * q.ow * q.oc;
    b_offset[batch++] = (at / q.dilation_h + p.rows - 1) * q.kw * q.c;
  }
  if (!batch) return false;
  const T* dy = static_cast<const T*>(q.dy) + image * q.oh * q.ow * q.oc;
  const Panels<T> panels(p.columns);
  const Split ms(q.ow, tile_rows(panels.widest()));
  for (int64_t i = 0; i < ms.parts; ++i) {
    const int mr = static_cast<int>(ms.length(i));
    const T* rows[kMaxMR];
    for (int m = 0; m < mr; ++m) rows[m] = dy + (ms.begin(i) + m) * q.oc;
    for (int64_t j = 0; j < panels.count(); ++j) {
      const int64_t column = panels.column(j);
      T* c[kMaxMR];
      for (int m = 0; m < mr; ++m) c[m] = t + (ms.begin(i) + m) * p.ldt + column;
      Tile<T> tile{rows,  0,    nullptr, 0,       a_offset,  p.b + column, b_offset, p.ldb,
                   batch, q.oc, c,       nullptr, kLanes<T>, false,        false};
      brgemm(tile, mr, panels.vectors(j), false, true);
    }
  }
  return true;
}

// Adds every pixel's kw * c values of kernel row r to a padded row.
template <class T>
void add_pixels(const NarrowProblem<T>& p, const T* t, int64_t r, T* row) {
  const Conv2DParams& q = *p.q;
  const int64_t values = q.kw * q.c, step = q.stride_w * q.c;
  if (q.dilation_w > 1) {
    for (int64_t kw = 0; kw < q.kw; ++kw) {
      T* to = row + kw * q.dilation_w * q.c;
      const T* from = t + r * values + kw * q.c;
      for (int64_t ow = 0; ow < q.ow; ++ow, to += step, from += p.ldt) {
        for (int64_t c = 0; c < q.c; ++c) to[c] += from[c];
      }
    }
    return;
  }
  const int64_t apart = ceil_div(q.kw, q.stride_w);
  for (int64_t first = 0; first < min_of(apart, q.ow); ++first) {
    for (int64_t ow = first; ow < q.ow; ow += apart) {
      const T* from = t + ow * p.ldt + r * values;
      T* to = row + ow * step;
      int64_t i = 0;
      for (; i + kLanes<T> <= values; i += kLanes<T>) store(to + i, load(to + i) + load(from + i));
      if (i < values) {
        const int left = static_cast<int>(values - i);
        store_partial(to + i, load_partial(to + i, left) + load_partial(from + i, left), left);
      }
    }
  }
}

// Bias and relu, as a transposed convolution has them.
template <class T>
void finish_row(const Conv2DParams& q, T* row) {
  const T* bias = static_cast<const T*>(q.bias);
  const bool relu = q.act == Act::kRelu;
  if (!bias && !relu) return;
  for (int64_t i = 0; i < q.w; ++i) {
    for (int64_t c = 0; c < q.c; ++c, ++row) {
      const T v = bias ? *row + bias[c] : *row;
      *row = relu && v < T(0) ? T(0) : v;
    }
  }
}

template <class T>
Status conv2d_narrow_input_grad(const Conv2DParams& q) {
  NarrowProblem<T> p{};
  p.q = &q;
  p.rows = narrow_rows<T>(q);
  const int64_t values = q.kw * q.c, kernel_rows = q.kh + 2 * (p.rows - 1);
  p.columns = p.rows * values;
  p.ldt = ceil_div(p.columns, kLanes<T>) * kLanes<T>;
  p.ldb = ceil_div(kernel_rows * values, kLanes<T>) * kLanes<T> + kLanes<T>;
  p.width = max_of((q.ow - 1) * q.stride_w + (q.kw - 1) * q.dilation_w + 1, q.pad_left + q.w);
  p.batch = ceil_div((p.rows + q.kh) * q.dilation_h, q.stride_h) + 1;
  // One vector more: the last row's panel reads past its own end.
  Scratch<T> b((q.oc + 1) * p.ldb + p.ldt);
  if (!b) return Status::kOutOfMemory;
  for (int64_t i = 0; i < (q.oc + 1) * p.ldb + p.ldt; ++i) b.get()[i] = T(0);
  const T* filter = static_cast<const T*>(q.filter);
  for (int64_t i = 0; i < q.kh * values; ++i) {
    T* to = b.get() + (p.rows - 1) * values + i;
    for (int64_t o = 0; o < q.oc; ++o) to[o * p.ldb] = filter[i * q.oc + o];
  }
  p.b = b.get();

  // Blocks of rows: those of one remainder by the dilation, then the next.
  const int64_t phases = min_of(q.dilation_h, q.h), row_size = p.width * q.c;
  const int64_t per_phase = ceil_div(ceil_div(q.h, phases), p.rows), blocks = phases * per_phase;
  const double work = 2.0 * static_cast<double>(q.ow * p.columns * q.oc) *
                      static_cast<double>(ceil_div(p.rows + q.kh - 1, narrow_stride(q)));
  bool no_memory = false;
  parallel(q.n * blocks, static_cast<int64_t>(1e6 / (work + 1)) + 1,
           [&](int64_t begin, int64_t end) {
             Scratch<T> t(q.ow * p.ldt), sums(p.rows * row_size);
             Scratch<int64_t> offsets(2 * p.batch);
             if (!t || !sums || !offsets) {
               no_memory = true;
               return;
             }
             for (int64_t i = begin; i < end; ++i) {
               const int64_t image = i / blocks, block = i % blocks;
               const int64_t ih0 = block / per_phase + block % per_phase * p.rows * q.dilation_h;
               for (int64_t k = 0; k < p.rows * row_size; ++k) sums.get()[k] = T(0);
               const bool reached = narrow_products(p, image, ih0, offsets.get(), t.get());
               for (int64_t r = 0; r < p.rows && ih0 + r * q.dilation_h < q.h; ++r) {
                 T* row = sums.get() + r * row_size;
                 if (reached) add_pixels(p, t.get(), r, row);
                 finish_row(q, row + q.pad_left * q.c);
                 __builtin_memcpy(
                     static_cast<T*>(q.out) + (image * q.h + ih0 + r * q.dilation_h) * q.w * q.c,
                     row + q.pad_left * q.c, static_cast<size_t>(q.w * q.c) * sizeof(T));
               }
             }
           });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
