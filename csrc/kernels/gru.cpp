// GRU over a whole sequence (Cho et al., 2014), gates z r h in Keras's order. The reset gate comes
// after the product of h with its weights (one product a step, as cuDNN wants it) or before it
// (two: the candidate's waits for r h of all units). See recurrent.h.
#include "kernels/recurrent_backward.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T, class Functions>
class GruForward : RecurrentForward<T> {
 public:
  GruForward(const RecurrentParams& p, Functions f)
      : Base(p, 3),
        f_(f),
        panels_(p.reset_after ? 0 : ceil_div(s_.blocks, kVectors)),
        weights_(s_.units, s_.blocks, p.reset_after ? 3 : 2),
        candidate_(s_.units, panels_, kVectors) {}

  Status run() {
    if (!weights_ || !candidate_ || !Base::has_memory()) return Status::kOutOfMemory;
    const Status status = Base::project();
    if (status != Status::kOk) return status;
    weights_.pack_gates(Base::recurrent_kernel(), s_.width(), s_.units);
    if (!p_.reset_after) {
      candidate_.pack_columns(Base::recurrent_kernel() + 2 * s_.units, s_.width(), s_.units);
    }
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) {
      for (int64_t step = 0; step < s_.time; ++step) {
        if (p_.reset_after) {
          step_after(b0, b1, step);
        } else {
          step_before(b0, b1, step);
        }
      }
    });
    write_rows(Base::h(s_.time), s_.ld, s_, static_cast<T*>(p_.h));
    return Status::kOk;
  }

 private:
  using Base = RecurrentForward<T>;
  using Base::L;
  using Base::p_;
  using Base::s_;
  static constexpr int kVectors = kMaxNV;

  // f(first row, rows, block) after the product of every tile of rows of `from`, into z.
  template <class F>
  MINIDL_INLINE void tiles(int64_t b0, int64_t b1, const T* from, int64_t gate_stride,
                           int64_t panels, const PackedPanels<T>& weights, T* z, F f) {
    const Split rows(b1 - b0, panel_rows(weights.vectors()));
    for (int64_t j = 0; j < panels; ++j) {
      for (int64_t i = 0; i < rows.parts; ++i) {
        const int64_t row = b0 + rows.begin(i);
        const int mr = static_cast<int>(rows.length(i));
        tile_product(from + row * s_.ld, s_.ld, mr, weights.panel(j), s_.units, weights.vectors(),
                     z, weights.width(), false, gate_stride);
        f(row, mr, j);
      }
    }
  }

  void step_after(int64_t b0, int64_t b1, int64_t step) {
    T z[kMaxMR * 3 * L];
    const T* from = Base::prepare(b0, b1, step, true);
    tiles(b0, b1, from, Base::gate_stride(), s_.blocks, weights_, z,
          [&](int64_t row, int mr, int64_t j) {
            for (int m = 0; m < mr; ++m) cell_after(row + m, step, j, z + m * 3 * L);
          });
  }

  void step_before(int64_t b0, int64_t b1, int64_t step) {
    T z[kMaxMR * kMaxNV * L];
    const T* from = Base::prepare(b0, b1, step, true);
    const T* third = from + 2 * Base::gate_stride();  // what the candidate takes for h
    T* reset = Base::c();                             // r h
    tiles(b0, b1, from, Base::gate_stride(), s_.blocks, weights_, z,
          [&](int64_t row, int mr, int64_t j) {
            for (int m = 0; m < mr; ++m) {
              const int lanes = s_.lanes(j);
              const int64_t at = Base::at(row + m, step), unit = j * L;
              T* x = Base::gates() + at * s_.width() + unit;
              const T* products = z + m * 2 * L;
              const vec<T> update = f_.open(load(products) + load_lanes(x, lanes));
              const vec<T> r = f_.open(load(products + L) + load_lanes(x + s_.units, lanes));
              const vec<T> rh = r * load(third + (row + m) * s_.ld + unit);
              store_lanes<T>(x, update, lanes);
              store_lanes<T>(x + s_.units, r, lanes);
              store<T>(reset + (row + m) * s_.ld + unit, rh);
              if (p_.keep) {
                store_lanes<T>(static_cast<T*>(p_.cells) + at * s_.units + unit, rh, lanes);
              }
            }
          });
    tiles(b0, b1, reset, 0, panels_, candidate_, z, [&](int64_t row, int mr, int64_t j) {
      const int64_t end = min_of<int64_t>(s_.blocks, (j + 1) * kVectors);
      for (int m = 0; m < mr; ++m) {
        const T* products = z + m * candidate_.width();
        for (int64_t block = j * kVectors; block < end; ++block, products += L) {
          const int lanes = s_.lanes(block);
          T* x = Base::gates() + Base::at(row + m, step) * s_.width() + block * L;
          const vec<T> g = f_.activate(load(products) + load_lanes(x + 2 * s_.units, lanes));
          finish(row + m, step, block * L, lanes, x, load_lanes(x, lanes), g);
        }
      }
    });
  }

  MINIDL_INLINE void cell_after(int64_t row, int64_t step, int64_t j, const T* z) {
    const int lanes = s_.lanes(j);
    const int64_t at = Base::at(row, step), unit = j * L;
    T* x = Base::gates() + at * s_.width() + unit;
    vec<T> h[3] = {load(z), load(z + L), load(z + 2 * L)};
    if (p_.recurrent_bias) {
      const T* bias = static_cast<const T*>(p_.recurrent_bias) + unit;
      for (int g = 0; g < 3; ++g) h[g] += load_lanes(bias + g * s_.units, lanes);
    }
    const vec<T> update = f_.open(h[0] + load_lanes(x, lanes));
    const vec<T> r = f_.open(h[1] + load_lanes(x + s_.units, lanes));
    const vec<T> g = f_.activate(r * h[2] + load_lanes(x + 2 * s_.units, lanes));
    if (p_.keep) {
      store_lanes<T>(x, update, lanes);
      store_lanes<T>(x + s_.units, r, lanes);
      store_lanes<T>(static_cast<T*>(p_.cells) + at * s_.units + unit, h[2], lanes);
    }
    finish(row, step, unit, lanes, x, update, g);
  }

  // h moves towards the candidate g as far as the update gate lets it.
  MINIDL_INLINE void finish(int64_t row, int64_t step, int64_t unit, int lanes, T* x, vec<T> update,
                            vec<T> g) {
    const vec<T> before = load(Base::h(step) + row * s_.ld + unit);
    Base::finish(row, step, unit, lanes, update * before + (T(1) - update) * g);
    if (p_.keep) store_lanes<T>(x + 2 * s_.units, g, lanes);
  }

  const Functions f_;
  const int64_t panels_;
  PackedPanels<T> weights_, candidate_;
};

