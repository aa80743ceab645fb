// Chooses the kernels once, before main, so that calls need no check and threads see one choice.
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

static const ck_kernels *chosen = &ck_kernels_portable;

const ck_kernels *ck_kernels_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (strcmp(name, "avx512bf16") == 0 && avx512 && __builtin_cpu_supports("avx512bf16"))
    return &ck_kernels_avx512bf16;
  if (strcmp(name, "avx512") == 0 && avx512) return &ck_kernels_avx512;
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &ck_kernels_avx2;
#endif
  if (strcmp(name, "portable") == 0) return &ck_kernels_portable;
  return NULL;
}

// Kernels that compute wrongly on a processor nobody tried them on would be worse than slow ones: each set has to
// agree with the portable one on a small product of each kind before it is chosen.
static int proves_itself(const ck_kernels *kernels) {
  enum { ROWS = 3, N = 20, K = 37 };
  float x[ROWS * K], ours[ROWS * N], right[ROWS * N];
  uint16_t w[N * K];
  char packed[2 * ((K + 1) / 2) * 64];
  uint32_t state = 1;
#define NEXT (state = state * 1664525u + 1013904223u)
  for (int i = 0; i < ROWS * K; i++) x[i] = ((int)(NEXT >> 20) - 2048) / 512.0f;
  for (int i = 0; i < N * K; i++) w[i] = (uint16_t)((NEXT >> 31) << 15 | 0x3E00 | (state >> 16 & 0x1FF));
#undef NEXT
  kernels->pack(w, CK_BF16, K, 1, N, K, packed, 1);
  kernels->packed_product(x, K, ROWS, packed, N, K, ours, N);
  ck_kernels_portable.rounded_product(x, K, ROWS, w, CK_BF16, K, 1, N, K, right, N);
  if (memcmp(ours, right, sizeof ours) != 0) return 0;
  kernels->product(x, K, ROWS, w, CK_BF16, K, N, K, ours, N);
  ck_kernels_portable.product(x, K, ROWS, w, CK_BF16, K, N, K, right, N);
  for (int i = 0; i < ROWS * N; i++) {
    float difference = ours[i] - right[i];
    if (!(difference < 1e-3f && difference > -1e-3f)) return 0;
  }
  return 1;
}

__attribute__((constructor)) static void choose(void) {
  const char *wanted = getenv("DPDEPLOY_ISA");
  const char *best_first[] = {wanted ? wanted : "", "avx512bf16", "avx512", "avx2", "portable"};
  for (int i = 0; i < 5; i++) {
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

void ck_rms_norm(const float *x, size_t x_stride, size_t rows, size_t width, const float *weight,
                 float epsilon, float *y, size_t y_stride) {
  chosen->rms_norm(x, x_stride, rows, width, weight, epsilon, y, y_stride);
}

void ck_swiglu(float *gate, const float *up, size_t count) { chosen->swiglu(gate, up, count); }

void ck_sigmoid(float *x, size_t count) { chosen->sigmoid(x, count); }

void ck_add(float *y, const float *x, size_t count) { chosen->add(y, x, count); }

void ck_scale(float *x, float factor, size_t count) { chosen->scale(x, factor, count); }

void ck_widen(const void *x, ck_type type, size_t count, float *y) {
  chosen->widen(x, type, count, y);
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
