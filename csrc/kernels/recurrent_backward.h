// What the backward passes of the recurrent kernels share; see recurrent.h.
#pragma once

#include "kernels/recurrent.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// What backward passes share: the gradient of h on its way from step to step, and the products over
// all steps at the end. Rows of dh reach to the end of the last panel, which the product writes.
template <class T>
class RecurrentBackward {
 protected:
  static constexpr int L = kLanes<T>;
  static constexpr int kPanelVectors = kMaxNV;

  RecurrentBackward(const RecurrentGradParams& q, int64_t gates)
      : q_(q),
        p_(q.forward),
        s_(p_, gates),
        steps_(p_),
        panels_(ceil_div(s_.blocks, kPanelVectors)),
        ld_(panels_ * kPanelVectors * L),
        deltas_(s_.rows() * s_.width() + 1),
        states_(s_.batch * (3 * ld_ + s_.width())) {}

  bool has_memory() const { return deltas_ && states_ && steps_; }
  void begin() {
    read_rows(static_cast<const T*>(q_.dh), s_, dh(), ld_);
    read_rows(static_cast<const T*>(q_.dc), s_, dc(), ld_);
  }

  T* dh() const { return states_.get(); }
  T* dc() const { return dh() + s_.batch * ld_; }
  T* carried() const { return dc() + s_.batch * ld_; }     // of dh, past the dropout mask
  T* delta() const { return carried() + s_.batch * ld_; }  // of this step, all gates

  int64_t at(int64_t row, int64_t step) const { return row * s_.time + steps_.place(step); }
  MINIDL_INLINE vec<T> kept(const void* from, int64_t row, int64_t step, int64_t unit,
                            int lanes) const {
    return load_lanes(static_cast<const T*>(from) + at(row, step) * s_.units + unit, lanes);
  }

  // The gradient that reaches h of this step: from later steps and from y.
  MINIDL_INLINE vec<T> dh_of(int64_t row, int64_t step, int64_t unit, int lanes) const {
    vec<T> d = load(dh() + row * ld_ + unit);
    if (q_.dy && steps_.shown(row, step)) {
      const T* dy = static_cast<const T*>(q_.dy) + (row * s_.time + step) * s_.units + unit;
      d += load_lanes(dy, lanes);
    }
    return d;
  }

  // Sets out what the product adds to: d passes by it. With dropout both meet later.
  MINIDL_INLINE void pass_by(int64_t row, int64_t unit, vec<T> d) const {
    const bool later = p_.dropout_mask && !p_.gate_masks;
    store<T>((later ? carried() : dh()) + row * ld_ + unit, d);
    if (later) store<T>(dh() + row * ld_ + unit, vec<T>{});
  }

  // c (+)= delta [rows, k from column `first`] times packed weights.
  void multiply(int64_t b0, int64_t b1, int64_t first, const PackedPanels<T>& weights, T* c,
                bool accumulate) const {
    const Split tiles(b1 - b0, panel_rows(kPanelVectors));
    for (int64_t j = 0; j < panels_; ++j) {
      for (int64_t i = 0; i < tiles.parts; ++i) {
        const int64_t row = b0 + tiles.begin(i);
        tile_product(delta() + row * s_.width() + first, s_.width(),
                     static_cast<int>(tiles.length(i)), weights.panel(j), weights.depth(),
                     kPanelVectors, c + row * ld_ + j * weights.width(), ld_, accumulate);
      }
    }
  }

