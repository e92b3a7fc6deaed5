#!/bin/sh
# Links for Windows. Without Python the library exports nothing by name, which GNU ld takes for "everything": more than 65,535
# symbols, the most that a DLL can have.
exec x86_64-w64-mingw32-gcc "$@" -Wl,--exclude-all-symbols
