#include "core/thread_pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace minidl {
namespace {

constexpr int kSpins = 2000;  // about 40 us of pauses before the caller yields to a worker
// About 160 us before a worker sleeps: as long as a training step works on one thread between two
// parallel kernels. Waking it costs 20 us and more, and it wakes with cold caches.
constexpr int kIdleSpins = 4 * kSpins;
constexpr int64_t kHookPeriodNs = 40'000'000;

inline void cpu_pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

long futex(std::atomic<uint32_t>* word, int op, uint32_t value) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), op, value, nullptr, nullptr, 0);
}

int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// The part of the chunks a thread starts with; others may steal from it. A cache line each.
struct alignas(64) Range {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

struct Pool {
  std::atomic<uint32_t> generation{0};  // futex word: bumped for every job
  std::atomic<uint32_t> open{0};        // generation of the job that may be entered, 0 for none
  std::atomic<int> inside{0};           // workers that are in the job
  std::atomic<int> sleepers{0};
  std::atomic<bool> cancel{false};
  std::atomic<bool> stop{false};
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;  // held by the thread that has the pool
  pthread_t threads[kMaxThreads];
  std::atomic<int> cpu[kMaxThreads];  // where each worker last ran
  int workers = 0;                    // running
  int wanted = 1;                     // threads in all
  // The job. Written before `open`, read after entering.
  ParallelBody body = nullptr;
  void* ctx = nullptr;
  int64_t n = 0, grain = 1;
  int parts = 1;
  Range ranges[kMaxThreads];
};

Pool* g_pool = nullptr;
std::atomic<bool (*)()> g_hook{nullptr};
thread_local bool t_inside = false;
thread_local bool t_interrupted = false;  // the rest of this thread's kernel is to be skipped
thread_local int64_t t_last_poll = 0;

// Asks the hook now and then, also over many short jobs; true to stop.
bool poll_hook() {
  auto hook = g_hook.load(std::memory_order_relaxed);
  if (!hook) return false;
  const int64_t t = now_ns();
  if (t - t_last_poll < kHookPeriodNs) return false;
  t_last_poll = t;
  return hook();
}

// Works through this thread's range, then through the others'. Only the caller (part 0) polls.
void work(Pool& pool, int part) {
  for (int offset = 0; offset < pool.parts; ++offset) {
    Range& range = pool.ranges[(part + offset) % pool.parts];
    for (;;) {
      if (pool.cancel.load(std::memory_order_relaxed)) return;
      const int64_t chunk = range.next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= range.end) break;
      const int64_t begin = chunk * pool.grain;
      const int64_t end = begin + pool.grain < pool.n ? begin + pool.grain : pool.n;
      pool.body(pool.ctx, begin, end);
      if (part == 0 && poll_hook()) pool.cancel.store(true);
    }
  }
}

struct WorkerStart {
  Pool* pool;
  int part;
  uint32_t seen;  // the generation at creation: the worker waits for the next one
};

void* worker_main(void* arg) {
  const WorkerStart start = *static_cast<WorkerStart*>(arg);
  delete static_cast<WorkerStart*>(arg);
  Pool& pool = *start.pool;
  t_inside = true;
  DenormalGuard denormals;
  uint32_t seen = start.seen;
  for (;;) {
    uint32_t current;
    int spins = 0;
    while ((current = pool.generation.load(std::memory_order_acquire)) == seen) {
      if (++spins < kIdleSpins) {
        cpu_pause();
      } else {
        pool.sleepers.fetch_add(1);
        if (pool.generation.load() == seen) futex(&pool.generation, FUTEX_WAIT_PRIVATE, seen);
        pool.sleepers.fetch_sub(1);
      }
    }
    seen = current;
    if (pool.stop.load()) return nullptr;
    // Enter, then look whether the job is still open: with both sides sequentially consistent
    // either the caller sees us inside or we see the job closed.
    pool.cpu[start.part - 1].store(sched_getcpu(), std::memory_order_relaxed);
    pool.inside.fetch_add(1);
    if (pool.open.load() == current && start.part < pool.parts) work(pool, start.part);
    pool.inside.fetch_sub(1);
  }
}

