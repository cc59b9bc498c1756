// LSTM over a whole sequence (Hochreiter and Schmidhuber 1997, with forget gates; Keras's order
// i f c o). Forward: x times its weights for all steps at once, into `gates`; then step by step the
// product of h, 16 units x 4 gates of a few rows at a time, and the cell from that tile at once.
// Backward: step by step from the last the gradients of the four gates, and one product that
// carries them to the h before; the gradients of weights, bias and x are products over all steps
// afterwards. See recurrent.h.
#include "kernels/recurrent.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, class Functions>
class LstmForward {
 public:
  LstmForward(const RecurrentParams& p, Functions f)
      : p_(p),
        f_(f),
        s_(p, 4),
        steps_(p),
        weights_(s_.units, s_.blocks, 4),
        states_(s_.batch * s_.ld * 4) {}

  Status run() {
    if (!weights_ || !states_ || !steps_) return Status::kOutOfMemory;
    const Status status =
        product(static_cast<const T*>(p_.x), s_.inputs, int64_t{1},
                static_cast<const T*>(p_.kernel), s_.width(), int64_t{1},
                static_cast<const T*>(p_.bias), gates(), s_.rows(), s_.width(), s_.inputs);
    if (status != Status::kOk) return status;
    weights_.pack_gates(static_cast<const T*>(p_.recurrent_kernel), s_.width(), s_.units);
    copy_states(static_cast<const T*>(p_.h0), s_, h(0));
    copy_states(static_cast<const T*>(p_.c0), s_, c());
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    copy_back(h(s_.time), s_, static_cast<T*>(p_.h));
    copy_back(c(), s_, static_cast<T*>(p_.c));
    return Status::kOk;
  }

 private:
  T* gates() const { return static_cast<T*>(p_.gates); }
  // h before a step; two take turns.
  T* h(int64_t step) const { return states_.get() + step % 2 * s_.batch * s_.ld; }
  T* c() const { return states_.get() + 2 * s_.batch * s_.ld; }
  // h times its dropout mask.
  T* dropped() const { return states_.get() + 3 * s_.batch * s_.ld; }

  void rows(int64_t b0, int64_t b1) {
    const Split tiles(b1 - b0, panel_rows(4));
    T z[kMaxMR * 4 * kLanes<T>];
    for (int64_t step = 0; step < s_.time; ++step) {
      const T* from = h(step);
      if (p_.dropout_mask || p_.keep) from = prepare(b0, b1, step);
      for (int64_t j = 0; j < s_.blocks; ++j) {
        for (int64_t i = 0; i < tiles.parts; ++i) {
          const int64_t row = b0 + tiles.begin(i);
          const int mr = static_cast<int>(tiles.length(i));
          prefetch(row, mr, step, j);
          tile_product(from + row * s_.ld, s_.ld, mr, weights_.panel(j), s_.units, 4, z,
                       weights_.width(), false);
          for (int m = 0; m < mr; ++m) cell(row + m, step, j, z + m * weights_.width());
        }
      }
    }
  }

  // What the product takes for h: dropped out, and kept for the backward pass.
  const T* prepare(int64_t b0, int64_t b1, int64_t step) {
    constexpr int L = kLanes<T>;
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    T* kept = static_cast<T*>(p_.previous);
    const T* from = h(step);
    for (int64_t b = b0; b < b1; ++b) {
      for (int64_t j = 0; j < s_.blocks; ++j) {
        vec<T> v = load(from + b * s_.ld + j * L);
        if (drop) {
          v *= load_lanes(drop + b * s_.units + j * L, s_.lanes(j));
          store<T>(dropped() + b * s_.ld + j * L, v);
        }
        if (p_.keep) {
          store_lanes<T>(kept + (b * s_.time + steps_.place(step)) * s_.units + j * L, v,
                         s_.lanes(j));
        }
      }
    }
    return drop ? dropped() : from;
  }

  void prefetch(int64_t row, int mr, int64_t step, int64_t j) const {
    for (int m = 0; m < mr; ++m) {
      const T* x = gates() + ((row + m) * s_.time + steps_.place(step)) * s_.width();
      for (int g = 0; g < 4; ++g) __builtin_prefetch(x + g * s_.units + j * kLanes<T>, 1);
    }
  }

