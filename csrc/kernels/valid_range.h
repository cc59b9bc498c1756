// Which outputs of a convolution meet the input through a tap.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Output positions along one axis whose input lies inside: [first, last).
struct Range {
  int64_t first, last;
};
inline Range valid_range(int64_t shift, int64_t stride, int64_t in, int64_t out) {
  Range r{shift >= 0 ? 0 : min_of(out, ceil_div(-shift, stride)), 0};
  r.last = in <= shift ? r.first : min_of(out, ceil_div(in - shift, stride));
  if (r.last < r.first) r.last = r.first;
  return r;
}

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
