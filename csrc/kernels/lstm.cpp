// LSTM over a whole sequence (Hochreiter and Schmidhuber 1997, with forget gates; Keras's order
// i f c o). Forward: x times its weights for all steps at once, into `gates`; then step by step the
// product of h, 16 units x 4 gates of a few rows at a time, and the cell from that tile at once.
// Backward: step by step from the last the gradients of the four gates, and one product that
// carries them to the h before; the gradients of weights, bias and x are products over all steps
// afterwards. See recurrent.h.
#include "kernels/recurrent_backward.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, class Functions>
class LstmForward : RecurrentForward<T> {
 public:
  LstmForward(const RecurrentParams& p, Functions f)
      : Base(p, 4), f_(f), weights_(s_.units, s_.blocks, 4) {}

  Status run() {
    if (!weights_ || !Base::has_memory()) return Status::kOutOfMemory;
    const Status status = Base::project();
    if (status != Status::kOk) return status;
    weights_.pack_gates(Base::recurrent_kernel(), s_.width(), s_.units);
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    write_rows(Base::h(s_.time), s_.ld, s_, static_cast<T*>(p_.h));
    write_rows(Base::c(), s_.ld, s_, static_cast<T*>(p_.c));
    return Status::kOk;
  }

 private:
  using Base = RecurrentForward<T>;
  using Base::L;
  using Base::p_;
  using Base::s_;

  void rows(int64_t b0, int64_t b1) {
    const Split tiles(b1 - b0, panel_rows(4));
    T z[kMaxMR * 4 * L];
    for (int64_t step = 0; step < s_.time; ++step) {
      const T* from = Base::prepare(b0, b1, step);
      for (int64_t j = 0; j < s_.blocks; ++j) {
        for (int64_t i = 0; i < tiles.parts; ++i) {
          const int64_t row = b0 + tiles.begin(i);
          const int mr = static_cast<int>(tiles.length(i));
          Base::prefetch(row, mr, step, j * L);
          tile_product(from + row * s_.ld, s_.ld, mr, weights_.panel(j), s_.units, 4, z, 4 * L,
                       false, Base::gate_stride());
          for (int m = 0; m < mr; ++m) cell(row + m, step, j, z + m * 4 * L);
        }
      }
    }
  }

  // Block j of the units of one row: z holds the products of h, the gates those of x.
  MINIDL_INLINE void cell(int64_t row, int64_t step, int64_t j, const T* z) {
    const int lanes = s_.lanes(j);
    const int64_t at = Base::at(row, step), unit = j * L;
    T* x = Base::gates() + at * s_.width() + unit;
    vec<T> i = load(z) + load_lanes(x, lanes);
    vec<T> f = load(z + L) + load_lanes(x + s_.units, lanes);
    vec<T> g = load(z + 2 * L) + load_lanes(x + 2 * s_.units, lanes);
    vec<T> o = load(z + 3 * L) + load_lanes(x + 3 * s_.units, lanes);
    f_.lstm_gates(i, f, g, o);
    T* state = Base::c() + row * s_.ld + unit;
    const vec<T> before = load(state);
    vec<T> carry = f * before + i * g;
    const vec<T> squashed = f_.squash(carry);
    if (!Base::finish(row, step, unit, lanes, o * squashed)) carry = before;
    store<T>(state, carry);
    if (!p_.keep) return;
    store_lanes<T>(x, i, lanes);
    store_lanes<T>(x + s_.units, f, lanes);
    store_lanes<T>(x + 2 * s_.units, g, lanes);
    store_lanes<T>(x + 3 * s_.units, o, lanes);
    store_lanes<T>(static_cast<T*>(p_.cells) + at * s_.units + unit, carry, lanes);
    store_lanes<T>(static_cast<T*>(p_.squashed) + at * s_.units + unit, squashed, lanes);
  }

  const Functions f_;
  PackedPanels<T> weights_;
};

template <class T, class Functions>
class LstmBackward : RecurrentBackward<T> {
 public:
  LstmBackward(const RecurrentGradParams& q, Functions f)
      : Base(q, 4), f_(f), weights_(s_.width(), Base::panels_, Base::kPanelVectors) {}

