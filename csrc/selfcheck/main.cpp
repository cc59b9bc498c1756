// Kernels against naive loops on small integers (every result exact), without Python: for compilers
// and machines that the test suite does not reach, and for sanitizers. Exits 1 on a mismatch.
//   minidl_selfcheck            every kernel family on every instruction set, 1 to 4 threads
//   minidl_selfcheck overread   reads past the end of an image: AddressSanitizer must stop it
//   minidl_selfcheck race       writes one cell from all threads: ThreadSanitizer must stop it
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/allocator.h"
#include "core/thread_pool.h"
#include "selfcheck/checks.h"

using namespace minidl;

namespace {

template <class T>
void check_all() {
  check_products<T>();
  check_rows<T>();
  check_sequences<T>();
}

// The kernel is told of an image one row higher than the one there is.
void read_past_the_end() {
  Conv2DParams p{};
  p.n = 1, p.h = 9, p.w = 8, p.c = 16, p.kh = p.kw = 3, p.oc = 16, p.groups = 1;
  p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = 1;
  p.oh = p.h - 2, p.ow = p.w - 2;
  const auto x = integers<float>((p.h - 1) * p.w * p.c), f = integers<float>(9 * p.c * p.oc);
  std::vector<float> y(static_cast<size_t>(p.oh * p.ow * p.oc));
  p.x = x.data(), p.filter = f.data(), p.out = y.data();
  kernels().conv2d[0](p);
}

void race() {
  int64_t sum = 0;
  set_num_threads(4);
  parallel_for(
      1000, 1, [](void* ctx, int64_t begin, int64_t) { *static_cast<int64_t*>(ctx) += begin; },
      &sum);
  std::printf("sum %lld\n", static_cast<long long>(sum));
}

}  // namespace

int main(int argc, char** argv) {
  const char *given = nullptr, *variable = nullptr;
  if (!select_initial_isa(&given) || !init_allocator(&variable, &given)) return 2;
  if (argc > 1) {
    if (!std::strcmp(argv[1], "overread")) read_past_the_end();
    if (!std::strcmp(argv[1], "race")) race();
    std::printf("nothing stopped the planted fault\n");
    return 0;
  }
  for (const char* const* isa = available_isas(); *isa; ++isa) {
    select_isa(*isa);
    for (int threads : {1, 2, 3, 4}) {
      set_num_threads(threads);
      check_all<float>();
      check_all<double>();
    }
    std::printf("%s: %s\n", *isa, failed ? "wrong" : "right");
  }
  return failed;
}
