// The backward pass of attention (FlashAttention-2): weights are computed again, tile by tile, from
// the logarithm of each row's sum, so the matrix of scores is never held.
//
// With P the weights, Z what dropout multiplies them by, O the output and delta = rowsum(dO O):
//   dV = (P Z)^T dO,   dP = (dO V^T) Z,   dS = P (dP - delta),   dQ = dS K,   dK = dS^T Q
// A unit of work is one key head with all its query heads: blocks of keys, and for each the tiles
// of queries that see it, in order. Gradients add up in scratch, so every sum has a fixed order.
// With few heads a unit has a part of the keys only; each part leaves its own dQ, and those are
// added up in order at the end. The number of parts depends on the sizes alone.
#include "kernels/attention.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int64_t kQueryBlock = 72, kKeyBlock = 256;  // both are lengths of sums here
constexpr int64_t kManyUnits = 8;

template <class T>
struct Backward {
  const AttentionParams& p;
  const int64_t share;                     // query heads of a key head
  const int64_t padded_dim, padded_value;  // whole vectors
  const Split parts;                       // of the blocks of keys
  const int64_t keys_most;                 // keys of the largest part

  explicit Backward(const AttentionParams& params)
      : p(params),
        share(p.heads / p.key_heads),
        padded_dim(round_up(p.dim, kLanes<T>)),
        padded_value(round_up(p.value_dim, kLanes<T>)),
        parts(cut(params)),
        keys_most(min_of(p.keys, parts.longest() * kKeyBlock)) {}

  static Split cut(const AttentionParams& p) {
    const int64_t blocks = ceil_div(p.keys, kKeyBlock);
    const int64_t wanted = ceil_div(kManyUnits, p.batch * p.key_heads);
    return Split(blocks, ceil_div(blocks, min_of(blocks, wanted)));
  }

  // What lies in scratch, in this order.
  struct Places {
    T *panels, *value_panels, *keys, *dkey, *dvalue;  // of the part's keys
    T *queries, *dout, *delta, *log_sum, *dquery;     // of all queries of one head
    T *s, *ds, *factors;                              // of one tile
  };
  int64_t place(T* base, Places* out) const {
    int64_t used = 0;
    auto take = [&](T** at, int64_t size) {
      if (base) *at = base + used;
      used += round_up(size, 16);
    };
    const int64_t rounded = round_up(keys_most, kPanel<T>), rows = round_up(p.queries, 16);
    take(&out->panels, rounded * p.dim);
    take(&out->value_panels, rounded * p.value_dim);
    take(&out->keys, keys_most * padded_dim);
    take(&out->dkey, keys_most * padded_dim);
    take(&out->dvalue, keys_most * padded_value);
    take(&out->queries, rows * padded_dim);
    take(&out->dout, rows * padded_value);
    take(&out->delta, rows);
    take(&out->log_sum, rows);
    take(&out->dquery, rows * padded_dim);
    take(&out->s, kQueryBlock * Block<T, kKeyBlock>::kLd);
    take(&out->ds, kQueryBlock * Block<T, kKeyBlock>::kLd);
    take(&out->factors, kKeyBlock + kLanes<T>);
    return used;
  }

  // One key head and one part of its keys; dQ is left in `partial` where there are several parts.
  void unit(int64_t batch, int64_t key_head, int64_t part, T* partial, const Places& x) const {
    const int64_t begin = parts.begin(part) * kKeyBlock;
    const int64_t end = min_of(p.keys, parts.begin(part + 1) * kKeyBlock);
    const int64_t row = (batch * p.keys + begin) * p.key_heads + key_head;
    const T* key = static_cast<const T*>(p.key) + row * p.dim;
    const T* value = static_cast<const T*>(p.value) + row * p.value_dim;
    const T scale = static_cast<T>(p.scale);
    pack_panels(key, p.key_heads * p.dim, end - begin, p.dim, scale * kUnit<T>, x.panels);
    pack_panels(value, p.key_heads * p.value_dim, end - begin, p.value_dim, T(1), x.value_panels);
    pack_rows(key, p.key_heads * p.dim, end - begin, p.dim, padded_dim, T(1), x.keys);
    clear(x.dkey, (end - begin) * padded_dim);
    clear(x.dvalue, (end - begin) * padded_value);
    for (int64_t h = key_head * share; h < (key_head + 1) * share; ++h) {
      load_queries(batch, h, x);
      for (int64_t k0 = begin; k0 < end; k0 += kKeyBlock) {
        for (int64_t q0 = 0; q0 < p.queries; q0 += kQueryBlock) {
          Block<T, kKeyBlock> block(p, batch, h, q0, min_of(kQueryBlock, p.queries - q0));
          if (block.select(k0)) tile(block, begin, x);
        }
      }
      if (partial) {
        T* to = partial + (part * p.batch * p.heads + batch * p.heads + h) * p.queries * padded_dim;
        pack_rows(x.dquery, padded_dim, p.queries, padded_dim, padded_dim, scale, to);
      } else {
        unpack(x.dquery, padded_dim, p.queries, p.dim, scale, static_cast<T*>(p.dquery),
               batch * p.queries * p.heads + h, p.heads);
      }
    }
    unpack(x.dkey, padded_dim, end - begin, p.dim, scale, static_cast<T*>(p.dkey), row,
           p.key_heads);
    unpack(x.dvalue, padded_value, end - begin, p.value_dim, T(1), static_cast<T*>(p.dvalue), row,
           p.key_heads);
  }