  // Block j of the units of one row: z holds the products of h, the gates those of x.
  MINIDL_INLINE void cell(int64_t row, int64_t step, int64_t j, const T* z) {
    constexpr int L = kLanes<T>;
    const int lanes = s_.lanes(j);
    const int64_t at = row * s_.time + steps_.place(step), unit = j * L;
    T* x = gates() + at * s_.width() + unit;
    const vec<T> i = f_.open(load(z) + load_lanes(x, lanes));
    const vec<T> f = f_.open(load(z + L) + load_lanes(x + s_.units, lanes));
    const vec<T> g = f_.activate(load(z + 2 * L) + load_lanes(x + 2 * s_.units, lanes));
    const vec<T> o = f_.open(load(z + 3 * L) + load_lanes(x + 3 * s_.units, lanes));
    T* state = c() + row * s_.ld + unit;
    const vec<T> before = load(state);
    vec<T> carry = f * before + i * g;
    const vec<T> squashed = f_.activate(carry);
    vec<T> out = o * squashed, next = out;
    if (!steps_.live(row, step)) {
      carry = before;
      next = load(h(step) + row * s_.ld + unit);
      out = steps_.shown(row, step) ? next : vec<T>{};
    }
    if (p_.keep) {
      store_lanes<T>(x, i, lanes);
      store_lanes<T>(x + s_.units, f, lanes);
      store_lanes<T>(x + 2 * s_.units, g, lanes);
      store_lanes<T>(x + 3 * s_.units, o, lanes);
      store_lanes<T>(static_cast<T*>(p_.cells) + at * s_.units + unit, carry, lanes);
      store_lanes<T>(static_cast<T*>(p_.squashed) + at * s_.units + unit, squashed, lanes);
    }
    store<T>(state, carry);
    store<T>(h(step + 1) + row * s_.ld + unit, next);
    store_lanes<T>(static_cast<T*>(p_.y) + (row * s_.time + step) * s_.units + unit, out, lanes);
  }

  const RecurrentParams& p_;
  const Functions f_;
  const Shape<T> s_;
  const Steps steps_;
  PackedPanels<T> weights_;
  Scratch<T> states_;
};

template <class T, class Functions>
class LstmBackward {
 public:
  LstmBackward(const RecurrentGradParams& q, Functions f)
      : q_(q),
        p_(q.forward),
        f_(f),
        s_(p_, 4),
        steps_(p_),
        weights_(s_.width(), panels(), kPanelVectors),
        deltas_(s_.rows() * s_.width()),
        states_(s_.batch * (2 * ld() + s_.width()) + s_.batch * ld()) {}

