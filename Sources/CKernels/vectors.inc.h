// Vector vocabulary for one instruction set. The including file defines LANES (floats per vector)
// and sets the target attribute. Multiplications written `a += x * w` contract to fused multiply-add
// where the target has it, and are two roundings where it has not.

#include <float.h>
#include <string.h>

#define ALWAYS static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4)));
typedef uint32_t uvec __attribute__((vector_size(LANES * 4)));
// Weights lie where the file puts them, so loads assume no alignment.
typedef float vec_anywhere __attribute__((vector_size(LANES * 4), aligned(1), may_alias));
typedef uint16_t half_anywhere __attribute__((vector_size(LANES * 2), aligned(1), may_alias));
typedef float float_anywhere __attribute__((aligned(1), may_alias));
typedef uint16_t u16_anywhere __attribute__((aligned(1), may_alias));

ALWAYS vec splat(float value) { return value - (vec){0}; }

ALWAYS vec load(const float *p) { return *(const vec_anywhere *)p; }

ALWAYS void store(float *p, vec v) { *(vec_anywhere *)p = v; }

ALWAYS size_t element_size(int bf16) { return bf16 ? 2 : 4; }

ALWAYS float weight_at(const char *w, size_t index, int bf16) {
  if (!bf16) return ((const float_anywhere *)w)[index];
  uint32_t bits = (uint32_t)((const u16_anywhere *)w)[index] << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// bf16 is the upper half of an f32, so widening is exact.
ALWAYS vec load_weights(const char *w, size_t index, int bf16) {
  if (!bf16) return *(const vec_anywhere *)(w + index * 4);
  uvec bits = __builtin_convertvector(*(const half_anywhere *)(w + index * 2), uvec) << 16;
  return (vec)bits;
}

// The last count < LANES elements, zeros behind: zeros add nothing to a sum.
ALWAYS vec load_weights_tail(const char *w, size_t index, size_t count, int bf16) {
  vec v = {0};
  for (size_t i = 0; i < count; i++) v[i] = weight_at(w, index + i, bf16);
  return v;
}

ALWAYS vec load_tail(const float *p, size_t count) {
  return load_weights_tail((const char *)p, 0, count, 0);
}

#define ADD_HALVES(a, b, LOW, HIGH) (__builtin_shufflevector(a, b, LOW) + __builtin_shufflevector(a, b, HIGH))

// Lane i of the result is the sum of v[i]. Each sum adds lanes LANES/2 apart, then LANES/4, …, 1
// apart, whatever its slot, so an element's value does not depend on its place in a tile.
#if LANES == 16
#define L1 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define H1 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define L2 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define H2 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
#define L3 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29
#define H3 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31
#define L4 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define H4 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
ALWAYS vec sum_each(const vec *v) {
  vec a[8], b[4], c[2];
  for (int i = 0; i < 8; i++) a[i] = ADD_HALVES(v[2 * i], v[2 * i + 1], L1, H1);
  for (int i = 0; i < 4; i++) b[i] = ADD_HALVES(a[2 * i], a[2 * i + 1], L2, H2);
  for (int i = 0; i < 2; i++) c[i] = ADD_HALVES(b[2 * i], b[2 * i + 1], L3, H3);
  return ADD_HALVES(c[0], c[1], L4, H4);
}
#elif LANES == 8
#define L1 0, 1, 2, 3, 8, 9, 10, 11
#define H1 4, 5, 6, 7, 12, 13, 14, 15
#define L2 0, 1, 4, 5, 8, 9, 12, 13
#define H2 2, 3, 6, 7, 10, 11, 14, 15
#define L3 0, 2, 4, 6, 8, 10, 12, 14
#define H3 1, 3, 5, 7, 9, 11, 13, 15
ALWAYS vec sum_each(const vec *v) {
  vec a[4], b[2];
  for (int i = 0; i < 4; i++) a[i] = ADD_HALVES(v[2 * i], v[2 * i + 1], L1, H1);
  for (int i = 0; i < 2; i++) b[i] = ADD_HALVES(a[2 * i], a[2 * i + 1], L2, H2);
  return ADD_HALVES(b[0], b[1], L3, H3);
}
#elif LANES == 4
#define L1 0, 1, 4, 5
#define H1 2, 3, 6, 7
#define L2 0, 2, 4, 6
#define H2 1, 3, 5, 7
ALWAYS vec sum_each(const vec *v) {
  vec a[2];
  for (int i = 0; i < 2; i++) a[i] = ADD_HALVES(v[2 * i], v[2 * i + 1], L1, H1);
  return ADD_HALVES(a[0], a[1], L2, H2);
}
#endif

ALWAYS float sum_lanes(vec v) {
  float lanes[LANES];
  store(lanes, v);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

// e^x to about one unit in the last place: x = n ln 2 + r, a polynomial in r, and n in the exponent.
// Clamped to where the result is a normal number, so it never overflows to infinity.
ALWAYS vec exponential(vec x) {
  const vec low = splat(-87.0f), high = splat(88.0f);
  ivec below = x < low, above = x > high;
  x = (vec)(((ivec)low & below) | ((ivec)high & above) | ((ivec)x & ~(below | above)));
  const vec round_bias = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  vec n = (x * splat(1.44269504088896341f) + round_bias) - round_bias;
  vec r = x - n * splat(0.693359375f);
  r = r - n * splat(-2.12194440e-4f);
  vec p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * (r * r) + r + splat(1.0f);
  ivec exponent = (__builtin_convertvector(n, ivec) + 127) << 23;
  return p * (vec)exponent;
}
