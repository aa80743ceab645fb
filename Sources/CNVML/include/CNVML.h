// Layouts that NVIDIA's management library writes, as its public nvml.h has them. The library itself is opened by name
// while running, so nothing of it is declared here.
#ifndef CNVML_H
#define CNVML_H

#include <stdint.h>

typedef struct {
  uint32_t gpu, memory;
} cnvml_utilization;

typedef struct {
  uint32_t version;
  uint64_t total, reserved, free, used;
} cnvml_memory;
#define CNVML_MEMORY_VERSION ((uint32_t)(sizeof(cnvml_memory) | 2 << 24))

typedef struct {
  uint32_t pid;
  uint64_t used_memory;
  uint32_t gpu_instance, compute_instance;
} cnvml_process;

typedef struct {
  uint32_t version, is_supported;
} cnvml_gpm_support;

typedef struct {
  uint32_t id;
  int32_t result;
  double value;
  const char *short_name, *long_name, *unit;
} cnvml_gpm_metric;

// The real one goes on for as many metrics as its release knows; the library reads `count` of them.
typedef struct {
  uint32_t version, count;
  uintptr_t earlier, later;
  cnvml_gpm_metric metrics[512];
} cnvml_gpm_request;

#endif
