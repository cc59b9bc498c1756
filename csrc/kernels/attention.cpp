// Attention without the matrix of scores (FlashAttention-2, Dao 2023).
//
// A tile of queries meets the keys in blocks: scores of the block (K^T packed in panels), a running
// maximum and sum for each row, weights in place of the scores, then weights times values onto the
// output tile, which is scaled down when a maximum rises. Blocks that no query of the tile may see
// are skipped, and of those on the causal diagonal only the seen part is computed. What is left is
// the output and the logarithm of each row's sum; a row that sees nothing gives zeros.
//
// K and V of a head are packed once, queries are read as they lie. With many heads that is done
// beside the work on the head, so that they stay in L2; with few, for all heads first, and tiles of
// queries are shared out.
#include "kernels/attention.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

constexpr int64_t kQueryBlock = 48, kKeyBlock = 512;  // scores of one tile: 99 KB of L2
constexpr int64_t kManyHeads = 16;
constexpr double kGrainFlops = 1e6;

template <class T>
struct Forward {
  const AttentionParams& p;
  const int64_t padded_value;              // whole vectors
  const int64_t panels_size, values_size;  // packed K^T and V of one head

  explicit Forward(const AttentionParams& params)
      : p(params),
        padded_value(round_up(p.value_dim, kLanes<T>)),
        panels_size(round_up(p.keys, kPanel<T>) * p.dim),
        values_size(p.keys * padded_value) {}

  int64_t scratch_size() const {
    return kQueryBlock * (Block<T, kKeyBlock>::kLd + padded_value + kLanes<T> + 1) + kKeyBlock +
           kLanes<T>;
  }

  void pack(int64_t batch, int64_t key_head, T* panels, T* values) const {
    const int64_t row = batch * p.keys * p.key_heads + key_head;
    pack_panels(static_cast<const T*>(p.key) + row * p.dim, p.key_heads * p.dim, p.keys, p.dim,
                static_cast<T>(p.scale) * kUnit<T>, panels);
    pack_rows(static_cast<const T*>(p.value) + row * p.value_dim, p.key_heads * p.value_dim, p.keys,
              p.value_dim, padded_value, T(1), values);
  }

  // The output for the queries [q0, q0 + rows) of one head.
  void tile(int64_t batch, int64_t head, int64_t q0, int64_t rows, const T* panels, const T* values,
            T* scratch) const {
    constexpr int L = kLanes<T>;
    T* s = scratch;
    T* out = s + kQueryBlock * Block<T, kKeyBlock>::kLd;
    T* sums = out + kQueryBlock * padded_value;  // a vector for each row
    T* highest = sums + kQueryBlock * L;
    T* factors = highest + kQueryBlock;
    const int64_t row = (batch * p.queries + q0) * p.heads + head;
    const T* queries = static_cast<const T*>(p.query) + row * p.dim;
    for (int64_t r = 0; r < rows; ++r) {
      highest[r] = minus_infinity<T>();
      store<T>(sums + r * L, vec<T>{});
    }
    T* y = static_cast<T*>(p.out) + row * p.value_dim;
    Block<T, kKeyBlock> block(p, batch, head, q0, rows);
    bool begun = false;
    for (int64_t k0 = 0; k0 < p.keys; k0 += kKeyBlock) {
      if (!block.select(k0)) continue;
      block.scores(queries, p.heads * p.dim, panels, s);
      for (int64_t r = 0; r < rows; ++r) {
        weigh(block, r, s + r * Block<T, kKeyBlock>::kLd, highest + r, sums + r * L,
              begun ? out + r * padded_value : nullptr, factors);
      }
      for (int64_t j = 0; j < padded_value; j += kPanel<T>) {
        const int nv = static_cast<int>(min_of(kPanel<T>, padded_value - j) / L);
        multiply_rows<T>(s, Block<T, kKeyBlock>::kLd, rows, values + k0 * padded_value + j,
                         padded_value, nv, out + j, padded_value, begun,
                         [&](int64_t, int64_t last) { return block.visible(last - 1); });
      }
      begun = true;
    }
    finish(rows, begun, out, sums, highest, y,
           static_cast<T*>(p.log_sum) + (batch * p.heads + head) * p.queries + q0);
  }

  // Outputs divided by their rows' sums, and the logarithms of those, a vector of rows at a time.
  void finish(int64_t rows, bool begun, const T* out, const T* sums, const T* highest, T* y,
              T* log_sum) const {
    constexpr int L = kLanes<T>;
    for (int64_t first = 0; first < rows; first += L) {
      const int count = static_cast<int>(min_of<int64_t>(L, rows - first));
      T sum[L] = {}, scale[L];
      for (int i = 0; i < count; ++i) sum[i] = all_lanes_sum<T>(load(sums + (first + i) * L))[0];
      const vec<T> total = load(sum);
      const vec<T> high = load_partial(highest + first, count) / kUnit<T>;
      store_partial<T>(log_sum + first, high + vlog<T>(total), count);
      store<T>(scale, static_cast<T>(1) / total);
      for (int i = 0; i < count; ++i) {
        const T* from = out + (first + i) * padded_value;
        T* to = y + (first + i) * p.heads * p.value_dim;
        if (sum[i] == T(0) || !begun) {
          for (int64_t j = 0; j < p.value_dim; ++j) to[j] = T(0);
        } else {
          const T factor = scale[i];
          for (int64_t j = 0; j < p.value_dim; ++j) to[j] = from[j] * factor;
        }
      }
    }
  }

