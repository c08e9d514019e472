# `cmake --install`: the program (component runtime); what programs that embed the library need (component development):
# public headers, archives, a CMake package, a pkg-config file. lib/README.md tells how they are used.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/firstseen)

install(TARGETS firstseen RUNTIME COMPONENT runtime)
install(TARGETS firstseen_base firstseen_key firstseen_store firstseen_kafka firstseen_idempotency firstseen_ingest
  EXPORT firstseen
  ARCHIVE COMPONENT development
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/firstseen COMPONENT development)
install(EXPORT firstseen NAMESPACE firstseen:: FILE firstseenTargets.cmake DESTINATION ${package_directory}
  COMPONENT development)

configure_package_config_file(cmake/firstseenConfig.cmake.in firstseenConfig.cmake
  INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(firstseenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/firstseenConfig.cmake ${PROJECT_BINARY_DIR}/firstseenConfigVersion.cmake
  DESTINATION ${package_directory} COMPONENT development)

# Relative to itself, so that the installed tree may be moved and `cmake --install --prefix` may put it anywhere.
file(RELATIVE_PATH prefix_from_pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/firstseen.pc.in firstseen.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/firstseen.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# Under systemd: deploy/README.md.
configure_file(deploy/systemd/firstseen@.service.in firstseen@.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/firstseen@.service DESTINATION lib/systemd/system COMPONENT runtime)
install(FILES deploy/systemd/firstseen.sysusers DESTINATION lib/sysusers.d RENAME firstseen.conf COMPONENT runtime)
include(cmake/documents.cmake)

# For Prometheus and Grafana, which deploy/README.md tells of; the chart holds them.
install(FILES deploy/helm/firstseen/files/alerts.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/firstseen/prometheus
  COMPONENT runtime)
install(FILES deploy/helm/firstseen/files/dashboard.json DESTINATION ${CMAKE_INSTALL_DATADIR}/firstseen/grafana
  RENAME firstseen.json COMPONENT runtime)

# Man pages and shell completions, which the program wrote when it was built.
set(manual ${PROJECT_BINARY_DIR}/manual)
set(FIRSTSEEN_ZSH_DIRECTORY ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
  "Where zsh looks for completions; Debian's packages use share/zsh/vendor-completions")
install(DIRECTORY ${manual}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime)
install(FILES ${manual}/bash/firstseen DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT runtime)
install(FILES ${manual}/zsh/_firstseen DESTINATION ${FIRSTSEEN_ZSH_DIRECTORY} COMPONENT runtime)
install(FILES ${manual}/fish/firstseen.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT runtime)
