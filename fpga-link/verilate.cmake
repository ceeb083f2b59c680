# ternion_verilate(NAME TOP [PARAMETER=VALUE...]): the library NAME with the C++ class NAME (header NAME.h), which is the module
# rtl/TOP.sv cycle by cycle. Made at build time, since the package that the modules read is; and as one source, since what
# Verilator calls its files is known only afterwards.
#
# Verilated code is built without our warnings, and -O3: it is the clock.
if(CMAKE_SCRIPT_MODE_FILE)  # cmake -DFOLDER= -DNAME= -P verilate.cmake: that one source
    file(GLOB sources RELATIVE ${FOLDER} ${FOLDER}/*.cpp)
    set(text "")
    foreach(source ${sources})
        string(APPEND text "#include \"${source}\"\n")
    endforeach()
    file(WRITE ${FOLDER}/${NAME}.all.cc "${text}")
    return()
endif()

find_package(verilator REQUIRED)
find_package(Threads REQUIRED)
add_library(verilated_runtime STATIC ${VERILATOR_ROOT}/include/verilated.cpp ${VERILATOR_ROOT}/include/verilated_threads.cpp)
set_target_properties(verilated_runtime PROPERTIES UNITY_BUILD OFF)
target_include_directories(verilated_runtime SYSTEM PUBLIC ${VERILATOR_ROOT}/include ${VERILATOR_ROOT}/include/vltstd)
target_link_libraries(verilated_runtime PUBLIC Threads::Threads)

function(ternion_verilate name top)
    set(rtl ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/rtl)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/verilated/${name})
    file(GLOB modules CONFIGURE_DEPENDS ${rtl}/*.sv)
    list(TRANSFORM ARGN PREPEND -G OUTPUT_VARIABLE parameters)
    add_custom_command(OUTPUT ${folder}/${name}.all.cc
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}
        COMMAND ${VERILATOR_BIN} --cc -O3 --x-assign fast --x-initial fast --prefix ${name} --Mdir ${folder} --top-module ${top}
                ${parameters} -y ${rtl} -y ${TERNION_INTERFACE_DIR} ${TERNION_INTERFACE_DIR}/ternion_pkg.sv
                ${rtl}/${top}.sv
        COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DNAME=${name} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
        DEPENDS ${modules} ${TERNION_INTERFACE_DIR}/ternion_pkg.sv fpga_interface ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
        VERBATIM COMMENT "Verilating ${top} ${ARGN}")
    add_library(${name} STATIC ${folder}/${name}.all.cc)
    target_include_directories(${name} SYSTEM PUBLIC ${folder})
    target_compile_options(${name} PRIVATE -O3 -w)
    target_link_libraries(${name} PUBLIC verilated_runtime)
endfunction()