  // The first `gates` gates' share of dh, each under its own mask where there is one.
  void carry(int64_t b0, int64_t b1, int64_t gates, const PackedPanels<T>& weights) const {
    if (!p_.gate_masks) {
      multiply(b0, b1, 0, weights, dh(), true);
      return undo_dropout(b0, b1);
    }
    T z[kMaxMR * kPanelVectors * L];
    const Split tiles(b1 - b0, panel_rows(kPanelVectors));
    for (int64_t part = 0; part < gates * panels_ * tiles.parts; ++part) {
      const int64_t g = part / (panels_ * tiles.parts), j = part / tiles.parts % panels_;
      const int64_t row = b0 + tiles.begin(part % tiles.parts);
      const int mr = static_cast<int>(tiles.length(part % tiles.parts));
      tile_product(delta() + row * s_.width() + g * s_.units, s_.width(), mr,
                   weights.panel(j) + g * s_.units * weights.width(), s_.units, kPanelVectors, z,
                   weights.width(), false);
      for (int m = 0; m < mr; ++m) {
        for (int v = 0; v < kPanelVectors; ++v) {
          const int64_t block = j * kPanelVectors + v;
          if (block >= s_.blocks) break;
          T* d = dh() + (row + m) * ld_ + block * L;
          const vec<T> mask = gate_mask(g, row + m, block * L, s_.lanes(block));
          store<T>(d, load(d) + load(z + m * weights.width() + v * L) * mask);
        }
      }
    }
  }

  MINIDL_INLINE vec<T> gate_mask(int64_t gate, int64_t row, int64_t unit, int lanes) const {
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    return load_lanes(drop + (gate * s_.batch + row) * s_.units + unit, lanes);
  }

  // Gradients of the first `gates` gates' columns of the recurrent weights: h before each step,
  // under the mask of the gate, times `d`.
  Status gate_weight_grads(int64_t gates, const T* d) const {
    const int64_t n = s_.rows(), units = s_.units, width = s_.width();
    Scratch<T> dropped(n * units + 1), block(units * units);
    if (!dropped || !block) return Status::kOutOfMemory;
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    const T* h = static_cast<const T*>(p_.previous);
    T* out = static_cast<T*>(q_.drecurrent_kernel);
    for (int64_t g = 0; g < gates; ++g) {
      for (int64_t i = 0; i < n; ++i) {
        const T* mask = drop + (g * s_.batch + i / s_.time) * units;
        for (int64_t j = 0; j < units; ++j)
          dropped.get()[i * units + j] = h[i * units + j] * mask[j];
      }
      const Status status = product<T>(dropped.get(), 1, units, d + g * units, width, 1, nullptr,
                                       block.get(), units, units, n);
      if (status != Status::kOk) return status;
      for (int64_t i = 0; i < units; ++i) {
        for (int64_t j = 0; j < units; ++j) {
          out[i * width + g * units + j] = block.get()[i * units + j];
        }
      }
    }
    return Status::kOk;
  }

  void undo_dropout(int64_t b0, int64_t b1) const {
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    for (int64_t b = b0; drop && b < b1; ++b) {
      for (int64_t j = 0; j < s_.units; ++j) {
        T& d = dh()[b * ld_ + j];
        d = d * drop[b * s_.units + j] + carried()[b * ld_ + j];
      }
    }
  }

  // Gradients of x, its weights and the bias.
  Status finish() const {
    write_rows(dh(), ld_, s_, static_cast<T*>(q_.dh0));
    const int64_t n = s_.rows(), width = s_.width();
    const T* d = deltas_.get();
    if (!p_.kernel) {
      T* dx = static_cast<T*>(q_.dx);
      for (int64_t i = 0; i < n * width; ++i) dx[i] = d[i];
      return sum_columns(d, n, width, static_cast<T*>(q_.dbias));
    }
    Status status = weight_grad(static_cast<const T*>(p_.x), s_.inputs, d, width, n,
                                static_cast<T*>(q_.dkernel));
    if (status == Status::kOk) status = sum_columns(d, n, width, static_cast<T*>(q_.dbias));
    if (status != Status::kOk) return status;
    return product<T>(d, width, 1, static_cast<const T*>(p_.kernel), 1, width, nullptr,
                      static_cast<T*>(q_.dx), n, s_.inputs, width);
  }

  const RecurrentGradParams& q_;
  const RecurrentParams& p_;
  const Shape<T> s_;
  const Steps steps_;
  const int64_t panels_, ld_;
  Scratch<T> deltas_;  // of every step, at the places of x
  Scratch<T> states_;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