  Status run() {
    if (!weights_ || !Base::has_memory()) return Status::kOutOfMemory;
    weights_.pack_transposed(static_cast<const T*>(p_.recurrent_kernel), s_.width(), s_.units);
    Base::begin();
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    write_rows(Base::dc(), Base::ld_, s_, static_cast<T*>(q_.dc0));
    const Status status = p_.gate_masks ? Base::gate_weight_grads(4, Base::deltas_.get())
                                        : weight_grad(static_cast<const T*>(p_.previous), s_.units,
                                                      Base::deltas_.get(), s_.width(), s_.rows(),
                                                      static_cast<T*>(q_.drecurrent_kernel));
    return status == Status::kOk ? Base::finish() : status;
  }

 private:
  using Base = RecurrentBackward<T>;
  using Base::L;
  using Base::p_;
  using Base::q_;
  using Base::s_;

  void rows(int64_t b0, int64_t b1) {
    for (int64_t step = s_.time - 1; step >= 0; --step) {
      for (int64_t b = b0; b < b1; ++b) {
        for (int64_t j = 0; j < s_.blocks; ++j) gates_grad(b, step, j);
      }
      Base::carry(b0, b1, 4, weights_);
    }
  }

  // The gradients of the gates of one row and block, that of c, and what of dh passes by.
  MINIDL_INLINE void gates_grad(int64_t row, int64_t step, int64_t j) {
    const int lanes = s_.lanes(j);
    const int64_t at = Base::at(row, step), unit = j * L;
    T* out = Base::deltas_.get() + at * s_.width() + unit;
    T* tile = Base::delta() + row * s_.width() + unit;
    vec<T> d = Base::dh_of(row, step, unit, lanes);
    vec<T> di{}, df{}, dg{}, d_o{};
    if (Base::steps_.live(row, step)) {
      const T* x = static_cast<const T*>(p_.gates) + at * s_.width() + unit;
      const vec<T> i = load_lanes(x, lanes), f = load_lanes(x + s_.units, lanes);
      const vec<T> g = load_lanes(x + 2 * s_.units, lanes);
      const vec<T> o = load_lanes(x + 3 * s_.units, lanes);
      const vec<T> squashed = Base::kept(p_.squashed, row, step, unit, lanes);
      T* dc_at = Base::dc() + row * Base::ld_ + unit;
      const vec<T> dc = load(dc_at) + f_.activate_grad(d * o, squashed);
      d_o = f_.open_grad(d * squashed, o);
      di = f_.open_grad(dc * g, i);
      dg = f_.activate_grad(dc * i, g);
      df = f_.open_grad(dc * cell_before(row, step, unit, lanes), f);
      store<T>(dc_at, dc * f);
      d = vec<T>{};
    }
    Base::pass_by(row, unit, d);
    const vec<T> all[4] = {di, df, dg, d_o};
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
      store_lanes<T>(out + g * s_.units, all[g], lanes);
      store_lanes<T>(tile + g * s_.units, all[g], lanes);
    }
  }

  MINIDL_INLINE vec<T> cell_before(int64_t row, int64_t step, int64_t unit, int lanes) const {
    if (step > 0) return Base::kept(p_.cells, row, step - 1, unit, lanes);
    if (!p_.c0) return vec<T>{};
    return load_lanes(static_cast<const T*>(p_.c0) + row * s_.units + unit, lanes);
  }

  const Functions f_;
  PackedPanels<T> weights_;
};

template <class T>
Status forward(const RecurrentParams& p) {
  return with_functions<T>(p, [&](auto f) { return LstmForward<T, decltype(f)>(p, f).run(); });
}

template <class T>
Status backward(const RecurrentGradParams& q) {
  return with_functions<T>(q.forward,
                           [&](auto f) { return LstmBackward<T, decltype(f)>(q, f).run(); });
}

}  // namespace

MINIDL_EXPORT(lstm, RecurrentParams, forward)
MINIDL_EXPORT(lstm_grad, RecurrentGradParams, backward)

}  // namespace MINIDL_ISA
}  // namespace minidl
