// Rows of an image, cut to a block of channels and a span of columns, side by side in a ring:
// columns outside the image are zeros, so that kernels need no edges; pixels that lie a power of
// two apart in memory, where few sets of L1 would hold all that a tile meets, lie close together.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
struct ImageSpan {
  const T* image;  // [h, w, channels / times]
  int64_t h, w;
  int64_t channels;      // those of the result
  int64_t times;         // every channel of the image counts so many times
  int64_t first, count;  // the block of channels
  int64_t lo, width;     // the columns, from lo on; they may begin or end outside
};

template <class T>
class RowRing {
 public:
  // Slots for rows of at most `width` columns and `block` channels.
  RowRing(int64_t slots, int64_t width, int64_t block)
      : slots_(slots), room_(width * whole(block)), rows_(slots * room_), held_(slots) {
    for (int64_t i = 0; ok() && i < slots * room_; ++i) rows_.get()[i] = T(0);
  }
  bool ok() const { return rows_ && held_; }

  void begin(const ImageSpan<T>& span) {
    s_ = span;
    ld_ = whole(span.count);
    inside_ = min_of(max_of<int64_t>(-span.lo, 0), span.width);
    outside_ = max_of(min_of(span.w - span.lo, span.width), inside_);
    for (int64_t k = 0; k < slots_; ++k) {
      T* row = rows_.get() + k * room_;
      for (int64_t i = 0; i < inside_ * ld_; ++i) row[i] = T(0);
      for (int64_t i = outside_ * ld_; i < span.width * ld_; ++i) row[i] = T(0);
      held_.get()[k] = -1;
    }
  }
  // Values from one pixel to the next: whole vectors, the last one's rest is of no use.
  int64_t ld() const { return ld_; }

  // Row ih of the image at column lo.
  const T* row(int64_t ih, int64_t slot) {
    T* to = rows_.get() + slot * room_;
    if (held_.get()[slot] != ih) {
      held_.get()[slot] = ih;
      const int64_t step = s_.channels / s_.times;
      const T* from = s_.image + (ih * s_.w + s_.lo + inside_) * step;
      if (s_.times == 1) {
        copy(from + s_.first, step, to + inside_ * ld_);
      } else {
        repeat(from, step, to + inside_ * ld_);
      }
    }
    return to;
  }

  static int64_t whole(int64_t channels) { return ceil_div(channels, kLanes<T>) * kLanes<T>; }

 private:
  // The pieces are too far apart for hardware to see what comes: the next row's are asked for here.
  void copy(const T* from, int64_t step, T* to) {
    const int64_t ahead = s_.w * step, vectors = s_.count / kLanes<T> * kLanes<T>;
    for (int64_t i = inside_; i < outside_; ++i, from += step, to += ld_) {
      int64_t c = 0;
      for (; c < vectors; c += kLanes<T>) {
        __builtin_prefetch(from + ahead + c);
        store(to + c, load(from + c));
      }
      for (; c < s_.count; ++c) to[c] = from[c];
    }
  }
  void repeat(const T* from, int64_t step, T* to) {
    for (int64_t i = inside_; i < outside_; ++i, from += step, to += ld_) {
      int64_t source = s_.first / s_.times, used = s_.first % s_.times;
      for (int64_t c = 0; c < s_.count; ++c) {
        to[c] = from[source];
        if (++used == s_.times) ++source, used = 0;
      }
    }
  }

  int64_t slots_, room_;
  Scratch<T> rows_;
  Scratch<int64_t> held_;
  ImageSpan<T> s_{};
  int64_t ld_ = 0, inside_ = 0, outside_ = 0;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
