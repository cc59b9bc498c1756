// conv2d forward, NHWC x HWIO, on the tap engine (conv2d_taps.h), one problem per group.
// With few input channels a tap would be a handful of multiplications: then kw and the channels are
// merged into one K. That needs rows of pixels without gaps, so the input is copied into rows
// padded left and right (cheap: there are few channels), and the taps are the kernel's rows. The
// smallest kernels stay in registers: conv2d_small.h.
#include "kernels/conv2d_small.h"
#include "kernels/conv2d_taps.h"

namespace minidl {
namespace MINIDL_ISA {
namespace {

template <class T>
Status conv2d(const Conv2DParams& q) {
  if (const SmallRow<T> row = small_row_for<T>(q)) return conv2d_small(q, row);
  const int64_t ic = q.c / q.groups, oc = q.oc / q.groups;
  const bool merge = merges_rows(q);
  const int64_t taps = merge ? q.kh : q.kh * q.kw;
  Scratch<int64_t> lists(3 * taps);
  Scratch<T> zeros(merge ? q.kw * ic : ic);
  PaddedRows<T> rows(q, merge);
  if (!lists || !zeros || !rows.ok()) return Status::kOutOfMemory;
  for (int64_t i = 0; i < (merge ? q.kw * ic : ic); ++i) zeros.get()[i] = T(0);

  int64_t* dh = lists.get();
  int64_t* dw = dh + taps;
  int64_t* b_offset = dw + taps;
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t kh = merge ? t : t / q.kw, kw = merge ? 0 : t % q.kw;
    dh[t] = kh * q.dilation_h - q.pad_top;
    dw[t] = merge ? 0 : kw * q.dilation_w - q.pad_left;
    b_offset[t] = (kh * q.kw + kw) * ic * q.oc;
  }
  for (int64_t g = 0; g < q.groups; ++g) {
    TapsProblem<T> p{};
    p.in = merge ? rows.get() : static_cast<const T*>(q.x) + g * ic;
    p.n = q.n;
    p.h = q.h;
    p.w = merge ? rows.width() : q.w;
    p.in_pixel = q.c;
    p.k = merge ? q.kw * ic : ic;
    p.out = static_cast<T*>(q.out) + g * oc;
    p.gh = q.oh;
    p.gw = q.ow;
    p.out_image = q.oh * q.ow * q.oc;
    p.out_row = q.ow * q.oc;
    p.out_pixel = q.oc;
    p.sh = q.stride_h;
    p.sw = q.stride_w;
    p.taps = static_cast<int>(taps);
    p.dh = dh;
    p.dw = dw;
    p.b_offset = b_offset;
    p.b = static_cast<const T*>(q.filter) + g * oc;
    p.ldb = q.oc;
    p.padded = false;
    p.columns = oc;
    p.bias = q.bias ? static_cast<const T*>(q.bias) + g * oc : nullptr;
    p.residual = q.residual ? static_cast<const T*>(q.residual) + g * oc : nullptr;
    p.relu = q.act == Act::kRelu;
    p.zeros = zeros.get();
    const Status status = conv_taps(p);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

MINIDL_EXPORT(conv2d, Conv2DParams, conv2d)

}  // namespace MINIDL_ISA
}  // namespace minidl
