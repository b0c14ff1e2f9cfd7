# The Debian package: cpack in a build of the preset "package"; packaging/deb.sh does both.
#
# Two builds of one source, wherever they stand, are the same to the byte when SOURCE_DATE_EPOCH is: no path of the
# machine gets into the program, and no clock into the archives.
target_compile_options(galway_options INTERFACE
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=./build)

# What Debian wants of every package: its licence, and a changelog of its own form.
string(TIMESTAMP GALWAY_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/debian/changelog.in packaging/changelog @ONLY)
find_program(GZIP gzip REQUIRED)
execute_process(COMMAND ${GZIP} -9nf ${PROJECT_BINARY_DIR}/packaging/changelog COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(CODE "
  file(GLOB pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man*/*[0-9]\")
  if(pages)
    execute_process(COMMAND ${GZIP} -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)
  endif()")

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON) # what goes to /etc
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "the galway authors <galway@abc.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "carries a company's address list into another company's directory")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"It reads users, groups and contacts of a directory (Active Directory, LDAP,
SCIM, Microsoft Graph, LDIF, CSV), makes contacts of them by rules, and keeps
those true in another one. A dry run is the real run without its last step;
every write is in a journal and can be taken back.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, libsasl2-modules-gssapi-mit")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${debian}/postinst;${debian}/prerm;${debian}/postrm;${debian}/conffiles")
include(CPack)
