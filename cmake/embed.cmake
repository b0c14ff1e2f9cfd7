# embed.cmake: texts as C arrays. -DOUT=file.c -DTABLE=builtin_rules -DHEADER=rules/builtin.h "-DFILES=a.rules;b.rules"
# TABLE becomes an array of struct TABLE {name, text, length}, ended by NULL.
file(WRITE ${OUT}.tmp "#include \"${HEADER}\"\n\n")
set(table "")
foreach(path ${FILES})
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(APPEND ${OUT}.tmp "static const unsigned char text_${name}[] = {${bytes}0};\n")
  string(APPEND table
    "\t{\"${name}\", (const char *)text_${name}, sizeof(text_${name}) - 1},\n")
endforeach()
file(APPEND ${OUT}.tmp
  "\nconst struct ${TABLE} ${TABLE}[] = {\n${table}\t{NULL, NULL, 0},\n};\n")
file(RENAME ${OUT}.tmp ${OUT})
