// Max and average pooling, NHWC: vectors over channels, four at a time, one output pixel after the
// other, the window's pixels in row-major order with the result in registers. Padding never takes
// part (it neither wins a maximum nor counts in an average).
// Gradients are written in bands of input rows, each on its own: a band goes over all windows that
// reach into it, in order, so that the sums do not depend on where bands end. A window's maximum is
// found again by comparing x with y, first match first, so nothing but y need be kept from the
// forward pass. Where every pixel lies in exactly one window gradients are stored, not added.
#include "kernels/columns.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// The part of an output pixel's window that lies inside the input.
struct Span {
  int64_t begin, end;
  Span(int64_t out, int64_t stride, int64_t pool, int64_t pad, int64_t size)
      : begin(max_of<int64_t>(0, out * stride - pad)),
        end(min_of(size, out * stride - pad + pool)) {}
  int64_t size() const { return end - begin; }
};

// The rows of x under the next row of windows come in three or more streams at once, too many for
// hardware to see far ahead: they are asked for here, as many pixels as a step meets anew.
template <class T, int V>
MINIDL_INLINE void prefetch_below(const T* x, const Pool2DParams& p, Span h, Span w) {
  const int64_t row = p.w * p.c;
  const T* from = x + h.end * row + w.begin * p.c;
  for (int64_t i = 0; i < p.stride_h; ++i, from += row) {
    const T* pixel = from;
    for (int64_t j = 0; j < p.stride_w; ++j, pixel += p.c) {
      for (int v = 0; v < V * kLanes<T>; v += 64 / sizeof(T)) __builtin_prefetch(pixel + v);
    }
  }
}

// One output pixel, V vectors of channels. x and y point to the first of these channels, x in the
// first pixel of the image.
template <class T, bool kMax, int V>
MINIDL_INLINE void pool_pixel(const T* x, T* y, const Pool2DParams& p, Span h, Span w, int lanes) {
  constexpr int L = kLanes<T>;
  vec<T> acc[V];
  prefetch_below<T, V>(x, p, h, w);
  const T* first = x + (h.begin * p.w + w.begin) * p.c;
  for (int v = 0; v < V; ++v) acc[v] = load_lanes(first + v * L, lanes);
  for (int64_t ih = h.begin; ih < h.end; ++ih) {
    for (int64_t iw = w.begin + (ih == h.begin); iw < w.end; ++iw) {
      const T* in = x + (ih * p.w + iw) * p.c;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const vec<T> next = load_lanes(in + v * L, lanes);
        acc[v] = kMax ? vmax<T>(next, acc[v]) : acc[v] + next;
      }
    }
  }
  const vec<T> count = broadcast(static_cast<T>(h.size() * w.size()));
  for (int v = 0; v < V; ++v) store_lanes<T>(y + v * L, kMax ? acc[v] : acc[v] / count, lanes);
}

template <class T, bool kMax>
Status pool(const Pool2DParams& p) {
  constexpr int L = kLanes<T>;
  const int64_t row_work = p.ow * p.c * p.pool_h * p.pool_w;
  parallel(p.n * p.oh, ceil_div(kStreamGrain, row_work), [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      const T* x = static_cast<const T*>(p.x) + r / p.oh * p.h * p.w * p.c;
      const Span h(r % p.oh, p.stride_h, p.pool_h, p.pad_top, p.h);
      for (int64_t j = 0; j < p.ow; ++j) {
        const Span w(j, p.stride_w, p.pool_w, p.pad_left, p.w);
        T* y = static_cast<T*>(p.out) + (r * p.ow + j) * p.c;
        int64_t c = 0;
        for (; c + 4 * L <= p.c; c += 4 * L) pool_pixel<T, kMax, 4>(x + c, y + c, p, h, w, L);
        for (; c < p.c; c += L) {
          pool_pixel<T, kMax, 1>(x + c, y + c, p, h, w,
                                 static_cast<int>(min_of<int64_t>(L, p.c - c)));
        }
      }
    }
  });
  return Status::kOk;
}

