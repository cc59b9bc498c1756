// What the machine is: its instruction sets, which of the library's is used, its cache.
#pragma once

#include <cstdint>

namespace minidl {

// Names of the sets that are built in and that this machine can run, weakest first, ended by null.
const char* const* available_isas() noexcept;

// Switches the table. False when `name` is unknown here or the machine lacks it.
bool select_isa(const char* name) noexcept;

// Honours MINIDL_ISA, else takes the strongest. False (and the bad value in *given) when the
// environment names a set that cannot be used.
bool select_initial_isa(const char** given) noexcept;

// Bytes of one core's second-level cache; 512 KiB where the system does not tell. Blocking may
// follow it.
int64_t l2_bytes() noexcept;

// Bytes of the last-level cache within a thread's reach, at most 32 MiB: some systems count those
// of all sockets. 16 MiB where the system does not tell.
int64_t l3_bytes() noexcept;

}  // namespace minidl
