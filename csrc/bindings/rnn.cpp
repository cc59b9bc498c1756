#include "bindings/recurrent.h"

namespace minidl {
namespace {

py::object rnn(py::handle x, py::handle kernel, py::handle recurrent_kernel, py::handle bias,
               py::handle h0, py::handle mask, py::handle dropout_mask,
               const std::string& activation, bool go_backwards, bool zero_output, bool keep) {
  Recurrent r(x, kernel, recurrent_kernel, 1);
  RecurrentParams& p = r.p;
  p.bias = r.optional(bias, "bias", {p.units});
  p.h0 = r.state(h0, "h");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, "sigmoid", go_backwards, zero_output);
  p.keep = keep;
  Array y = r.sequence(p.units), h = r.row(), gates = r.sequence(p.units);
  p.y = y.data();
  p.h = h.data();
  p.gates = gates.data();
  Array previous = keep ? r.sequence(p.units) : Array();
  p.previous = pointer_or_null(previous);
  if (p.batch) run(kernels().rnn, r.dtype(), p, r.work());
  if (!keep) return py::make_tuple(y.object(), h.object());
  return py::make_tuple(y.object(), h.object(), gates.object(), previous.object());
}

py::object rnn_grad(py::handle dy, py::handle dh, py::handle x, py::handle kernel,
                    py::handle recurrent_kernel, py::handle mask, py::handle dropout_mask,
                    py::handle gates, py::handle previous, const std::string& activation,
                    bool go_backwards, bool zero_output) {
  Recurrent r(x, kernel, recurrent_kernel, 1);
  RecurrentParams& p = r.p;
  RecurrentGradParams q{};
  q.dy = r.optional(dy, "dy", {p.batch, p.time, p.units});
  q.dh = r.state(dh, "dh");
  r.read_mask(mask, dropout_mask);
  r.read_options(activation, "sigmoid", go_backwards, zero_output);
  p.gates = r.kept(gates, "gates", p.units);
  p.previous = r.kept(previous, "previous", p.units);
  RecurrentGradients out(r, q);
  q.forward = p;
  run(kernels().rnn_grad, r.dtype(), q, 2 * r.work());
  return py::make_tuple(out.dx.object(), object_or_none(out.dkernel), out.drecurrent.object(),
                        out.dbias.object(), out.dh.object());
}

}  // namespace

void bind_rnn(py::module_& m) {
  m.def("rnn", &rnn, py::arg("x"), py::arg("kernel"), py::arg("recurrent_kernel"), py::arg("bias"),
        py::arg("h"), py::arg("mask"), py::arg("dropout_mask"), py::arg("activation"),
        py::arg("go_backwards"), py::arg("zero_output_for_mask"), py::arg("keep"),
        "(y, h) of a simple recurrent net over x (batch, time, features); with keep also its "
        "results and h before each step, for rnn_grad.");
  m.def("rnn_grad", &rnn_grad, py::arg("dy"), py::arg("dh"), py::arg("x"), py::arg("kernel"),
        py::arg("recurrent_kernel"), py::arg("mask"), py::arg("dropout_mask"), py::arg("gates"),
        py::arg("previous"), py::arg("activation"), py::arg("go_backwards"),
        py::arg("zero_output_for_mask"),
        "(dx, dkernel, drecurrent_kernel, dbias, dh) of rnn; dy and dh may be None.");
}

}  // namespace minidl
