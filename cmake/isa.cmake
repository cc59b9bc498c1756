# Instruction set -> compiler flags, the one place. Every kernels/*.cpp is compiled once per entry.
# Results must not depend on the compiler's mood: contraction is on (FMA where the set has it), but
# nothing may reorder sums (-ffast-math is never used).
set(MINIDL_KERNEL_FLAGS -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math
    -fno-exceptions -fno-rtti -fno-stack-protector -Wno-psabi
    -Wno-bitwise-conditional-parentheses)  # a Clang warning; `a | b ? x : y` means what it says
if(MINIDL_SANITIZE)  # a third of the compile time
  list(TRANSFORM MINIDL_KERNEL_FLAGS REPLACE "^-O3$" "-O1")
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set(MINIDL_ISAS baseline avx2 avx512)
  set(MINIDL_FLAGS_baseline -march=x86-64)
  set(MINIDL_FLAGS_avx2 -march=x86-64 -mavx2 -mfma -mf16c -mbmi -mbmi2 -mtune=haswell)
  set(MINIDL_FLAGS_avx512 -march=x86-64 -mavx2 -mfma -mf16c -mbmi -mbmi2
      -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512 -mtune=skylake-avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
  set(MINIDL_ISAS neon)
  set(MINIDL_FLAGS_neon -march=armv8-a)
else()
  set(MINIDL_ISAS baseline)
  set(MINIDL_FLAGS_baseline "")
endif()

# Fewer of them build faster, for checks that need one (sanitizers, planted faults).
set(MINIDL_ONLY_ISAS "" CACHE STRING "Build these instruction sets only, e.g. avx2")
foreach(isa IN LISTS MINIDL_ONLY_ISAS)
  if(NOT isa IN_LIST MINIDL_ISAS)
    message(FATAL_ERROR "MINIDL_ONLY_ISAS: ${isa} is not one of ${MINIDL_ISAS}")
  endif()
endforeach()
if(MINIDL_ONLY_ISAS)
  set(MINIDL_ISAS ${MINIDL_ONLY_ISAS})
endif()

# One object library per instruction set, each in its own namespace minidl::<isa>.
function(minidl_add_kernel_libraries out_objects)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/csrc/kernels/*.cpp)
  set(objects)
  foreach(isa IN LISTS MINIDL_ISAS)
    add_library(minidl_kernels_${isa} OBJECT ${sources})
    target_include_directories(minidl_kernels_${isa} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/csrc)
    target_compile_definitions(minidl_kernels_${isa} PRIVATE MINIDL_ISA=${isa} MINIDL_ISA_${isa}=1)
    target_compile_options(minidl_kernels_${isa} PRIVATE ${MINIDL_KERNEL_FLAGS}
                           ${MINIDL_FLAGS_${isa}})
    set_target_properties(minidl_kernels_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          CXX_VISIBILITY_PRESET hidden)
    list(APPEND objects $<TARGET_OBJECTS:minidl_kernels_${isa}>)
  endforeach()
  set(${out_objects} ${objects} PARENT_SCOPE)
endfunction()
