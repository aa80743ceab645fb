// bf16 products on tile registers (AMX). Of every 32 inputs the even ones are summed in one chain and the odd ones in
// another, and both are added to the output (TDPBF16PS in Intel's manual): other bits than on vector registers,
// but the same for every number of rows. A packed tile of 32 inputs is a tile register's weights as it lies.

#define PAIR_WORDS 1
#define TILE_PAIRS 16

ALWAYS void round_row(const float *x, size_t count, word_anywhere *out) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    *(half_anywhere *)((char *)out + i * 2) = __builtin_convertvector(bf16_bits_of_each(load(x + i)), half_anywhere);
  for (; i + 2 <= count; i += 2) out[i / 2] = bf16_bits(x[i]) | bf16_bits(x[i + 1]) << 16;
  if (i < count) out[i / 2] = bf16_bits(x[i]);
}

// y[rows of a tile register, tiles * 16], all of which must be there.
ALWAYS void tiles_block(pass p, const char *w, int tiles, int fetches, float *y, size_t y_stride) {
#define EACH_TILE(OPERATION) \
  OPERATION(0);              \
  if (tiles > 1) OPERATION(1); \
  if (tiles > 2) OPERATION(2); \
  if (tiles > 3) OPERATION(3)
#define START(T) (p.continues ? _tile_loadd(T, y + T * TILE, y_stride * 4) : _tile_zero(T))
#define FULL(T)                                               \
  do {                                                        \
    const char *from = w + T * p.tile_bytes + at * WORD_BYTES; \
    if (fetches) fetch_tile(from);                            \
    _tile_loadd(6, from, WORD_BYTES);                         \
    _tile_dpbf16ps(T, 4, 6);                                  \
  } while (0)
#define REST(T)                                                       \
  do {                                                                \
    _tile_loadd(7, w + T * p.tile_bytes + at * WORD_BYTES, WORD_BYTES); \
    _tile_dpbf16ps(T, 5, 7);                                          \
  } while (0)
#define FINISH(T) _tile_stored(T, y + T * TILE, y_stride * 4)
  EACH_TILE(START);
  size_t at = 0;
  for (; at + TILE_PAIRS <= p.pairs; at += TILE_PAIRS) {
    _tile_loadd(4, p.x + at, p.x_stride * 4);
    EACH_TILE(FULL);
  }
  if (at < p.pairs) {
    _tile_loadd(5, p.x + at, p.x_stride * 4);
    EACH_TILE(REST);
  }
  EACH_TILE(FINISH);
#undef EACH_TILE
#undef START
#undef FULL
#undef REST
#undef FINISH
}

// The last tile of a matrix whose outputs do not fill it.
static void tiles_partial(pass p, size_t rows, const char *w, int fetches, size_t width, float *y, size_t y_stride) {
  float block[16 * TILE];
  for (size_t i = 0; i < rows && p.continues; i++)
    memcpy(block + i * TILE, y + i * y_stride, width * sizeof(float));
  tiles_block(p, w, 1, fetches, block, TILE);
  for (size_t i = 0; i < rows; i++) store_outputs(y + i * y_stride, block + i * TILE, width);
}

// All rows against one group of outputs. Few rows take one tile after the other, so that weights stream in order;
// many take four at once, which hides the latency of the additions.
ALWAYS void packed_group(pass p, size_t rows, const char *w, size_t width, float *y, size_t y_stride) {
  size_t groups = (rows + 15) / 16;
  for (size_t g = 0, row = 0; g < groups; g++) {
    size_t count = (rows - row) / (groups - g), at = 0;
    shape_tiles(p.tiles, count, p.pairs % TILE_PAIRS);
    pass part = p;
    part.x += row * p.x_stride;
    float *to = y + row * y_stride;
    if (groups > 1)
      for (; at + 4 * TILE <= width; at += 4 * TILE)
        tiles_block(part, w + at / TILE * p.tile_bytes, 4, g == 0, to + at, y_stride);
    for (; at + TILE <= width; at += TILE)
      tiles_block(part, w + at / TILE * p.tile_bytes, 1, g == 0, to + at, y_stride);
    if (at < width)
      tiles_partial(part, count, w + at / TILE * p.tile_bytes, g == 0, width - at, to + at, y_stride);
    row += count;
  }
}
