// Products in bf16: activations are rounded to bf16, weights are stored so, sums are f32.
//
// Packed weights lie in tiles [n / 16][k / 2][16][2]: a vector load brings the same two inputs of neighbouring
// outputs, so nothing is summed across lanes and the weights stream in order. Each output is one fixed chain of
// additions over k, so every number of rows gives the same bits; bf16_pairs.inc.h and bf16_tiles.inc.h say which.

// Rounded activations of one pass over k, on the stack.
#define ROUNDED_WORDS 32768
// Passes end between the blocks of inputs that the tile registers add up at once.
#define PASS_INPUTS 32

// The bits of a number rounded to bf16, ties to even; a NaN stays one.
ALWAYS uint32_t bf16_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return (bits & 0x7FFFFFFF) > 0x7F800000 ? (bits >> 16 | 0x40) : rounded;
}

ALWAYS uvec bf16_bits_of_each(vec values) {
  uvec bits = (uvec)values;
  uvec rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  uvec strange = (uvec)((bits & 0x7FFFFFFF) > 0x7F800000);
  return (rounded & ~strange) | ((bits >> 16 | 0x40) & strange);
}

// One pass over `pairs` pairs of inputs.
typedef struct pass {
  const word_anywhere *x;
  size_t x_stride;
  size_t pairs;
  // Bytes from one tile of the weights to the next.
  size_t tile_bytes;
  // Whether y holds the sum of the pairs before.
  int continues;
  tile_state *tiles;
} pass;

// Outputs of one group: its weights stay in a near cache while all rows pass over them.
#define GROUP (4 * TILE)

#ifdef TILE_REGISTERS
#include "bf16_tiles.inc.h"
#else
#include "bf16_pairs.inc.h"
#endif

ALWAYS uint32_t bf16_at(const tiles_source *s, size_t n, size_t k) {
  if (n >= s->n || k >= s->k) return 0;
  size_t index = n * s->n_stride + k * s->k_stride;
  return s->type == CK_BF16 ? ((const u16_anywhere *)s->plain)[index]
                            : bf16_bits(((const float_anywhere *)s->plain)[index]);
}

// Outputs n… of one tile, inputs [k, k + 2 * pairs); what lies outside the matrix is zero.
static void pack_tile(const tiles_source *s, size_t n, size_t k, size_t pairs, word_anywhere *out) {
  for (size_t i = 0; i < TILE; i++)
    for (size_t p = 0; p < pairs; p++)
      out[p * TILE + i] = bf16_at(s, n + i, k + 2 * p) | bf16_at(s, n + i, k + 2 * p + 1) << 16;
}

ALWAYS void bf16_pass(const tiles_source *s, pass p, size_t from, size_t rows, float *y, size_t y_stride) {
  if (s->packed) {
    for (size_t n = 0; n < s->n; n += GROUP) {
      size_t width = s->n - n < GROUP ? s->n - n : GROUP;
      packed_group(p, rows, s->packed + n / TILE * p.tile_bytes + from / 2 * WORD_BYTES, width, y + n, y_stride);
    }
    return;
  }
  word_anywhere tile[ROUNDED_WORDS / PASS_ROWS / 2 * TILE];
  for (size_t n = 0; n < s->n; n += TILE) {
    size_t width = s->n - n < TILE ? s->n - n : TILE;
    pack_tile(s, n, from, p.pairs, tile);
    packed_group(p, rows, (const char *)tile, width, y + n, y_stride);
  }
}

static void bf16_product(const tiles_source *s, const float *x, size_t x_stride, size_t rows, float *y,
                         size_t y_stride) {
  word_anywhere rounded[ROUNDED_WORDS];
  tile_state tiles = {0};
  for (size_t row = 0; row < rows; row += PASS_ROWS) {
    size_t count = rows - row < PASS_ROWS ? rows - row : PASS_ROWS;
    // Few rows take more of k at once, but a tile packed on the way has room for the least.
    size_t depth = ROUNDED_WORDS / (s->packed ? count : PASS_ROWS) / PASS_INPUTS * PASS_INPUTS;
    for (size_t from = 0; from < s->k; from += depth) {
      size_t width = s->k - from < depth ? s->k - from : depth, pairs = (width + 1) / 2;
      pass p = {rounded, pairs * PAIR_WORDS, pairs, (s->k + 1) / 2 * WORD_BYTES, from > 0, &tiles};
      for (size_t i = 0; i < count; i++)
        round_row(x + (row + i) * x_stride + from, width, rounded + i * p.x_stride);
      bf16_pass(s, p, from, count, y + row * y_stride, y_stride);
    }
  }
#ifdef TILE_REGISTERS
  _tile_release();
#endif
}

static void packed_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k,
                           float *y, size_t y_stride) {
  tiles_source source = {.packed = w, .n = n, .k = k};
  bf16_product(&source, x, x_stride, rows, y, y_stride);
}

static void rounded_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                            size_t n_stride, size_t k_stride, size_t n, size_t k, float *y,
                            size_t y_stride) {
  tiles_source source = {NULL, w, type, n_stride, k_stride, n, k};
  bf16_product(&source, x, x_stride, rows, y, y_stride);
}

static void pack(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k,
                 void *out, size_t tile_stride) {
  tiles_source source = {NULL, w, type, n_stride, k_stride, n, k};
  size_t pairs = (k + 1) / 2;
  for (size_t at = 0; at < n; at += TILE)
    pack_tile(&source, at, 0, pairs,
              (word_anywhere *)((char *)out + at / TILE * tile_stride * pairs * WORD_BYTES));
}

// h[rows, width] = silu(gate) * up, where a row of `both` holds sixteen gates, their sixteen ups, and so on.
static void swiglu_tiles(const float *both, size_t rows, size_t width, float *h) {
  for (size_t at = 0; at < rows * width; at += TILE, both += 2 * TILE)
    for (size_t i = 0; i < TILE; i += LANES) {
      vec gate = load(both + i);
      store(h + at + i, gate * sigmoid_of(gate) * load(both + TILE + i));
    }
}
