# Hardening for every build; sanitizers and coverage when asked for.
target_compile_options(galway_options INTERFACE
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -fno-strict-overflow -fno-delete-null-pointer-checks)
target_link_options(galway_options INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)

if(GALWAY_SANITIZE)
  target_compile_options(galway_options INTERFACE
    -fsanitize=${GALWAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(galway_options INTERFACE -fsanitize=${GALWAY_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(galway_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

if(GALWAY_FUZZ)
  target_compile_options(galway_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(GALWAY_COVERAGE)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(coverage --coverage -fprofile-update=atomic) # counted by several threads
  else()
    set(coverage -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc
        -fprofile-update=atomic)
  endif()
  target_compile_options(galway_options INTERFACE ${coverage} -O0)
  target_link_options(galway_options INTERFACE ${coverage})
endif()
