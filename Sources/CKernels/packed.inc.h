// Products in bf16: activations are rounded to bf16, weights are stored so, sums are f32.
//
// Packed weights [n, k] lie in tiles [n / 16][k / 2][16][2]: a vector load brings the same two inputs of
// neighbouring outputs, so nothing is summed across lanes and the weights stream in order. Every output
// is one chain of additions over k, the odd input of a pair before the even one as vdpbf16ps does it.
// A product of two bf16 numbers is exact in f32, so fused or not, every instruction set gives the same
// bits (but for subnormal numbers, which vdpbf16ps takes for zero), and so does every number of rows.

#define TILE 16
#define TILE_VECTORS (TILE / LANES)
#define PAIR_BYTES (TILE * 4)
// How far ahead weights are fetched: two to six rows wait for memory a third less than with the processor's own
// guesses, which end at page boundaries (measured on Zen 3).
#define AHEAD_BYTES 4096
// Rounded activations of one pass over k, on the stack.
#define ROUNDED_FLOATS 32768
#define ROUNDED_ROWS 64

typedef uint32_t word_anywhere __attribute__((aligned(1), may_alias));
typedef uint32_t words_anywhere __attribute__((vector_size(LANES * 4), aligned(1), may_alias));

// The bits of a number rounded to bf16, ties to even; a NaN stays one.
ALWAYS uint32_t bf16_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return (bits & 0x7FFFFFFF) > 0x7F800000 ? (bits >> 16 | 0x40) : rounded;
}

#ifdef HARDWARE_PAIRS
// A pair of activations is one 32-bit word of two bf16 numbers.
typedef uint32_t activation;
#define PAIR_ACTIVATIONS 1

ALWAYS void round_row(const float *x, size_t count, activation *out) {
  for (size_t i = 0; i + 2 <= count; i += 2) out[i / 2] = bf16_bits(x[i]) | bf16_bits(x[i + 1]) << 16;
  if (count % 2) out[count / 2] = bf16_bits(x[count - 1]);
}

ALWAYS void multiply_pair(const activation *x, size_t x_stride, int mr, const char *const *w, int tiles,
                          size_t at, vec *sums) {
  __m512bh ws[4];
  for (int t = 0; t < tiles; t++) ws[t] = (__m512bh)_mm512_loadu_si512(w[t] + at);
  for (int i = 0; i < mr; i++) {
    __m512bh xs = (__m512bh)_mm512_set1_epi32((int)x[i * x_stride]);
    for (int t = 0; t < tiles; t++)
      sums[i * tiles + t] = (vec)_mm512_dpbf16_ps((__m512)sums[i * tiles + t], ws[t], xs);
  }
}
#else
// A pair of activations is two f32 numbers whose lower halves are zero.
typedef float activation;
#define PAIR_ACTIVATIONS 2

ALWAYS void round_row(const float *x, size_t count, activation *out) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = bf16_bits(x[i]) << 16;
    memcpy(out + i, &bits, sizeof bits);
  }
  if (count % 2) out[count] = 0;
}

// Odd inputs first, in a pass of their own: half the registers for weights. Few rows keep their activations in
// registers and many rows the weights, whichever are fewer.
ALWAYS void multiply_half(const activation *x, size_t x_stride, int mr, const char *const *w, int tiles,
                          size_t at, int odd, vec *sums) {
  int vectors = tiles * TILE_VECTORS;
  vec ws[4 * TILE_VECTORS], xs[6];
#define WEIGHTS(V)                                                                                  \
  do {                                                                                              \
    uvec pairs = *(const words_anywhere *)(w[(V) / TILE_VECTORS] + at + (V) % TILE_VECTORS * LANES * 4); \
    ws[V] = (vec)(odd ? pairs & 0xFFFF0000u : pairs << 16);                                         \
  } while (0)
  if (mr < vectors) {
    for (int i = 0; i < mr; i++) xs[i] = splat(x[i * x_stride + odd]);
    for (int v = 0; v < vectors; v++) {
      WEIGHTS(v);
      for (int i = 0; i < mr; i++) sums[i * vectors + v] += xs[i] * ws[v];
    }
    return;
  }
  for (int v = 0; v < vectors; v++) WEIGHTS(v);
  for (int i = 0; i < mr; i++) {
    vec one = splat(x[i * x_stride + odd]);
    for (int v = 0; v < vectors; v++) sums[i * vectors + v] += one * ws[v];
  }
#undef WEIGHTS
}

