#include "core/allocator.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace minidl {
namespace {

constexpr size_t kHeader = 64;
constexpr size_t kLarge = size_t{1} << 20;
constexpr size_t kHuge = size_t{2} << 20;
constexpr int kClasses = 4 * 48;
constexpr int kPerThread = 16;                       // blocks of one class a thread keeps
constexpr size_t kPerThreadBytes = size_t{4} << 20;  // and bytes in all
constexpr uint32_t kMagic = 0x6d696e69;

struct Header {
  uint32_t magic;
  int32_t size_class;  // -1: not cached
  size_t total;        // bytes of the block, header included
  char* base;          // what the system gave
  size_t mapped;       // bytes of the mapping, 0 for malloc
  Header* next;        // in a free list
};
static_assert(sizeof(Header) <= kHeader, "the header must leave the data aligned");

// Smallest class that holds `bytes`: sizes 2^e * {1, 1.25, 1.5, 1.75}, from 64 bytes up.
int class_of(size_t bytes, size_t* rounded) {
  if (bytes <= 64) {
    *rounded = 64;
    return 0;
  }
  const int e = 63 - __builtin_clzll(bytes - 1);  // 2^e < bytes <= 2^(e+1)
  const size_t base = size_t{1} << e, step = base / 4;
  const size_t quarter = (bytes - base + step - 1) / step;  // 1..4
  *rounded = base + quarter * step;
  return 1 + (e - 6) * 4 + static_cast<int>(quarter) - 1;
}

struct Lists {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Header* head[kClasses] = {};
};
Lists g_lists;

std::atomic<int64_t> g_live{0}, g_cached{0}, g_hits{0}, g_misses{0};
std::atomic<uint32_t> g_stagger{0};
int64_t g_cap = int64_t{1} << 30;
bool g_enabled = true;

void* data_of(Header* h) {
  return reinterpret_cast<char*>(h) + kHeader;
}
Header* header_of(const void* p) {
  return reinterpret_cast<Header*>(static_cast<char*>(const_cast<void*>(p)) - kHeader);
}

void to_system(Header* h) {
  if (h->mapped) {
    munmap(h->base, h->mapped);
  } else {
    std::free(h->base);
  }
}

Header* from_system(size_t total, int size_class) {
  Header* h;
  if (total < kLarge || !g_enabled) {
    void* base = nullptr;
    if (posix_memalign(&base, 64, total)) return nullptr;
    h = static_cast<Header*>(base);
    h->base = static_cast<char*>(base);
    h->mapped = 0;
  } else {
    // Staggered starts, so that arrays used together do not fall on the same cache sets.
    const size_t stagger = (g_stagger.fetch_add(1, std::memory_order_relaxed) % 15) * 320;
    const size_t want = total + stagger;
    const size_t mapped = want + kHuge;
    char* base = static_cast<char*>(
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base == MAP_FAILED) return nullptr;
    char* aligned = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(base) + kHuge - 1) &
                                            ~(static_cast<uintptr_t>(kHuge) - 1));
    madvise(aligned, static_cast<size_t>(base + mapped - aligned), MADV_HUGEPAGE);
    h = reinterpret_cast<Header*>(aligned + stagger);
    h->base = base;
    h->mapped = mapped;
  }
  h->magic = kMagic;
  h->size_class = size_class;
  h->total = total;
  h->next = nullptr;
  return h;
}

// Blocks a thread keeps for itself. Only `release_memory` and fork come from outside, so the lock
// is nearly always free and in the thread's own cache line.
struct ThreadCache {
  std::atomic<bool> locked{false};
  ThreadCache *next = nullptr, *previous = nullptr;  // in the registry
  int64_t hits = 0;
  Header* head[kClasses] = {};
  uint8_t count[kClasses] = {};
  size_t bytes = 0;

  void lock() {
    while (locked.exchange(true, std::memory_order_acquire)) sched_yield();
  }
  void unlock() { locked.store(false, std::memory_order_release); }

  Header* take(int c) {
    lock();
    Header* h = head[c];
    if (h) {
      head[c] = h->next;
      --count[c];
      bytes -= h->total;
      ++hits;
    }
    unlock();
    return h;
  }
  bool keep(Header* h) {
    const int c = h->size_class;
    lock();
    const bool room = count[c] < kPerThread && bytes + h->total <= kPerThreadBytes;
    if (room) {
      h->next = head[c];
      head[c] = h;
      ++count[c];
      bytes += h->total;
    }
    unlock();
    return room;
  }
  void flush() {  // locked, or no one else's
    for (int c = 0; c < kClasses; ++c) {
      while (Header* h = head[c]) {
        head[c] = h->next;
        g_cached.fetch_sub(static_cast<int64_t>(h->total), std::memory_order_relaxed);
        to_system(h);
      }
      count[c] = 0;
    }
    bytes = 0;
  }
};

// All threads' caches.
struct Registry {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  ThreadCache* first = nullptr;
};
Registry g_registry;

thread_local ThreadCache* t_cache = nullptr;
thread_local bool t_gone = false;  // set when the thread's cache has been destroyed
struct ThreadCacheHolder {
  ThreadCache cache;
  ThreadCacheHolder() {
    pthread_mutex_lock(&g_registry.mutex);
    cache.next = g_registry.first;
    if (cache.next) cache.next->previous = &cache;
    g_registry.first = &cache;
    pthread_mutex_unlock(&g_registry.mutex);
  }
  ~ThreadCacheHolder() {
    t_gone = true;
    t_cache = nullptr;
    pthread_mutex_lock(&g_registry.mutex);
    (cache.previous ? cache.previous->next : g_registry.first) = cache.next;
    if (cache.next) cache.next->previous = cache.previous;
    g_hits.fetch_add(cache.hits);
    pthread_mutex_unlock(&g_registry.mutex);
    cache.flush();
  }
};

