# What the desktop reads of us is valid.
find_program(DESKTOP_FILE_VALIDATE desktop-file-validate REQUIRED)
find_program(APPSTREAMCLI appstreamcli REQUIRED)
set(id ${PROJECT_SOURCE_DIR}/resources/io.github.ternion.Ternion)
add_test(NAME gui.desktop_entry COMMAND ${DESKTOP_FILE_VALIDATE} ${id}.desktop)
add_test(NAME gui.appstream_metainfo COMMAND ${APPSTREAMCLI} validate --no-net ${id}.metainfo.xml)
set_tests_properties(gui.desktop_entry gui.appstream_metainfo PROPERTIES LABELS gui)
