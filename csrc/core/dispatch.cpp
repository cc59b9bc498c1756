#include "core/dispatch.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/kernel_table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace minidl {

#define MINIDL_TABLE(isa)              \
  namespace isa {                      \
  const KernelTable& table() noexcept; \
  }
MINIDL_TABLES
#undef MINIDL_TABLE

namespace {

#if defined(__x86_64__)
struct X86Features {
  bool avx2 = false, avx512 = false;
  X86Features() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const bool osxsave = c & (1u << 27), fma = c & (1u << 12), f16c = c & (1u << 29);
    if (!osxsave) return;
    unsigned lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    if ((lo & 0x6) != 0x6) return;  // the system saves xmm and ymm
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    const bool bmi = (b & (1u << 3)) && (b & (1u << 8));
    avx2 = fma && f16c && bmi && (b & (1u << 5));
    const unsigned want = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);  // F DQ BW VL
    avx512 = avx2 && (b & want) == want && (lo & 0xe6) == 0xe6;
  }
};

bool machine_has(const char* isa) {
  static const X86Features features;
  if (!std::strcmp(isa, "avx512")) return features.avx512;
  if (!std::strcmp(isa, "avx2")) return features.avx2;
  return true;
}
#else
bool machine_has(const char*) {
  return true;
}
#endif

struct Choices {
  const char* names[8] = {};
  const KernelTable* tables[8] = {};
  int count = 0;
  Choices() {
#define MINIDL_TABLE(isa)            \
  if (machine_has(#isa)) {           \
    names[count] = #isa;             \
    tables[count++] = &isa::table(); \
  }
    MINIDL_TABLES
#undef MINIDL_TABLE
  }
};

const Choices& choices() {
  static const Choices c;
  return c;
}

const KernelTable* g_table = nullptr;

}  // namespace

const KernelTable& kernels() noexcept {
  return *g_table;
}

const char* const* available_isas() noexcept {
  return choices().names;
}

bool select_isa(const char* name) noexcept {
  const Choices& c = choices();
  for (int i = 0; i < c.count; ++i) {
    if (!std::strcmp(c.names[i], name)) {
      g_table = c.tables[i];
      return true;
    }
  }
  return false;
}

bool select_initial_isa(const char** given) noexcept {
  const Choices& c = choices();
  *given = std::getenv("MINIDL_ISA");
  if (*given && **given) return select_isa(*given);
  return select_isa(c.names[c.count - 1]);
}

int64_t l2_bytes() noexcept {
  static const int64_t bytes = [] {
    long told = 0;
#ifdef _SC_LEVEL2_CACHE_SIZE
    told = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return told > 0 ? int64_t{told} : int64_t{512} << 10;
  }();
  return bytes;
}

int64_t l3_bytes() noexcept {
  static const int64_t bytes = [] {
    long told = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
    told = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
    const int64_t most = int64_t{32} << 20;
    return told > most ? most : told > 0 ? int64_t{told} : most / 2;
  }();
  return bytes;
}

}  // namespace minidl