  void load_queries(int64_t batch, int64_t head, const Places& x) const {
    const int64_t row = batch * p.queries * p.heads + head;
    pack_rows(static_cast<const T*>(p.query) + row * p.dim, p.heads * p.dim, p.queries, p.dim,
              padded_dim, T(1), x.queries);
    const T* dy = static_cast<const T*>(p.dy) + row * p.value_dim;
    const int64_t stride = p.heads * p.value_dim;
    pack_rows(dy, stride, p.queries, p.value_dim, padded_value, T(1), x.dout);
    const T* out = static_cast<const T*>(p.out) + row * p.value_dim;
    const T* log_sum = static_cast<const T*>(p.log_sum) + (batch * p.heads + head) * p.queries;
    for (int64_t r = 0; r < p.queries; ++r, dy += stride, out += stride) {
      x.delta[r] = dot(dy, out);
      // A row that saw nothing must find no weight now either.
      x.log_sum[r] = log_sum[r] == minus_infinity<T>() ? -log_sum[r] : log_sum[r] * kUnit<T>;
    }
    clear(x.dquery, p.queries * padded_dim);
  }

  T dot(const T* a, const T* b) const {
    constexpr int L = kLanes<T>;
    vec<T> sum{};
    int64_t i = 0;
    for (; i + L <= p.value_dim; i += L) sum += load(a + i) * load(b + i);
    const int rest = static_cast<int>(p.value_dim - i);
    if (rest) sum += load_partial(a + i, rest) * load_partial(b + i, rest);
    return all_lanes_sum<T>(sum)[0];
  }

  void tile(const Block<T, kKeyBlock>& block, int64_t begin, const Places& x) const {
    constexpr int L = kLanes<T>;
    constexpr int64_t ld = Block<T, kKeyBlock>::kLd;
    const int64_t q0 = block.q0, rows = block.rows, k0 = block.k0 - begin;
    const T* queries = x.queries + q0 * padded_dim;
    const T* dout = x.dout + q0 * padded_value;
    block.scores(queries, padded_dim, x.panels - begin * p.dim, x.s);
    for (int64_t c = 0; c < block.keys; c += kPanel<T>) {
      const int64_t first = block.first_row(c);
      const int nv = static_cast<int>(ceil_div(min_of(kPanel<T>, block.keys - c), L));
      multiply_rows<T>(dout + first * padded_value, padded_value, rows - first,
                       x.value_panels + (k0 + c) * p.value_dim, kPanel<T>, nv,
                       x.ds + first * ld + c, ld, false,
                       [&](int64_t, int64_t) { return p.value_dim; });
    }
    for (int64_t r = 0; r < rows; ++r) {
      slopes(block, r, x.log_sum[q0 + r], x.delta[q0 + r], x.s + r * ld, x.ds + r * ld, x.factors);
    }
    const auto unseen = [&](int64_t c) { return block.first_row(c); };
    for (int64_t j = 0; j < padded_value; j += kPanel<T>) {
      const int nv = static_cast<int>(min_of(kPanel<T>, padded_value - j) / L);
      multiply_columns<T>(x.s, ld, block.keys, rows, dout + j, padded_value, nv,
                          x.dvalue + k0 * padded_value + j, padded_value, unseen);
    }
    for (int64_t j = 0; j < padded_dim; j += kPanel<T>) {
      const int nv = static_cast<int>(min_of(kPanel<T>, padded_dim - j) / L);
      multiply_columns<T>(x.ds, ld, block.keys, rows, queries + j, padded_dim, nv,
                          x.dkey + k0 * padded_dim + j, padded_dim, unseen);
      multiply_rows<T>(x.ds, ld, rows, x.keys + k0 * padded_dim + j, padded_dim, nv,
                       x.dquery + q0 * padded_dim + j, padded_dim, true,
                       [&](int64_t, int64_t last) { return block.visible(last - 1); });
    }
  }

