// Products in int8: weights are stored so, activations are rounded to int8 on the way, sums are exact integers.
//
// Both carry one f32 scale for every BLOCK inputs (of an output, of a row), as DeepSeek-V3's FP8 weights do (arXiv
// 2412.19437, 3.3.2), so that one large activation does not blunt its whole row. A block's integer sum is scaled
// and added to the output, blocks in ascending order: so every instruction set and every number of rows gives the
// same bits.
//
// A tile of 16 outputs holds, block by block, 16 corrections (int32), 16 scales (f32) and the weights [k / 4][16][4].
// Where the processor multiplies unsigned by signed numbers, activations are biased by 128, and the correction,
// -128 times the sum of a block's weights, takes that back.

#define BLOCK 128
#define BLOCK_HEADER (2 * WORD_BYTES)
// Rounded activations of one pass over k, on the stack.
#define QUANTISED_BYTES 65536

typedef int32_t ints_anywhere __attribute__((vector_size(LANES * 4), aligned(1), may_alias));
typedef uint8_t bytes_anywhere __attribute__((vector_size(LANES), aligned(1), may_alias));

// One pass over some blocks of inputs.
typedef struct int8_pass {
  const uint8_t *x;
  size_t x_stride;
  // A row's scales, one a block.
  const float *scales;
  size_t scale_stride;
  size_t inputs;
  // Whether y holds the sum of the blocks before.
  int continues;
} int8_pass;

ALWAYS size_t int8_bytes(size_t inputs) {
  return (inputs + BLOCK - 1) / BLOCK * BLOCK_HEADER + (inputs + 3) / 4 * WORD_BYTES;
}

// Adds a block's integer sums [mr, 16] to y[mr, 16], each times the scales of its output and its row.
ALWAYS void settle(const int32_t *sums, size_t mr, const char *block, const float *scales, size_t scale_stride,
                   int continues, float *y, size_t y_stride) {
  for (size_t i = 0; i < mr; i++)
    for (int v = 0; v < TILE; v += LANES) {
      vec value = __builtin_convertvector(*(const ints_anywhere *)(sums + i * TILE + v), vec);
      value *= *(const vec_anywhere *)(block + WORD_BYTES + v * 4);
      value *= splat(scales[i * scale_stride]);
      // Never fused with the multiplication before: one more rounding, on every machine.
      float *to = y + i * y_stride + v;
      store(to, continues ? load(to) + value : value);
    }
}

#include "int8_quads.inc.h"
#ifdef TILE_REGISTERS
#include "int8_tiles.inc.h"
#endif

// All rows against one tile, of which the matrix has `width` outputs.
ALWAYS void int8_tile(int8_pass p, size_t rows, const char *tile, size_t width, float *y, size_t y_stride) {
#ifdef TILE_REGISTERS
  if (rows > QUAD_ROWS) {
    registers_tile(p, rows, tile, width, y, y_stride);
    return;
  }
#endif
  quads_tile(p, rows, tile, width, y, y_stride);
}

ALWAYS float greatest_magnitude(const float *x, size_t count) {
  float lanes[LANES] = {0}, most = 0;
  size_t i = 0;
  vec all = {0};
  for (; i + LANES <= count; i += LANES) {
    vec v = (vec)((uvec)load(x + i) & 0x7FFFFFFFu);
    ivec more = v > all;
    all = (vec)(((ivec)v & more) | ((ivec)all & ~more));
  }
  store(lanes, all);
  for (int lane = 0; lane < LANES; lane++) most = lanes[lane] > most ? lanes[lane] : most;
  for (; i < count; i++) {
    float magnitude = __builtin_fabsf(x[i]);
    most = magnitude > most ? magnitude : most;
  }
  return most;
}

// The nearest integer, ties to even, of a number far below 2^22.
ALWAYS vec nearest(vec x) {
  const vec bias = splat(12582912.0f);
  vec shifted = x + bias;
  return shifted - bias;
}

// What is not finite has no integer: the scale, and so every output of the row, becomes not a number.
ALWAYS float trouble_of(const float *x, size_t count) {
  vec sum = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) sum += load(x + i) * splat(0.0f);
  if (i < count) sum += load_tail(x + i, count - i) * splat(0.0f);
  return sum_lanes(sum);
}

// One block of a row as biased integers, zeros behind up to a whole quad; returns its scale.
ALWAYS float quantise(const float *x, size_t count, uint8_t *out) {
  float most = greatest_magnitude(x, count), trouble = trouble_of(x, count);
  if (!(most > 1e-30f) || trouble != 0) {
    memset(out, ACTIVATION_BIAS, (count + 3) / 4 * 4);
    return trouble;
  }
  vec inverse = splat(127.0f / most);
  for (size_t i = 0; i < count; i += LANES) {
    vec scaled = (i + LANES <= count ? load(x + i) : load_tail(x + i, count - i)) * inverse;
    ivec integers = __builtin_convertvector(nearest(scaled), ivec) + ACTIVATION_BIAS;
    bytes_anywhere bytes = __builtin_convertvector(integers & 0xFF, bytes_anywhere);
    size_t room = (count - i + 3) / 4 * 4;
    memcpy(out + i, &bytes, room < LANES ? room : LANES);
  }
  return most / 127.0f;
}

