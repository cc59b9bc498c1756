#include <cmath>
#include <limits>
#include <string>

#include "bindings/arrays.h"

namespace minidl {
namespace {

constexpr const char* kLayout = "[batch, time, heads, dim]";

std::string text(int64_t v) {
  return std::to_string(v);
}

// Query, key and value, checked, and their place in the parameters.
struct Inputs {
  Array query, key, value, bias;
  py::object mask;
  AttentionParams p{};

  Inputs(py::handle query_, py::handle key_, py::handle value_, py::handle bias_, py::handle mask_,
         double scale, bool causal, double dropout_rate, uint64_t seed)
      : query(input(query_, "query")), key(input(key_, "key")), value(input(value_, "value")) {
    same_dtype(query, "query", key, "key");
    same_dtype(query, "query", value, "value");
    expect_ndim(query, "query", 4, kLayout);
    expect_ndim(key, "key", 4, kLayout);
    expect_ndim(value, "value", 4, kLayout);
    check_shapes();
    if (!std::isfinite(scale)) {
      throw py::value_error("scale is " + std::to_string(scale) + "; expected a finite number");
    }
    if (!(dropout_rate >= 0 && dropout_rate < 1)) {
      throw py::value_error("dropout_rate is " + std::to_string(dropout_rate) +
                            "; expected 0 <= dropout_rate < 1");
    }
    p.query = query.data();
    p.key = key.data();
    p.value = value.data();
    p.batch = query.dim(0);
    p.queries = query.dim(1);
    p.heads = query.dim(2);
    p.dim = query.dim(3);
    p.keys = key.dim(1);
    p.key_heads = key.dim(2);
    p.value_dim = value.dim(3);
    p.scale = scale;
    p.causal = causal;
    p.dropout_rate = dropout_rate;
    p.seed = seed;
    if (!bias_.is_none()) {
      bias = strided_input(bias_, "bias");
      same_dtype(query, "query", bias, "bias");
      if (!read_strides(bias.get(), "bias", p.bias_strides)) {
        bias = input(bias_, "bias");
        read_strides(bias.get(), "bias", p.bias_strides);
      }
      p.bias = bias.data();
    }
    if (!mask_.is_none()) {
      if (!PyArray_Check(mask_.ptr()) ||
          PyArray_TYPE(reinterpret_cast<PyArrayObject*>(mask_.ptr())) != NPY_BOOL) {
        const py::object given = py::getattr(mask_, "dtype", py::type::of(mask_));
        throw py::type_error("mask is of " + std::string(py::str(given)) +
                             "; expected a numpy.ndarray of dtype bool");
      }
      mask = py::reinterpret_borrow<py::object>(mask_);
      auto* array = reinterpret_cast<PyArrayObject*>(mask.ptr());
      read_strides(array, "mask", p.mask_strides);
      p.mask = static_cast<const uint8_t*>(PyArray_DATA(array));
    }
  }

  int64_t work() const {
    const double work = static_cast<double>(query.size()) * static_cast<double>(p.keys);
    return work > 1e15 ? int64_t{1} << 50 : static_cast<int64_t>(work) + 1;
  }

 private:
  void check_shapes() const {
    if (key.dim(0) != query.dim(0) || value.dim(0) != query.dim(0)) {
      throw py::value_error("query has shape " + shape_string(query) + ", key " +
                            shape_string(key) + " and value " + shape_string(value) +
                            "; expected one batch size");
    }
    if (key.dim(3) != query.dim(3) || query.dim(3) < 1) {
      throw py::value_error("query has shape " + shape_string(query) + " and key " +
                            shape_string(key) + "; expected one last axis of at least 1");
    }
    if (value.dim(1) != key.dim(1) || value.dim(2) != key.dim(2) || value.dim(3) < 1) {
      throw py::value_error("key has shape " + shape_string(key) + " and value " +
                            shape_string(value) +
                            "; expected the same times and heads, and a last axis of at least 1");
    }
    if (key.dim(2) < 1 || query.dim(2) < 1 || query.dim(2) % key.dim(2)) {
      throw py::value_error("query has " + text(query.dim(2)) + " heads and key has " +
                            text(key.dim(2)) + "; expected a multiple of the key's heads");
    }
  }