// Some schedulers wake a worker on the waker's own processor and leave it there for a second while
// another one idles. So, for as long as it takes to wake (or move) the workers, this processor is
// taken out of their masks; then it is put back, so that nothing stays pinned.
class KeepAway {
 public:
  KeepAway(Pool& pool, int workers, bool asleep) : pool_(pool), workers_(workers) {
    const int here = sched_getcpu();
    bool together = asleep;
    for (int i = 0; i < workers && !together; ++i) {
      together = pool.cpu[i].load(std::memory_order_relaxed) == here;
    }
    if (!together || pthread_getaffinity_np(pool.threads[0], sizeof mask_, &mask_)) return;
    cpu_set_t others = mask_;
    CPU_CLR(here, &others);
    if (CPU_COUNT(&others) < pool.workers) return;  // more threads than processors
    active_ = true;
    for (int i = 0; i < workers; ++i) {
      pthread_setaffinity_np(pool.threads[i], sizeof others, &others);
    }
  }
  ~KeepAway() {
    for (int i = 0; active_ && i < workers_; ++i) {
      pthread_setaffinity_np(pool_.threads[i], sizeof mask_, &mask_);
    }
  }
  KeepAway(const KeepAway&) = delete;
  KeepAway& operator=(const KeepAway&) = delete;

 private:
  Pool& pool_;
  int workers_;
  bool active_ = false;
  cpu_set_t mask_;
};

void stop_workers(Pool& pool) {
  if (!pool.workers) return;
  pool.stop.store(true);
  pool.generation.fetch_add(1);
  futex(&pool.generation, FUTEX_WAKE_PRIVATE, INT_MAX);
  for (int i = 0; i < pool.workers; ++i) pthread_join(pool.threads[i], nullptr);
  pool.workers = 0;
  pool.stop.store(false);
}

void start_workers(Pool& pool) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);  // signals are Python's main thread's business
  while (pool.workers < pool.wanted - 1) {
    auto* start = new (std::nothrow) WorkerStart{&pool, pool.workers + 1, pool.generation.load()};
    if (!start) break;
    pool.cpu[pool.workers].store(sched_getcpu());
    if (pthread_create(&pool.threads[pool.workers], nullptr, worker_main, start)) {
      delete start;  // fewer workers then: slower, not wrong
      pool.wanted = pool.workers + 1;
      break;
    }
    ++pool.workers;
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

// The workers do not exist in the child: it starts anew. The old pool is left alone, in whatever
// state it is. Nothing is locked before the fork: the thread that forks holds Python's lock, and a
// running job may be waiting for that lock to look for signals.
void after_fork_child() {
  const int wanted = g_pool->wanted;
  g_pool = new Pool;
  g_pool->wanted = wanted;
  t_inside = false;
}

Pool& pool() {
  static const bool once = [] {
    g_pool = new Pool;
    pthread_atfork(nullptr, nullptr, after_fork_child);
    return true;
  }();
  (void)once;
  return *g_pool;
}

int cgroup_cpus() {
  FILE* f = std::fopen("/sys/fs/cgroup/cpu.max", "r");
  if (!f) return INT_MAX;
  char quota[32];
  long period = 0;
  int cpus = INT_MAX;
  if (std::fscanf(f, "%31s %ld", quota, &period) == 2 && std::strcmp(quota, "max") && period > 0) {
    const long q = std::atol(quota);
    if (q > 0) cpus = static_cast<int>((q + period - 1) / period);
  }
  std::fclose(f);
  return cpus;
}

int usable_cpus() {
  cpu_set_t set;
  int cpus = 1;
  if (!sched_getaffinity(0, sizeof set, &set)) cpus = CPU_COUNT(&set);
  const int quota = cgroup_cpus();
  cpus = cpus < quota ? cpus : quota;
  return cpus < 1 ? 1 : (cpus > kMaxThreads ? kMaxThreads : cpus);
}

}  // namespace

