// The table behind the public functions: one instance per instruction set, same source for all.
#ifndef CKERNELS_KERNELS_H
#define CKERNELS_KERNELS_H

#include "CKernels.h"

extern const ck_kernels ck_kernels_portable;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2;
extern const ck_kernels ck_kernels_avx512;
extern const ck_kernels ck_kernels_avx512bf16;
extern const ck_kernels ck_kernels_amx;
#endif

/// Widest vector of any instruction set, in floats: scratch is padded to it.
#define CK_MAX_LANES 16

/// Pages of bf16 attention whose values are mixed at once.
#define CK_SPAN_PAGES 8

#endif
