# What `cmake --install` puts beside the binary, and the Debian package that `cpack` makes of it.
set(LINKED_IN liblua5.4-dev libfmt-dev libspdlog-dev libcli11-dev nlohmann-json3-dev libcereal-dev libedit-dev libbsd-dev
    libmd-dev libncurses-dev)
install(CODE "
  set(LOCKSTEP \"$<TARGET_FILE:lockstep>\")
  set(NOTICES \"${LINKED_IN}\")
  set(PREFIX \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  include(\"${CMAKE_SOURCE_DIR}/cmake/install_docs.cmake\")")
install(FILES ${CMAKE_SOURCE_DIR}/skill/SKILL.md DESTINATION share/doc/lockstep)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lockstep)
set(CPACK_PACKAGE_VENDOR Lockstep)
set(CPACK_PACKAGE_CONTACT "The authors of Lockstep")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds concurrency bugs that depend on the schedule")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A scenario in Lua runs on an actor runtime whose every step is decided by a strategy.
What fails is recorded, shrunk, explained and replayed exactly.")
# tests/package_test.sh compares with what the binary asks for.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36), libstdc++6 (>= 12), libgcc-s1 (>= 3.3.1)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcurl4, man-db, bash-completion")
include(CPack)
