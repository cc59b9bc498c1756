// How the depthwise kernel goes through images: a block of channels and a segment of columns at a
// time, down the rows, so that input rows are met again while they are near. Rows come out of a
// ring of copies (depthwise_ring.h) or, away from the borders, from where they lie.
#pragma once

#include "kernels/brgemm.h"  // Split
#include "kernels/depthwise_ring.h"
#include "kernels/depthwise_tile.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

// How a problem is cut: channels, columns and rows to go down at a time. What they meet stays in
// L1, unless taps are many or far apart.
struct Cut {
  int64_t slots, block, width;  // the ring's rows, channels, columns
  bool by_tap;                  // a slot for each tap row: they are too far apart to hold all
  int64_t left, right;          // outputs beside the middle, whose columns are read as they lie
  Split blocks, middle, bands;

  struct Segment {
    int64_t begin, length;
    bool direct;
  };
  int64_t segments() const { return middle.parts + (left > 0) + (right > 0); }
  Segment segment(int64_t k) const {
    if (left && k-- == 0) return {0, left, false};
    if (k < middle.parts) return {left + middle.begin(k), middle.length(k), left > 0};
    return {left + middle.total, right, false};
  }
};

template <class T>
Cut cut(const DepthwiseProblem<T>& q, const Walk& walk) {
  constexpr int64_t kNear = 36 * 1024;
  const int64_t reach = q.nh ? q.dh[q.nh - 1] - q.dh[0] + 1 : 1;
  const int64_t halo = q.nw ? q.dw[q.nw - 1] - q.dw[0] : 0;
  const int64_t over = (kPixels - 1) * walk.tile_step * walk.unit;  // a tile may read so far
  const bool by_tap = reach > 4 * max_of(q.nh, 2);
  const int64_t slots = by_tap ? q.nh : reach;
  // Where rows lie well in L1 the middle columns need no copies.
  int64_t left = 0, right = 0;
  if (q.times == 1 && q.nw && q.c * static_cast<int64_t>(sizeof(T)) < 1024) {
    left = ceil_div(max_of<int64_t>(-q.dw[0], q.sw), q.sw * kPixels) * kPixels;
    const int64_t last = q.w - 1 - over - q.dw[q.nw - 1];  // pixel of the last output inside
    const int64_t end = last < 0 ? 0 : min_of(q.gw - 1, last / q.sw + 1);
    right = q.gw - end;
    if (end < left + 2 * kPixels) left = right = 0;
  }
  const int64_t outputs = q.gw - left - right;
  const int64_t least = min_of(outputs, max_of<int64_t>(2 * kPixels * walk.spread, halo / q.sw));
  int64_t vectors = ceil_div(q.c, kLanes<T>), most = 0;
  if (!left) vectors = min_of<int64_t>(4, vectors);
  for (;; vectors /= 2) {
    const int64_t columns = kNear / (MINIDL_VEC_BYTES * slots * vectors);
    most = (columns - halo - over - 1) / q.sw + 1;
    if (left || most >= least || vectors == 1) break;
  }
  const Split middle(outputs, max_of<int64_t>(max_of(most, least), 1));
  const int64_t in_ring = left ? max_of(left, right) : middle.longest();
  const Split blocks(ceil_div(q.c, kLanes<T>), vectors);  // of vectors
  // Rows are cut where there are few images, not so short that copies count.
  const int64_t pieces = q.n * blocks.parts * middle.parts;
  const int64_t rows = max_of(ceil_div(q.gh * pieces, 64), 4 * ceil_div(reach, q.sh));
  return {slots,
          vectors * kLanes<T>,
          (in_ring - 1) * q.sw + halo + over + 1,
          by_tap,
          left,
          right,
          blocks,
          middle,
          Split(q.gh, rows)};
}

// Goes down a band of rows for a block of channels and a segment of columns.
template <class T>
class DepthwiseBand {
 public:
  DepthwiseBand(const DepthwiseProblem<T>& q, const Walk& walk, const Cut& cut)
      : q_(q),
        walk_(walk),
        cut_(cut),
        ring_(cut.slots, cut.width, cut.block),
        lists_(q.nh + q.nw),
        rows_(2 * q.nh + 1),
        chunks_(q.nw + 2) {
    if (!ok()) return;
    const int parts = (q.nw + walk.chunk - 1) / walk.chunk;
    for (int k = 0; k <= parts; ++k) chunks_.get()[k] = parts ? q.nw * k / parts : 0;
  }
  bool ok() const { return ring_.ok() && lists_ && rows_ && chunks_; }

