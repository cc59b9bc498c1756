// Recurrent nets, attention and embedding against naive loops in double. Gradients of the recurrent
// nets are compared with differences of the naive forward pass along random directions.
#include <algorithm>

#include "selfcheck/checks.h"

namespace minidl {
namespace {

using Doubles = std::vector<double>;

template <class T>
std::vector<T> as(const Doubles& v) {
  return std::vector<T>(v.begin(), v.end());
}

// Small eighths, so that float and double begin alike.
Doubles eighths(int64_t n) {
  Doubles v = integers<double>(n);
  for (double& x : v) x /= 8;
  return v;
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

enum class Net { kSimple, kGruAfter, kGruBefore, kLstm };

struct Sequence {
  Net net;
  int64_t batch, time, inputs, units;
  bool backwards;
  Doubles x, kernel, recurrent, bias, inner, h, c, dy, dh, dc;
  std::vector<uint8_t> mask;

  Sequence(Net n, int64_t b, int64_t t, int64_t i, int64_t u, bool back)
      : net(n), batch(b), time(t), inputs(i), units(u), backwards(back) {
    x = eighths(b * t * i);
    kernel = eighths(i * width());
    recurrent = eighths(u * width());
    for (double& w : recurrent) w /= 4;
    bias = eighths(width());
    inner = net == Net::kGruAfter ? eighths(width()) : Doubles(width());
    h = eighths(b * u), c = eighths(b * u);
    dy = eighths(b * t * u), dh = eighths(b * u);
    dc = net == Net::kLstm ? eighths(b * u) : Doubles(b * u);
    for (int64_t k = 0; k < b * t; ++k) mask.push_back(std::rand() % 4 != 0);
  }
  int64_t gates() const { return net == Net::kSimple ? 1 : net == Net::kLstm ? 4 : 3; }
  int64_t width() const { return gates() * units; }
};

struct Results {
  Doubles y, h, c;
  double loss = 0;  // whose gradients dy, dh and dc are
};

Results naive(const Sequence& s) {
  Results r{Doubles(s.dy.size()), s.h, s.c};
  const int64_t n = s.units, width = s.width();
  // Row b of h, each unit times its factor, with the recurrent weights of a column.
  const auto from_h = [&](int64_t b, int64_t column, const Doubles& factor) {
    double sum = s.inner[column];
    for (int64_t k = 0; k < n; ++k) {
      sum += r.h[b * n + k] * factor[k] * s.recurrent[k * width + column];
    }
    return sum;
  };
  const Doubles ones(n, 1.0);
  for (int64_t b = 0; b < s.batch; ++b) {
    Doubles output(n);
    for (int64_t step = 0; step < s.time; ++step) {
      const int64_t at = b * s.time + (s.backwards ? s.time - 1 - step : step);
      Doubles a(s.bias), next(n), reset(n), carry(n);
      for (int64_t j = 0; j < width; ++j) {
        for (int64_t i = 0; i < s.inputs; ++i)
          a[j] += s.x[at * s.inputs + i] * s.kernel[i * width + j];
      }
      for (int64_t j = 0; j < n; ++j) {
        if (s.gates() == 3) reset[j] = sigmoid(a[n + j] + from_h(b, n + j, ones));
      }
      for (int64_t j = 0; j < n; ++j) {
        const double before = r.h[b * n + j];
        if (s.net == Net::kSimple) {
          next[j] = std::tanh(a[j] + from_h(b, j, ones));
        } else if (s.net == Net::kLstm) {
          const auto gate = [&](int64_t g) { return a[g * n + j] + from_h(b, g * n + j, ones); };
          carry[j] = sigmoid(gate(1)) * r.c[b * n + j] + sigmoid(gate(0)) * std::tanh(gate(2));
          next[j] = sigmoid(gate(3)) * std::tanh(carry[j]);
        } else {
          const double update = sigmoid(a[j] + from_h(b, j, ones));
          const double candidate = s.net == Net::kGruAfter ? reset[j] * from_h(b, 2 * n + j, ones)
                                                           : from_h(b, 2 * n + j, reset);
          next[j] = update * before + (1 - update) * std::tanh(a[2 * n + j] + candidate);
        }
      }
      for (int64_t j = 0; j < n && s.mask[at]; ++j) {
        output[j] = r.h[b * n + j] = next[j];
        r.c[b * n + j] = carry[j];
      }
      std::copy(output.begin(), output.end(), r.y.begin() + (b * s.time + step) * n);
    }
  }
  for (size_t i = 0; i < r.y.size(); ++i) r.loss += r.y[i] * s.dy[i];
  for (size_t i = 0; i < r.h.size(); ++i) r.loss += r.h[i] * s.dh[i] + r.c[i] * s.dc[i];
  return r;
}

template <class T>
void check_slope(const char* what, Sequence& s, Doubles& input, const std::vector<T>& gradient) {
  const Doubles start = input;
  Doubles direction(input.size());
  for (int turn = 0; turn < 2; ++turn) {
    double got = 0, scale = std::sqrt(1.0 / static_cast<double>(input.size()));
    for (size_t i = 0; i < input.size(); ++i) {
      direction[i] = std::rand() % 2 ? scale : -scale;
      got += gradient[i] * direction[i];
    }
    const double step = 1e-4;
    double loss[2];
    for (int side : {0, 1}) {
      for (size_t i = 0; i < input.size(); ++i) {
        input[i] = start[i] + (side ? step : -step) * direction[i];
      }
      loss[side] = naive(s).loss;
    }
    input = start;
    const double want = (loss[1] - loss[0]) / (2 * step);
    compare<double>(what, {got}, {want}, (sizeof(T) == 4 ? 1e-4 : 1e-6) * (1 + std::fabs(want)));
  }
}

template <class T>
void check_recurrent(const char* what, Sequence s) {
  const auto x = as<T>(s.x), kernel = as<T>(s.kernel), recurrent = as<T>(s.recurrent);
  const auto bias = as<T>(s.bias), inner = as<T>(s.inner), h0 = as<T>(s.h), c0 = as<T>(s.c);
  const auto dy = as<T>(s.dy), dh = as<T>(s.dh), dc = as<T>(s.dc);
  const bool lstm = s.net == Net::kLstm, simple = s.net == Net::kSimple;
  std::vector<T> y(dy.size()), h(h0.size()), c(h0.size()), cells(y), squashed(y), previous(y);
  std::vector<T> gates(s.batch * s.time * s.width());
  RecurrentParams p{};
  p.x = x.data(), p.kernel = kernel.data(), p.recurrent_kernel = recurrent.data();
  p.bias = bias.data(), p.h0 = h0.data(), p.c0 = lstm ? c0.data() : nullptr, p.mask = s.mask.data();
  if (s.net == Net::kGruAfter) p.recurrent_bias = inner.data();
  p.y = y.data(), p.h = h.data(), p.c = c.data(), p.gates = gates.data();
  p.cells = cells.data(), p.squashed = squashed.data(), p.previous = previous.data();
  p.batch = s.batch, p.time = s.time, p.inputs = s.inputs, p.units = s.units;
  p.activation = GateAct::kTanh, p.recurrent_activation = GateAct::kSigmoid;
  p.go_backwards = s.backwards, p.reset_after = s.net == Net::kGruAfter, p.keep = true;
  (simple ? kernels().rnn : lstm ? kernels().lstm : kernels().gru)[kIndex<T>](p);
  const Results want = naive(s);
  compare(what, y, as<T>(want.y), 1e-5);
  compare(what, h, as<T>(want.h), 1e-5);
  if (lstm) compare(what, c, as<T>(want.c), 1e-5);

  std::vector<T> dx(x.size()), dkernel(kernel.size()), drecurrent(recurrent.size());
  std::vector<T> dbias(bias.size()), dinner(bias.size()), dh0(h.size()), dc0(h.size());
  RecurrentGradParams q{};
  q.forward = p, q.dy = dy.data(), q.dh = dh.data(), q.dc = lstm ? dc.data() : nullptr;
  q.dx = dx.data(), q.dkernel = dkernel.data(), q.drecurrent_kernel = drecurrent.data();
  q.dbias = dbias.data(), q.drecurrent_bias = p.reset_after ? dinner.data() : nullptr;
  q.dh0 = dh0.data(), q.dc0 = lstm ? dc0.data() : nullptr;
  (simple ? kernels().rnn_grad : lstm ? kernels().lstm_grad : kernels().gru_grad)[kIndex<T>](q);
  check_slope(what, s, s.x, dx);
  check_slope(what, s, s.kernel, dkernel);
  check_slope(what, s, s.recurrent, drecurrent);
  check_slope(what, s, s.bias, dbias);
  check_slope(what, s, s.h, dh0);
  if (lstm) check_slope(what, s, s.c, dc0);
  if (p.reset_after) check_slope(what, s, s.inner, dinner);
}

// Heads share keys in pairs; the first query of each head sees no key.
template <class T>
void check_attention(int64_t queries, int64_t keys, int64_t dim, int64_t value_dim, bool causal) {
  const int64_t heads = 4, key_heads = 2;
  AttentionParams p{};
  const auto q = eighths(queries * heads * dim), k = eighths(keys * key_heads * dim);
  const auto v = eighths(keys * key_heads * value_dim), dy = eighths(queries * heads * value_dim);
  std::vector<uint8_t> mask(queries * keys);
  for (int64_t i = keys; i < queries * keys; ++i) mask[i] = std::rand() % 5 != 0;
  Doubles y(dy.size()), dq(q.size()), dk(k.size()), dv(v.size());
  const double scale = 0.5;
  for (int64_t h = 0; h < heads; ++h) {
    for (int64_t i = 0; i < queries; ++i) {
      const int64_t g = h * key_heads / heads, qi = (i * heads + h) * dim;
      const int64_t yi = (i * heads + h) * value_dim;
      Doubles weight(keys), slope(keys);
      double sum = 0, mean = 0;
      for (int64_t j = 0; j < keys; ++j) {
        double score = 0;
        for (int64_t d = 0; d < dim; ++d) score += q[qi + d] * k[(j * key_heads + g) * dim + d];
        const bool seen = mask[i * keys + j] && (!causal || j <= i);
        sum += weight[j] = seen ? std::exp(scale * score) : 0;
      }
      for (int64_t j = 0; j < keys && sum > 0; ++j) {
        weight[j] /= sum;
        for (int64_t d = 0; d < value_dim; ++d) {
          const int64_t vj = (j * key_heads + g) * value_dim + d;
          y[yi + d] += weight[j] * v[vj];
          dv[vj] += weight[j] * dy[yi + d];
          slope[j] += dy[yi + d] * v[vj];
        }
        mean += weight[j] * slope[j];
      }
      for (int64_t j = 0; j < keys; ++j) {
        for (int64_t d = 0; d < dim; ++d) {
          const int64_t kj = (j * key_heads + g) * dim + d;
          dq[qi + d] += scale * weight[j] * (slope[j] - mean) * k[kj];
          dk[kj] += scale * weight[j] * (slope[j] - mean) * q[qi + d];
        }
      }
    }
  }
  const auto query = as<T>(q), key = as<T>(k), value = as<T>(v), upstream = as<T>(dy);
  std::vector<T> out(y.size()), log_sum(queries * heads), dquery(q.size()), dkey(k.size());
  std::vector<T> dvalue(v.size());
  p.query = query.data(), p.key = key.data(), p.value = value.data(), p.mask = mask.data();
  p.mask_strides[2] = keys, p.mask_strides[3] = 1;
  p.out = out.data(), p.log_sum = log_sum.data(), p.dy = upstream.data();
  p.dquery = dquery.data(), p.dkey = dkey.data(), p.dvalue = dvalue.data();
  p.batch = 1, p.queries = queries, p.keys = keys, p.heads = heads, p.key_heads = key_heads;
  p.dim = dim, p.value_dim = value_dim, p.scale = scale, p.causal = causal;
  kernels().dot_product_attention[kIndex<T>](p);
  kernels().dot_product_attention_grad[kIndex<T>](p);
  compare("attention", out, as<T>(y), 1e-5);
  compare("dquery of attention", dquery, as<T>(dq), 1e-5);
  compare("dkey of attention", dkey, as<T>(dk), 1e-4);
  compare("dvalue of attention", dvalue, as<T>(dv), 1e-4);
}

template <class T>
void check_embedding(int64_t rows, int64_t width, int64_t count) {
  const auto table = integers<T>(rows * width), dy = integers<T>(count * width);
  std::vector<int64_t> indices(count);
  for (int64_t& i : indices) i = std::rand() % rows;
  std::vector<T> y(dy.size(), T(-99)), dtable(table.size(), T(-99)), want(y.size());
  std::vector<T> want_grad(table.size());
  for (int64_t i = 0; i < count * width; ++i) {
    const int64_t at = indices[i / width] * width + i % width;
    want[i] = table[at];
    want_grad[at] += dy[i];
  }
  EmbeddingParams p{table.data(), indices.data(), dy.data(), y.data(), count, rows, width};
  kernels().embedding[kIndex<T>](p);
  compare("embedding", y, want, 0);
  p.out = dtable.data();
  kernels().embedding_grad[kIndex<T>](p);
  compare("embedding_grad", dtable, want_grad, 0);
}

}  // namespace

template <class T>
void check_sequences() {
  for (bool backwards : {false, true}) {
    for (int64_t units : {3, 19}) {
      const auto make = [&](Net net) { return Sequence(net, 9, 4, 5, units, backwards); };
      check_recurrent<T>("rnn", make(Net::kSimple));
      check_recurrent<T>("gru, reset after", make(Net::kGruAfter));
      check_recurrent<T>("gru, reset before", make(Net::kGruBefore));
      check_recurrent<T>("lstm", make(Net::kLstm));
    }
  }
  for (bool causal : {false, true}) {
    check_attention<T>(7, 7, 3, 5, causal);
    check_attention<T>(61, 300, 40, 24, causal);
  }
  check_embedding<T>(11, 5, 40);
  check_embedding<T>(300, 33, 1000);
}

template void check_sequences<float>();
template void check_sequences<double>();

}  // namespace minidl
