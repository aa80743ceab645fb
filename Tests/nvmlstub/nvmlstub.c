#define _GNU_SOURCE
#include "nvmlstub.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CNVML.h"

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, NOT_LOADED = 9 };

// What comes after `word` (and the device's number, unless that is -1) in the script; false where nothing is said.
static bool script(const char *word, long device, char *rest, size_t size) {
  Dl_info self;
  char path[4096], line[512], start[64];
  dladdr((void *)script, &self);
  snprintf(path, sizeof path, "%s.script", self.dli_fname);
  if (device < 0) snprintf(start, sizeof start, "%s", word);
  else snprintf(start, sizeof start, "%s %ld", word, device);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool found = false;
  size_t length = strlen(start);
  while (!found && fgets(line, sizeof line, file)) {
    found = !strncmp(line, start, length) && (line[length] == ' ' || line[length] == '\n');
  }
  fclose(file);
  if (found && rest) snprintf(rest, size, "%s", line + length);
  return found;
}

static unsigned long number(const char *word, long device, unsigned long otherwise) {
  char rest[512];
  return script(word, device, rest, sizeof rest) ? strtoul(rest, NULL, 0) : otherwise;
}

// Handles are numbers, counted from 1.
static long device_of(uintptr_t handle) {
  long device = (long)handle - 1;
  while (script("hang", device, NULL, 0)) usleep(10000);
  return device;
}

int nvmlInit_v2(void) { return script("broken", -1, NULL, 0) ? NOT_LOADED : SUCCESS; }

const char *nvmlErrorString(int result) { return result == NOT_LOADED ? "Driver Not Loaded" : "Some Error"; }

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
  snprintf(text, size, "550.54.15");
  return SUCCESS;
}

int nvmlDeviceGetCount_v2(uint32_t *count) {
  *count = number("devices", -1, 2);
  return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(uint32_t index, uintptr_t *handle) {
  if (index >= number("devices", -1, 2)) return NOT_FOUND;
  *handle = index + 1;
  return SUCCESS;
}

int nvmlDeviceGetUUID(uintptr_t handle, char *text, unsigned size) {
  snprintf(text, size, "GPU-%02lx", 0xaa + 0x11 * (unsigned long)device_of(handle));
  return SUCCESS;
}

int nvmlDeviceGetName(uintptr_t handle, char *text, unsigned size) {
  snprintf(text, size, "NVIDIA H100 80GB HBM3");
  return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(uintptr_t handle, cnvml_utilization *rates) {
  rates->gpu = number("busy", device_of(handle), 87);
  rates->memory = 40;
  return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(uintptr_t handle, cnvml_memory *memory) {
  if (memory->version != CNVML_MEMORY_VERSION) return NOT_SUPPORTED;
  memory->total = (uint64_t)81559 << 20;
  memory->used = (uint64_t)70000 << 20;
  memory->reserved = (uint64_t)550 << 20;
  memory->free = memory->total - memory->used - memory->reserved;
  return SUCCESS;
}

int nvmlDeviceGetPowerUsage(uintptr_t handle, uint32_t *milliwatts) {
  *milliwatts = device_of(handle) ? 312400 : 655100;
  return SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(uintptr_t handle, uint32_t *milliwatts) {
  if (device_of(handle) == 1) return NOT_SUPPORTED;
  *milliwatts = 700000;
  return SUCCESS;
}

int nvmlDeviceGetClockInfo(uintptr_t handle, uint32_t clock, uint32_t *megahertz) {
  *megahertz = clock == 2 ? 2619 : device_of(handle) ? 1185 : 1980;
  return SUCCESS;
}

int nvmlDeviceGetMaxClockInfo(uintptr_t handle, uint32_t clock, uint32_t *megahertz) {
  *megahertz = clock == 2 ? 2619 : 1980;
  return SUCCESS;
}

int nvmlDeviceGetTemperature(uintptr_t handle, uint32_t sensor, uint32_t *celsius) {
  *celsius = device_of(handle) ? 91 : 64;
  return SUCCESS;
}

int nvmlDeviceGetCurrentClocksEventReasons(uintptr_t handle, uint64_t *reasons) {
  long device = device_of(handle);
  *reasons = number("reasons", device, device ? 0x48 : 0);
  return SUCCESS;
}

int nvmlDeviceGetTotalEccErrors(uintptr_t handle, uint32_t kind, uint32_t counter, uint64_t *count) {
  *count = kind == 1 ? number("uncorrected", device_of(handle), 0) : 12;
  return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(uintptr_t handle, uint32_t *count, cnvml_process *processes) {
  char rest[512] = "", *next = NULL;
  uint32_t room = *count;
  script("processes", device_of(handle), rest, sizeof rest);
  *count = 0;
  for (char *word = strtok_r(rest, " \n", &next); word; word = strtok_r(NULL, " \n", &next), ++*count) {
    if (*count >= room) continue;
    char *memory = strchr(word, ':');
    processes[*count] = (cnvml_process){
      .pid = strtoul(word, NULL, 10), .used_memory = memory ? strtoull(memory + 1, NULL, 10) << 20 : UINT64_MAX};
  }
  return *count > room ? TOO_SMALL : SUCCESS;
}

int nvmlGpmQueryDeviceSupport(uintptr_t handle, cnvml_gpm_support *support) {
  support->is_supported = device_of(handle) == 0;
  return SUCCESS;
}

int nvmlGpmSampleAlloc(uintptr_t *sample) {
  *sample = (uintptr_t)calloc(1, 64);
  return SUCCESS;
}

static uint64_t samples_taken;

int nvmlGpmSampleGet(uintptr_t handle, uintptr_t sample) {
  *(uint64_t *)sample = ++samples_taken;
  return SUCCESS;
}

int nvmlGpmMetricsGet(cnvml_gpm_request *request) {
  if (request->version != 1) return NOT_SUPPORTED;
  // Two samples in the order in which they were taken, or it is an error, as with the real one.
  if (*(uint64_t *)request->earlier >= *(uint64_t *)request->later) return NOT_SUPPORTED;
  for (uint32_t place = 0; place < request->count; place++) {
    cnvml_gpm_metric *metric = &request->metrics[place];
    metric->result = metric->id == 5 ? NOT_SUPPORTED : SUCCESS;
    metric->value = metric->id == 2 ? 61.5 : 33;
  }
  return SUCCESS;
}
