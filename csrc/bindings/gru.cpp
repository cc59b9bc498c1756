#include "bindings/recurrent.h"

namespace minidl {
namespace {

py::object gru(py::handle x, py::handle kernel, py::handle recurrent_kernel, py::handle bias,
               py::handle recurrent_bias, py::handle h0, py::handle mask, py::handle dropout_mask,
               const std::string& activation, const std::string& recurrent_activation,
               bool reset_after, bool go_backwards, bool zero_output, bool keep) {
  Recurrent r(x, kernel, recurrent_kernel, 3);
  RecurrentParams& p = r.p;
  p.bias = r.optional(bias, "bias", {r.width()});
  p.recurrent_bias = r.optional(recurrent_bias, "recurrent_bias", {r.width()});
  if (p.recurrent_bias && !reset_after) {
    throw py::value_error("recurrent_bias is given; expected None without reset_after");
  }
  p.h0 = r.state(h0, "h");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, recurrent_activation, go_backwards, zero_output);
  p.reset_after = reset_after;
  p.keep = keep;
  Array y = r.sequence(p.units), h = r.row(), gates = r.sequence(r.width());
  p.y = y.data();
  p.h = h.data();
  p.gates = gates.data();
  Array cells, previous;
  if (keep) {
    cells = r.sequence(p.units);
    previous = r.sequence(p.units);
    p.cells = cells.data();
    p.previous = previous.data();
  }
  if (p.batch) run(kernels().gru, r.dtype(), p, r.work());
  if (!keep) return py::make_tuple(y.object(), h.object());
  return py::make_tuple(y.object(), h.object(), gates.object(), cells.object(), previous.object());
}

py::object gru_grad(py::handle dy, py::handle dh, py::handle x, py::handle kernel,
                    py::handle recurrent_kernel, py::handle mask, py::handle dropout_mask,
                    py::handle gates, py::handle cells, py::handle previous,
                    const std::string& activation, const std::string& recurrent_activation,
                    bool reset_after, bool go_backwards, bool zero_output) {
  Recurrent r(x, kernel, recurrent_kernel, 3);
  RecurrentParams& p = r.p;
  RecurrentGradParams q{};
  q.dy = r.optional(dy, "dy", {p.batch, p.time, p.units});
  q.dh = r.state(dh, "dh");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, recurrent_activation, go_backwards, zero_output);
  p.reset_after = reset_after;
  p.gates = r.kept(gates, "gates", r.width());
  p.cells = r.kept(cells, "cells", p.units);
  p.previous = r.kept(previous, "previous", p.units);
  RecurrentGradients out(r, q);
  Array dinner = reset_after ? output(r.dtype(), {r.width()}) : Array();
  q.drecurrent_bias = pointer_or_null(dinner);
  q.forward = p;
  run(kernels().gru_grad, r.dtype(), q, 2 * r.work());
  const py::tuple five = py::make_tuple(out.dx.object(), object_or_none(out.dkernel),
                                        out.drecurrent.object(), out.dbias.object());
  if (!reset_after) return five + py::make_tuple(out.dh.object());
  return five + py::make_tuple(dinner.object(), out.dh.object());
}

}  // namespace

void bind_gru(py::module_& m) {
  m.def("gru", &gru, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("recurrent_bias"), py::arg("h"), py::arg("mask"), py::arg("dropout_mask"),
        py::arg("activation"), py::arg("recurrent_activation"), py::arg("reset_after"),
        py::arg("go_backwards"), py::arg("zero_output_for_mask"), py::arg("keep"),
        "(y, h) of a GRU over x (batch, time, features); with keep also the gates, what the "
        "candidate took for h, and h before each step, for gru_grad.");
  m.def("gru_grad", &gru_grad, py::arg("dy"), py::arg("dh"), py::arg("x"), py::arg("kernel"),
        py::arg("recurrent_kernel"), py::arg("mask"), py::arg("dropout_mask"), py::arg("gates"),
        py::arg("cells"), py::arg("previous"), py::arg("activation"),
        py::arg("recurrent_activation"), py::arg("reset_after"), py::arg("go_backwards"),
        py::arg("zero_output_for_mask"),
        "(dx, dkernel, drecurrent_kernel, dbias, drecurrent_bias where it resets after, dh) of "
        "gru; dy and dh may be None.");
}

}  // namespace minidl
