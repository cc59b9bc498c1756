// What the recurrent kernels share. x is projected by one product over all steps; then rows of the
// batch go through the steps in chunks, each on its own: no row needs another one, so there is
// nothing to wait for between steps, and how rows are cut changes no sum. Within a step the packed
// recurrent weights come panel by panel (the same units of every gate side by side); a tile of rows
// meets a panel in brgemm, and the cell is computed from that tile while it is in L1.
// States live in rows of their own, padded to whole vectors: rows of the arrays lie a whole
// sequence apart, often on the same cache sets.
#pragma once

#include "kernels/gate_functions.h"
#include "kernels/recurrent_panels.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

MINIDL_INLINE Status matmul_of(const MatmulParams& p, float) {
  return matmul_float32(p);
}
MINIDL_INLINE Status matmul_of(const MatmulParams& p, double) {
  return matmul_float64(p);
}
MINIDL_INLINE Status sum_of(const ReduceParams& p, float) {
  return sum_float32(p);
}
MINIDL_INLINE Status sum_of(const ReduceParams& p, double) {
  return sum_float64(p);
}

// c [m, n] = a [m, k] b [k, n] + bias, by the strides of a and b.
template <class T>
Status product(const T* a, int64_t a_rs, int64_t a_cs, const T* b, int64_t b_rs, int64_t b_cs,
               const T* bias, T* c, int64_t m, int64_t n, int64_t k) {
  if (m == 0 || n == 0) return Status::kOk;
  const MatmulParams p{a,    b,    bias, c,    1,       m,       n,           k,
                       a_rs, a_cs, b_rs, b_cs, nullptr, nullptr, Act::kLinear};
  return matmul_of(p, T());
}

// y [n] = the sums of the columns of x [rows, n].
template <class T>
Status sum_columns(const T* x, int64_t rows, int64_t n, T* y) {
  if (rows == 0) {
    for (int64_t j = 0; j < n; ++j) y[j] = T(0);
    return Status::kOk;
  }
  ReduceParams p{};
  p.x = x;
  p.y = y;
  p.ndim = 2;
  p.shape[0] = rows;
  p.shape[1] = n;
  p.reduced[0] = true;
  return sum_of(p, T());
}

// The weight gradient of a product a b: out [m, n] = a^T [m, rows] d [rows, n].
template <class T>
Status weight_grad(const T* a, int64_t m, const T* d, int64_t n, int64_t rows, T* out) {
  return product<T>(a, 1, m, d, n, 1, nullptr, out, m, n, rows);
}

// The sizes every recurrent kernel works with.
template <class T>
struct Shape {
  int64_t batch, time, inputs, units, gates;
  int64_t blocks, ld;  // blocks of a vector of units; padded length of a row of states

  Shape(const RecurrentParams& p, int64_t g)
      : batch(p.batch), time(p.time), inputs(p.inputs), units(p.units), gates(g) {
    blocks = ceil_div(units, kLanes<T>);
    ld = blocks * kLanes<T>;
  }
  int64_t width() const { return gates * units; }
  int64_t rows() const { return batch * time; }
  int lanes(int64_t block) const {
    return static_cast<int>(min_of<int64_t>(kLanes<T>, units - block * kLanes<T>));
  }
};

// Which place of x a step reads, which rows take part in it, and which have something to show.
class Steps {
 public:
  explicit Steps(const RecurrentParams& p)
      : mask_(p.mask),
        time_(p.time),
        backwards_(p.go_backwards),
        zero_output_(p.zero_output),
        first_(p.mask ? p.batch : 1) {
    for (int64_t b = 0; mask_ && first_ && b < p.batch; ++b) {
      int64_t s = 0;
      while (s < time_ && !live(b, s)) ++s;
      first_.get()[b] = s;
    }
  }
  explicit operator bool() const { return static_cast<bool>(first_); }

  int64_t place(int64_t step) const { return backwards_ ? time_ - 1 - step : step; }
  bool live(int64_t row, int64_t step) const {
    return !mask_ || mask_[row * time_ + place(step)] != 0;
  }
  // Whether y is h: where a row takes part, and then until it does again, unless zeros are wanted.
  // Before the first time y is 0, whatever h is.
  bool shown(int64_t row, int64_t step) const {
    return live(row, step) || (!zero_output_ && first_.get()[row] < step);
  }

 private:
  const uint8_t* mask_;
  int64_t time_;
  bool backwards_, zero_output_;
  Scratch<int64_t> first_;
};

// Rows in chunks, one for each thread: f(first row, last row). A chunk runs through all its steps.
template <class F>
void parallel_rows(int64_t rows, F&& f) {
  const int64_t chunks = max_of<int64_t>(1, min_of<int64_t>(num_threads(), rows / 4));
  parallel(rows, ceil_div(rows, chunks), f);
}