template <class T, class Functions>
class GruBackward : RecurrentBackward<T> {
 public:
  GruBackward(const RecurrentGradParams& q, Functions f)
      : Base(q, 3),
        f_(f),
        after_(q.forward.reset_after),
        weights_((after_ ? 3 : 2) * s_.units, Base::panels_, Base::kPanelVectors),
        candidate_(after_ ? 0 : s_.units, Base::panels_, Base::kPanelVectors),
        inner_(after_ ? s_.rows() * s_.width() + 1 : 1) {}

  Status run() {
    if (!weights_ || !candidate_ || !inner_ || !Base::has_memory()) return Status::kOutOfMemory;
    const T* recurrent = static_cast<const T*>(p_.recurrent_kernel);
    weights_.pack_transposed(recurrent, s_.width(), s_.units);
    if (!after_) candidate_.pack_transposed(recurrent + 2 * s_.units, s_.width(), s_.units);
    Base::begin();
    parallel_rows(s_.batch, [this](int64_t b0, int64_t b1) {
      for (int64_t step = s_.time - 1; step >= 0; --step) {
        if (after_) {
          step_after(b0, b1, step);
        } else {
          step_before(b0, b1, step);
        }
      }
    });
    const Status status = recurrent_grads();
    return status == Status::kOk ? Base::finish() : status;
  }

