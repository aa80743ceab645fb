// What the packed formats share: weights [n, k] in tiles of 16 outputs, and where a product finds its tiles.

#define TILE 16
#define TILE_VECTORS (TILE / LANES)
// Bytes that a tile takes for one bf16 pair or one int8 quad of inputs.
#define WORD_BYTES (TILE * 4)
// Rows that are computed against a tile while it stays in a near cache.
#define PASS_ROWS 64
// How far ahead weights are fetched: two to six rows wait for memory a third less than with the processor's own
// guesses, which end at page boundaries (measured on Zen 3).
#define AHEAD_BYTES 4096

typedef uint32_t word_anywhere __attribute__((aligned(1), may_alias));
typedef uint32_t words_anywhere __attribute__((vector_size(LANES * 4), aligned(1), may_alias));

// Where weights come from: packed ones, or row-major ones that are packed tile by tile on the way.
typedef struct tiles_source {
  const char *packed;
  const char *plain;
  ck_type type;
  size_t n_stride, k_stride;
  size_t n, k;
} tiles_source;

// Writes the outputs of a tile that the matrix has: all sixteen, or the last few.
ALWAYS void store_outputs(float *y, const float *block, size_t width) {
  memcpy(y, block, (width < TILE ? width : TILE) * sizeof(float));
}

// The shape that tile registers have (AMX), which a product of several parts need not set for each of them.
typedef struct tile_state {
  size_t rows, rest;
} tile_state;

#ifdef TILE_REGISTERS
// The tile registers (AMX): 0…3 take sums of up to 16 rows, 4 activations, 6 weights, 5 and 7 what is left of k.
typedef struct tile_shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} __attribute__((aligned(64))) tile_shapes;

// `rows` rows a time, and `rest` words of k after the last sixteen.
ALWAYS void configure_tiles(size_t rows, size_t rest) {
  tile_shapes shapes = {.palette = 1};
  for (int i = 0; i < 5; i++) {
    shapes.rows[i] = (uint8_t)rows;
    shapes.row_bytes[i] = 64;
  }
  shapes.rows[6] = 16;
  shapes.row_bytes[6] = 64;
  if (rest) {
    shapes.rows[5] = (uint8_t)rows;
    shapes.row_bytes[5] = (uint16_t)(rest * 4);
    shapes.rows[7] = (uint8_t)rest;
    shapes.row_bytes[7] = 64;
  }
  _tile_loadconfig(&shapes);
}

// Gives the registers a shape unless they have it: `rest` may be 0 when nothing is left of k.
ALWAYS void shape_tiles(tile_state *state, size_t rows, size_t rest) {
  if (rows == state->rows && (rest == 0 || rest == state->rest)) return;
  *state = (tile_state){rows, rest};
  configure_tiles(rows, rest);
}

// One tile of weights is sixteen lines of cache.
ALWAYS void fetch_tile(const char *w) {
  for (int line = 0; line < 16; line++) __builtin_prefetch(w + AHEAD_BYTES + line * 64);
}
#endif
