#include <algorithm>
#include <utility>
#include <vector>

#include "bindings/arrays.h"

namespace minidl {
namespace {

Act read_activation(const std::string& name) {
  if (name == "linear") return Act::kLinear;
  if (name == "relu") return Act::kRelu;
  throw py::value_error("activation is '" + name + "'; expected 'linear' or 'relu'");
}

// The last two dimensions as element strides (rs, cs) of which one is 1; a copy where neither is.
struct Matrix {
  Array array;
  int64_t rows, cols, rs, cs;
};

Matrix read_matrix(py::handle x, const char* name, bool transpose) {
  Array a = strided_input(x, name);
  if (a.ndim() < 2) {
    throw py::value_error(std::string(name) + " has shape " + shape_string(a) +
                          "; expected at least 2 dimensions");
  }
  const int64_t item = PyArray_ITEMSIZE(a.get());
  auto unit = [&](int d) { return a.dim(d) == 1 || a.stride(d) == item; };
  auto usable = [&](int d) {
    return a.dim(d) == 1 || (a.stride(d) > 0 && a.stride(d) % item == 0);
  };
  bool fits = (unit(-1) && usable(-2)) || (unit(-2) && usable(-1));
  for (int d = 0; d < a.ndim() - 2 && fits; ++d) fits = a.stride(d) % item == 0;
  if (!fits) a = input(x, name);
  Matrix m{a, a.dim(-2), a.dim(-1), a.stride(-2) / item, a.stride(-1) / item};
  // A dimension of one may carry any stride: give it the one that keeps the other usable.
  if (m.cols == 1) m.cs = 1;
  if (m.rows == 1 && m.cs == 1) m.rs = m.cols;
  if (m.rows == 1 && m.cs != 1) m.rs = 1;
  if (m.cols == 1 && m.rs != 1) m.cs = 1;
  if (transpose) {
    std::swap(m.rows, m.cols);
    std::swap(m.rs, m.cs);
  }
  return m;
}

Array matmul(py::handle x1, py::handle x2, bool transpose_x1, bool transpose_x2, py::handle bias_,
             const std::string& activation) {
  Matrix a = read_matrix(x1, "x1", transpose_x1);
  const Matrix b = read_matrix(x2, "x2", transpose_x2);
  same_dtype(a.array, "x1", b.array, "x2");
  if (a.cols != b.rows) {
    throw py::value_error("x1 has shape " + shape_string(a.array) +
                          (transpose_x1 ? " (transposed)" : "") + " and x2 has shape " +
                          shape_string(b.array) + (transpose_x2 ? " (transposed)" : "") +
                          "; expected the inner dimensions to agree, got " +
                          std::to_string(a.cols) + " and " + std::to_string(b.rows));
  }
  Array bias;
  if (!bias_.is_none()) {
    bias = input(bias_, "bias");
    same_dtype(a.array, "x1", bias, "bias");
    expect_vector(bias, "bias", b.cols);
  }
  const int nd = std::max(a.array.ndim(), b.array.ndim()), lead = nd - 2;
  int64_t shape[NPY_MAXDIMS], a_step[NPY_MAXDIMS], b_step[NPY_MAXDIMS];
  const int64_t item = PyArray_ITEMSIZE(a.array.get());
  int64_t batch = 1;
  for (int d = 0; d < lead; ++d) {
    const int ad = d - (nd - a.array.ndim()), bd = d - (nd - b.array.ndim());
    const int64_t an = ad >= 0 ? a.array.dim(ad) : 1, bn = bd >= 0 ? b.array.dim(bd) : 1;
    if (an != bn && an != 1 && bn != 1) {
      throw py::value_error("x1 has shape " + shape_string(a.array) + " and x2 has shape " +
                            shape_string(b.array) + "; expected leading dimensions that broadcast");
    }
    shape[d] = an == 1 ? bn : an;
    a_step[d] = an == 1 ? 0 : a.array.stride(ad) / item;
    b_step[d] = bn == 1 ? 0 : b.array.stride(bd) / item;
    batch *= shape[d];
  }
  shape[lead] = a.rows;
  shape[lead + 1] = b.cols;
  Array c = output(a.array.dtype(), shape, nd);
  if (c.size() == 0) return c;

  MatmulParams p{a.array.data(), b.array.data(), bias_.is_none() ? nullptr : bias.data(),
                 c.data(),       batch,          a.rows,
                 b.cols,         a.cols,         a.rs,
                 a.cs,           b.rs,           b.cs,
                 nullptr,        nullptr,        read_activation(activation)};
  std::vector<int64_t> a_batch, b_batch;
  if (batch > 1) {
    a_batch.resize(batch);
    b_batch.resize(batch);
    for (int64_t i = 0; i < batch; ++i) {
      int64_t rest = i, ao = 0, bo = 0;
      for (int d = lead - 1; d >= 0; --d) {
        ao += rest % shape[d] * a_step[d];
        bo += rest % shape[d] * b_step[d];
        rest /= shape[d];
      }
      a_batch[i] = ao;
      b_batch[i] = bo;
    }
    p.a_batch = a_batch.data();
    p.b_batch = b_batch.data();
  }
  // Many products with one matrix on the right are one tall product. With single rows this changes
  // how K is cut, so there it must not hang on the layout.
  const bool one_b = batch > 1 && b.array.size() == b.rows * b.cols;
  if (one_b) {
    const bool dense = PyArray_IS_C_CONTIGUOUS(a.array.get()) && !transpose_x1 &&
                       a.array.size() == batch * a.rows * a.cols;
    if (!dense && a.rows == 1) {
      a.array = input(a.array.object().attr("reshape")(py::make_tuple(batch, a.cols)), "x1");
      a.rs = a.cols;
      a.cs = 1;
      p.a = a.array.data();
      p.a_rs = a.rs;
      p.a_cs = 1;
    }
    if (dense || a.rows == 1) {
      p.m = batch * a.rows;
      p.batch = 1;
      p.a_batch = p.b_batch = nullptr;
    }
  }
  run(kernels().matmul, a.array.dtype(), p, p.batch * p.m * p.n * (p.k + 1));
  return c;
}

}  // namespace

void bind_matmul(py::module_& m) {
  m.def(
      "matmul",
      [](py::handle x1, py::handle x2, bool t1, bool t2, py::handle bias, const std::string& act) {
        return matmul(x1, x2, t1, t2, bias, act).object();
      },
      py::arg("x1"), py::arg("x2"), py::arg("transpose_x1") = false,
      py::arg("transpose_x2") = false, py::arg("bias") = py::none(),
      py::arg("activation") = "linear",
      "activation(x1 @ x2 + bias) over the last two dimensions; leading ones broadcast.");
}

}  // namespace minidl
