// Prefetch in the order of memory for tiles that meet memory in another one: a line of every row,
// which hardware does not see coming.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// Asks for a span of every row of a run, a few lines at a turn.
template <class T>
class Ahead {
 public:
  Ahead(const T* from, int64_t rows, int64_t row, int64_t span, int64_t turns)
      : from_(from), end_(from + span), left_(span ? rows : 0), row_(row), span_(span) {
    lines_ = ceil_div(rows * ceil_div(span, kLine), max_of<int64_t>(turns, 1));
  }
  void turn() {
    for (int64_t i = 0; i < lines_ && left_ > 0; ++i) {
      __builtin_prefetch(from_, 0, 2);
      from_ += kLine;
      if (from_ < end_) continue;
      --left_;
      end_ += row_;
      from_ = end_ - span_;
    }
  }

 private:
  static constexpr int64_t kLine = 64 / sizeof(T);
  const T *from_, *end_;
  int64_t left_, row_, span_, lines_;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
