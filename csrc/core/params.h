// Plain parameter structs: all that a kernel is told. Pointers are to contiguous, native-endian
// data of the kernel's element type unless a stride says otherwise; the bindings have checked
// every shape and size, so a kernel checks nothing.
#pragma once

#include <cstdint>

namespace minidl {

constexpr int kMaxDims = 8;

enum class Status : int { kOk = 0, kOutOfMemory = 1, kInterrupted = 2 };

enum class Act : int { kLinear = 0, kRelu = 1 };

// C[b] = act(A[b] * B[b] + bias). A is M x K with element strides (a_rs, a_cs), one of them 1;
// B likewise K x N. C is dense, row-major. a_batch / b_batch hold the element offset of each
// batch's operand (null: `batch` consecutive matrices share nothing, offset 0).
struct MatmulParams {
  const void* a;
  const void* b;
  const void* bias;  // N values or null
  void* c;
  int64_t batch, m, n, k;
  int64_t a_rs, a_cs, b_rs, b_cs;
  const int64_t* a_batch;
  const int64_t* b_batch;
  Act act;
};

// NHWC x HWIO. The same struct serves the forward pass (x, w -> y), the input gradient
// (y = dy, w -> dx) and the filter gradient (x, y = dy -> dw).
struct Conv2DParams {
  const void* x;         // [n, h, w, c]
  const void* filter;    // [kh, kw, c / groups, oc]
  const void* bias;      // [oc] or null
  const void* dy;        // [n, oh, ow, oc]
  const void* residual;  // [n, oh, ow, oc], added before the activation, or null
  void* out;
  int64_t n, h, w, c;
  int64_t kh, kw, oc, groups;
  int64_t oh, ow;
  int64_t stride_h, stride_w;
  int64_t dilation_h, dilation_w;
  int64_t pad_top, pad_left;
  Act act;
};

// z = f(x, y) with broadcasting. Dimensions are already coalesced by the binding; strides are in
// elements, 0 where an operand repeats. z is dense.
struct BinaryParams {
  const void* x;
  const void* y;
  void* z;
  int ndim;
  int64_t shape[kMaxDims];
  int64_t x_strides[kMaxDims];
  int64_t y_strides[kMaxDims];
};

// y = f(x); p holds the function's parameters in the order of the op's arguments.
struct UnaryParams {
  const void* x;
  void* y;
  int64_t n;
  double p[3];
};

// dx = dy * f'(.), f' from `ref`: the input or the output of f, as the op says.
struct UnaryGradParams {
  const void* dy;
  const void* ref;
  void* dx;
  int64_t n;
  double p[3];
};

struct DropoutParams {
  const void* x;
  void* y;
  int64_t n;
  double rate;
  uint64_t seed;
};

// The binding coalesces the shape into alternating kept and reduced dimensions; x is dense.
struct ReduceParams {
  const void* x;
  void* y;
  int ndim;
  int64_t shape[kMaxDims];
  bool reduced[kMaxDims];
};

struct SoftmaxParams {
  const void* x;
  void* y;
  int64_t rows, cols;
};

struct SoftmaxGradParams {
  const void* dy;
  const void* y;
  void* dx;
  int64_t rows, cols;
};

// labels: int64 class indices when sparse, else a dense [rows, cols] distribution. log_sum is the
// logarithm of each row's sum of exponentials: the forward pass leaves it, the gradient reads it.
struct SoftmaxCrossEntropyParams {
  const void* logits;
  const void* labels;
  const void* dy;  // gradient of the losses
  void* loss;
  void* log_sum;
  void* dlogits;
  int64_t rows, cols;
  bool sparse;
};

// x is [rows, channels]; gamma and beta may be null.
struct BatchNormParams {
  const void* x;
  const void* gamma;
  const void* beta;
  void* y;
  void* mean;  // out for training, in for inference
  void* variance;
  int64_t rows, channels;
  double epsilon;
};

struct BatchNormGradParams {
  const void* dy;
  const void* x;
  const void* gamma;
  const void* mean;
  const void* variance;
  void* dx;
  void* dgamma;
  void* dbeta;
  int64_t rows, channels;
  double epsilon;
};

// Rows of x [rows, cols] by their own statistics; RMS normalisation has neither beta nor mean.
struct LayerNormParams {
  const void* x;
  const void* gamma;  // [cols] or null
  const void* beta;   // [cols] or null
  void* y;
  void* mean;   // out [rows]
  void* scale;  // out [rows]: 1 / sqrt(variance + epsilon)
  int64_t rows, cols;
  double epsilon;
};

struct LayerNormGradParams {
  const void* dy;
  const void* x;
  const void* gamma;
  const void* mean;
  const void* scale;
  void* dx;
  void* dgamma;
  void* dbeta;
  int64_t rows, cols;
};

// x is [images, rows, channels]; statistics are [images, groups].
struct GroupNormParams {
  const void* x;
  const void* gamma;  // [channels] or null
  const void* beta;   // [channels] or null
  void* y;
  void* mean;
  void* scale;
  int64_t images, rows, channels, groups;
  double epsilon;
};

struct GroupNormGradParams {
  const void* dy;
  const void* x;
  const void* gamma;
  const void* mean;
  const void* scale;
  void* dx;
  void* dgamma;
  void* dbeta;
  int64_t images, rows, channels, groups;
};

// query [batch, queries, heads, dim], key [batch, keys, key_heads, dim], value and the gradients
// alike; `heads` is a multiple of `key_heads`. Scores are scale * query key^T + bias where mask is
// true; bias and mask have strides for (batch, head, query, key), 0 where they repeat.
struct AttentionParams {
  const void* query;
  const void* key;
  const void* value;    // last axis value_dim
  const void* bias;     // or null
  const uint8_t* mask;  // or null
  void* out;            // [batch, queries, heads, value_dim]
  void* log_sum;        // [batch, heads, queries]: logarithm of the sum of exponentials
  const void* dy;
  void* dquery;
  void* dkey;
  void* dvalue;
  int64_t batch, queries, keys, heads, key_heads, dim, value_dim;
  int64_t bias_strides[4], mask_strides[4];
  double scale;
  bool causal;  // query i sees the keys up to i
  double dropout_rate;
  uint64_t seed;
};

// Rows of a table [rows, width] by index; the gradient adds the rows of dy [count, width] back.
struct EmbeddingParams {
  const void* table;
  const int64_t* indices;  // [count], all in [0, rows)
  const void* dy;
  void* out;
  int64_t count, rows, width;
};

struct Pool2DParams {
  const void* x;
  const void* y;   // backward of max: the forward output
  const void* dy;  // backward
  void* out;
  int64_t n, h, w, c;
  int64_t pool_h, pool_w;
  int64_t stride_h, stride_w;
  int64_t pad_top, pad_left;
  int64_t oh, ow;
};

// x is [n, h, w, c] and y [n, oh, ow, c]; backward x is the gradient of y and y that of x.
struct Resize2DParams {
  const void* x;
  void* y;
  int64_t n, h, w, c;
  int64_t oh, ow;
  bool bilinear;
};

// One entry per variable.
// One step of an optimizer over all variables.
struct StepParams {
  int64_t count;
  void* const* variables;
  const void* const* gradients;
  void* const* slots[3];  // null where there are fewer
  const int64_t* sizes;
  const double* keep;  // what each variable is multiplied by first; null for 1
  double learning_rate;
  double rates[5];  // the optimizer's own numbers, in the order of its binding
  int64_t step;     // from 1
  bool flag;        // Nesterov; centered without momentum
};

// Activations of recurrent kernels: those whose slope their result tells.
enum class GateAct : int {
  kLinear,
  kTanh,
  kSigmoid,
  kRelu,
  kRelu6,
  kLeakyRelu,
  kHardSigmoid,
  kHardTanh,
  kElu,
  kSelu,
  kSoftplus,
  kSoftsign,
  kExponential
};

// A whole sequence through a recurrent cell; gates are Keras's: i f c o (LSTM), z r h (GRU), one
// (rnn). The forward pass leaves what the backward pass reads in `gates`, `cells`, `squashed` and
// `previous` (null when nothing trains, but for gates, which always hold the projected x first).
// Step s reads x, mask and all that is kept at place s, or time - 1 - s; y is in order of steps.
struct RecurrentParams {
  const void* x;                 // [batch, time, inputs]
  const void* kernel;            // [inputs, gates * units], or null: x is what it would give
  const void* recurrent_kernel;  // [units, gates * units]
  const void* bias;              // [gates * units] or null
  const void* recurrent_bias;    // GRU that resets after the product: the same, or null
  const void* h0;                // [batch, units] or null, which is zeros
  const void* c0;
  const uint8_t* mask;       // [batch, time] or null: steps that count
  const void* dropout_mask;  // [batch, units] or null: times h before each product
  void* y;                   // [batch, time, units]
  void* h;                   // [batch, units]
  void* c;
  void* gates;  // [batch, time, gates * units], activated
  void* cells;  // [batch, time, units]: LSTM c after the step; GRU what its candidate takes for h
  void* squashed;  // [batch, time, units]: LSTM activation(c)
  void* previous;  // [batch, time, units]: what the product of the step took for h
  int64_t batch, time, inputs, units;
  GateAct activation, recurrent_activation;
  bool go_backwards, zero_output, reset_after, keep;
  bool gate_masks;  // dropout_mask is [gates, batch, units], and `previous` is h without it
};

struct RecurrentGradParams {
  RecurrentParams forward;  // its y, h and c are not read
  const void* dy;           // gradients of y, h and c; null for zeros
  const void* dh;
  const void* dc;
  void* dx;
  void* dkernel;
  void* drecurrent_kernel;
  void* dbias;
  void* drecurrent_bias;
  void* dh0;
  void* dc0;
};

}  // namespace minidl