  // s: scores become weights (times Z); ds: dO V^T becomes the gradient of the scores.
  MINIDL_INLINE void slopes(const Block<T, kKeyBlock>& block, int64_t r, T log_sum, T delta, T* s,
                            T* ds, T* factors) const {
    constexpr int L = kLanes<T>;
    const int64_t n = round_up(block.visible(r), L);
    const vec<T> origin = broadcast(log_sum), mean = broadcast(delta);
    int64_t k = 0;
    if (p.dropout_rate > 0) {
      block.dropout(r, n, factors);
      for (; k < n; k += L) {
        const vec<T> w = power(load(s + k) - origin), z = load(factors + k);
        store<T>(s + k, w * z);
        store<T>(ds + k, w * (load(ds + k) * z - mean));
      }
    } else {
      for (; k < n; k += L) {
        const vec<T> w = power(load(s + k) - origin);
        store<T>(s + k, w);
        store<T>(ds + k, w * (load(ds + k) - mean));
      }
    }
    for (; k < block.keys; k += L) {
      store<T>(s + k, vec<T>{});
      store<T>(ds + k, vec<T>{});
    }
  }

  static void clear(T* x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) x[i] = T(0);
  }

  // Rows of scratch, scaled, into every `step`-th row of `out` from `row` on.
  static void unpack(const T* x, int64_t ld, int64_t rows, int64_t width, T scale, T* out,
                     int64_t row, int64_t step) {
    out += row * width;
    for (int64_t r = 0; r < rows; ++r, x += ld, out += step * width) {
      for (int64_t j = 0; j < width; ++j) out[j] = x[j] * scale;
    }
  }
};

template <class T>
Status attention_grad(const AttentionParams& p) {
  const Backward<T> f(p);
  const int64_t parts = f.parts.parts, heads = p.batch * p.heads;
  const int64_t head_size = p.queries * f.padded_dim;
  Scratch<T> partial(parts > 1 ? parts * heads * head_size : 1);
  if (!partial) return Status::kOutOfMemory;
  bool no_memory = false;
  const double flops = 6.0 * static_cast<double>(p.queries * f.share) *
                       static_cast<double>(f.keys_most) * static_cast<double>(p.dim + p.value_dim);
  parallel(p.batch * p.key_heads * parts, static_cast<int64_t>(1e6 / (flops + 1)) + 1,
           [&](int64_t begin, int64_t end) {
             typename Backward<T>::Places x{};
             Scratch<T> memory(f.place(nullptr, &x));
             if (!memory) {
               no_memory = true;
               return;
             }
             f.place(memory.get(), &x);
             for (int64_t u = begin; u < end; ++u) {
               const int64_t head = u / parts;
               f.unit(head / p.key_heads, head % p.key_heads, u % parts,
                      parts > 1 ? partial.get() : nullptr, x);
             }
           });
  if (no_memory) return Status::kOutOfMemory;
  if (parts == 1) return Status::kOk;
  parallel(heads * p.queries, ceil_div(kStreamGrain, f.padded_dim * parts),
           [&](int64_t begin, int64_t end) {
             for (int64_t u = begin; u < end; ++u) {
               const int64_t head = u / p.queries, q = u % p.queries;
               const int64_t row = (head / p.heads * p.queries + q) * p.heads + head % p.heads;
               T* to = static_cast<T*>(p.dquery) + row * p.dim;
               const T* from = partial.get() + head * head_size + q * f.padded_dim;
               for (int64_t j = 0; j < p.dim; ++j) to[j] = from[j];
               for (int64_t i = 1; i < parts; ++i) {
                 const T* more = from + i * heads * head_size;
                 for (int64_t j = 0; j < p.dim; ++j) to[j] += more[j];
               }
             }
           });
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(dot_product_attention_grad, AttentionParams, attention_grad)

}  // namespace MINIDL_ISA
}  // namespace minidl