  Status run() {
    if (!weights_ || !deltas_ || !states_ || !steps_) return Status::kOutOfMemory;
    const T* recurrent = static_cast<const T*>(p_.recurrent_kernel);
    weights_.pack_transposed(recurrent, s_.width(), s_.units);
    read_states(static_cast<const T*>(q_.dh), dh());
    read_states(static_cast<const T*>(q_.dc), dc());
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) { rows(b0, b1); });
    write_states(dh(), static_cast<T*>(q_.dh0));
    write_states(dc(), static_cast<T*>(q_.dc0));

    const int64_t n = s_.rows(), width = s_.width();
    const T* d = deltas_.get();
    Status status = weight_grad(static_cast<const T*>(p_.x), s_.inputs, d, width, n,
                                static_cast<T*>(q_.dkernel));
    if (status != Status::kOk) return status;
    status = weight_grad(static_cast<const T*>(p_.previous), s_.units, d, width, n,
                         static_cast<T*>(q_.drecurrent_kernel));
    if (status != Status::kOk) return status;
    if (q_.dbias) status = sum_columns(d, n, width, static_cast<T*>(q_.dbias));
    if (status != Status::kOk || !q_.dx) return status;
    return product<T>(d, width, 1, static_cast<const T*>(p_.kernel), 1, width, nullptr,
                      static_cast<T*>(q_.dx), n, s_.inputs, width);
  }

 private:
  static constexpr int kPanelVectors = kMaxNV;
  int64_t panels() const { return ceil_div(s_.blocks, kPanelVectors); }
  // Rows of dh reach to the end of the last panel, which the product writes.
  int64_t ld() const { return panels() * kPanelVectors * kLanes<T>; }
  T* dh() const { return states_.get(); }
  T* dc() const { return dh() + s_.batch * ld(); }
  T* carried() const { return dc() + s_.batch * ld(); }
  T* delta() const { return carried() + s_.batch * ld(); }  // of this step, all gates

  void read_states(const T* from, T* to) const {
    for (int64_t b = 0; b < s_.batch; ++b) {
      for (int64_t j = 0; j < ld(); ++j) {
        to[b * ld() + j] = from && j < s_.units ? from[b * s_.units + j] : T(0);
      }
    }
  }
  void write_states(const T* from, T* to) const {
    for (int64_t b = 0; b < s_.batch && to; ++b) {
      for (int64_t j = 0; j < s_.units; ++j) to[b * s_.units + j] = from[b * ld() + j];
    }
  }

  void rows(int64_t b0, int64_t b1) {
    const Split tiles(b1 - b0, panel_rows(kPanelVectors));
    for (int64_t step = s_.time - 1; step >= 0; --step) {
      for (int64_t b = b0; b < b1; ++b) {
        const bool live = steps_.live(b, step);
        const bool shown = steps_.shown(b, step);
        for (int64_t j = 0; j < s_.blocks; ++j) gates_grad(b, step, j, live, shown);
      }
      // dh = what was carried + dropout mask * (delta Wh^T)
      for (int64_t j = 0; j < panels(); ++j) {
        for (int64_t i = 0; i < tiles.parts; ++i) {
          const int64_t row = b0 + tiles.begin(i);
          tile_product(delta() + row * s_.width(), s_.width(), static_cast<int>(tiles.length(i)),
                       weights_.panel(j), s_.width(), kPanelVectors,
                       dh() + row * ld() + j * weights_.width(), ld(), !p_.dropout_mask);
        }
      }
      if (p_.dropout_mask) undo_dropout(b0, b1);
    }
  }

  void undo_dropout(int64_t b0, int64_t b1) const {
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    for (int64_t b = b0; b < b1; ++b) {
      for (int64_t j = 0; j < s_.units; ++j) {
        T& d = dh()[b * ld() + j];
        d = d * drop[b * s_.units + j] + carried()[b * ld() + j];
      }
    }
  }

  // The gradients of the gates of one row and block; leaves dc, and in dh what passes by the cell.
  MINIDL_INLINE void gates_grad(int64_t row, int64_t step, int64_t j, bool live, bool shown) {
    constexpr int L = kLanes<T>;
    const int lanes = s_.lanes(j);
    const int64_t at = row * s_.time + steps_.place(step), unit = j * L;
    T* dh_at = dh() + row * ld() + unit;
    T* dc_at = dc() + row * ld() + unit;
    T* out = deltas_.get() + at * s_.width() + unit;
    T* tile = delta() + row * s_.width() + unit;
    vec<T> d = load(dh_at);
    if (q_.dy && shown) {
      const T* dy = static_cast<const T*>(q_.dy) + (row * s_.time + step) * s_.units + unit;
      d += load_lanes(dy, lanes);
    }
    vec<T> di{}, df{}, dg{}, d_o{};
    if (live) {
      const T* x = static_cast<const T*>(p_.gates) + at * s_.width() + unit;
      const vec<T> i = load_lanes(x, lanes), f = load_lanes(x + s_.units, lanes);
      const vec<T> g = load_lanes(x + 2 * s_.units, lanes);
      const vec<T> o = load_lanes(x + 3 * s_.units, lanes);
      const vec<T> squashed =
          load_lanes(static_cast<const T*>(p_.squashed) + at * s_.units + unit, lanes);
      const vec<T> dc = load(dc_at) + f_.activate_grad(d * o, squashed);
      d_o = f_.open_grad(d * squashed, o);
      di = f_.open_grad(dc * g, i);
      dg = f_.activate_grad(dc * i, g);
      df = f_.open_grad(dc * cell_before(row, step, unit, lanes), f);
      store<T>(dc_at, dc * f);
      d = vec<T>{};
    }
    store<T>((p_.dropout_mask ? carried() : dh()) + row * ld() + unit, d);
    const vec<T> all[4] = {di, df, dg, d_o};
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
      store_lanes<T>(out + g * s_.units, all[g], lanes);
      store_lanes<T>(tile + g * s_.units, all[g], lanes);
    }
  }

  MINIDL_INLINE vec<T> cell_before(int64_t row, int64_t step, int64_t unit, int lanes) const {
    if (step > 0) {
      const int64_t at = row * s_.time + steps_.place(step - 1);
      return load_lanes(static_cast<const T*>(p_.cells) + at * s_.units + unit, lanes);
    }
    if (!p_.c0) return vec<T>{};
    return load_lanes(static_cast<const T*>(p_.c0) + row * s_.units + unit, lanes);
  }

  const RecurrentGradParams& q_;
  const RecurrentParams& p_;
  const Functions f_;
  const Shape<T> s_;
  const Steps steps_;
  PackedPanels<T> weights_;
  Scratch<T> deltas_, states_;
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
