// Group normalisation of [images, rows, channels]: each image and group of channels has its own
// mean and scale 1 / sqrt(variance + epsilon). Statistics are taken channel by channel, over pieces
// of rows joined in order, then over the channels of a group, so that rows are read whole whatever
// the groups; a second sweep normalises. Backward: one sweep for the sums of dy and dy * (x - mean)
// of each channel, from which all three gradients follow, one sweep for dx.
#include "kernels/moments.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// f(image, from, offset, channel, lanes) over all images, in parallel. `prepare(image, room)` first
// fills room with 4 coefficients of k * channels values each.
template <class T, class Prepare, class F>
Status sweep(int64_t images, const Pieces& pieces, int64_t channels, int64_t k, Prepare prepare,
             F f) {
  bool no_memory = false;
  parallel(images * pieces.count, pieces.grain, [&](int64_t first, int64_t last) {
    Scratch<T> room(4 * channels * k);
    if (!room) {
      no_memory = true;
      return;
    }
    const T* coefficients = room.get();
    int64_t ready = -1;
    for (int64_t u = first; u < last; ++u) {
      const int64_t image = u / pieces.count, i = u % pieces.count;
      if (image != ready) {
        prepare(image, room.get());
        for (int s = 0; s < 4; ++s) repeat_channels(room.get() + s * channels * k, channels, k);
        ready = image;
      }
      const int64_t base = image * pieces.rows * channels;
      each_vector<T>(
          pieces.begin(i), pieces.end(i), channels, k,
          [=](int64_t at, int64_t c, int lanes) { f(base + at, coefficients + c, lanes); });
    }
  });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

template <class T>
Status group_norm(const GroupNormParams& p) {
  const int64_t n = p.channels, k = rows_as_one<T>(n), size = n / p.groups;
  const Pieces pieces(p.rows, n, k);
  const int64_t count = pieces.count;
  Scratch<double> partial(p.images * count * 2 * n);
  if (!partial) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  bool no_memory = false;
  parallel(p.images * count, pieces.grain, [&](int64_t first, int64_t last) {
    Scratch<T> work(2 * n * k);
    if (!work) {
      no_memory = true;
      return;
    }
    for (int64_t u = first; u < last; ++u) {
      const int64_t image = u / count, r0 = pieces.begin(u % count);
      double* to = partial.get() + u * 2 * n;
      channel_moments(x + (image * p.rows + r0) * n, pieces.end(u % count) - r0, n, k, work.get(),
                      to, to + n);
    }
  });
  if (no_memory) return Status::kOutOfMemory;
  T* out_mean = static_cast<T*>(p.mean);
  T* out_scale = static_cast<T*>(p.scale);
  for (int64_t image = 0; image < p.images; ++image) {
    double* mean = partial.get() + image * count * 2 * n;  // the first piece takes up the others
    double* squares = mean + n;
    for (int64_t i = 1; i < count; ++i) {
      const double* from = mean + i * 2 * n;
      const double before = static_cast<double>(pieces.begin(i));
      const double here = static_cast<double>(pieces.end(i)) - before;
      for (int64_t c = 0; c < n; ++c) {
        join_moments(before, here, from[c], from[n + c], mean + c, squares + c);
      }
    }
    for (int64_t g = 0; g < p.groups; ++g) {
      const double rows = static_cast<double>(p.rows);
      double m = 0, s = 0;
      for (int64_t c = 0; c < size; ++c) {
        join_moments(static_cast<double>(c) * rows, rows, mean[g * size + c], squares[g * size + c],
                     &m, &s);
      }
      out_mean[image * p.groups + g] = static_cast<T>(m);
      out_scale[image * p.groups + g] =
          static_cast<T>(1 / __builtin_sqrt(s / (rows * static_cast<double>(size)) + p.epsilon));
    }
  }
  const T* gamma = static_cast<const T*>(p.gamma);
  const T* beta = static_cast<const T*>(p.beta);
  T* y = static_cast<T*>(p.y);
  const int64_t cols = n * k;
  return sweep<T>(
      p.images, pieces, n, k,
      [&](int64_t image, T* to) {
        for (int64_t c = 0; c < n; ++c) {
          const int64_t g = image * p.groups + c / size;
          to[c] = out_mean[g];
          to[cols + c] = gamma ? out_scale[g] * gamma[c] : out_scale[g];
          to[2 * cols + c] = beta ? beta[c] : T(0);
          to[3 * cols + c] = T(0);
        }
      },
      [=](int64_t at, const T* of, int lanes) {
        const vec<T> d = load_lanes(x + at, lanes) - load_lanes(of, lanes);
        store_lanes<T>(y + at, d * load_lanes(of + cols, lanes) + load_lanes(of + 2 * cols, lanes),
                       lanes);
      });
}

template <class T>
Status group_norm_grad(const GroupNormGradParams& p) {
  const int64_t n = p.channels, k = rows_as_one<T>(n), size = n / p.groups, cols = n * k;
  const Pieces pieces(p.rows, n, k);
  const int64_t count = pieces.count;
  Scratch<T> partial(p.images * count * 2 * n);
  Scratch<double> sums(p.images * 2 * p.groups + 2 * n);
  if (!partial || !sums) return Status::kOutOfMemory;
  const T* x = static_cast<const T*>(p.x);
  const T* dy = static_cast<const T*>(p.dy);
  const T* gamma = static_cast<const T*>(p.gamma);
  const T* mean = static_cast<const T*>(p.mean);
  const T* scale = static_cast<const T*>(p.scale);
  bool no_memory = false;
  parallel(p.images * count, pieces.grain, [&](int64_t first, int64_t last) {
    Scratch<T> work(3 * cols);
    if (!work) {
      no_memory = true;
      return;
    }
    T* const both[2] = {work.get(), work.get() + cols};
    T* m = work.get() + 2 * cols;
    for (int64_t u = first; u < last; ++u) {
      const int64_t image = u / count, r0 = pieces.begin(u % count);
      for (int64_t c = 0; c < n; ++c) m[c] = mean[image * p.groups + c / size];
      repeat_channels(m, n, k);
      const int64_t base = (image * p.rows + r0) * n;
      const T *from = x + base, *upstream = dy + base;
      sum_channels(pieces.end(u % count) - r0, n, k, both,
                   [=](int64_t at, int64_t c, int lanes, vec<T>(&acc)[2]) {
                     const vec<T> g = load_lanes(upstream + at, lanes);
                     acc[0] += g;
                     acc[1] += g * (load_lanes(from + at, lanes) - load_lanes(m + c, lanes));
                   });
      T* to = partial.get() + u * 2 * n;
      for (int64_t c = 0; c < n; ++c) {
        to[c] = both[0][c];
        to[n + c] = both[1][c];
      }
    }
  });
  if (no_memory) return Status::kOutOfMemory;
  double* group_sums = sums.get();  // of gamma * dy and gamma * dy * normal, for image and group
  double* dgamma = group_sums + p.images * 2 * p.groups;
  double* dbeta = dgamma + n;
  for (int64_t i = 0; i < p.images * 2 * p.groups + 2 * n; ++i) group_sums[i] = 0;
  for (int64_t image = 0; image < p.images; ++image) {
    for (int64_t i = 0; i < count; ++i) {
      const T* from = partial.get() + (image * count + i) * 2 * n;
      for (int64_t c = 0; c < n; ++c) {
        const int64_t g = image * p.groups + c / size;
        const double weight = gamma ? gamma[c] : 1, product = from[n + c] * double(scale[g]);
        dbeta[c] += from[c];
        dgamma[c] += product;
        group_sums[2 * g] += weight * from[c];
        group_sums[2 * g + 1] += weight * product;
      }
    }
  }
  for (int64_t c = 0; c < n; ++c) {
    static_cast<T*>(p.dgamma)[c] = static_cast<T>(dgamma[c]);
    static_cast<T*>(p.dbeta)[c] = static_cast<T>(dbeta[c]);
  }
  // dx = dy * gamma * scale - a - (x - mean) * b
  const double values = static_cast<double>(p.rows * size);
  T* dx = static_cast<T*>(p.dx);
  return sweep<T>(
      p.images, pieces, n, k,
      [&](int64_t image, T* to) {
        for (int64_t c = 0; c < n; ++c) {
          const int64_t g = image * p.groups + c / size;
          const double s = scale[g];
          to[c] = mean[g];
          to[cols + c] = gamma ? scale[g] * gamma[c] : scale[g];
          to[2 * cols + c] = static_cast<T>(s * group_sums[2 * g] / values);
          to[3 * cols + c] = static_cast<T>(s * s * group_sums[2 * g + 1] / values);
        }
      },
      [=](int64_t at, const T* of, int lanes) {
        const vec<T> d = load_lanes(x + at, lanes) - load_lanes(of, lanes);
        const vec<T> g = load_lanes(dy + at, lanes) * load_lanes(of + cols, lanes);
        store_lanes<T>(dx + at,
                       g - load_lanes(of + 2 * cols, lanes) - d * load_lanes(of + 3 * cols, lanes),
                       lanes);
      });
}

}  // namespace

MINIDL_EXPORT(group_norm, GroupNormParams, group_norm)
MINIDL_EXPORT(group_norm_grad, GroupNormGradParams, group_norm_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