// Rows [batch, units] into rows of `ld`; zeros where `from` is null.
template <class T>
void read_rows(const T* from, const Shape<T>& s, T* to, int64_t ld) {
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t j = 0; j < ld; ++j) {
      to[b * ld + j] = from && j < s.units ? from[b * s.units + j] : T(0);
    }
  }
}
template <class T>
void write_rows(const T* from, int64_t ld, const Shape<T>& s, T* to) {
  for (int64_t b = 0; b < s.batch; ++b) {
    for (int64_t j = 0; j < s.units; ++j) to[b * s.units + j] = from[b * ld + j];
  }
}

// What forward passes share: the projection of x, and the rows of states.
template <class T>
class RecurrentForward {
 protected:
  static constexpr int L = kLanes<T>;

  RecurrentForward(const RecurrentParams& p, int64_t gates)
      : p_(p),
        s_(p, gates),
        steps_(p),
        states_(s_.batch * s_.ld * (3 + (p.gate_masks ? gates : 1))) {}

  bool has_memory() const { return states_ && steps_; }

  Status project() {
    read_rows(static_cast<const T*>(p_.h0), s_, h(0), s_.ld);
    read_rows(static_cast<const T*>(p_.c0), s_, c(), s_.ld);
    if (!p_.kernel) return copy_projected();
    return product(static_cast<const T*>(p_.x), s_.inputs, int64_t{1},
                   static_cast<const T*>(p_.kernel), s_.width(), int64_t{1},
                   static_cast<const T*>(p_.bias), gates(), s_.rows(), s_.width(), s_.inputs);
  }

  const T* recurrent_kernel() const { return static_cast<const T*>(p_.recurrent_kernel); }
  T* gates() const { return static_cast<T*>(p_.gates); }
  // h before a step; two take turns.
  T* h(int64_t step) const { return states_.get() + step % 2 * s_.batch * s_.ld; }
  T* c() const { return states_.get() + 2 * s_.batch * s_.ld; }
  // h times its dropout mask, or times that of each gate, one after the other.
  T* dropped() const { return states_.get() + 3 * s_.batch * s_.ld; }
  int64_t gate_stride() const { return p_.gate_masks ? s_.batch * s_.ld : 0; }

  // Where the arrays of the sequence hold this row and step.
  int64_t at(int64_t row, int64_t step) const { return row * s_.time + steps_.place(step); }

  // What the product takes for h: dropped out. Keeps it (or h, for the GRU, which needs both) for
  // the backward pass.
  const T* prepare(int64_t b0, int64_t b1, int64_t step, bool keep_h = false) {
    const T* from = h(step);
    const T* drop = static_cast<const T*>(p_.dropout_mask);
    if (!drop && !p_.keep) return from;
    T* kept = static_cast<T*>(p_.previous);
    const int64_t masks = !drop ? 0 : p_.gate_masks ? s_.gates : 1;
    for (int64_t b = b0; b < b1; ++b) {
      for (int64_t j = 0; j < s_.blocks; ++j) {
        const vec<T> state = load(from + b * s_.ld + j * L);
        vec<T> v = state;
        for (int64_t g = 0; g < masks; ++g) {
          v = state * load_lanes(drop + (g * s_.batch + b) * s_.units + j * L, s_.lanes(j));
          store<T>(dropped() + (g * s_.batch + b) * s_.ld + j * L, v);
        }
        if (p_.keep) {
          const bool plain = keep_h || p_.gate_masks;
          store_lanes<T>(kept + at(b, step) * s_.units + j * L, plain ? state : v, s_.lanes(j));
        }
      }
    }
    return drop ? dropped() : from;
  }

  // Asks for the projected x of a tile, which is in no near cache, before its product begins.
  MINIDL_INLINE void prefetch(int64_t row, int mr, int64_t step, int64_t unit) const {
    for (int m = 0; m < mr; ++m) {
      const T* x = gates() + at(row + m, step) * s_.width() + unit;
      for (int64_t g = 0; g < s_.gates; ++g) __builtin_prefetch(x + g * s_.units, 1);
    }
  }

  // The new h of a block of units of one row, and the output of the step; a row that takes no part
  // keeps its state. False then.
  MINIDL_INLINE bool finish(int64_t row, int64_t step, int64_t unit, int lanes, vec<T> next) {
    vec<T> out = next;
    const bool live = steps_.live(row, step);
    if (!live) {
      next = load(h(step) + row * s_.ld + unit);
      out = steps_.shown(row, step) ? next : vec<T>{};
    }
    store<T>(h(step + 1) + row * s_.ld + unit, next);
    store_lanes<T>(static_cast<T*>(p_.y) + (row * s_.time + step) * s_.units + unit, out, lanes);
    return live;
  }

  const RecurrentParams& p_;
  const Shape<T> s_;
  const Steps steps_;
  Scratch<T> states_;

 private:
  // x holds what the product with the kernel would give.
  Status copy_projected() {
    const T* x = static_cast<const T*>(p_.x);
    const T* bias = static_cast<const T*>(p_.bias);
    parallel(s_.rows(), ceil_div(kStreamGrain, s_.width()), [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        for (int64_t j = 0; j < s_.width(); ++j) {
          gates()[i * s_.width() + j] = x[i * s_.width() + j] + (bias ? bias[j] : T(0));
        }
      }
    });
    return Status::kOk;
  }
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
