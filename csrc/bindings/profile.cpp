#include "bindings/profile.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "bindings/arrays.h"

namespace minidl {

std::atomic<bool> g_profiling{false};

namespace {

struct Event {
  int kernel;
  DType dtype;
  uint64_t thread;
  int64_t begin, end, bytes;
  double flops;
};

const char* const kNames[] = {
#define MINIDL_KERNEL(name, Params) #name,
#include "kernels.def"
};

std::mutex g_lock;
std::vector<Event> g_events;
thread_local int64_t t_bytes = 0;

// The table begins with the kernels, in the order of the names, after the name of its level.
int index_of(const void* entry) noexcept {
  const auto offset =
      static_cast<const char*>(entry) - reinterpret_cast<const char*>(&kernels().matmul);
  return static_cast<int>(offset / static_cast<int64_t>(sizeof(kernels().matmul)));
}

py::list events_from(int64_t first) {
  std::vector<Event> events;
  {
    std::lock_guard<std::mutex> hold(g_lock);
    const auto start = std::min<int64_t>(first, static_cast<int64_t>(g_events.size()));
    events.assign(g_events.begin() + start, g_events.end());
  }
  py::list out;
  for (const Event& e : events) {
    out.append(py::make_tuple(kNames[e.kernel], e.dtype == DType::kFloat32 ? "float32" : "float64",
                              e.thread, e.begin, e.end, e.bytes, e.flops));
  }
  return out;
}

}  // namespace

void profile_bytes(int64_t bytes) noexcept {
  t_bytes += bytes;
}

int64_t profile_clock() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

void profile_call(const void* entry, DType dtype, int64_t begin, double flops) noexcept {
  const int64_t end = profile_clock();
  const Event event{index_of(entry), dtype, static_cast<uint64_t>(pthread_self()), begin, end,
                    t_bytes,         flops};
  t_bytes = 0;
  std::lock_guard<std::mutex> hold(g_lock);
  try {
    g_events.push_back(event);
  } catch (const std::bad_alloc&) {  // a profile with a gap beats a step that fails
  }
}

void bind_profile(py::module_& m) {
  m.def(
      "profile_start",
      [] {
        std::lock_guard<std::mutex> hold(g_lock);
        g_events.clear();
        t_bytes = 0;
        g_profiling = true;
      },
      "Notes every kernel from now on.");
  m.def(
      "profile_stop",
      [] {
        std::lock_guard<std::mutex> hold(g_lock);
        g_profiling = false;
        std::vector<Event>().swap(g_events);
      },
      "Ends it and forgets what was noted.");
  m.def(
      "profile_count",
      [] {
        std::lock_guard<std::mutex> hold(g_lock);
        return g_events.size();
      },
      "How many calls have been noted.");
  m.def("profile_events", &events_from, py::arg("first"),
        "Calls noted from number `first` on: (kernel, dtype, thread, begin and end in nanoseconds, "
        "bytes, FLOPs).");
}

}  // namespace minidl