  // Scores of one row become weights against the row's highest score so far. What was summed
  // before, here and in `out`, is scaled down when that rises.
  MINIDL_INLINE void weigh(const Block<T, kKeyBlock>& block, int64_t r, T* s, T* highest, T* sums,
                           T* out, T* factors) const {
    constexpr int L = kLanes<T>;
    const int64_t n = round_up(block.visible(r), L);
    vec<T> m = broadcast(*highest), m1 = m;
    int64_t k = 0;
    for (; k + 2 * L <= n; k += 2 * L) {
      m = at_least<T>(m, load(s + k));
      m1 = at_least<T>(m1, load(s + k + L));
    }
    if (k < n) m = at_least<T>(m, load(s + k));
    m = all_lanes_max<T>(at_least<T>(m, m1));
    const T before = *highest, now = m[0];
    vec<T> sum = load(sums), sum1{};
    const vec<T> origin = now == minus_infinity<T>() ? vec<T>{} : m;
    if (now != before) {
      *highest = now;
      if (out) {
        const vec<T> shrink = power(broadcast(before) - origin);
        sum *= shrink;
        for (int64_t j = 0; j < padded_value; j += L) store<T>(out + j, load(out + j) * shrink);
      }
    }
    k = 0;
    for (; k + 2 * L <= n; k += 2 * L) {
      const vec<T> w = power(load(s + k) - origin), w1 = power(load(s + k + L) - origin);
      store<T>(s + k, w);
      store<T>(s + k + L, w1);
      sum += w;
      sum1 += w1;
    }
    if (k < n) {
      const vec<T> w = power(load(s + k) - origin);
      store<T>(s + k, w);
      sum += w;
      k += L;
    }
    store<T>(sums, sum + sum1);
    if (p.dropout_rate > 0) {
      block.dropout(r, n, factors);
      for (int64_t i = 0; i < n; ++i) s[i] *= factors[i];
    }
    for (; k < block.keys; k += L) store<T>(s + k, vec<T>{});
  }
};

template <class T>
Status attention(const AttentionParams& p) {
  const Forward<T> f(p);
  const int64_t tiles = ceil_div(p.queries, kQueryBlock), share = p.heads / p.key_heads;
  const double flops = 2.0 * static_cast<double>(min_of(p.queries, kQueryBlock)) *
                       static_cast<double>(p.keys) * static_cast<double>(p.dim + p.value_dim);
  bool no_memory = false;
  auto run = [&](int64_t batch, int64_t head, int64_t i, const T* panels, const T* values, T* s) {
    const int64_t q0 = i * kQueryBlock;
    f.tile(batch, head, q0, min_of(kQueryBlock, p.queries - q0), panels, values, s);
  };
  const int64_t units = p.batch * p.key_heads;
  if (units >= kManyHeads) {
    const double work = flops * static_cast<double>(tiles * share);
    const int64_t grain = static_cast<int64_t>(kGrainFlops / (work + 1)) + 1;
    parallel(units, grain, [&](int64_t begin, int64_t end) {
      Scratch<T> packed(f.panels_size + f.values_size), s(f.scratch_size());
      if (!packed || !s) {
        no_memory = true;
        return;
      }
      T* values = packed.get() + f.panels_size;
      for (int64_t u = begin; u < end; ++u) {
        const int64_t batch = u / p.key_heads, key_head = u % p.key_heads;
        f.pack(batch, key_head, packed.get(), values);
        for (int64_t i = 0; i < tiles * share; ++i) {
          run(batch, key_head * share + i / tiles, i % tiles, packed.get(), values, s.get());
        }
      }
    });
    return no_memory ? Status::kOutOfMemory : Status::kOk;
  }
  const int64_t size = f.panels_size + f.values_size;
  Scratch<T> packed(units * size);
  if (!packed) return Status::kOutOfMemory;
  parallel(units, kStreamGrain / (size + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      T* panels = packed.get() + u * size;
      f.pack(u / p.key_heads, u % p.key_heads, panels, panels + f.panels_size);
    }
  });
  parallel(p.batch * p.heads * tiles, static_cast<int64_t>(kGrainFlops / (flops + 1)) + 1,
           [&](int64_t begin, int64_t end) {
             Scratch<T> s(f.scratch_size());
             if (!s) {
               no_memory = true;
               return;
             }
             for (int64_t u = begin; u < end; ++u) {
               // The longest work of a causal head comes first, and the threads end together.
               const int64_t i = tiles - 1 - u % tiles, h = u / tiles;
               const int64_t batch = h / p.heads, head = h % p.heads;
               const T* panels = packed.get() + (batch * p.key_heads + head / share) * size;
               run(batch, head, i, panels, panels + f.panels_size, s.get());
             }
           });
  return no_memory ? Status::kOutOfMemory : Status::kOk;
}

}  // namespace

MINIDL_EXPORT(dot_product_attention, AttentionParams, attention)

}  // namespace MINIDL_ISA
}  // namespace minidl
