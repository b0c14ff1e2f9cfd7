# Warnings are errors, on gcc and clang.
add_library(galway_options INTERFACE)
target_compile_options(galway_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2
  -Wvla -Wimplicit-fallthrough -Wdouble-promotion)
target_compile_definitions(galway_options INTERFACE _GNU_SOURCE)
