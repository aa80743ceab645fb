// Sixteen lanes and products of bf16 pairs and of int8 quads. The target is set on functions, so no compiler flag leaks out.
#include "kernels.h"

#if defined(__x86_64__)
#include <float.h>
#include <immintrin.h>
#include <string.h>
#pragma clang attribute push(                                                              \
    __attribute__((target("avx512bf16,avx512vnni,avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))),      \
    apply_to = function)
#define LANES 16
#define HARDWARE_PAIRS
#define HARDWARE_QUADS
#define TABLE ck_kernels_avx512bf16
#define NAME "avx512bf16"
#include "vectors.inc.h"
#include "product.inc.h"
#include "elementwise.inc.h"
#include "attention.inc.h"
#include "packed.inc.h"
#include "bf16.inc.h"
#include "pages.inc.h"
#include "int8.inc.h"
#pragma clang attribute pop
#include "table.inc.h"
#endif
