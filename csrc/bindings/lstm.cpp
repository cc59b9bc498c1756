#include "bindings/recurrent.h"

namespace minidl {
namespace {

py::object lstm(py::handle x, py::handle kernel, py::handle recurrent_kernel, py::handle bias,
                py::handle h0, py::handle c0, py::handle mask, py::handle dropout_mask,
                const std::string& activation, const std::string& recurrent_activation,
                bool go_backwards, bool zero_output, bool keep) {
  Recurrent r(x, kernel, recurrent_kernel, 4);
  RecurrentParams& p = r.p;
  p.bias = r.optional(bias, "bias", {r.width()});
  p.h0 = r.state(h0, "h");
  p.c0 = r.state(c0, "c");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, recurrent_activation, go_backwards, zero_output);
  p.keep = keep;
  Array y = r.sequence(p.units), h = r.row(), c = r.row(), gates = r.sequence(r.width());
  p.y = y.data();
  p.h = h.data();
  p.c = c.data();
  p.gates = gates.data();
  Array cells, squashed, previous;
  if (keep) {
    cells = r.sequence(p.units);
    squashed = r.sequence(p.units);
    previous = r.sequence(p.units);
    p.cells = cells.data();
    p.squashed = squashed.data();
    p.previous = previous.data();
  }
  if (p.batch) run(kernels().lstm, r.dtype(), p, r.work());
  if (!keep) return py::make_tuple(y.object(), h.object(), c.object());
  return py::make_tuple(y.object(), h.object(), c.object(), gates.object(), cells.object(),
                        squashed.object(), previous.object());
}

py::object lstm_grad(py::handle dy, py::handle dh, py::handle dc, py::handle x, py::handle kernel,
                     py::handle recurrent_kernel, py::handle c0, py::handle mask,
                     py::handle dropout_mask, py::handle gates, py::handle cells,
                     py::handle squashed, py::handle previous, const std::string& activation,
                     const std::string& recurrent_activation, bool go_backwards, bool zero_output) {
  Recurrent r(x, kernel, recurrent_kernel, 4);
  RecurrentParams& p = r.p;
  RecurrentGradParams q{};
  q.dy = r.optional(dy, "dy", {p.batch, p.time, p.units});
  q.dh = r.state(dh, "dh");
  q.dc = r.state(dc, "dc");
  p.c0 = r.state(c0, "c");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, recurrent_activation, go_backwards, zero_output);
  p.gates = r.kept(gates, "gates", r.width());
  p.cells = r.kept(cells, "cells", p.units);
  p.squashed = r.kept(squashed, "squashed", p.units);
  p.previous = r.kept(previous, "previous", p.units);
  RecurrentGradients out(r, q);
  Array dc_out = r.row();
  q.dc0 = dc_out.data();
  q.forward = p;
  run(kernels().lstm_grad, r.dtype(), q, 2 * r.work());
  return py::make_tuple(out.dx.object(), object_or_none(out.dkernel), out.drecurrent.object(),
                        out.dbias.object(), out.dh.object(), dc_out.object());
}

}  // namespace

void bind_lstm(py::module_& m) {
  m.def("lstm", &lstm, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"),
        py::arg("bias"), py::arg("h"), py::arg("c"), py::arg("mask"), py::arg("dropout_mask"),
        py::arg("activation"), py::arg("recurrent_activation"), py::arg("go_backwards"),
        py::arg("zero_output_for_mask"), py::arg("keep"),
        "(y, h, c) of an LSTM over x (batch, time, features); with keep also the gates, cells, "
        "activated cells and h before each step, for lstm_grad.");
  m.def("lstm_grad", &lstm_grad, py::arg("dy"), py::arg("dh"), py::arg("dc"), py::arg("x"),
        py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("c"), py::arg("mask"),
        py::arg("dropout_mask"), py::arg("gates"), py::arg("cells"), py::arg("squashed"),
        py::arg("previous"), py::arg("activation"), py::arg("recurrent_activation"),
        py::arg("go_backwards"), py::arg("zero_output_for_mask"),
        "(dx, dkernel, drecurrent_kernel, dbias, dh, dc) of lstm; dy, dh and dc may be None.");
}

}  // namespace minidl
