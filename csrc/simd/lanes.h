// Across the lanes of one vector: sums and largest values, by halves folded onto each other.
#pragma once

#include "simd/vec.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <int... I>
struct Indices {};
template <int N, int... I>
struct MakeIndices : MakeIndices<N - 1, N - 1, I...> {};
template <int... I>
struct MakeIndices<0, I...> {
  using type = Indices<I...>;
};

template <class V, int... I>
MINIDL_INLINE V rotated(V v, Indices<I...>, int by) {
  constexpr int L = sizeof...(I);
  switch (by) {  // a constant once this is inlined
    case 8:
      return __builtin_shufflevector(v, v, ((I + 8) % L)...);
    case 4:
      return __builtin_shufflevector(v, v, ((I + 4) % L)...);
    case 2:
      return __builtin_shufflevector(v, v, ((I + 2) % L)...);
    default:
      return __builtin_shufflevector(v, v, ((I + 1) % L)...);
  }
}

// f of all lanes, in every lane.
template <class T, class F>
MINIDL_INLINE vec<T> reduce_lanes(vec<T> v, F f) {
  using Order = typename MakeIndices<kLanes<T>>::type;
  if (kLanes<T> > 8) v = f(v, rotated(v, Order{}, 8));
  if (kLanes<T> > 4) v = f(v, rotated(v, Order{}, 4));
  if (kLanes<T> > 2) v = f(v, rotated(v, Order{}, 2));
  return f(v, rotated(v, Order{}, 1));
}

// The largest lane (a NaN may be lost), and the sum of all lanes.
template <class T>
MINIDL_INLINE vec<T> all_lanes_max(vec<T> v) {
  return reduce_lanes<T>(v, [](vec<T> a, vec<T> b) { return at_least<T>(a, b); });
}
template <class T>
MINIDL_INLINE vec<T> all_lanes_sum(vec<T> v) {
  return reduce_lanes<T>(v, [](vec<T> a, vec<T> b) { return a + b; });
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
