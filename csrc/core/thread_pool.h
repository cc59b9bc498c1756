// A small thread pool of our own: N - 1 workers that spin some tens of microseconds and then sleep
// on a futex; the calling thread works too. Chunks do not depend on the number of threads, so
// results cannot either. Safe over fork (the child starts workers anew).
#pragma once

#include <cstdint>

namespace minidl {

// body(ctx, begin, end) handles the indices [begin, end).
using ParallelBody = void (*)(void* ctx, int64_t begin, int64_t end);

// Runs body over [0, n) in chunks of `grain`; returns when all are done. Runs on the calling thread
// alone when there is one chunk, when called from a worker, or when another thread has the pool.
void parallel_for(int64_t n, int64_t grain, ParallelBody body, void* ctx) noexcept;

int num_threads() noexcept;
void set_num_threads(int n) noexcept;  // 1 .. kMaxThreads
constexpr int kMaxThreads = 256;

// From MINIDL_NUM_THREADS, else affinity and cgroup quota. False when the variable makes no sense.
bool init_num_threads(const char** given) noexcept;

// Called now and then by a thread that runs a long parallel_for; true asks to stop: chunks not
// begun are skipped, and so is every parallel_for of that thread until take_interrupted().
void set_interrupt_hook(bool (*hook)()) noexcept;

// True once after work of this thread was cut short.
bool take_interrupted() noexcept;

// Flush-to-zero on this thread while it lives: denormals cost a hundred cycles each.
class DenormalGuard {
 public:
  DenormalGuard() noexcept;
  ~DenormalGuard();
  DenormalGuard(const DenormalGuard&) = delete;
  DenormalGuard& operator=(const DenormalGuard&) = delete;

 private:
  uint64_t saved_;
};

}  // namespace minidl
