// The extension module `_core`: run-time switches here, one bind_<family>() per kernel family.
#define MINIDL_IMPORT_ARRAY
#include <pybind11/pybind11.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "bindings/arrays.h"
#include "core/allocator.h"
#include "core/dispatch.h"

namespace minidl {

#define MINIDL_FAMILY(family) void bind_##family(py::module_& m);
#include "kernels.def"
void bind_limits(py::module_& m);
void bind_profile(py::module_& m);

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
  bind_limits(m);
  bind_profile(m);
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
