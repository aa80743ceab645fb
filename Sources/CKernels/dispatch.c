// Chooses the kernels once, before main, so that calls need no check and threads see one choice.
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>

// Linux saves tile registers only for processes that ask (Documentation/arch/x86/xstate.rst): threads that start later
// inherit the permission.
static int may_use_tile_registers(void) {
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
         __builtin_cpu_supports("amx-int8") && __builtin_cpu_supports("avx512vnni") &&
         syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}
#endif

static const ck_kernels *chosen = &ck_kernels_portable;

const ck_kernels *ck_kernels_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (strcmp(name, "amx") == 0 && avx512 && may_use_tile_registers()) return &ck_kernels_amx;
  if (strcmp(name, "avx512bf16") == 0 && avx512 && __builtin_cpu_supports("avx512bf16") &&
      __builtin_cpu_supports("avx512vnni"))
    return &ck_kernels_avx512bf16;
  if (strcmp(name, "avx512") == 0 && avx512) return &ck_kernels_avx512;
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &ck_kernels_avx2;
#endif
  if (strcmp(name, "portable") == 0) return &ck_kernels_portable;
  return NULL;
}

enum { PROOF_ROWS = 3, PROOF_N = 20, PROOF_K = 197 };

static int agree(const float *ours, const float *right, float tolerance) {
  for (int i = 0; i < PROOF_ROWS * PROOF_N; i++) {
    float difference = ours[i] - right[i];
    if (!(difference <= tolerance && difference >= -tolerance)) return 0;
  }
  return 1;
}

// The mixture of 19 tokens, in two pages.
static void prove_pages(const ck_kernels *kernels, const float *numbers, float *out) {
  ck_page_shape shape = {PROOF_ROWS, 27, PROOF_N, 1, 32, 0};
  shape.page_stride = ck_page_bytes(shape);
  float scratch[PROOF_ROWS * (3 * 128 + 64) + 32 * 64];
  char pages[2 * 32 * CK_PAGE_TOKENS * 2];
  for (size_t token = 0; token < 19; token++)
    kernels->page_write(shape, pages + token / CK_PAGE_TOKENS * shape.page_stride, token % CK_PAGE_TOKENS,
                        numbers + token * 27, NULL);
  kernels->page_attention(shape, numbers, pages, (int32_t[]){0}, 19, 0.1f, scratch, out);
}

// Kernels that compute wrongly on a processor nobody tried them on would be worse than slow ones: each set has to
// agree with the portable one on a small product of each kind before it is chosen.
static int proves_itself(const ck_kernels *kernels) {
  enum { ROWS = PROOF_ROWS, N = PROOF_N, K = PROOF_K };
  float x[ROWS * K], ours[ROWS * N], right[ROWS * N];
  uint16_t w[N * K];
  char packed[2 * ((K + 127) / 128 * 128 + (K + 1) / 2 * 64)];
  uint32_t state = 1;
  for (int i = 0; i < ROWS * K; i++) {
    state = state * 1664525u + 1013904223u;
    x[i] = ((int)(state >> 20) - 2048) / 512.0f;
  }
  for (int i = 0; i < N * K; i++) {
    state = state * 1664525u + 1013904223u;
    w[i] = (uint16_t)((state >> 31) << 15 | 0x3E00 | (state >> 16 & 0x1FF));
  }
  kernels->pack(w, CK_BF16, K, 1, N, K, packed, 1);
  kernels->packed_product(x, K, ROWS, packed, N, K, ours, N);
  ck_kernels_portable.rounded_product(x, K, ROWS, w, CK_BF16, K, 1, N, K, right, N);
  if (!agree(ours, right, 1e-3f)) return 0;
  kernels->pack_int8(w, CK_BF16, K, 1, N, K, packed, 1);
  kernels->int8_product(x, K, ROWS, packed, N, K, ours, N);
  ck_kernels_portable.quantised_product(x, K, ROWS, w, CK_BF16, K, 1, N, K, right, N);
  if (!agree(ours, right, 0)) return 0;
  prove_pages(kernels, x, ours);
  prove_pages(&ck_kernels_portable, x, right);
  if (!agree(ours, right, 1e-2f)) return 0;
  kernels->product(x, K, ROWS, w, CK_BF16, K, N, K, ours, N);
  ck_kernels_portable.product(x, K, ROWS, w, CK_BF16, K, N, K, right, N);
  return agree(ours, right, 1e-3f);
}

__attribute__((constructor)) static void choose(void) {
  const char *wanted = getenv("DPDEPLOY_ISA");
  const char *best_first[] = {wanted ? wanted : "", "amx", "avx512bf16", "avx512", "avx2", "portable"};
  for (int i = 0; i < 6; i++) {
    const ck_kernels *kernels = ck_kernels_named(best_first[i]);
    if (kernels && proves_itself(kernels)) {
      chosen = kernels;
      return;
    }
  }
}

