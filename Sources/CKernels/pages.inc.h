// Attention over bf16 pages of sixteen tokens. A page is the elements of its tokens' rows, [row / 2][16 tokens][2]: packed
// weights of sixteen outputs, whose product with a query is sixteen scores. For the mixture of values a span of pages is
// turned into packed weights [value / 16][tokens / 2][16][2] beside, in a near cache: so a latent that is key and value
// at once (absorbed MLA) comes from memory once. The maximum runs from span to span (Milakov and Gimelshein, "Online
// normalizer calculation for softmax"). The order of operations is fixed by the positions alone: chunked, unchunked
// and replayed prefill give the same bits.

#define PAGE_PAIRS (CK_PAGE_TOKENS / 2)
#define SPAN_TOKENS (CK_SPAN_PAGES * CK_PAGE_TOKENS)

// Whole blocks of the tile registers, so that they keep their shape.
ALWAYS size_t key_pairs(ck_page_shape shape) { return (shape.key_size + PASS_INPUTS - 1) / PASS_INPUTS * PASS_INPUTS / 2; }

ALWAYS size_t value_offset(ck_page_shape shape) { return shape.keys_are_values ? 0 : key_pairs(shape) * 2; }

ALWAYS void write_elements(uint16_t *page, size_t from, size_t slot, const float *elements, size_t count) {
  for (size_t i = 0; i < count; i++)
    page[(from + i) / 2 * (2 * TILE) + slot * 2 + i % 2] = (uint16_t)bf16_bits(elements[i]);
}

static void page_write(ck_page_shape shape, void *page, size_t slot, const float *key, const float *value) {
  // What an earlier owner left must not be multiplied, not even by zero.
  if (slot == 0) memset(page, 0, ck_page_bytes(shape));
  write_elements(page, 0, slot, key, shape.key_size);
  if (!shape.keys_are_values) write_elements(page, value_offset(shape), slot, value, shape.value_size);
}

typedef uint16_t half_tile __attribute__((vector_size(64)));
typedef uint16_t half_tile_anywhere __attribute__((vector_size(64), aligned(2), may_alias));

// Rows [element / 2][16 tokens][2] as tiles [element / 16][16 tokens / 2][16][2], `stride` bytes apart. In an address the
// upper three bits of an element's pair within its tile change places with the token's upper three, one after the
// other, and the element's lowest with the token's.
static void turn_page(const char *rows_at, size_t size, char *tiles, size_t stride) {
#define EIGHT(F, S, N) F(S, N), F(S, N + 1), F(S, N + 2), F(S, N + 3), F(S, N + 4), F(S, N + 5), F(S, N + 6), F(S, N + 7)
#define EACH_LANE(F, S) EIGHT(F, S, 0), EIGHT(F, S, 8), EIGHT(F, S, 16), EIGHT(F, S, 24)
#define CHOSEN_BY(S, L) ((L) & (S) ? 32 : 0)
#define LOWER(S, L) (CHOSEN_BY(S, L) + ((L) & ~(S)))
#define UPPER(S, L) (CHOSEN_BY(S, L) + ((L) | (S)))
#define TURNED(L) (((L) & ~3) | ((L) & 1) << 1 | ((L) >> 1 & 1))
#define LOWER_TURNED(S, L) LOWER(S, TURNED(L))
#define UPPER_TURNED(S, L) UPPER(S, TURNED(L))
#define EXCHANGE(STEP, S, LOW, HIGH)                                                                   \
  for (int i = 0; i < 8; i++)                                                                          \
    if (!(i & STEP)) {                                                                                 \
      half_tile low = rows[i], high = rows[i + STEP];                                                  \
      rows[i] = __builtin_shufflevector(low, high, EACH_LANE(LOW, S));                                 \
      rows[i + STEP] = __builtin_shufflevector(low, high, EACH_LANE(HIGH, S));                         \
    }
  for (size_t from = 0; from < size; from += TILE, rows_at += 8 * 64, tiles += stride) {
    half_tile rows[8];
    for (int i = 0; i < 8; i++) rows[i] = *(const half_tile_anywhere *)(rows_at + i * 64);
    EXCHANGE(1, 4, LOWER, UPPER)
    EXCHANGE(2, 8, LOWER, UPPER)
    EXCHANGE(4, 16, LOWER_TURNED, UPPER_TURNED)
    for (int i = 0; i < 8; i++) *(half_tile_anywhere *)(tiles + i * 64) = rows[i];
  }
#undef EIGHT
#undef EACH_LANE
#undef CHOSEN_BY
#undef LOWER
#undef UPPER
#undef TURNED
#undef LOWER_TURNED
#undef UPPER_TURNED
#undef EXCHANGE
}

