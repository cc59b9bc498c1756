// The loops that benchmarks measure this machine's limits with, on all set threads: arithmetic from
// registers, a STREAM triad, and moving vectors as memory-bound kernels do.
#include <pybind11/pybind11.h>

#include <atomic>

#include "bindings/arrays.h"
#include "core/dispatch.h"

namespace minidl {
namespace {

// Runs the register-only FMA loop once on every set thread; the caller holds the clock.
double bench_fma(const std::string& dtype, int64_t iterations) {
  if (iterations < 1) {
    throw py::value_error("iterations is " + std::to_string(iterations) + "; expected at least 1");
  }
  struct Ctx {
    int64_t iterations;
    int dtype;
    std::atomic<double> flops;
  } ctx{iterations, dtype == "float64", {0.0}};
  py::gil_scoped_release release;
  parallel_for(
      num_threads(), 1,
      [](void* p, int64_t begin, int64_t end) {
        Ctx& x = *static_cast<Ctx*>(p);
        for (int64_t i = begin; i < end; ++i) {
          const double done = kernels().bench_fma(x.iterations, x.dtype);
          double before = x.flops.load();
          while (!x.flops.compare_exchange_weak(before, before + done)) {
          }
        }
      },
      &ctx);
  return ctx.flops.load();
}

// One STREAM triad a = b + 3 c with all set threads.
double bench_triad(const py::buffer& out, const py::buffer& in1, const py::buffer& in2) {
  const py::buffer_info a = out.request(true), b = in1.request(), c = in2.request();
  for (const py::buffer_info* x : {&a, &b, &c}) {
    if (x->ndim != 1 || x->size < 1 || x->size != a.size || x->strides[0] != sizeof(double) ||
        x->format != py::format_descriptor<double>::format()) {
      throw py::value_error("a, b and c hold " + std::to_string(a.size) + ", " +
                            std::to_string(b.size) + " and " + std::to_string(c.size) +
                            " values; expected float64 vectors of one length, at least 1");
    }
  }
  struct Ctx {
    double* a;
    const double *b, *c;
  } ctx{static_cast<double*>(a.ptr), static_cast<const double*>(b.ptr),
        static_cast<const double*>(c.ptr)};
  const int64_t n = a.size;
  py::gil_scoped_release release;
  parallel_for(
      n, 1 << 16,
      [](void* p, int64_t begin, int64_t end) {
        const Ctx& x = *static_cast<Ctx*>(p);
        for (int64_t k = begin; k < end; ++k) x.a[k] = x.b[k] + 3.0 * x.c[k];
      },
      &ctx);
  return 24.0 * static_cast<double>(n);
}

const float* float_vector(const char* name, const py::buffer_info& x, ssize_t size) {
  if (x.ndim != 1 || x.size != size || x.size < 1 || x.strides[0] != sizeof(float) ||
      x.format != py::format_descriptor<float>::format()) {
    throw py::value_error(std::string(name) + " has " + std::to_string(x.size) +
                          " values; expected a float32 vector of " + std::to_string(size) +
                          ", at least 1");
  }
  return static_cast<const float*>(x.ptr);
}

// Moves the bytes of one or two vectors, and of a third, as the kernels do that only move bytes.
double bench_move(const py::buffer& in1, const py::object& in2, const py::object& out,
                  bool streams) {
  const py::buffer_info a = in1.request();
  struct Ctx {
    const float *a, *b;
    float* y;
    bool streams;
    std::atomic<float> sum;
  } ctx{float_vector("a", a, a.size), nullptr, nullptr, streams, {0.0f}};
  py::buffer_info b, y;
  if (!in2.is_none()) ctx.b = float_vector("b", b = py::buffer(in2).request(), a.size);
  if (!out.is_none()) {
    ctx.y = const_cast<float*>(float_vector("y", y = py::buffer(out).request(true), a.size));
  }
  const int64_t n = a.size;
  py::gil_scoped_release release;
  parallel_for(
      n, 1 << 15,
      [](void* p, int64_t begin, int64_t end) {
        Ctx& x = *static_cast<Ctx*>(p);
        x.sum = kernels().bench_move(x.a + begin, x.b ? x.b + begin : nullptr,
                                     x.y ? x.y + begin : nullptr, end - begin, x.streams);
      },
      &ctx);
  return 4.0 * static_cast<double>(n) * (1 + (ctx.b ? 1 : 0) + (ctx.y ? 1 : 0));
}

}  // namespace

void bind_limits(py::module_& m);
void bind_limits(py::module_& m) {
  m.def("bench_fma", &bench_fma, py::arg("dtype") = "float32", py::arg("iterations") = 1'000'000,
        "Runs a register-only FMA loop on every set thread and returns the FLOPs done.");
  m.def("bench_triad", &bench_triad, py::arg("a"), py::arg("b"), py::arg("c"),
        "One STREAM triad a = b + 3 c over float64 vectors; returns the bytes of a, b and c.");
  m.def("bench_move", &bench_move, py::arg("a"), py::arg("b") = py::none(),
        py::arg("y") = py::none(), py::arg("streams") = false,
        "Reads float32 vectors a and, unless None, b, and writes their sum to y unless None, past "
        "the caches with `streams`; returns the bytes of all.");
}

}  // namespace minidl