const char *ck_isa(void) { return chosen->name; }

void ck_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                size_t w_stride, size_t n, size_t k, float *y, size_t y_stride) {
  chosen->product(x, x_stride, rows, w, type, w_stride, n, k, y, y_stride);
}

void ck_mix(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
            size_t w_stride, size_t k, size_t n, float *y, size_t y_stride, int accumulate) {
  chosen->mix(x, x_stride, rows, w, type, w_stride, k, n, y, y_stride, accumulate);
}

void ck_attention(ck_attention_shape shape, const float *q, const float *cache, const int32_t *blocks,
                  size_t length, float scale, float *scratch, float *out) {
  chosen->attention(shape, q, cache, blocks, length, scale, scratch, out);
}

size_t ck_attention_scratch(size_t heads, size_t block_size) {
  // Per head: a padded row of scores, a vector of partial sums, and the running maximum.
  size_t padded = (block_size + CK_MAX_LANES - 1) / CK_MAX_LANES * CK_MAX_LANES;
  return heads * (padded + CK_MAX_LANES + 1);
}

// Whole blocks of 32 elements, as the tile registers take them.
static size_t page_key_elements(ck_page_shape shape) { return (shape.key_size + 31) / 32 * 32; }

static size_t page_value_elements(ck_page_shape shape) { return (shape.value_size + 15) / 16 * 16; }

size_t ck_page_bytes(ck_page_shape shape) {
  size_t behind = shape.keys_are_values ? 0 : page_value_elements(shape);
  return (page_key_elements(shape) + behind) * CK_PAGE_TOKENS * 2;
}

size_t ck_page_scratch(ck_page_shape shape) {
  // Per head: scores, a vector of partial sums, the running maximum, and the rounded query and weights.
  size_t span = CK_SPAN_PAGES * CK_PAGE_TOKENS;
  return shape.heads * (span + CK_MAX_LANES + 1 + page_key_elements(shape) + span) +
         page_value_elements(shape) * span / 2;
}

void ck_page_write(ck_page_shape shape, void *page, size_t slot, const float *key, const float *value) {
  chosen->page_write(shape, page, slot, key, value);
}

void ck_page_attention(ck_page_shape shape, const float *q, const void *cache, const int32_t *blocks, size_t length,
                       float scale, float *scratch, float *out) {
  chosen->page_attention(shape, q, cache, blocks, length, scale, scratch, out);
}

void ck_rms_norm(const float *x, size_t x_stride, size_t rows, size_t width, const float *weight,
                 float epsilon, float *y, size_t y_stride) {
  chosen->rms_norm(x, x_stride, rows, width, weight, epsilon, y, y_stride);
}

void ck_swiglu(float *gate, const float *up, size_t count) { chosen->swiglu(gate, up, count); }

void ck_sigmoid(float *x, size_t count) { chosen->sigmoid(x, count); }

void ck_add(float *y, const float *x, size_t count) { chosen->add(y, x, count); }

void ck_scale(float *x, float factor, size_t count) { chosen->scale(x, factor, count); }

size_t ck_argmax(const float *x, size_t count) { return chosen->argmax(x, count); }

void ck_widen(const void *x, ck_type type, size_t count, float *y) {
  chosen->widen(x, type, count, y);
}

size_t ck_int8_bytes(size_t n, size_t k) { return (n + 15) / 16 * ((k + 127) / 128 * 128 + (k + 3) / 4 * 64); }

void ck_pack_int8(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
                  size_t tile_stride) {
  chosen->pack_int8(w, type, n_stride, k_stride, n, k, out, tile_stride);
}

void ck_int8_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k, float *y,
                     size_t y_stride) {
  chosen->int8_product(x, x_stride, rows, w, n, k, y, y_stride);
}

void ck_quantised_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type, size_t n_stride,
                          size_t k_stride, size_t n, size_t k, float *y, size_t y_stride) {
  chosen->quantised_product(x, x_stride, rows, w, type, n_stride, k_stride, n, k, y, y_stride);
}

size_t ck_packed_bytes(size_t n, size_t k) { return (n + 15) / 16 * ((k + 1) / 2) * 64; }

void ck_pack(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
             size_t tile_stride) {
  chosen->pack(w, type, n_stride, k_stride, n, k, out, tile_stride);
}

void ck_packed_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k,
                       float *y, size_t y_stride) {
  chosen->packed_product(x, x_stride, rows, w, n, k, y, y_stride);
}

void ck_rounded_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                        size_t n_stride, size_t k_stride, size_t n, size_t k, float *y, size_t y_stride) {
  chosen->rounded_product(x, x_stride, rows, w, type, n_stride, k_stride, n, k, y, y_stride);
}

void ck_swiglu_tiles(const float *both, size_t rows, size_t width, float *h) {
  chosen->swiglu_tiles(both, rows, width, h);
}
