#include "CNVML.h"

_Static_assert(CNVML_MEMORY_VERSION == 0x02000028, "nvmlMemory_v2_t has 40 bytes");
_Static_assert(sizeof(cnvml_process) == 24, "nvmlProcessInfo_t has 24 bytes");
_Static_assert(sizeof(cnvml_gpm_metric) == 40, "nvmlGpmMetric_t has 40 bytes");
