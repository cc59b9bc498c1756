// Which instruction sets the library holds, which the machine has, which one is used.
#pragma once

namespace minidl {

// Names of the sets that are built in and that this machine can run, weakest first, ended by null.
const char* const* available_isas() noexcept;

// Switches the table. False when `name` is unknown here or the machine lacks it.
bool select_isa(const char* name) noexcept;

// Honours MINIDL_ISA, else takes the strongest. False (and the bad value in *given) when the
// environment names a set that cannot be used.
bool select_initial_isa(const char** given) noexcept;

}  // namespace minidl