// The gradient of one output pixel, V vectors of channels from c on, for input rows [r0, r1).
// `image` is the offset of the image, `pixel` that of the output pixel.
template <class T, bool kMax, bool kAdd, int V>
MINIDL_INLINE void spread_pixel(const Pool2DParams& p, int64_t image, int64_t pixel, Span h, Span w,
                                int64_t r0, int64_t r1, int64_t c, int lanes) {
  constexpr int L = kLanes<T>;
  const T* x = static_cast<const T*>(p.x);
  T* dx = static_cast<T*>(p.out);
  if (kMax) prefetch_below<T, V>(x + image + c, p, h, w);
  vec<T> y[V], dy[V];
  decltype(y[0] == y[0]) taken[V];
  for (int v = 0; v < V; ++v) {
    dy[v] = load_lanes(static_cast<const T*>(p.dy) + pixel + c + v * L, lanes);
    if (kMax) {
      y[v] = load_lanes(static_cast<const T*>(p.y) + pixel + c + v * L, lanes);
      taken[v] = decltype(y[0] == y[0]){};
    } else {
      dy[v] /= broadcast(static_cast<T>(h.size() * w.size()));
    }
  }
  // The search for a maximum starts above the band, too.
  for (int64_t ih = kMax ? h.begin : max_of(h.begin, r0); ih < min_of(h.end, r1); ++ih) {
    for (int64_t iw = w.begin; iw < w.end; ++iw) {
      const int64_t at = image + (ih * p.w + iw) * p.c + c;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        vec<T> share = dy[v];
        if (kMax) {
          const vec<T> in = load_lanes(x + at + v * L, lanes);
          const auto same = (in == y[v]) | (in != in);
          share = (same & ~taken[v]) ? dy[v] : vec<T>{};
          taken[v] |= same;
        }
        if (ih < r0) continue;
        if (kAdd) share += load_lanes(dx + at + v * L, lanes);
        store_lanes<T>(dx + at + v * L, share, lanes);
      }
    }
  }
}

// Input rows [r0, r1) of one image.
template <class T, bool kMax, bool kAdd>
void spread_band(const Pool2DParams& p, int64_t n, int64_t r0, int64_t r1) {
  constexpr int L = kLanes<T>;
  const int64_t image = n * p.h * p.w * p.c;
  if (kAdd) {
    T* rows = static_cast<T*>(p.out) + image;
    for (int64_t k = r0 * p.w * p.c; k < r1 * p.w * p.c; ++k) rows[k] = T(0);
  }
  // The output rows whose windows reach into the band.
  const int64_t above = r0 + p.pad_top - p.pool_h;
  const int64_t i0 = above < 0 ? 0 : above / p.stride_h + 1;
  const int64_t i1 = min_of(p.oh, ceil_div(r1 + p.pad_top, p.stride_h));
  for (int64_t i = i0; i < i1; ++i) {
    const Span h(i, p.stride_h, p.pool_h, p.pad_top, p.h);
    for (int64_t j = 0; j < p.ow; ++j) {
      const Span w(j, p.stride_w, p.pool_w, p.pad_left, p.w);
      const int64_t pixel = ((n * p.oh + i) * p.ow + j) * p.c;
      int64_t c = 0;
      for (; c + 4 * L <= p.c; c += 4 * L) {
        spread_pixel<T, kMax, kAdd, 4>(p, image, pixel, h, w, r0, r1, c, L);
      }
      for (; c < p.c; c += L) {
        const int lanes = static_cast<int>(min_of<int64_t>(L, p.c - c));
        spread_pixel<T, kMax, kAdd, 1>(p, image, pixel, h, w, r0, r1, c, lanes);
      }
    }
  }
}

template <class T, bool kMax>
Status pool_grad(const Pool2DParams& p) {
  // Each pixel in one window: windows side by side, up to the last row and column.
  const bool once = p.stride_h == p.pool_h && p.stride_w == p.pool_w &&
                    p.oh * p.stride_h - p.pad_top >= p.h && p.ow * p.stride_w - p.pad_left >= p.w;
  // Bands of whole steps, well above the height of a window: those across a border cost twice.
  const int64_t least = max_of(ceil_div(kStreamGrain, p.w * p.c), once ? 1 : 4 * p.pool_h);
  const int64_t band = ceil_div(least, p.stride_h) * p.stride_h;
  const int64_t bands = ceil_div(p.h, band);
  parallel(p.n * bands, ceil_div(kStreamGrain, min_of(band, p.h) * p.w * p.c),
           [&](int64_t first, int64_t last) {
             for (int64_t u = first; u < last; ++u) {
               const int64_t r0 = u % bands * band, r1 = min_of(p.h, r0 + band);
               if (once) {
                 spread_band<T, kMax, false>(p, u / bands, r0, r1);
               } else {
                 spread_band<T, kMax, true>(p, u / bands, r0, r1);
               }
             }
           });
  return Status::kOk;
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
