// int8 products on tile registers (AMX): 64 inputs of 16 outputs at a time, the sums of four blocks in flight. For more rows than
// vector registers stream through as fast as memory brings weights.

#define TILE_QUADS 16

// The integer sums of a block [rows of a tile register, 16], in register T.
#define BLOCK_SUMS(T)                                                                   \
  do {                                                                                  \
    const char *block = tile + int8_bytes((b + T) * BLOCK), *w = block + BLOCK_HEADER;  \
    const uint8_t *x = p.x + (b + T) * BLOCK;                                           \
    size_t quads = (p.inputs - (b + T) * BLOCK + 3) / 4, quad = 0;                      \
    if (quads > BLOCK / 4) quads = BLOCK / 4;                                           \
    _tile_loadd(T, block, 0);                                                           \
    for (; quad + TILE_QUADS <= quads; quad += TILE_QUADS) {                            \
      if (fetches) fetch_tile(w + quad * WORD_BYTES);                                   \
      _tile_loadd(4, x + quad * 4, p.x_stride);                                         \
      _tile_loadd(6, w + quad * WORD_BYTES, WORD_BYTES);                                \
      _tile_dpbusd(T, 4, 6);                                                            \
    }                                                                                   \
    if (quad < quads) {                                                                 \
      _tile_loadd(5, x + quad * 4, p.x_stride);                                         \
      _tile_loadd(7, w + quad * WORD_BYTES, WORD_BYTES);                                \
      _tile_dpbusd(T, 5, 7);                                                            \
    }                                                                                   \
    _tile_stored(T, sums[T], WORD_BYTES);                                               \
  } while (0)

// Some rows against all blocks of a tile; y[rows, 16].
static void register_rows(int8_pass p, size_t rows, const char *tile, int fetches, float *y, size_t y_stride) {
  size_t blocks = (p.inputs + BLOCK - 1) / BLOCK;
  int32_t sums[4][16 * TILE];
  for (size_t b = 0; b < blocks; b += 4) {
    size_t count = blocks - b < 4 ? blocks - b : 4;
    BLOCK_SUMS(0);
    if (count > 1) BLOCK_SUMS(1);
    if (count > 2) BLOCK_SUMS(2);
    if (count > 3) BLOCK_SUMS(3);
    for (size_t i = 0; i < count; i++)
      settle(sums[i], rows, tile + int8_bytes((b + i) * BLOCK), p.scales + b + i, p.scale_stride,
             p.continues || b + i > 0, y, y_stride);
  }
}
#undef BLOCK_SUMS

// All rows against one tile, of which the matrix has `width` outputs.
ALWAYS void registers_tile(int8_pass p, size_t rows, const char *tile, size_t width, float *y, size_t y_stride) {
  size_t groups = (rows + 15) / 16;
  tile_state tiles = {0};
  for (size_t g = 0, row = 0; g < groups; g++) {
    size_t count = (rows - row) / (groups - g);
    shape_tiles(&tiles, count, (p.inputs + 3) / 4 % TILE_QUADS);
    int8_pass part = p;
    part.x += row * p.x_stride;
    part.scales += row * p.scale_stride;
    float *to = y + row * y_stride;
    row += count;
    if (width >= TILE) {
      register_rows(part, count, tile, g == 0, to, y_stride);
      continue;
    }
    float block[16 * TILE];
    for (size_t i = 0; i < count && p.continues; i++) memcpy(block + i * TILE, to + i * y_stride, width * 4);
    register_rows(part, count, tile, g == 0, block, TILE);
    for (size_t i = 0; i < count; i++) store_outputs(to + i * y_stride, block + i * TILE, width);
  }
}
