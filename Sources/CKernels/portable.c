// Any machine: four lanes, which the compiler lowers to SSE2 on x86-64 and NEON on aarch64.
#include "kernels.h"

#define LANES 4
#define TABLE ck_kernels_portable
#define NAME "portable"
#include "vectors.inc.h"
#include "product.inc.h"
#include "elementwise.inc.h"
#include "attention.inc.h"
#include "packed.inc.h"
#include "bf16.inc.h"
#include "pages.inc.h"
#include "int8.inc.h"
#include "table.inc.h"
