// The extension module `_core`: run-time switches here, one bind_<family>() per kernel family.
#define MINIDL_IMPORT_ARRAY
#include <pybind11/pybind11.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "bindings/arrays.h"
#include "core/allocator.h"
#include "core/dispatch.h"

namespace minidl {

#define MINIDL_FAMILY(family) void bind_##family(py::module_& m);
#include "kernels.def"

namespace {

// Runs Python's signal handlers for a long kernel that has dropped the GIL; true when one raised.
// The exception stays set for check_status. Only the main thread handles signals.
bool signal_arrived() {
  if (syscall(SYS_gettid) != getpid()) return false;
  PyGILState_STATE state = PyGILState_Ensure();
  const bool raised = PyErr_CheckSignals() != 0;
  PyGILState_Release(state);
  return raised;
}

void set_threads(py::object n) {
  const long value = PyLong_Check(n.ptr()) && !PyBool_Check(n.ptr()) ? PyLong_AsLong(n.ptr()) : -1;
  if (PyErr_Occurred()) PyErr_Clear();
  if (value < 1 || value > kMaxThreads) {
    throw py::value_error("num_threads is " + std::string(py::repr(n)) +
                          "; expected an integer from 1 to " + std::to_string(kMaxThreads));
  }
  py::gil_scoped_release release;
  set_num_threads(static_cast<int>(value));
}

py::list isa_list() {
  py::list names;
  for (const char* const* p = available_isas(); *p; ++p) names.append(*p);
  return names;
}

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

void raise_bad_environment(const char* variable, const char* given, const std::string& expected) {
  throw py::value_error(std::string("the environment variable ") + variable + " is '" + given +
                        "'; expected " + expected);
}

void initialise() {
  const char* given = nullptr;
  const char* variable = nullptr;
  if (!select_initial_isa(&given)) {
    std::string names;
    for (const char* const* p = available_isas(); *p; ++p) {
      names += (names.empty() ? "" : ", ") + std::string(*p);
    }
    raise_bad_environment("MINIDL_ISA", given, "one that this machine can run: " + names);
  }
  if (!init_num_threads(&given)) {
    raise_bad_environment("MINIDL_NUM_THREADS", given,
                          "an integer from 1 to " + std::to_string(kMaxThreads));
  }
  if (!init_allocator(&variable, &given)) {
    raise_bad_environment(
        variable, given,
        std::strcmp(variable, "MINIDL_ALLOCATOR") ? "a number of MiB" : "'on' or 'off'");
  }
  set_interrupt_hook(signal_arrived);
}

}  // namespace
}  // namespace minidl

static int import_numpy() {
  import_array1(-1);
  return 0;
}

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  using namespace minidl;
  if (import_numpy() < 0) throw py::error_already_set();
  initialise();

  m.doc() = "Kernels of minidl on NumPy arrays.";
  m.def(
      "kernel_names",
      [] {
        py::list names;
#define MINIDL_KERNEL(name, Params) names.append(#name);
#include "kernels.def"
        return names;
      },
      "Names of all kernels in the table.");
  m.def("isa", [] { return kernels().isa; }, "The instruction set in use.");
  m.def("isa_available", isa_list, "Instruction sets this machine can run, weakest first.");
  m.def(
      "set_isa",
      [](const std::string& name) {
        if (!select_isa(name.c_str())) {
          throw py::value_error("name is '" + name + "'; expected one of " +
                                std::string(py::str(isa_list())));
        }
      },
      py::arg("name"), "Switches the instruction set (for tests).");
  m.def("num_threads", &num_threads, "Threads a kernel may use, the caller included.");
  m.def("set_num_threads", &set_threads, py::arg("num_threads"), "Sets num_threads().");
  m.def(
      "allocator_stats",
      [] {
        const AllocatorStats s = allocator_stats();
        py::dict d;
        d["live_bytes"] = s.live_bytes;
        d["cached_bytes"] = s.cached_bytes;
        d["cap_bytes"] = s.cap_bytes;
        d["hits"] = s.hits;
        d["misses"] = s.misses;
        d["enabled"] = s.enabled;
        return d;
      },
      "Bytes in use and cached, the cap on the cache, hits and misses.");
  m.def("release_memory", &release_memory, "Gives cached memory back to the system.");
  m.def("bench_fma", &bench_fma, py::arg("dtype") = "float32", py::arg("iterations") = 1'000'000,
        "Runs a register-only FMA loop on every set thread and returns the FLOPs done.");
  m.def("bench_triad", &bench_triad, py::arg("a"), py::arg("b"), py::arg("c"),
        "One STREAM triad a = b + 3 c over float64 vectors; returns the bytes of a, b and c.");
  m.def("bench_move", &bench_move, py::arg("a"), py::arg("b") = py::none(),
        py::arg("y") = py::none(), py::arg("streams") = false,
        "Reads float32 vectors a and, unless None, b, and writes their sum to y unless None, past "
        "the caches with `streams`; returns the bytes of all.");
  m.def(
      "build_info",
      [] {
        py::dict d;
#if defined(__clang__)
        d["compiler"] = "clang " __clang_version__;
#else
        d["compiler"] = "gcc " __VERSION__;
#endif
        d["version"] = MINIDL_VERSION;
        d["cuda"] = false;
        d["kernel_objects"] = MINIDL_BUILD_DIR;
        return d;
      },
      "Compiler, version and where the kernel objects were built.");

#define MINIDL_FAMILY(family) bind_##family(m);
#include "kernels.def"
}
