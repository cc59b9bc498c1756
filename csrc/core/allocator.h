// Caching allocator for array data and kernel scratch. Every block is 64-byte aligned and belongs
// to a size class (four an octave). Blocks under 1 MiB are kept per thread and then in shared
// lists; larger ones are 2-MiB-aligned mappings with huge pages asked for, kept up to a byte cap.
// glibc would give those back to the kernel each time and pay a page fault per 4 KiB for them
// again.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minidl {

void* allocate(size_t bytes) noexcept;  // null when there is no memory
void deallocate(void* p) noexcept;      // null is fine
size_t usable_size(const void* p) noexcept;

struct AllocatorStats {
  int64_t live_bytes, cached_bytes, cap_bytes, hits, misses;
  bool enabled;
};
AllocatorStats allocator_stats() noexcept;

// Gives all cached blocks, those of other threads included, back to the system.
void release_memory() noexcept;

// MINIDL_ALLOCATOR=off turns caching off; MINIDL_CACHE_LIMIT is the cap in MiB (default a quarter
// of the memory). False and the bad value when either makes no sense.
bool init_allocator(const char** variable, const char** given) noexcept;

// Scratch memory that frees itself.
template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t count) noexcept
      : p_(static_cast<T*>(allocate(static_cast<size_t>(count) * sizeof(T)))) {}
  ~Scratch() { deallocate(p_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const noexcept { return p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }

 private:
  T* p_;
};

}  // namespace minidl
