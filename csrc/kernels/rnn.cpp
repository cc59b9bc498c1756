// A simple recurrent net over a whole sequence (Elman, 1990): h = activation(x W + b + h U). See
// recurrent.h; there is one gate, so panels are of consecutive units.
#include "kernels/recurrent_backward.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, class Functions>
class RnnForward : RecurrentForward<T> {
 public:
  RnnForward(const RecurrentParams& p, Functions f)
      : Base(p, 1),
        f_(f),
        panels_(ceil_div(s_.blocks, kVectors)),
        weights_(s_.units, panels_, kVectors) {}

  Status run() {
    if (!weights_ || !Base::has_memory()) return Status::kOutOfMemory;
    const Status status = Base::project();
    if (status != Status::kOk) return status;
    weights_.pack_columns(Base::recurrent_kernel(), s_.units, s_.units);
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    write_rows(Base::h(s_.time), s_.ld, s_, static_cast<T*>(p_.h));
    return Status::kOk;
  }

 private:
  using Base = RecurrentForward<T>;
  using Base::L;
  using Base::p_;
  using Base::s_;
  static constexpr int kVectors = kMaxNV;

  void rows(int64_t b0, int64_t b1) {
    const Split tiles(b1 - b0, panel_rows(kVectors));
    T z[kMaxMR * kVectors * L];
    for (int64_t step = 0; step < s_.time; ++step) {
      const T* from = Base::prepare(b0, b1, step);
      for (int64_t j = 0; j < panels_; ++j) {
        for (int64_t i = 0; i < tiles.parts; ++i) {
          const int64_t row = b0 + tiles.begin(i);
          const int mr = static_cast<int>(tiles.length(i));
          Base::prefetch(row, mr, step, j * kVectors * L);
          tile_product(from + row * s_.ld, s_.ld, mr, weights_.panel(j), s_.units, kVectors, z,
                       weights_.width(), false);
          const int64_t end = min_of<int64_t>(s_.blocks, (j + 1) * kVectors);
          for (int m = 0; m < mr; ++m) {
            const T* products = z + m * weights_.width();
            for (int64_t block = j * kVectors; block < end; ++block, products += L) {
              cell(row + m, step, block, products);
            }
          }
        }
      }
    }
  }

  MINIDL_INLINE void cell(int64_t row, int64_t step, int64_t block, const T* z) {
    const int lanes = s_.lanes(block);
    const int64_t unit = block * L;
    T* x = Base::gates() + Base::at(row, step) * s_.units + unit;
    const vec<T> next = f_.activate(load(z) + load_lanes(x, lanes));
    Base::finish(row, step, unit, lanes, next);
    if (p_.keep) store_lanes<T>(x, next, lanes);
  }

  const Functions f_;
  const int64_t panels_;
  PackedPanels<T> weights_;
};

template <class T, class Functions>
class RnnBackward : RecurrentBackward<T> {
 public:
  RnnBackward(const RecurrentGradParams& q, Functions f)
      : Base(q, 1), f_(f), weights_(s_.units, Base::panels_, Base::kPanelVectors) {}

  Status run() {
    if (!weights_ || !Base::has_memory()) return Status::kOutOfMemory;
    weights_.pack_transposed(static_cast<const T*>(p_.recurrent_kernel), s_.units, s_.units);
    Base::begin();
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    const Status status =
        weight_grad(static_cast<const T*>(p_.previous), s_.units, Base::deltas_.get(), s_.units,
                    s_.rows(), static_cast<T*>(Base::q_.drecurrent_kernel));
    return status == Status::kOk ? Base::finish() : status;
  }

 private:
  using Base = RecurrentBackward<T>;
  using Base::L;
  using Base::p_;
  using Base::s_;

  void rows(int64_t b0, int64_t b1) {
    for (int64_t step = s_.time - 1; step >= 0; --step) {
      for (int64_t b = b0; b < b1; ++b) {
        for (int64_t j = 0; j < s_.blocks; ++j) input_grad(b, step, j);
      }
      Base::multiply(b0, b1, 0, weights_, Base::dh(), true);
      Base::undo_dropout(b0, b1);
    }
  }

  MINIDL_INLINE void input_grad(int64_t row, int64_t step, int64_t j) {
    const int lanes = s_.lanes(j);
    const int64_t unit = j * L;
    vec<T> d = Base::dh_of(row, step, unit, lanes), inner{};
    if (Base::steps_.live(row, step)) {
      inner = f_.activate_grad(d, Base::kept(p_.gates, row, step, unit, lanes));
      d = vec<T>{};
    }
    Base::pass_by(row, unit, d);
    store_lanes<T>(Base::deltas_.get() + Base::at(row, step) * s_.units + unit, inner, lanes);
    store_lanes<T>(Base::delta() + row * s_.units + unit, inner, lanes);
  }

  const Functions f_;
  PackedPanels<T> weights_;
};

template <class T>
Status forward(const RecurrentParams& p) {
  return with_functions<T>(p, [&](auto f) { return RnnForward<T, decltype(f)>(p, f).run(); });
}

template <class T>
Status backward(const RecurrentGradParams& q) {
  return with_functions<T>(q.forward,
                           [&](auto f) { return RnnBackward<T, decltype(f)>(q, f).run(); });
}

}  // namespace

MINIDL_EXPORT(rnn, RecurrentParams, forward)
MINIDL_EXPORT(rnn_grad, RecurrentGradParams, backward)

}  // namespace MINIDL_ISA
}  // namespace minidl
