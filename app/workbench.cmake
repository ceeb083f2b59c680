# The Qt workbench: everything under app/ but the command line is one library, so that the tests work the same widgets.
find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets Svg LinguistTools)
set(CMAKE_AUTOMOC ON)

file(GLOB_RECURSE workbench_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
list(FILTER workbench_sources EXCLUDE REGEX "/app/(cli/|main\\.cpp)")
add_library(ternion_workbench_lib STATIC ${workbench_sources})
target_include_directories(ternion_workbench_lib PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(ternion_workbench_lib PRIVATE TERNION_VERSION="${PROJECT_VERSION}")
target_link_libraries(ternion_workbench_lib PUBLIC ternion_core Qt6::Widgets Qt6::Svg)

set(resources ${PROJECT_SOURCE_DIR}/resources)
file(GLOB icons CONFIGURE_DEPENDS ${resources}/icons/*.svg)
qt_add_resources(ternion_workbench_lib workbench_icons PREFIX / BASE ${resources} FILES ${icons})
