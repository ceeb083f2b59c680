# The Qt workbench: everything under app/ but the command line is one library, so that the tests work the same widgets.
find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets Svg PrintSupport LinguistTools)
find_package(QCustomPlotQt6 REQUIRED)
set(CMAKE_AUTOMOC ON)

file(GLOB_RECURSE workbench_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
list(FILTER workbench_sources EXCLUDE REGEX "/app/(cli/|main\\.cpp)")
add_library(ternion_workbench_lib STATIC ${workbench_sources})
target_include_directories(ternion_workbench_lib PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# What nearly every file of it includes, read once: a third of the time that it takes to build.
target_precompile_headers(ternion_workbench_lib PRIVATE <QtWidgets> <algorithm> <functional> <map> <memory> <optional> <string> <vector>)
target_compile_options(ternion_workbench_lib PRIVATE -fpch-preprocess) # for ccache
target_compile_definitions(ternion_workbench_lib PRIVATE TERNION_VERSION="${PROJECT_VERSION}")
target_link_libraries(ternion_workbench_lib PUBLIC ternion_core ternion_fpga Qt6::Widgets Qt6::Svg QCustomPlotQt6::QCustomPlotQt6)

set(resources ${PROJECT_SOURCE_DIR}/resources)
file(GLOB icons CONFIGURE_DEPENDS ${resources}/icons/*.svg)
qt_add_resources(ternion_workbench_lib workbench_icons PREFIX / BASE ${resources} FILES ${icons} ${resources}/style.qss ${resources}/ternion.svg)

# English has a translation too: its plurals.
qt_add_translations(ternion_workbench_lib TS_FILES ${resources}/translations/ternion_en.ts RESOURCE_PREFIX /i18n
                    SOURCES ${workbench_sources} LUPDATE_OPTIONS -no-obsolete -pluralonly)

add_executable(ternion ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
target_link_libraries(ternion PRIVATE ternion_workbench_lib)
add_dependencies(ternion ternion-board)  # what the simulated board is, installed with ternion-cli
target_compile_definitions(ternion PRIVATE TERNION_VERSION="${PROJECT_VERSION}" TERNION_SAMPLE_MODELS="${resources}/sample-model")

set(id io.github.ternion.Ternion)
install(TARGETS ternion)
install(FILES ${resources}/${id}.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES ${resources}/${id}.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES ${resources}/ternion.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps RENAME ${id}.svg)
install(DIRECTORY ${resources}/sample-model DESTINATION ${CMAKE_INSTALL_DATADIR}/ternion)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ternion)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ternion)
set(CPACK_PACKAGE_CONTACT "The Ternion authors <ternion@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL Unspecified)  # without the portable folder
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libvulkan1, mesa-vulkan-drivers")
include(CPack)