ALWAYS void multiply_pair(const activation *x, size_t x_stride, int mr, const char *const *w, int tiles,
                          size_t at, vec *sums) {
  multiply_half(x, x_stride, mr, w, tiles, at, 1, sums);
  multiply_half(x, x_stride, mr, w, tiles, at, 0, sums);
}
#endif

// One pass over `pairs` pairs of inputs.
typedef struct pass {
  const activation *x;
  size_t x_stride;
  size_t pairs;
  // Bytes from one tile of the weights to the next.
  size_t tile_bytes;
  // Whether y holds the sum of the pairs before.
  int continues;
} pass;

// y[mr, tiles * 16]: the sums stay in registers over the whole pass.
ALWAYS void packed_block(pass p, int mr, const char *w, int tiles, float *y, size_t y_stride) {
  vec sums[6 * 4 * TILE_VECTORS];
  int vectors = tiles * TILE_VECTORS;
  for (int i = 0; i < mr; i++)
    for (int v = 0; v < vectors; v++)
      sums[i * vectors + v] = p.continues ? load(y + i * y_stride + v * LANES) : (vec){0};
  const char *ws[4];
  for (int t = 0; t < tiles; t++) ws[t] = w + t * p.tile_bytes;
  for (size_t pair = 0; pair < p.pairs; pair++) {
    for (int t = 0; t < tiles; t++) __builtin_prefetch(ws[t] + pair * PAIR_BYTES + AHEAD_BYTES);
    multiply_pair(p.x + pair * PAIR_ACTIVATIONS, p.x_stride, mr, ws, tiles, pair * PAIR_BYTES, sums);
  }
  for (int i = 0; i < mr; i++)
    for (int v = 0; v < vectors; v++) store(y + i * y_stride + v * LANES, sums[i * vectors + v]);
}

// The last tile of a matrix whose outputs do not fill it.
ALWAYS void packed_partial(pass p, int mr, const char *w, size_t width, float *y, size_t y_stride) {
  float block[6 * TILE];
  for (int i = 0; i < mr; i++)
    if (p.continues) memcpy(block + i * TILE, y + i * y_stride, width * sizeof(float));
  packed_block(p, mr, w, 1, block, TILE);
  for (int i = 0; i < mr; i++) memcpy(y + i * y_stride, block + i * TILE, width * sizeof(float));
}

// mr rows against `width` outputs, `tiles` tiles at a time.
ALWAYS void packed_strip(pass p, int mr, const char *w, int tiles, size_t width, float *y, size_t y_stride) {
  size_t at = 0;
  for (; at + (size_t)tiles * TILE <= width; at += (size_t)tiles * TILE)
    packed_block(p, mr, w + at / TILE * p.tile_bytes, tiles, y + at, y_stride);
  for (; at + TILE <= width; at += TILE)
    packed_block(p, mr, w + at / TILE * p.tile_bytes, 1, y + at, y_stride);
  if (at < width) packed_partial(p, mr, w + at / TILE * p.tile_bytes, width - at, y + at, y_stride);
}

// As many tiles at once as there are registers for: enough sums in flight to hide an addition's latency.
#if LANES == 16
#define MOST_ROWS 6
#define TILES(MR) 4
#elif LANES == 8
#define MOST_ROWS 6
#define TILES(MR) (MR == 1 ? 4 : MR == 2 ? 2 : 1)
#else
#define MOST_ROWS 3
#define TILES(MR) 1
#endif

