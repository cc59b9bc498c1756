// Max and average pooling, NHWC: vectors over channels, one output pixel at a time, the window's
// pixels in row-major order. Padding never takes part (it neither wins a maximum nor counts in an
// average). Gradients are written by input image, in bands of output rows when windows do not
// overlap; a window's maximum is found again by comparing x with y, first match first, so nothing
// but y need be kept from the forward pass.
#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// The part of an output pixel's window that lies inside the input.
struct Span {
  int64_t begin, end;
  Span(int64_t out, int64_t stride, int64_t pool, int64_t pad, int64_t size)
      : begin(max_of<int64_t>(0, out * stride - pad)),
        end(min_of(size, out * stride - pad + pool)) {}
};

template <class T, bool kMax>
Status pool(const Pool2DParams& p) {
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.out);
  const int64_t row_work = p.ow * p.c * p.pool_h * p.pool_w;
  parallel(p.n * p.oh, ceil_div(kStreamGrain, row_work), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const int64_t image = r / p.oh;
      const Span h(r % p.oh, p.stride_h, p.pool_h, p.pad_top, p.h);
      for (int64_t j = 0; j < p.ow; ++j) {
        const Span w(j, p.stride_w, p.pool_w, p.pad_left, p.w);
        T* __restrict out = y + (r * p.ow + j) * p.c;
        bool fresh = true;
        for (int64_t ih = h.begin; ih < h.end; ++ih) {
          for (int64_t iw = w.begin; iw < w.end; ++iw) {
            const T* __restrict in = x + ((image * p.h + ih) * p.w + iw) * p.c;
            if (fresh) {
              for (int64_t c = 0; c < p.c; ++c) out[c] = in[c];
              fresh = false;
            } else if (kMax) {
              for (int64_t c = 0; c < p.c; ++c) {
                out[c] = (in[c] > out[c]) | (in[c] != in[c]) ? in[c] : out[c];
              }
            } else {
              for (int64_t c = 0; c < p.c; ++c) out[c] += in[c];
            }
          }
        }
        if (!kMax) {
          const T count = static_cast<T>((h.end - h.begin) * (w.end - w.begin));
          for (int64_t c = 0; c < p.c; ++c) out[c] /= count;
        }
      }
    }
  });
  return Status::kOk;
}

// Adds one output pixel's gradient to the input gradient under its window. `taken` marks channels
// whose maximum has been found.
template <class T>
MINIDL_INLINE void spread_max(const Pool2DParams& p, int64_t image, Span h, Span w, int64_t pixel,
                              T* taken) {
  const T* x = static_cast<const T*>(p.x);
  const T* __restrict y = static_cast<const T*>(p.y) + pixel * p.c;
  const T* __restrict dy = static_cast<const T*>(p.dy) + pixel * p.c;
  for (int64_t c = 0; c < p.c; ++c) taken[c] = T(0);
  for (int64_t ih = h.begin; ih < h.end; ++ih) {
    for (int64_t iw = w.begin; iw < w.end; ++iw) {
      const int64_t at = ((image * p.h + ih) * p.w + iw) * p.c;
      const T* __restrict in = x + at;
      T* __restrict dx = static_cast<T*>(p.out) + at;
      for (int64_t c = 0; c < p.c; ++c) {
        const bool same = (in[c] == y[c]) | ((in[c] != in[c]) & (y[c] != y[c]));
        const T hit = same & (taken[c] == T(0)) ? T(1) : T(0);
        dx[c] += hit != T(0) ? dy[c] : T(0);
        taken[c] += hit;
      }
    }
  }
}

template <class T>
MINIDL_INLINE void spread_average(const Pool2DParams& p, int64_t image, Span h, Span w,
                                  int64_t pixel) {
  const T* __restrict dy = static_cast<const T*>(p.dy) + pixel * p.c;
  const T count = static_cast<T>((h.end - h.begin) * (w.end - w.begin));
  for (int64_t ih = h.begin; ih < h.end; ++ih) {
    for (int64_t iw = w.begin; iw < w.end; ++iw) {
      T* __restrict dx = static_cast<T*>(p.out) + ((image * p.h + ih) * p.w + iw) * p.c;
      for (int64_t c = 0; c < p.c; ++c) dx[c] += dy[c] / count;
    }
  }
}

template <class T, bool kMax>
Status pool_grad(const Pool2DParams& p) {
  T* dx = static_cast<T*>(p.out);
  // Output rows [0, oh) of an image cut into bands that touch separate input rows.
  const bool separate = p.stride_h >= p.pool_h;
  const int64_t band =
      separate ? max_of<int64_t>(1, ceil_div(kStreamGrain, p.stride_h * p.w * p.c)) : p.oh;
  const int64_t bands = ceil_div(p.oh, band);
  bool no_memory = false;
  parallel(p.n * bands, ceil_div(kStreamGrain, p.h * p.w * p.c / bands + 1),
           [&](int64_t first, int64_t last) {
             Scratch<T> taken(kMax ? p.c : 1);
             if (!taken) {
               no_memory = true;
               return;
             }
             for (int64_t u = first; u < last; ++u) {
               const int64_t image = u / bands, b = u % bands;
               const int64_t i0 = b * band, i1 = min_of(i0 + band, p.oh);
               // This band's input rows start where its first window does and end where the next
               // band's does.
               const int64_t r0 =
                   b == 0 ? 0 : min_of(p.h, max_of<int64_t>(0, i0 * p.stride_h - p.pad_top));
               const int64_t r1 =
                   b == bands - 1 ? p.h
                                  : min_of(p.h, max_of<int64_t>(0, i1 * p.stride_h - p.pad_top));
               T* rows = dx + (image * p.h + r0) * p.w * p.c;
               for (int64_t k = 0; k < (r1 - r0) * p.w * p.c; ++k) rows[k] = T(0);
               for (int64_t i = i0; i < i1; ++i) {
                 const Span h(i, p.stride_h, p.pool_h, p.pad_top, p.h);
                 for (int64_t j = 0; j < p.ow; ++j) {
                   const Span w(j, p.stride_w, p.pool_w, p.pad_left, p.w);
                   const int64_t pixel = (image * p.oh + i) * p.ow + j;
                   if (kMax) {
                     spread_max<T>(p, image, h, w, pixel, taken.get());
                   } else {
                     spread_average<T>(p, image, h, w, pixel);
                   }
                 }
               }
             }
           });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

template <class T>
Status max_pool2d(const Pool2DParams& p) {
  return pool<T, true>(p);
}
template <class T>
Status average_pool2d(const Pool2DParams& p) {
  return pool<T, false>(p);
}
template <class T>
Status max_pool2d_grad(const Pool2DParams& p) {
  return pool_grad<T, true>(p);
}
template <class T>
Status average_pool2d_grad(const Pool2DParams& p) {
  return pool_grad<T, false>(p);
}

}  // namespace

MINIDL_EXPORT(max_pool2d, Pool2DParams, max_pool2d)
MINIDL_EXPORT(max_pool2d_grad, Pool2DParams, max_pool2d_grad)
MINIDL_EXPORT(average_pool2d, Pool2DParams, average_pool2d)
MINIDL_EXPORT(average_pool2d_grad, Pool2DParams, average_pool2d_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
