// Where to cut a row of pixels into tiles when the taps are far apart.
//
// A tap costs a tile its full height as soon as one of the tile's pixels meets the image through
// it. With a wide dilation the pixels of one row see different sets of taps, and tiles that end
// where a set ends save what others spend on zeros. The cheapest cuts of a row, from tiles of at
// most `height` pixels, by dynamic programming; compared with the estimate for tiles that ignore
// rows.
#pragma once

#include "kernels/common.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

struct RowCuts {
  static constexpr int64_t kMost = 512;  // pixels of a row
  int64_t count = 0;                     // tiles of a row; 0: tiles ignore rows
  int16_t begin[kMost + 1];

  int64_t length(int64_t tile) const { return begin[tile + 1] - begin[tile]; }

  // gw output pixels, `step` input pixels apart, of an input row of w; a tap is dw pixels away and
  // sums k channels.
  void plan(int64_t gw, int64_t w, int64_t step, const int64_t* dw, int taps, int height,
            int64_t k) {
    int64_t low = 0, high = 0;
    for (int t = 0; t < taps; ++t) {
      low = min_of(low, dw[t]);
      high = max_of(high, dw[t]);
    }
    if (high - low < height * step || gw > kMost || gw * taps > 16384) return;
    // A short tile waits for the filters; every tile has its own beginning and end.
    constexpr double kShortest = 4;
    const double fixed = 80.0 / static_cast<double>(k);

    double flat = fixed * static_cast<double>(gw) / height;
    int16_t first[kMaxPlanTaps], last[kMaxPlanTaps];
    if (taps > kMaxPlanTaps) return;
    for (int t = 0; t < taps; ++t) {
      const int64_t from = dw[t] >= 0 ? 0 : min_of(gw, ceil_div(-dw[t], step));
      const int64_t to = w <= dw[t] ? 0 : min_of(gw, ceil_div(w - dw[t], step));
      first[t] = static_cast<int16_t>(from);
      last[t] = static_cast<int16_t>(max_of(from, to));
      flat += static_cast<double>(last[t] - first[t]);
      flat += 0.5 * (height - 1) * ((first[t] > 0) + (last[t] < gw)) * (first[t] < last[t]);
    }
    double cost[kMost + 1];
    int16_t from[kMost + 1];
    cost[0] = 0;
    for (int64_t end = 1; end <= gw; ++end) {
      cost[end] = -1;
      for (int64_t start = end - 1; start >= max_of<int64_t>(0, end - height); --start) {
        int met = 0;
        for (int t = 0; t < taps; ++t) met += first[t] < end && last[t] > start;
        const double tall = max_of(static_cast<double>(end - start), kShortest);
        const double total = cost[start] + met * tall + fixed;
        if (cost[end] < 0 || total < cost[end]) {
          cost[end] = total;
          from[end] = static_cast<int16_t>(start);
        }
      }
    }
    if (cost[gw] >= flat) return;
    for (int64_t end = gw; end > 0; end = from[end]) ++count;
    int64_t tile = count;
    begin[tile] = static_cast<int16_t>(gw);
    for (int64_t end = gw; end > 0; end = from[end]) begin[--tile] = from[end];
  }

 private:
  static constexpr int kMaxPlanTaps = 128;
};

}  // namespace
}  // namespace MINIDL_ISA
}  // namespace minidl