static void packed_rows(pass p, size_t mr, const char *w, size_t width, float *y, size_t y_stride) {
#define ROWS(MR) \
  case MR:       \
    packed_strip(p, MR, w, TILES(MR), width, y, y_stride); \
    return;
  switch (mr) {
    ROWS(1)
    ROWS(2)
    ROWS(3)
#if MOST_ROWS > 3
    ROWS(4)
    ROWS(5)
    ROWS(6)
#endif
  }
#undef ROWS
}

// All rows against one group of outputs, in groups of rows of nearly the same size.
ALWAYS void packed_group(pass p, size_t rows, const char *w, size_t width, float *y, size_t y_stride) {
  size_t groups = (rows + MOST_ROWS - 1) / MOST_ROWS;
  for (size_t g = 0, row = 0; g < groups; g++) {
    size_t mr = (rows - row) / (groups - g);
    pass part = p;
    part.x += row * p.x_stride;
    packed_rows(part, mr, w, width, y + row * y_stride, y_stride);
    row += mr;
  }
}

// Outputs of one group: its weights stay in a near cache while all rows pass over them.
#define GROUP (4 * TILE)

// Where weights come from: packed ones, or row-major ones that are packed tile by tile on the way.
typedef struct tiles_source {
  const char *packed;
  const char *plain;
  ck_type type;
  size_t n_stride, k_stride;
  size_t n, k;
} tiles_source;

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

ALWAYS void packed_pass(const tiles_source *s, pass p, size_t from, size_t rows, float *y, size_t y_stride) {
  if (s->packed) {
    for (size_t n = 0; n < s->n; n += GROUP) {
      size_t width = s->n - n < GROUP ? s->n - n : GROUP;
      packed_group(p, rows, s->packed + n / TILE * p.tile_bytes + from / 2 * PAIR_BYTES, width, y + n,
                   y_stride);
    }
    return;
  }
  uint32_t tile[ROUNDED_FLOATS / ROUNDED_ROWS / 2 * TILE];
  for (size_t n = 0; n < s->n; n += TILE) {
    size_t width = s->n - n < TILE ? s->n - n : TILE;
    pack_tile(s, n, from, p.pairs, tile);
    packed_group(p, rows, (const char *)tile, width, y + n, y_stride);
  }
}

static void bf16_product(const tiles_source *s, const float *x, size_t x_stride, size_t rows, float *y,
                         size_t y_stride) {
  activation rounded[ROUNDED_FLOATS];
  for (size_t row = 0; row < rows; row += ROUNDED_ROWS) {
    size_t count = rows - row < ROUNDED_ROWS ? rows - row : ROUNDED_ROWS;
    // Few rows take more of k at once, but a tile packed on the way has room for the least.
    size_t depth = ROUNDED_FLOATS / (s->packed ? count : ROUNDED_ROWS) & ~(size_t)1;
    for (size_t from = 0; from < s->k; from += depth) {
      size_t width = s->k - from < depth ? s->k - from : depth;
      pass p = {rounded, (width + 1) / 2 * PAIR_ACTIVATIONS, (width + 1) / 2,
                (s->k + 1) / 2 * PAIR_BYTES, from > 0};
      for (size_t i = 0; i < count; i++)
        round_row(x + (row + i) * x_stride + from, width, rounded + i * p.x_stride);
      packed_pass(s, p, from, count, y + row * y_stride, y_stride);
    }
  }
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
              (word_anywhere *)((char *)out + at / TILE * tile_stride * pairs * PAIR_BYTES));
}

// h[rows, width] = silu(gate) * up, where a row of `both` holds sixteen gates, their sixteen ups, and so on.
static void swiglu_tiles(const float *both, size_t rows, size_t width, float *h) {
  for (size_t at = 0; at < rows * width; at += TILE, both += 2 * TILE)
    for (size_t i = 0; i < TILE; i += LANES) {
      vec gate = load(both + i);
      store(h + at + i, gate * sigmoid_of(gate) * load(both + TILE + i));
    }
}
