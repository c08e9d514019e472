# Installs what people read below the doc directory, each where it lies in the sources, so that links from one to the other
# lead there: documents.txt lists them. What is not installed is no link: the licence and the changelog, which packages have
# in places of their own, and the pictures.
file(STRINGS cmake/documents.txt documents)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/documents.txt ${documents})

function(install_document name)
  file(READ ${name} text)
  string(REPLACE "[LICENSE](LICENSE)" "LICENSE" text "${text}")
  string(REPLACE "[CHANGELOG.md](CHANGELOG.md)" "CHANGELOG.md" text "${text}")
  string(FIND "${text}" "<!-- pictures:" begin)
  string(FIND "${text}" "<!-- end of pictures -->" end)
  if(begin GREATER -1 AND end GREATER begin)
    string(SUBSTRING "${text}" 0 ${begin} before)
    string(SUBSTRING "${text}" ${end} -1 behind)
    set(text "${before}${behind}")
  endif()
  file(WRITE ${PROJECT_BINARY_DIR}/documents/${name} "${text}")
  get_filename_component(folder ${name} DIRECTORY)
  install(FILES ${PROJECT_BINARY_DIR}/documents/${name} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT runtime)
endfunction()

foreach(document IN LISTS documents)
  install_document(${document})
endforeach()