void parallel_for(int64_t n, int64_t grain, ParallelBody body, void* ctx) noexcept {
  if (n <= 0 || t_interrupted) return;
  const int64_t chunks = (n + grain - 1) / grain;
  Pool& p = pool();
  if (chunks == 1 || p.wanted == 1 || t_inside || pthread_mutex_trylock(&p.mutex)) {
    for (int64_t begin = 0; begin < n; begin += grain) {
      body(ctx, begin, begin + grain < n ? begin + grain : n);
      if (chunks > 1 && !t_inside && poll_hook()) {
        t_interrupted = true;
        return;
      }
    }
    return;
  }
  if (p.workers != p.wanted - 1) {
    stop_workers(p);
    start_workers(p);
  }
  p.body = body;
  p.ctx = ctx;
  p.n = n;
  p.grain = grain;
  p.parts = static_cast<int>(chunks < p.wanted ? chunks : p.wanted);
  for (int i = 0; i < p.parts; ++i) {
    p.ranges[i].next.store(chunks * i / p.parts, std::memory_order_relaxed);
    p.ranges[i].end = chunks * (i + 1) / p.parts;
  }
  p.cancel.store(false, std::memory_order_relaxed);
  uint32_t generation = p.generation.load(std::memory_order_relaxed) + 1;
  if (generation == 0) generation = 1;  // 0 means closed
  {
    KeepAway others(p, p.parts - 1, p.sleepers.load() != 0);
    p.open.store(generation);
    p.generation.store(generation);
    if (p.sleepers.load()) futex(&p.generation, FUTEX_WAKE_PRIVATE, INT_MAX);
  }

  t_inside = true;
  work(p, 0);
  t_inside = false;
  p.open.store(0);
  for (int spins = 0; p.inside.load() != 0; ++spins) {
    if (spins < kSpins) {
      cpu_pause();
    } else {
      sched_yield();
    }
  }
  if (p.cancel.load()) t_interrupted = true;
  pthread_mutex_unlock(&p.mutex);
}

int num_threads() noexcept {
  return pool().wanted;
}

void set_num_threads(int n) noexcept {
  Pool& p = pool();
  pthread_mutex_lock(&p.mutex);
  if (n != p.wanted) {
    stop_workers(p);
    p.wanted = n;
  }
  pthread_mutex_unlock(&p.mutex);
}

bool init_num_threads(const char** given) noexcept {
  *given = std::getenv("MINIDL_NUM_THREADS");
  if (*given && **given) {
    char* end = nullptr;
    const long n = std::strtol(*given, &end, 10);
    if (*end || n < 1 || n > kMaxThreads) return false;
    pool().wanted = static_cast<int>(n);
    return true;
  }
  pool().wanted = usable_cpus();
  return true;
}

void set_interrupt_hook(bool (*hook)()) noexcept {
  g_hook.store(hook);
}

bool take_interrupted() noexcept {
  const bool was = t_interrupted;
  t_interrupted = false;
  return was;
}

#if defined(__x86_64__)
DenormalGuard::DenormalGuard() noexcept : saved_(_mm_getcsr()) {
  _mm_setcsr(static_cast<unsigned>(saved_) | 0x8040);  // FTZ | DAZ
}
DenormalGuard::~DenormalGuard() {
  _mm_setcsr(static_cast<unsigned>(saved_));
}
#elif defined(__aarch64__)
DenormalGuard::DenormalGuard() noexcept {
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved_));
  __asm__ volatile("msr fpcr, %0" ::"r"(saved_ | (1ull << 24)));
}
DenormalGuard::~DenormalGuard() {
  __asm__ volatile("msr fpcr, %0" ::"r"(saved_));
}
#else
DenormalGuard::DenormalGuard() noexcept : saved_(0) {}
DenormalGuard::~DenormalGuard() = default;
#endif

}  // namespace minidl
