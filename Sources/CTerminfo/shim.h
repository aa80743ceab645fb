// Terminfo as Swift can see it: the macros of term.h, such as `columns`, would hide much else.
#ifndef CTERMINFO_SHIM_H
#define CTERMINFO_SHIM_H

#include <langinfo.h>

int setupterm(const char *name, int descriptor, int *problem);
int tigetnum(const char *capability);
char *tigetstr(const char *capability);

static inline const char *cterminfo_codeset(void) { return nl_langinfo(CODESET); }

#endif
