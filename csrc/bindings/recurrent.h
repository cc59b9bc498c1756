// What the bindings of lstm, gru and rnn share: reading the arguments of a sequence, and the arrays
// that the forward pass keeps for the backward pass.
#pragma once

#include <string>

#include "bindings/arrays.h"

namespace minidl {

inline GateAct read_gate_activation(const std::string& name, const char* argument) {
  static const std::pair<const char*, GateAct> kNames[] = {
      {"linear", GateAct::kLinear},
      {"tanh", GateAct::kTanh},
      {"sigmoid", GateAct::kSigmoid},
      {"relu", GateAct::kRelu},
      {"relu6", GateAct::kRelu6},
      {"leaky_relu", GateAct::kLeakyRelu},
      {"hard_sigmoid", GateAct::kHardSigmoid},
      {"hard_tanh", GateAct::kHardTanh},
      {"elu", GateAct::kElu},
      {"selu", GateAct::kSelu},
      {"softplus", GateAct::kSoftplus},
      {"softsign", GateAct::kSoftsign},
      {"exponential", GateAct::kExponential},
  };
  std::string all;
  for (const auto& [known, act] : kNames) {
    if (name == known) return act;
    all += (all.empty() ? "'" : ", '") + std::string(known) + "'";
  }
  throw py::value_error(std::string(argument) + " is '" + name + "'; expected one of " + all);
}

inline void expect_shape(const Array& a, const char* name, std::initializer_list<int64_t> shape) {
  bool same = a.ndim() == static_cast<int>(shape.size());
  std::string wanted;
  int d = 0;
  for (int64_t n : shape) {
    same = same && a.dim(d++) == n;
    wanted += (wanted.empty() ? "" : ", ") + std::to_string(n);
  }
  if (same) return;
  throw py::value_error(std::string(name) + " has shape " + shape_string(a) + "; expected (" +
                        wanted + (shape.size() == 1 ? ",)" : ")"));
}

inline void* pointer_or_null(const Array& a) {
  return a.object() ? a.data() : nullptr;
}

inline py::object object_or_none(const Array& a) {
  return a.object() ? a.object() : py::none();
}

// The arguments of a sequence, checked; they live as long as this does.
class Recurrent {
 public:
  RecurrentParams p{};

  Recurrent(py::handle x, py::handle kernel, py::handle recurrent_kernel, int64_t gates)
      : gates_(gates),
        x_(input(x, "x")),
        kernel_(kernel.is_none() ? Array() : input(kernel, "kernel")),
        recurrent_(input(recurrent_kernel, "recurrent_kernel")) {
    expect_ndim(x_, "x", 3, "(batch, time, features)");
    expect_ndim(recurrent_, "recurrent_kernel", 2, "(units, gates * units)");
    p.batch = x_.dim(0);
    p.time = x_.dim(1);
    p.inputs = x_.dim(2);
    p.units = recurrent_.dim(0);
    if (p.units < 1) throw py::value_error("recurrent_kernel has no units");
    same_dtype(recurrent_, "recurrent_kernel", x_, "x");
    expect_shape(recurrent_, "recurrent_kernel", {p.units, width()});
    if (kernel.is_none()) {
      expect_shape(x_, "x", {p.batch, p.time, width()});
    } else {
      same_dtype(kernel_, "kernel", x_, "x");
      expect_shape(kernel_, "kernel", {p.inputs, width()});
    }
    p.x = x_.data();
    p.kernel = pointer_or_null(kernel_);
    p.recurrent_kernel = recurrent_.data();
  }

  int64_t width() const { return gates_ * p.units; }
  DType dtype() const { return x_.dtype(); }
  int64_t size() const { return p.batch * p.time; }

  // An optional argument of that shape; kept here.
  const void* optional(py::handle a, const char* name, std::initializer_list<int64_t> shape) {
    if (a.is_none()) return nullptr;
    Array& array = held_[count_++];
    array = input(a, name);
    same_dtype(array, name, x_, "x");
    expect_shape(array, name, shape);
    return array.data();
  }
  const void* state(py::handle a, const char* name) {
    return optional(a, name, {p.batch, p.units});
  }

  // What the forward pass kept: never absent, never written to.
  void* kept(py::handle a, const char* name, int64_t width) {
    if (a.is_none()) throw py::type_error(std::string(name) + " is None; expected an array");
    return const_cast<void*>(optional(a, name, {p.batch, p.time, width}));
  }

  void read_mask(py::handle mask, py::handle dropout_mask) {
    p.gate_masks = gates_ > 1 && PyArray_Check(dropout_mask.ptr()) &&
                   PyArray_NDIM(reinterpret_cast<PyArrayObject*>(dropout_mask.ptr())) == 3;
    p.dropout_mask = p.gate_masks
                         ? optional(dropout_mask, "dropout_mask", {gates_, p.batch, p.units})
                         : state(dropout_mask, "dropout_mask");
    if (mask.is_none()) return;
    if (!PyArray_Check(mask.ptr()) ||
        PyArray_TYPE(reinterpret_cast<PyArrayObject*>(mask.ptr())) != NPY_BOOL) {
      throw py::type_error("mask is " + std::string(py::repr(mask)) +
                           "; expected a numpy.ndarray of bool");
    }
    PyObject* copy = PyArray_FromArray(reinterpret_cast<PyArrayObject*>(mask.ptr()),
                                       PyArray_DescrFromType(NPY_BOOL), NPY_ARRAY_CARRAY_RO);
    if (!copy) throw py::error_already_set();
    mask_ = Array(py::reinterpret_steal<py::object>(copy), DType::kFloat32);
    expect_shape(mask_, "mask", {p.batch, p.time});
    p.mask = static_cast<const uint8_t*>(mask_.data());
  }

  void read_options(const std::string& activation, const std::string& recurrent_activation,
                    bool go_backwards, bool zero_output) {
    p.activation = read_gate_activation(activation, "activation");
    p.recurrent_activation = read_gate_activation(recurrent_activation, "recurrent_activation");
    p.go_backwards = go_backwards;
    p.zero_output = zero_output;
  }

  Array sequence(int64_t width) const { return output(dtype(), {p.batch, p.time, width}); }
  Array row() const { return output(dtype(), {p.batch, p.units}); }

  // About the operations of a pass.
  int64_t work() const { return size() * width() * (p.inputs + p.units); }

 private:
  int64_t gates_;
  Array x_, kernel_, recurrent_, mask_;
  Array held_[16];
  int count_ = 0;
};

// The gradients that every family has.
struct RecurrentGradients {
  Array dx, dkernel, drecurrent, dbias, dh;

  RecurrentGradients(const Recurrent& r, RecurrentGradParams& q)
      : dx(r.sequence(r.p.inputs)),
        dkernel(r.p.kernel ? output(r.dtype(), {r.p.inputs, r.width()}) : Array()),
        drecurrent(output(r.dtype(), {r.p.units, r.width()})),
        dbias(output(r.dtype(), {r.width()})),
        dh(r.row()) {
    q.dx = dx.data();
    q.dkernel = pointer_or_null(dkernel);
    q.drecurrent_kernel = drecurrent.data();
    q.dbias = dbias.data();
    q.dh0 = dh.data();
  }
};

}  // namespace minidl
