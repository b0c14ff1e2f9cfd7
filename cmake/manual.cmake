# manual.cmake: a manual page (mdoc) of docs/man/, with the tables that the program prints.
# -DPROGRAM=galway -DIN=galway.1.in -DOUT=galway.1 -DVERSION=0.1.0
#
# @COMMANDS@, @OPTIONS@, @SETTINGS@, @FUNCTIONS@ and @VALIDATORS@ in the page stand for what "galway help" says, so
# that no page tells of an option that is not there.
cmake_minimum_required(VERSION 3.22)

function(help out)
  execute_process(COMMAND ${PROGRAM} help ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\\" "\\e" text "\n${text}")
  string(REGEX REPLACE "\n([.'])" "\n\\\\&\\1" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()


help(all)
# Commands: name, arguments, two or more blanks, text. Options: --name VALUE text.
string(REGEX MATCH "\n\n(  [a-z][a-z-]* [^\n]*\n)+" commands "${all}")
string(REGEX REPLACE "\n  ([a-z][a-z-]*) +([^\n]*[^ \n])   +([^\n]*)" "\n.It Cm \\1 Ar \\2\n\\3" commands "${commands}")
string(REGEX REPLACE "\n  ([a-z][a-z-]*)  +([^\n]*)" "\n.It Cm \\1\n\\2" commands "${commands}")
string(REPLACE "\n\n" "\n" commands "${commands}")
string(REGEX MATCH "\n(  --[^\n]*\n)+" options "${all}")
string(REGEX REPLACE "\n  --([a-z-]+) +([A-Z]+) +([^\n]*)" "\n.It Fl Fl \\1 Ns = Ns Ar \\2\n\\3" options "${options}")
string(REGEX REPLACE "\n  --([a-z-]+) +([^\n]*)" "\n.It Fl Fl \\1\n\\2" options "${options}")

help(settings settings)
string(REGEX REPLACE "^.*folder of the file\\.\n" "" settings "${settings}")
string(REGEX REPLACE "\n  ([a-z-]+) +(text|path|list|number|true.false|time|word) +([^\n]*)"
  "\n.It Cm \\1 Ar \\2\n\\3" settings "${settings}")
string(REGEX REPLACE "\n ? ?([a-z-]+ [A-Z]* ?){ \\.\\.\\. }" "\n.El\n.Ss \\1{ ... }\n.Bl -tag -width Ds -compact" settings "${settings}")
string(REGEX REPLACE "\n with ([^\n]*)" "\n.El\n.Pp\nwith \\1\n.Bl -tag -width Ds -compact" settings "${settings}")
string(REGEX REPLACE "\n ? ?([a-z-]+) { ([^\n]*) }\n +([^\n]*)" "\n.It Cm \\1 No { \\2 }\n\\3" settings "${settings}")
string(REGEX REPLACE "\n\n+" "\n" settings "${settings}")
string(REGEX REPLACE "\\.Bl -tag -width Ds -compact\n\\.El\n" "" settings "${settings}")

help(functions functions)
string(REGEX REPLACE "\n([A-Z][^\n]*)\n  " "\n.El\n.Ss \\1\n.Bl -tag -width Ds -compact\n  " functions "${functions}")
string(REGEX REPLACE "\n  ([^ \n][^\n]*)\n      " "\n.It Li \\1\n" functions "${functions}")
string(REGEX REPLACE "\n      " "\n" functions "${functions}")
string(REGEX REPLACE "\n\n+" "\n" functions "${functions}")
string(REGEX REPLACE "^\n\\.El" "" functions "${functions}")

help(validators validators)
string(REGEX REPLACE "^[^:]*:\n\n" "\n" validators "${validators}")
string(REGEX REPLACE "\n([EW]_[A-Z_]+) +([^\n]*)" "\n.It Er \\1\n\\2" validators "${validators}")

file(READ ${IN} page)
foreach(part commands options settings functions validators)
  string(TOUPPER ${part} name)
  string(STRIP "${${part}}" text)
  string(REPLACE "@${name}@" "${text}" page "${page}")
endforeach()
string(REPLACE "@VERSION@" "${VERSION}" page "${page}")
file(WRITE ${OUT} "${page}")