 private:
  using Base = RecurrentBackward<T>;
  using Base::L;
  using Base::p_;
  using Base::q_;
  using Base::s_;

  struct Gates {
    vec<T> update, r, g;
  };
  MINIDL_INLINE Gates gates_of(int64_t at, int64_t unit, int lanes) const {
    const T* x = static_cast<const T*>(p_.gates) + at * s_.width() + unit;
    return {load_lanes(x, lanes), load_lanes(x + s_.units, lanes),
            load_lanes(x + 2 * s_.units, lanes)};
  }
  MINIDL_INLINE void put(T* row, int64_t unit, int gate, vec<T> v, int lanes) const {
    store_lanes<T>(row + gate * s_.units + unit, v, lanes);
  }
  MINIDL_INLINE vec<T> dropout_of(int64_t row, int64_t unit, int lanes) const {
    if (!p_.dropout_mask) return broadcast(T(1));
    return Base::gate_mask(p_.gate_masks ? 2 : 0, row, unit, lanes);
  }

  void step_after(int64_t b0, int64_t b1, int64_t step) {
    for (int64_t row = b0; row < b1; ++row) {
      const int64_t at = Base::at(row, step);
      T* out = Base::deltas_.get() + at * s_.width();
      T* inner = inner_.get() + at * s_.width();
      T* tile = Base::delta() + row * s_.width();
      const bool live = Base::steps_.live(row, step);
      for (int64_t j = 0; j < s_.blocks; ++j) {
        const int lanes = s_.lanes(j);
        const int64_t unit = j * L;
        vec<T> d = Base::dh_of(row, step, unit, lanes), du{}, dr{}, dg{}, di{};
        if (live) {
          const Gates x = gates_of(at, unit, lanes);
          const vec<T> before = Base::kept(p_.previous, row, step, unit, lanes);
          du = f_.open_grad(d * (before - x.g), x.update);
          dg = f_.activate_grad(d * (T(1) - x.update), x.g);
          dr = f_.open_grad(dg * Base::kept(p_.cells, row, step, unit, lanes), x.r);
          di = dg * x.r;
          d *= x.update;
        }
        Base::pass_by(row, unit, d);
        put(out, unit, 0, du, lanes);
        put(out, unit, 1, dr, lanes);
        put(out, unit, 2, dg, lanes);
        T* const both[2] = {inner, tile};
        for (T* to : both) {
          put(to, unit, 0, du, lanes);
          put(to, unit, 1, dr, lanes);
          put(to, unit, 2, di, lanes);
        }
      }
    }
    Base::carry(b0, b1, 3, weights_);
  }

  void step_before(int64_t b0, int64_t b1, int64_t step) {
    for (int64_t row = b0; row < b1; ++row) {
      const int64_t at = Base::at(row, step);
      T* out = Base::deltas_.get() + at * s_.width();
      T* tile = Base::delta() + row * s_.width();
      const bool live = Base::steps_.live(row, step);
      for (int64_t j = 0; j < s_.blocks; ++j) {
        const int lanes = s_.lanes(j);
        const int64_t unit = j * L;
        vec<T> d = Base::dh_of(row, step, unit, lanes), du{}, dg{};
        if (live) {
          const Gates x = gates_of(at, unit, lanes);
          const vec<T> before = Base::kept(p_.previous, row, step, unit, lanes);
          du = f_.open_grad(d * (before - x.g), x.update);
          dg = f_.activate_grad(d * (T(1) - x.update), x.g);
          d *= x.update;
        }
        Base::pass_by(row, unit, d);
        T* const both[2] = {out, tile};
        for (T* to : both) {
          put(to, unit, 0, du, lanes);
          put(to, unit, 2, dg, lanes);
        }
      }
    }
    // The gradient of r h, then of r and of the h in it.
    Base::multiply(b0, b1, 2 * s_.units, candidate_, Base::dc(), false);
    for (int64_t row = b0; row < b1; ++row) {
      const int64_t at = Base::at(row, step);
      const bool live = Base::steps_.live(row, step);
      for (int64_t j = 0; j < s_.blocks; ++j) {
        const int lanes = s_.lanes(j);
        const int64_t unit = j * L;
        vec<T> dr{};
        if (live) {
          const vec<T> r = gates_of(at, unit, lanes).r,
                       d = load(Base::dc() + row * Base::ld_ + unit);
          const vec<T> before = Base::kept(p_.previous, row, step, unit, lanes);
          const vec<T> mask = dropout_of(row, unit, lanes);
          dr = f_.open_grad(d * before * mask, r);
          T* dh = Base::dh() + row * Base::ld_ + unit;
          store<T>(dh, load(dh) + (p_.gate_masks ? d * r * mask : d * r));
        }
        put(Base::deltas_.get() + at * s_.width(), unit, 1, dr, lanes);
        put(Base::delta() + row * s_.width(), unit, 1, dr, lanes);
      }
    }
    Base::carry(b0, b1, 2, weights_);
  }