ALWAYS float int8_weight_at(const tiles_source *s, size_t n, size_t k) {
  return n < s->n && k < s->k ? weight_at(s->plain, n * s->n_stride + k * s->k_stride, s->type == CK_BF16) : 0;
}

// Outputs n… of one tile, a block of `count` inputs from k on; outputs outside the matrix are zero.
static void pack_int8_block(const tiles_source *s, size_t n, size_t k, size_t count, char *out) {
  for (size_t i = 0; i < TILE; i++) {
    float most = 0;
    for (size_t j = 0; j < count; j++) {
      float magnitude = __builtin_fabsf(int8_weight_at(s, n + i, k + j));
      // What is not a number stays the greatest.
      if (most == most && !(magnitude <= most)) most = magnitude;
    }
    float scale = most / 127.0f, inverse = most > 1e-30f ? 127.0f / most : 0;
    int32_t sum = 0;
    for (size_t j = 0; j < (count + 3) / 4 * 4; j++) {
      float scaled = j < count && inverse > 0 ? int8_weight_at(s, n + i, k + j) * inverse : 0;
      int8_t weight = (int8_t)nearest(splat(scaled))[0];
      out[BLOCK_HEADER + j / 4 * WORD_BYTES + i * 4 + j % 4] = weight;
      sum += weight;
    }
    sum *= -128;
    memcpy(out + i * 4, &sum, 4);
    memcpy(out + WORD_BYTES + i * 4, &scale, 4);
  }
}

ALWAYS void int8_pass_over(const tiles_source *s, int8_pass p, size_t from, size_t rows, float *y,
                           size_t y_stride) {
  char packed_here[QUANTISED_BYTES / PASS_ROWS / BLOCK * (BLOCK_HEADER + BLOCK / 4 * WORD_BYTES)];
  size_t tile_bytes = int8_bytes(s->k);
  for (size_t n = 0; n < s->n; n += TILE) {
    const char *tile = s->packed ? s->packed + n / TILE * tile_bytes + int8_bytes(from) : packed_here;
    for (size_t k = 0; k < p.inputs && !s->packed; k += BLOCK)
      pack_int8_block(s, n, from + k, p.inputs - k < BLOCK ? p.inputs - k : BLOCK, packed_here + int8_bytes(k));
    int8_tile(p, rows, tile, s->n - n, y + n, y_stride);
  }
}

static void int8_product_from(const tiles_source *s, const float *x, size_t x_stride, size_t rows, float *y,
                              size_t y_stride) {
  uint8_t integers[QUANTISED_BYTES];
  float scales[QUANTISED_BYTES / BLOCK];
  for (size_t row = 0; row < rows; row += PASS_ROWS) {
    size_t count = rows - row < PASS_ROWS ? rows - row : PASS_ROWS;
    size_t depth = QUANTISED_BYTES / (s->packed ? count : PASS_ROWS) / BLOCK * BLOCK;
    for (size_t from = 0; from < s->k; from += depth) {
      size_t width = s->k - from < depth ? s->k - from : depth, blocks = (width + BLOCK - 1) / BLOCK;
      int8_pass p = {integers, (width + 3) / 4 * 4, scales, blocks, width, from > 0};
      for (size_t i = 0; i < count; i++)
        for (size_t b = 0; b < blocks; b++)
          scales[i * blocks + b] =
              quantise(x + (row + i) * x_stride + from + b * BLOCK,
                       width - b * BLOCK < BLOCK ? width - b * BLOCK : BLOCK, integers + i * p.x_stride + b * BLOCK);
      int8_pass_over(s, p, from, count, y + row * y_stride, y_stride);
    }
  }
#ifdef TILE_REGISTERS
  _tile_release();
#endif
}

static void int8_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k, float *y,
                         size_t y_stride) {
  tiles_source source = {.packed = w, .n = n, .k = k};
  int8_product_from(&source, x, x_stride, rows, y, y_stride);
}

static void quantised_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                              size_t n_stride, size_t k_stride, size_t n, size_t k, float *y, size_t y_stride) {
  tiles_source source = {NULL, w, type, n_stride, k_stride, n, k};
  int8_product_from(&source, x, x_stride, rows, y, y_stride);
}

static void pack_int8(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
                      size_t tile_stride) {
  tiles_source source = {NULL, w, type, n_stride, k_stride, n, k};
  for (size_t at = 0; at < n; at += TILE)
    for (size_t from = 0; from < k; from += BLOCK)
      pack_int8_block(&source, at, from, k - from < BLOCK ? k - from : BLOCK,
                      (char *)out + at / TILE * tile_stride * int8_bytes(k) + int8_bytes(from));
}