// This thread's cache, null while the thread ends.
ThreadCache* thread_cache() {
  if (!t_cache && !t_gone) {
    thread_local ThreadCacheHolder holder;
    t_cache = &holder.cache;
  }
  return t_cache;
}

void lock_lists() {
  pthread_mutex_lock(&g_lists.mutex);
}
void unlock_lists() {
  pthread_mutex_unlock(&g_lists.mutex);
}

// Around fork every lock is held, so that the child finds whole lists.
void before_fork() {
  pthread_mutex_lock(&g_registry.mutex);
  for (ThreadCache* c = g_registry.first; c; c = c->next) c->lock();
  lock_lists();
}
void after_fork() {
  unlock_lists();
  for (ThreadCache* c = g_registry.first; c; c = c->next) c->unlock();
  pthread_mutex_unlock(&g_registry.mutex);
}
// The other threads are gone and their memory is reused: what they kept goes to the shared lists.
void after_fork_child() {
  for (ThreadCache* cache = g_registry.first; cache; cache = cache->next) {
    if (cache == t_cache) continue;
    g_hits.fetch_add(cache->hits);
    for (int c = 0; c < kClasses; ++c) {
      while (Header* h = cache->head[c]) {
        cache->head[c] = h->next;
        h->next = g_lists.head[c];
        g_lists.head[c] = h;
      }
    }
  }
  g_registry.first = t_cache;
  if (t_cache) t_cache->next = t_cache->previous = nullptr;
  after_fork();
}

}  // namespace

void* allocate(size_t bytes) noexcept {
  if (bytes > (size_t{1} << 46)) return nullptr;
  size_t total;
  const int c = class_of(bytes + kHeader, &total);
  // Without the cache a block is as long as what was asked for, so that memory checkers see the
  // first byte past its end.
  if (!g_enabled) total = bytes + kHeader;
  Header* h = nullptr;
  if (g_enabled && total < kLarge) {
    if (ThreadCache* cache = thread_cache()) h = cache->take(c);
  }
  if (!h && g_enabled) {
    lock_lists();
    if ((h = g_lists.head[c])) g_lists.head[c] = h->next;
    unlock_lists();
    if (h) g_hits.fetch_add(1, std::memory_order_relaxed);
  }
  if (h) {
    g_cached.fetch_sub(static_cast<int64_t>(h->total), std::memory_order_relaxed);
  } else {
    g_misses.fetch_add(1, std::memory_order_relaxed);
    h = from_system(total, c);
    if (!h) {  // what is cached may be what is missing
      release_memory();
      h = from_system(total, c);
    }
    if (!h) return nullptr;
  }
  g_live.fetch_add(static_cast<int64_t>(h->total), std::memory_order_relaxed);
  return data_of(h);
}

void deallocate(void* p) noexcept {
  if (!p) return;
  Header* h = header_of(p);
  if (h->magic != kMagic) std::abort();  // not ours, or overwritten: stopping beats corrupting
  const int64_t total = static_cast<int64_t>(h->total);
  g_live.fetch_sub(total, std::memory_order_relaxed);
  if (!g_enabled || g_cached.load(std::memory_order_relaxed) + total > g_cap) {
    to_system(h);
    return;
  }
  g_cached.fetch_add(total, std::memory_order_relaxed);
  if (h->total < kLarge) {
    ThreadCache* cache = thread_cache();
    if (cache && cache->keep(h)) return;
  }
  const int c = h->size_class;
  lock_lists();
  h->next = g_lists.head[c];
  g_lists.head[c] = h;
  unlock_lists();
}

size_t usable_size(const void* p) noexcept {
  return header_of(p)->total - kHeader;
}

AllocatorStats allocator_stats() noexcept {
  pthread_mutex_lock(&g_registry.mutex);
  int64_t hits = g_hits.load();
  for (ThreadCache* c = g_registry.first; c; c = c->next) {
    c->lock();
    hits += c->hits;
    c->unlock();
  }
  pthread_mutex_unlock(&g_registry.mutex);
  return {g_live.load(), g_cached.load(), g_cap, hits, g_misses.load(), g_enabled};
}

void release_memory() noexcept {
  pthread_mutex_lock(&g_registry.mutex);
  for (ThreadCache* c = g_registry.first; c; c = c->next) {
    c->lock();
    c->flush();
    c->unlock();
  }
  pthread_mutex_unlock(&g_registry.mutex);
  for (int c = 0; c < kClasses; ++c) {
    lock_lists();
    Header* h = g_lists.head[c];
    g_lists.head[c] = nullptr;
    unlock_lists();
    while (h) {
      Header* next = h->next;
      g_cached.fetch_sub(static_cast<int64_t>(h->total), std::memory_order_relaxed);
      to_system(h);
      h = next;
    }
  }
}

bool init_allocator(const char** variable, const char** given) noexcept {
  pthread_atfork(before_fork, after_fork, after_fork_child);
  const int64_t memory =
      static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<int64_t>(sysconf(_SC_PAGESIZE));
  g_cap = memory / 4;
  *variable = "MINIDL_ALLOCATOR";
  *given = std::getenv(*variable);
  if (*given && **given) {
    if (!std::strcmp(*given, "off")) {
      g_enabled = false;
    } else if (std::strcmp(*given, "on")) {
      return false;
    }
  }
  *variable = "MINIDL_CACHE_LIMIT";
  *given = std::getenv(*variable);
  if (*given && **given) {
    char* end = nullptr;
    const long long mib = std::strtoll(*given, &end, 10);
    if (*end || mib < 0 || mib > (1LL << 30)) return false;
    g_cap = static_cast<int64_t>(mib) << 20;
  }
  return true;
}

}  // namespace minidl
