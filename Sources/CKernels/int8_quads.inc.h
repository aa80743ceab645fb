// int8 products on vector registers: four inputs of neighbouring outputs at a time.

#if defined(HARDWARE_QUADS)
#define ACTIVATION_BIAS 128
#define QUAD_ROWS 8
typedef __m512i quad_sums[1];

ALWAYS void start_quads(quad_sums sums, const char *block) { sums[0] = _mm512_loadu_si512(block); }

ALWAYS void add_quads(quad_sums *sums, int mr, const char *w, const uint8_t *x, size_t x_stride) {
  __m512i weights = _mm512_loadu_si512(w);
  for (int i = 0; i < mr; i++) {
    int32_t quad;
    memcpy(&quad, x + i * x_stride, 4);
    sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], _mm512_set1_epi32(quad), weights);
  }
}

ALWAYS void finish_quads(const quad_sums sums, int32_t *out) { _mm512_storeu_si512(out, sums[0]); }
#elif defined(SIGNED_QUADS)
// |w| times x with the sign of w: a pair of products stays below 2^15, so nothing saturates.
#define ACTIVATION_BIAS 0
#define QUAD_ROWS 4
typedef __m256i quad_sums[2];

ALWAYS void start_quads(quad_sums sums, const char *block) {
  (void)block;
  sums[0] = sums[1] = _mm256_setzero_si256();
}

ALWAYS void add_quads(quad_sums *sums, int mr, const char *w, const uint8_t *x, size_t x_stride) {
  for (int half = 0; half < 2; half++) {
    __m256i weights = _mm256_loadu_si256((const __m256i *)(w + half * 32));
    __m256i magnitudes = _mm256_abs_epi8(weights);
    for (int i = 0; i < mr; i++) {
      int32_t quad;
      memcpy(&quad, x + i * x_stride, 4);
      __m256i pairs = _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(_mm256_set1_epi32(quad), weights));
      sums[i][half] = _mm256_add_epi32(sums[i][half], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
  }
}

ALWAYS void finish_quads(const quad_sums sums, int32_t *out) {
  _mm256_storeu_si256((__m256i *)out, sums[0]);
  _mm256_storeu_si256((__m256i *)(out + 8), sums[1]);
}
#else
#define ACTIVATION_BIAS 0
#define QUAD_ROWS 1
typedef int32_t quad_sums[TILE];

ALWAYS void start_quads(quad_sums sums, const char *block) {
  (void)block;
  memset(sums, 0, sizeof(quad_sums));
}

ALWAYS void add_quads(quad_sums *sums, int mr, const char *w, const uint8_t *x, size_t x_stride) {
  (void)mr, (void)x_stride;
  for (int n = 0; n < TILE; n++)
    for (int j = 0; j < 4; j++) sums[0][n] += (int8_t)w[n * 4 + j] * (int8_t)x[j];
}

ALWAYS void finish_quads(const quad_sums sums, int32_t *out) { memcpy(out, sums, sizeof(quad_sums)); }
#endif

// mr rows against all blocks of a tile; y[mr, 16].
ALWAYS void quad_rows(int8_pass p, int mr, const char *tile, float *y, size_t y_stride) {
  for (size_t b = 0, k = 0; k < p.inputs; b++, k += BLOCK) {
    const char *block = tile + int8_bytes(k);
    size_t count = p.inputs - k < BLOCK ? p.inputs - k : BLOCK;
    quad_sums sums[QUAD_ROWS];
    int32_t out[QUAD_ROWS * TILE];
    for (int i = 0; i < mr; i++) start_quads(sums[i], block);
    for (size_t quad = 0; quad < (count + 3) / 4; quad++) {
      const char *w = block + BLOCK_HEADER + quad * WORD_BYTES;
      __builtin_prefetch(w + AHEAD_BYTES);
      add_quads(sums, mr, w, p.x + k + quad * 4, p.x_stride);
    }
    for (int i = 0; i < mr; i++) finish_quads(sums[i], out + i * TILE);
    settle(out, mr, block, p.scales + b, p.scale_stride, p.continues || b > 0, y, y_stride);
  }
}

static void quad_rows_of(int8_pass p, size_t mr, const char *tile, float *y, size_t y_stride) {
#define ROWS(MR) \
  case MR: quad_rows(p, MR, tile, y, y_stride); return;
  switch (mr) {
    ROWS(1)
#if QUAD_ROWS >= 4
    ROWS(2)
    ROWS(3)
    ROWS(4)
#endif
#if QUAD_ROWS >= 8
    ROWS(5)
    ROWS(6)
    ROWS(7)
    ROWS(8)
#endif
  }
#undef ROWS
}

// All rows against one tile, of which the matrix has `width` outputs.
ALWAYS void quads_tile(int8_pass p, size_t rows, const char *tile, size_t width, float *y, size_t y_stride) {
  size_t groups = (rows + QUAD_ROWS - 1) / QUAD_ROWS;
  for (size_t g = 0, row = 0; g < groups; g++) {
    size_t mr = (rows - row) / (groups - g);
    int8_pass part = p;
    part.x += row * p.x_stride;
    part.scales += row * p.scale_stride;
    float *to = y + row * y_stride;
    row += mr;
    if (width >= TILE) {
      quad_rows_of(part, mr, tile, to, y_stride);
      continue;
    }
    float block[QUAD_ROWS * TILE];
    for (size_t i = 0; i < mr && p.continues; i++) memcpy(block + i * TILE, to + i * y_stride, width * 4);
    quad_rows_of(part, mr, tile, block, TILE);
    for (size_t i = 0; i < mr; i++) store_outputs(to + i * y_stride, block + i * TILE, width);
  }
}