  // h before each step as the products took it.
  Status recurrent_grads() const {
    const int64_t n = s_.rows(), units = s_.units, width = s_.width();
    const bool one_mask = p_.dropout_mask && !p_.gate_masks;
    Scratch<T> dropped(one_mask ? n * units : 1);
    if (!dropped) return Status::kOutOfMemory;
    const T* h = static_cast<const T*>(p_.previous);
    if (one_mask) {
      const T* drop = static_cast<const T*>(p_.dropout_mask);
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < units; ++j) {
          dropped.get()[i * units + j] = h[i * units + j] * drop[i / s_.time * units + j];
        }
      }
      h = dropped.get();
    }
    T* out = static_cast<T*>(q_.drecurrent_kernel);
    if (after_) {
      const Status status = p_.gate_masks ? Base::gate_weight_grads(3, inner_.get())
                                          : weight_grad(h, units, inner_.get(), width, n, out);
      if (status != Status::kOk || !q_.drecurrent_bias) return status;
      return sum_columns(inner_.get(), n, width, static_cast<T*>(q_.drecurrent_bias));
    }
    // Two of the three gates have h as their factor, the candidate has r h.
    Scratch<T> two(units * 2 * units), one(units * units);
    if (!two || !one) return Status::kOutOfMemory;
    const T* d = Base::deltas_.get();
    Status status = p_.gate_masks ? Base::gate_weight_grads(2, d)
                                  : product<T>(h, 1, units, d, width, 1, nullptr, two.get(), units,
                                               2 * units, n);
    if (status == Status::kOk) {
      status = product<T>(static_cast<const T*>(p_.cells), 1, units, d + 2 * units, width, 1,
                          nullptr, one.get(), units, units, n);
    }
    for (int64_t i = 0; i < units && status == Status::kOk; ++i) {
      for (int64_t j = 0; j < 2 * units && !p_.gate_masks; ++j) {
        out[i * width + j] = two.get()[i * 2 * units + j];
      }
      for (int64_t j = 0; j < units; ++j) {
        out[i * width + 2 * units + j] = one.get()[i * units + j];
      }
    }
    return status;
  }

  const Functions f_;
  const bool after_;
  PackedPanels<T> weights_, candidate_;
  Scratch<T>
      inner_;  // gradients of the products of h, where they are not those of the products of x
};

template <class T>
Status forward(const RecurrentParams& p) {
  return with_functions<T>(p, [&](auto f) { return GruForward<T, decltype(f)>(p, f).run(); });
}

template <class T>
Status backward(const RecurrentGradParams& q) {
  return with_functions<T>(q.forward,
                           [&](auto f) { return GruBackward<T, decltype(f)>(q, f).run(); });
}

}  // namespace

MINIDL_EXPORT(gru, RecurrentParams, forward)
MINIDL_EXPORT(gru_grad, RecurrentGradParams, backward)

}  // namespace MINIDL_ISA
}  // namespace minidl
