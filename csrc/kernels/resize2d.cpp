// Resizing of images, NHWC, nearest or bilinear, pixel centres at half steps, no antialiasing.
// An axis is a list of taps: output i lies `frac` of the way from input `at` to the next (nearest:
// frac 0). Rows first, over whole rows of w * c values, into a scratch row that stays in cache,
// then columns, vectors over channels. The gradient goes the other way by input row: the output
// rows that touch it are summed, then folded along the row, so that no two threads write one value.
#include "kernels/map.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
struct Tap {
  int64_t at;
  T frac;
};

// In whole numbers: the centre of output i lies at ((2 i + 1) in / out - 1) / 2.
template <class T>
void fill_taps(Tap<T>* taps, int64_t in, int64_t out, bool bilinear) {
  for (int64_t i = 0; i < out; ++i) {
    int64_t at, rest = 0;
    if (bilinear) {
      const int64_t numerator = max_of<int64_t>(0, (2 * i + 1) * in - out);
      at = numerator / (2 * out);
      rest = at < in - 1 ? numerator % (2 * out) : 0;
    } else {
      at = (2 * i + 1) * in / (2 * out);
    }
    taps[i].at = min_of(at, in - 1);
    taps[i].frac = static_cast<T>(rest) / static_cast<T>(2 * out);
  }
}

// out = (1 - frac) a + frac b
template <class T>
MINIDL_INLINE void blend(const T* a, const T* b, T frac, T* out, int64_t n) {
  const vec<T> right = broadcast(frac), left = broadcast(T(1) - frac);
  map(a, b, out, n, [=](vec<T> u, vec<T> v) { return u * left + v * right; });
}

// out += weight a
template <class T>
MINIDL_INLINE void accumulate(const T* a, T weight, T* out, int64_t n) {
  const vec<T> by = broadcast(weight);
  map(out, a, out, n, [=](vec<T> u, vec<T> v) { return u + v * by; });
}

template <class T>
MINIDL_INLINE void copy(const T* a, T* out, int64_t n) {
  map(a, out, n, [](vec<T> v) { return v; });
}

template <class T>
Status resize2d(const Resize2DParams& p) {
  const T* x = static_cast<const T*>(p.x);
  T* y = static_cast<T*>(p.y);
  const int64_t c = p.c, in_row = p.w * c, out_row = p.ow * c;
  Scratch<Tap<T>> rows(p.oh), columns(p.ow);
  if (!rows || !columns) return Status::kOutOfMemory;
  fill_taps(rows.get(), p.h, p.oh, p.bilinear);
  fill_taps(columns.get(), p.w, p.ow, p.bilinear);
  bool no_memory = false;
  parallel(p.n * p.oh, ceil_div(kStreamGrain, out_row), [&](int64_t first, int64_t last) {
    Scratch<T> mixed(in_row);
    if (!mixed) {
      no_memory = true;
      return;
    }
    for (int64_t u = first; u < last; ++u) {
      const Tap<T> tap = rows.get()[u % p.oh];
      const T* row = x + (u / p.oh * p.h + tap.at) * in_row;
      if (tap.frac != 0) {
        blend(row, row + in_row, tap.frac, mixed.get(), in_row);
        row = mixed.get();
      }
      T* out = y + u * out_row;
      for (int64_t j = 0; j < p.ow; ++j, out += c) {
        const T frac = columns.get()[j].frac;
        const T* left = row + columns.get()[j].at * c;
        if (frac != 0) {
          blend(left, left + c, frac, out, c);
        } else {
          copy(left, out, c);
        }
      }
    }
  });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

template <class T>
Status resize2d_grad(const Resize2DParams& p) {
  const T* dy = static_cast<const T*>(p.x);
  T* dx = static_cast<T*>(p.y);
  const int64_t c = p.c, in_row = p.w * c, out_row = p.ow * c;
  Scratch<Tap<T>> rows(p.oh), columns(p.ow);
  if (!rows || !columns) return Status::kOutOfMemory;
  fill_taps(rows.get(), p.h, p.oh, p.bilinear);
  fill_taps(columns.get(), p.w, p.ow, p.bilinear);
  bool no_memory = false;
  const int64_t work = in_row + ceil_div(out_row * p.oh, p.h);
  parallel(p.n * p.h, ceil_div(kStreamGrain, work), [&](int64_t first, int64_t last) {
    Scratch<T> sum(out_row);
    if (!sum) {
      no_memory = true;
      return;
    }
    for (int64_t u = first; u < last; ++u) {
      const int64_t r = u % p.h, image = u / p.h;
      for (int64_t k = 0; k < out_row; ++k) sum.get()[k] = 0;
      // No output row before this one reaches down to row r.
      for (int64_t i = max_of<int64_t>(0, (r - 1) * p.oh / p.h - 1); i < p.oh; ++i) {
        const Tap<T> tap = rows.get()[i];
        if (tap.at > r) break;
        const T weight = tap.at == r ? 1 - tap.frac : tap.at + 1 == r ? tap.frac : T(0);
        if (weight != 0) accumulate(dy + (image * p.oh + i) * out_row, weight, sum.get(), out_row);
      }
      T* out = dx + u * in_row;
      for (int64_t k = 0; k < in_row; ++k) out[k] = 0;
      const T* in = sum.get();
      for (int64_t j = 0; j < p.ow; ++j, in += c) {
        const T frac = columns.get()[j].frac;
        T* left = out + columns.get()[j].at * c;
        accumulate(in, 1 - frac, left, c);
        if (frac != 0) accumulate(in, frac, left + c, c);
      }
    }
  });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

}  // namespace

MINIDL_EXPORT(resize2d, Resize2DParams, resize2d)
MINIDL_EXPORT(resize2d_grad, Resize2DParams, resize2d_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