  // Strides of a (batch, heads, queries, keys) array that broadcasts; false when its bytes do not
  // lie a whole number of elements apart.
  bool read_strides(PyArrayObject* a, const char* name, int64_t* strides) const {
    const int64_t wanted[4] = {p.batch, p.heads, p.queries, p.keys};
    bool fits = PyArray_NDIM(a) == 4;
    for (int i = 0; fits && i < 4; ++i) {
      fits = PyArray_DIM(a, i) == wanted[i] || PyArray_DIM(a, i) == 1;
    }
    if (!fits) {
      const std::string shape = py::str(py::handle(reinterpret_cast<PyObject*>(a)).attr("shape"));
      throw py::value_error(std::string(name) + " has shape " + shape +
                            "; expected one that broadcasts to (batch, heads, queries, keys), (" +
                            text(p.batch) + ", " + text(p.heads) + ", " + text(p.queries) + ", " +
                            text(p.keys) + "), with 4 axes");
    }
    const int64_t item = PyArray_ITEMSIZE(a);
    for (int i = 0; i < 4; ++i) {
      const int64_t stride = PyArray_DIM(a, i) == 1 ? 0 : PyArray_STRIDE(a, i);
      if (stride % item) return false;
      strides[i] = stride / item;
    }
    return true;
  }
};

void fill(Array& x, double value) {
  if (x.size()) x.object().attr("fill")(value);
}

py::object forward(py::handle query, py::handle key, py::handle value, py::handle bias,
                   py::handle mask, double scale, bool causal, double dropout_rate, uint64_t seed) {
  Inputs in(query, key, value, bias, mask, scale, causal, dropout_rate, seed);
  AttentionParams& p = in.p;
  Array out = output(in.query.dtype(), {p.batch, p.queries, p.heads, p.value_dim});
  Array log_sum = output(in.query.dtype(), {p.batch, p.heads, p.queries});
  p.out = out.data();
  p.log_sum = log_sum.data();
  if (out.size() && p.keys) {
    run(kernels().dot_product_attention, in.query.dtype(), p, in.work());
  } else {
    fill(out, 0);
    fill(log_sum, -std::numeric_limits<double>::infinity());
  }
  return py::make_tuple(out.object(), log_sum.object());
}

py::object backward(py::handle dy_, py::handle query, py::handle key, py::handle value,
                    py::handle bias, py::handle mask, py::handle out_, py::handle log_sum_,
                    double scale, bool causal, double dropout_rate, uint64_t seed) {
  Inputs in(query, key, value, bias, mask, scale, causal, dropout_rate, seed);
  AttentionParams& p = in.p;
  const Array dy = input(dy_, "dy"), out = input(out_, "out"), log_sum = input(log_sum_, "log_sum");
  same_dtype(in.query, "query", dy, "dy");
  same_dtype(in.query, "query", out, "out");
  same_dtype(in.query, "query", log_sum, "log_sum");
  for (const Array* a : {&dy, &out}) {
    if (a->ndim() != 4 || a->dim(0) != p.batch || a->dim(1) != p.queries || a->dim(2) != p.heads ||
        a->dim(3) != p.value_dim) {
      throw py::value_error(std::string(a == &dy ? "dy" : "out") + " has shape " +
                            shape_string(*a) + "; expected (" + text(p.batch) + ", " +
                            text(p.queries) + ", " + text(p.heads) + ", " + text(p.value_dim) +
                            ")");
    }
  }
  if (log_sum.ndim() != 3 || log_sum.dim(0) != p.batch || log_sum.dim(1) != p.heads ||
      log_sum.dim(2) != p.queries) {
    throw py::value_error("log_sum has shape " + shape_string(log_sum) + "; expected (" +
                          text(p.batch) + ", " + text(p.heads) + ", " + text(p.queries) + ")");
  }
  Array dquery = output_like(in.query), dkey = output_like(in.key), dvalue = output_like(in.value);
  p.dy = dy.data();
  p.out = out.data();
  p.log_sum = log_sum.data();
  p.dquery = dquery.data();
  p.dkey = dkey.data();
  p.dvalue = dvalue.data();
  if (dquery.size() && dkey.size()) {
    run(kernels().dot_product_attention_grad, in.query.dtype(), p, in.work() * 3);
  } else {
    for (Array* a : {&dquery, &dkey, &dvalue}) fill(*a, 0);
  }
  return py::make_tuple(dquery.object(), dkey.object(), dvalue.object());
}

}  // namespace

void bind_attention(py::module_& m) {
  m.def("dot_product_attention", &forward, py::arg("query"), py::arg("key"), py::arg("value"),
        py::arg("bias"), py::arg("mask"), py::arg("scale"), py::arg("causal"),
        py::arg("dropout_rate") = 0.0, py::arg("seed") = 0,
        "(out [b, queries, heads, value_dim], log_sum [b, heads, queries]):"
        " softmax(scale * query key^T + bias, where mask) value for each head. log_sum is the"
        " logarithm of each row's sum of exponentials, -inf where a row sees nothing.");
  m.def("dot_product_attention_grad", &backward, py::arg("dy"), py::arg("query"), py::arg("key"),
        py::arg("value"), py::arg("bias"), py::arg("mask"), py::arg("out"), py::arg("log_sum"),
        py::arg("scale"), py::arg("causal"), py::arg("dropout_rate") = 0.0, py::arg("seed") = 0,
        "(dquery, dkey, dvalue) of dot_product_attention; out and log_sum are its results.");
}

}  // namespace minidl