  void run(int64_t item) {
    const int64_t block = item % cut_.blocks.parts, rest = item / cut_.blocks.parts;
    const int64_t rows = rest / cut_.segments();
    const int64_t band = rows % cut_.bands.parts, image = rows / cut_.bands.parts;
    begin(image, block, cut_.segment(rest % cut_.segments()));
    for (int64_t g = cut_.bands.begin(band); g < cut_.bands.begin(band + 1); ++g) {
      T* out = q_.out + image * q_.out_image + g * q_.out_row;
      output_row(g, out + segment_.begin * q_.out_pixel + t_.first);
    }
  }

 private:
  void begin(int64_t image, int64_t block, Cut::Segment segment) {
    segment_ = segment;
    t_.first = cut_.blocks.begin(block) * kLanes<T>;
    t_.count = min_of(cut_.blocks.length(block) * kLanes<T>, q_.c - t_.first);
    const int64_t lo = segment.begin * q_.sw + (q_.nw ? q_.dw[0] : 0);
    const T* from = q_.in + image * q_.h * q_.w * (q_.c / q_.times);
    if (segment.direct) {
      direct_ = from + lo * q_.c + t_.first;
      ld_ = q_.c;
    } else {
      ring_.begin(
          {from, q_.h, q_.w, q_.c, q_.times, t_.first, t_.count, lo, q_.nw ? cut_.width : 0});
      ld_ = ring_.ld();
    }
    for (int j = 0; j < q_.nw; ++j) column_x()[j] = (q_.dw[j] - q_.dw[0]) * ld_;
    t_.row_w = lists_.get();
    t_.column_x = column_x();
    t_.chunks = chunks_.get();
    t_.step = walk_.unit * ld_;
    t_.out_step = walk_.spread * q_.out_pixel;
  }

  void output_row(int64_t g, T* out) {
    const T** tap = rows_.get();
    const T** at = tap + q_.nh;
    t_.nh = 0;
    for (int i = 0; i < q_.nh && q_.nw; ++i) {
      const int64_t ih = g * q_.sh + q_.dh[i];
      if (static_cast<uint64_t>(ih) >= static_cast<uint64_t>(q_.h)) continue;
      tap[t_.nh] = segment_.direct ? direct_ + ih * q_.w * q_.c
                                   : ring_.row(ih, cut_.by_tap ? i : ih % cut_.slots);
      lists_.get()[t_.nh++] = q_.row_w[i];
    }
    t_.rows = at;
    const bool three = q_.nw == 3 && walk_.chunk == kMaxChunk;
    for (int64_t phase = 0; phase < min_of(walk_.spread, segment_.length); ++phase) {
      const Split tiles(ceil_div(segment_.length - phase, walk_.spread), kPixels);
      for (int64_t k = 0; k < tiles.parts; ++k) {
        const int64_t g0 = phase + tiles.begin(k) * walk_.spread;
        for (int i = 0; i < t_.nh; ++i) at[i] = tap[i] + g0 * q_.sw * ld_;
        t_.out = out + g0 * q_.out_pixel;
        t_.pixels = static_cast<int>(tiles.length(k));
        if (segment_.direct && t_.nh) prefetch_next_row(at[t_.nh - 1]);
        tile_function<T>(t_.pixels, walk_.tile_step)(q_, t_, three);
      }
    }
  }

  // Segments are short, and hardware does not see the rows below coming.
  void prefetch_next_row(const T* in) {
    constexpr int64_t kLine = 64 / sizeof(T);
    in += q_.w * q_.c;
    for (int64_t i = 0; i < t_.pixels * q_.sw * q_.c; i += kLine) __builtin_prefetch(in + i);
  }

  int64_t* column_x() { return lists_.get() + q_.nh; }

  const DepthwiseProblem<T>& q_;
  const Walk& walk_;
  const Cut& cut_;
  RowRing<T> ring_;
  Scratch<int64_t> lists_;  // row_w of the tap rows inside the image; column_x
  Scratch<const T*> rows_;  // these rows at the segment's first pixel, and at the tile's
  Scratch<int> chunks_;
  Cut::Segment segment_{};
  const T* direct_ = nullptr;  // the image at the segment's first pixel
  int64_t ld_ = 0;             // from pixel to pixel, in the ring or in the image
  DepthwiseTile<T> t_{};
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
