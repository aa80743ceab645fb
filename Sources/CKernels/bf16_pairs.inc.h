// bf16 products on vector registers. Each output is one chain over k, the odd input of a pair before the even one as
// vdpbf16ps does it. A product of two bf16 numbers is exact in f32, so fused or not, these instruction sets give
// the same bits (but for subnormal numbers, which vdpbf16ps takes for zero).

#ifdef HARDWARE_PAIRS
// A pair of activations is one word of two bf16 numbers.
#define PAIR_WORDS 1

ALWAYS void round_row(const float *x, size_t count, word_anywhere *out) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    *(half_anywhere *)((char *)out + i * 2) = __builtin_convertvector(bf16_bits_of_each(load(x + i)), half_anywhere);
  for (; i + 2 <= count; i += 2) out[i / 2] = bf16_bits(x[i]) | bf16_bits(x[i + 1]) << 16;
  if (i < count) out[i / 2] = bf16_bits(x[i]);
}

ALWAYS void multiply_pair(const word_anywhere *x, size_t x_stride, int mr, const char *const *w, int tiles,
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
#define PAIR_WORDS 2

ALWAYS void round_row(const float *x, size_t count, word_anywhere *out) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) *(words_anywhere *)(out + i) = bf16_bits_of_each(load(x + i)) << 16;
  for (; i < count; i++) out[i] = bf16_bits(x[i]) << 16;
  if (count % 2) out[count] = 0;
}

ALWAYS vec splat_word(const word_anywhere *x) { return splat(*(const float_anywhere *)x); }

// Odd inputs first, in a pass of their own: half the registers for weights. Few rows keep their activations in
// registers and many rows the weights, whichever are fewer.
ALWAYS void multiply_half(const word_anywhere *x, size_t x_stride, int mr, const char *const *w, int tiles,
                          size_t at, int odd, vec *sums) {
  int vectors = tiles * TILE_VECTORS;
  vec ws[4 * TILE_VECTORS], xs[6];
#define WEIGHTS(V)                                                                                  \
  do {                                                                                              \
    uvec pairs = *(const words_anywhere *)(w[(V) / TILE_VECTORS] + at + (V) % TILE_VECTORS * LANES * 4); \
    ws[V] = (vec)(odd ? pairs & 0xFFFF0000u : pairs << 16);                                         \
  } while (0)
  if (mr < vectors) {
    for (int i = 0; i < mr; i++) xs[i] = splat_word(x + i * x_stride + odd);
    for (int v = 0; v < vectors; v++) {
      WEIGHTS(v);
      for (int i = 0; i < mr; i++) sums[i * vectors + v] += xs[i] * ws[v];
    }
    return;
  }
  for (int v = 0; v < vectors; v++) WEIGHTS(v);
  for (int i = 0; i < mr; i++) {
    vec one = splat_word(x + i * x_stride + odd);
    for (int v = 0; v < vectors; v++) sums[i * vectors + v] += one * ws[v];
  }
#undef WEIGHTS
}

ALWAYS void multiply_pair(const word_anywhere *x, size_t x_stride, int mr, const char *const *w, int tiles,
                          size_t at, vec *sums) {
  multiply_half(x, x_stride, mr, w, tiles, at, 1, sums);
  multiply_half(x, x_stride, mr, w, tiles, at, 0, sums);
}
#endif

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
    for (int t = 0; t < tiles; t++) __builtin_prefetch(ws[t] + pair * WORD_BYTES + AHEAD_BYTES);
    multiply_pair(p.x + pair * PAIR_WORDS, p.x_stride, mr, ws, tiles, pair * WORD_BYTES, sums);
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
  for (int i = 0; i < mr; i++) store_outputs(y + i * y_stride, block + i * TILE, width);
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
