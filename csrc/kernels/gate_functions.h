// The activations of recurrent kernels, on vectors: the function, and its slope from its own result
// (which is all that the backward pass keeps). tanh and sigmoid, nearly everybody's choice, are
// picked at compile time; the others at run time.
#pragma once

#include "kernels/common.h"
#include "kernels/math.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr double kSeluScale = 1.05070098735548049342;
constexpr double kSeluAlpha = 1.67326324235437728482;
constexpr double kLeakySlope = 0.2;  // Keras's

template <class T>
MINIDL_INLINE vec<T> gate_tanh(vec<T> x) {
  return vtanh<T>(x);
}
template <class T>
MINIDL_INLINE vec<T> gate_sigmoid(vec<T> x) {
  return vsigmoid<T>(x);
}

template <class T>
__attribute__((noinline)) vec<T> other_gate(GateAct act, vec<T> x) {
  const vec<T> zero{}, one = broadcast(T(1));
  switch (act) {
    case GateAct::kTanh:
      return gate_tanh<T>(x);
    case GateAct::kSigmoid:
      return gate_sigmoid<T>(x);
    case GateAct::kRelu:
      return at_least<T>(x, T(0));
    case GateAct::kRelu6:
      return at_most<T>(at_least<T>(x, T(0)), T(6));
    case GateAct::kLeakyRelu:
      return x < zero ? x * static_cast<T>(kLeakySlope) : x;
    case GateAct::kHardSigmoid:
      return at_most<T>(at_least<T>(x * static_cast<T>(1.0 / 6.0) + T(0.5), T(0)), T(1));
    case GateAct::kHardTanh:
      return at_most<T>(at_least<T>(x, T(-1)), T(1));
    case GateAct::kElu:
      return x > zero ? x : vexpm1<T>(at_most<T>(x, T(0)));
    case GateAct::kSelu: {
      const vec<T> low = vexpm1<T>(at_most<T>(x, T(0))) * static_cast<T>(kSeluAlpha);
      return (x > zero ? x : low) * static_cast<T>(kSeluScale);
    }
    case GateAct::kSoftplus:
      return at_least<T>(x, T(0)) + vlog1p<T>(exp_nonpositive(-vabs<T>(x)));
    case GateAct::kSoftsign:
      return x / (one + vabs<T>(x));
    case GateAct::kExponential:
      return vexp<T>(x);
    default:
      return x;
  }
}

template <class T>
__attribute__((noinline)) vec<T> other_slope(GateAct act, vec<T> y) {
  const vec<T> zero{}, one = broadcast(T(1));
  switch (act) {
    case GateAct::kTanh:
      return one - y * y;
    case GateAct::kSigmoid:
      return y * (one - y);
    case GateAct::kRelu:
      return y > zero ? one : zero;
    case GateAct::kRelu6:
      return (y > zero) & (y < broadcast(T(6))) ? one : zero;
    case GateAct::kLeakyRelu:
      return y > zero ? one : broadcast(static_cast<T>(kLeakySlope));
    case GateAct::kHardSigmoid:
      return (y > zero) & (y < one) ? broadcast(static_cast<T>(1.0 / 6.0)) : zero;
    case GateAct::kHardTanh:
      return (y > -one) & (y < one) ? one : zero;
    case GateAct::kElu:
      return y > zero ? one : y + one;
    case GateAct::kSelu: {
      const vec<T> scale = broadcast(static_cast<T>(kSeluScale));
      return y > zero ? scale : y + static_cast<T>(kSeluScale * kSeluAlpha);
    }
    case GateAct::kSoftplus:
      return -vexpm1<T>(-y);
    case GateAct::kSoftsign: {
      const vec<T> rest = one - vabs<T>(y);
      return rest * rest;
    }
    case GateAct::kExponential:
      return y;
    default:
      return one;
  }
}

// e^-x between the ends where products of two such terms are still numbers.
MINIDL_INLINE vec<float> gate_exp(vec<float> x, float end) {
  return exp_inside<float>(at_most<float>(at_least<float>(-x, -end), end));
}

// The float32 gates of an LSTM, to within 1e-7 of their values rather than to the last bit: two
// divisions for four gates, and no branches between them.
MINIDL_INLINE void usual_gates(vec<float>& i, vec<float>& f, vec<float>& g, vec<float>& o) {
  const vec<float> ei = 1.0f + gate_exp(i, 40), ef = 1.0f + gate_exp(f, 40);
  const vec<float> eg = gate_exp(g + g, 40), eo = 1.0f + gate_exp(o, 40);
  const vec<float> above = 1.0f + eg;
  const vec<float> ig = 1.0f / (ei * above), fo = 1.0f / (ef * eo);
  i = above * ig;
  g = (1.0f - eg) * (ei * ig);
  f = eo * fo;
  o = ef * fo;
}

MINIDL_INLINE vec<float> usual_tanh(vec<float> x) {
  const vec<float> e = gate_exp(x + x, 40), y = (1.0f - e) / (1.0f + e);
  return x != x ? x : y;
}

// The activation of the cell and that of its gates. kUsual: tanh and sigmoid, whatever the fields
// say.
template <class T, bool kUsual>
struct GateFunctions {
  GateAct cell, gate;

  MINIDL_INLINE vec<T> activate(vec<T> x) const {
    return kUsual ? gate_tanh<T>(x) : other_gate<T>(cell, x);
  }
  MINIDL_INLINE vec<T> open(vec<T> x) const {
    return kUsual ? gate_sigmoid<T>(x) : other_gate<T>(gate, x);
  }
  // The four gates of an LSTM in place: input, forget, candidate, output.
  MINIDL_INLINE void lstm_gates(vec<T>& i, vec<T>& f, vec<T>& g, vec<T>& o) const {
    if constexpr (kUsual && sizeof(T) == 4) {
      const vec<T> sum = (i + f) + (g + o);
      if (__builtin_expect(!any(sum != sum), 1)) {  // NaN takes the careful functions
        usual_gates(i, f, g, o);
        return;
      }
    }
    i = open(i);
    f = open(f);
    g = activate(g);
    o = open(o);
  }
  MINIDL_INLINE vec<T> squash(vec<T> c) const {
    if constexpr (kUsual && sizeof(T) == 4) {
      return usual_tanh(c);
    } else {
      return activate(c);
    }
  }
  // The gradient of what went in, from that of the result y.
  MINIDL_INLINE vec<T> activate_grad(vec<T> dy, vec<T> y) const {
    return dy * (kUsual ? T(1) - y * y : other_slope<T>(cell, y));
  }
  MINIDL_INLINE vec<T> open_grad(vec<T> dy, vec<T> y) const {
    return dy * (kUsual ? y * (T(1) - y) : other_slope<T>(gate, y));
  }
};

// Calls f with the GateFunctions that fit.
template <class T, class F>
Status with_functions(const RecurrentParams& p, F f) {
  if (p.activation == GateAct::kTanh && p.recurrent_activation == GateAct::kSigmoid) {
    return f(GateFunctions<T, true>{p.activation, p.recurrent_activation});
  }
  return f(GateFunctions<T, false>{p.activation, p.recurrent_activation});
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