// What one walk over the pages keeps.
typedef struct page_walk {
  ck_page_shape shape;
  head_state heads;
  // Rounded queries [heads, key pairs] and weights [heads, span], and the span's values, turned.
  word_anywhere *queries, *weights;
  char *values;
  float factor;
  float *out;
  tile_state *tiles;
} page_walk;

// Scores and values of one page, the span's `index`th, with `count` tokens.
ALWAYS void page_step(page_walk *walk, const char *page, size_t index, size_t count) {
  size_t pairs = key_pairs(walk->shape), at = index * CK_PAGE_TOKENS;
  pass scoring = {walk->queries, pairs * PAIR_WORDS, pairs, 0, 0, walk->tiles};
  packed_group(scoring, walk->shape.heads, page, TILE, walk->heads.scores + at, SPAN_TOKENS);
  forget_scores(walk->heads, at + count, at + CK_PAGE_TOKENS);
  turn_page(page + value_offset(walk->shape) / 2 * WORD_BYTES, walk->shape.value_size,
            walk->values + index * PAGE_PAIRS * WORD_BYTES, CK_SPAN_PAGES * PAGE_PAIRS * WORD_BYTES);
}

// Adds a span of `pages` pages to the mixture.
ALWAYS void span_step(page_walk *walk, size_t pages) {
  size_t values = walk->shape.value_size, pairs = pages * PAGE_PAIRS;
  head_state s = walk->heads;
  forget_scores(s, pages * CK_PAGE_TOKENS, SPAN_TOKENS);
  pass mixing = {walk->weights, pairs * PAIR_WORDS, pairs, SPAN_TOKENS / 2 * WORD_BYTES, 1, walk->tiles};
  for (size_t head = 0; head < s.heads; head++) {
    weigh(s, head, walk->factor, walk->out + head * values, values);
    round_row(s.scores + head * SPAN_TOKENS, pages * CK_PAGE_TOKENS, walk->weights + head * mixing.x_stride);
  }
  for (size_t from = 0; from < values; from += GROUP)
    packed_group(mixing, s.heads, walk->values + from / TILE * mixing.tile_bytes,
                 values - from < GROUP ? values - from : GROUP, walk->out + from, values);
}

static page_walk start_walk(ck_page_shape shape, const float *q, float *scratch, float *out) {
  size_t heads = shape.heads, words = key_pairs(shape) * PAIR_WORDS;
  head_state s = {.heads = heads, .padded = SPAN_TOKENS, .scores = scratch};
  s.sums = s.scores + heads * SPAN_TOKENS;
  s.maxima = s.sums + heads * CK_MAX_LANES;
  page_walk walk = {.shape = shape, .heads = s, .out = out};
  walk.queries = (word_anywhere *)(s.maxima + heads);
  walk.weights = walk.queries + heads * words;
  walk.values = (char *)(walk.weights + heads * SPAN_TOKENS / 2 * PAIR_WORDS);
  memset(walk.queries, 0, heads * words * sizeof(float));
  memset(out, 0, heads * shape.value_size * sizeof(float));
  memset(s.sums, 0, heads * LANES * sizeof(float));
  for (size_t head = 0; head < heads; head++) {
    s.maxima[head] = -FLT_MAX;
    round_row(q + head * shape.key_size, shape.key_size, walk.queries + head * words);
  }
  return walk;
}

static void page_attention(ck_page_shape shape, const float *q, const void *cache, const int32_t *blocks,
                           size_t length, float factor, float *scratch, float *out) {
  size_t pages = (shape.block_size + CK_PAGE_TOKENS - 1) / CK_PAGE_TOKENS, index = 0;
  tile_state tiles = {0};
  page_walk walk = start_walk(shape, q, scratch, out);
  walk.factor = factor;
  walk.tiles = &tiles;
  for (size_t block = 0; block * shape.block_size < length; block++) {
    size_t rest = length - block * shape.block_size;
    const char *page = (const char *)cache + (size_t)blocks[block] * pages * shape.page_stride;
    if (rest > shape.block_size) rest = shape.block_size;
    for (size_t at = 0; at < rest; at += CK_PAGE_TOKENS, page += shape.page_stride) {
      page_step(&walk, page, index++, rest - at < CK_PAGE_TOKENS ? rest - at : CK_PAGE_TOKENS);
      if (index < CK_SPAN_PAGES) continue;
      span_step(&walk, index);
      index = 0;
    }
  }
  if (index > 0) span_step(&walk, index);
#ifdef TILE_REGISTERS
  _tile_release();
#endif
  for (size_t head = 0; head < shape.heads; head++)
    scale(out + head * shape.value_size, 1.0f / sum_lanes(load(walk.heads.sums + head * LANES)), shape.value_size);
}
