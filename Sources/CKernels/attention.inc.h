// Attention over paged rows, one cache block at a time with a running maximum (Milakov and Gimelshein,
// "Online normalizer calculation for softmax"): the order of operations is fixed by the key positions
// alone, so chunked, unchunked and replayed prefill give the same bits.

typedef struct head_state {
  size_t heads;
  float *scores;   // [heads, padded]
  float *sums;     // [heads, LANES]: softmax denominators, one partial sum per lane
  float *maxima;   // [heads]
  size_t padded;
} head_state;

// Turns one head's raw scores into weights against the new running maximum. A score of -FLT_MAX is nobody's.
ALWAYS void weigh(head_state s, size_t head, float factor, float *out, size_t values) {
  float *scores = s.scores + head * s.padded;
  const vec nobody = splat(-FLT_MAX);
  vec tops = nobody;
  for (size_t j = 0; j < s.padded; j += LANES) {
    vec raw = load(scores + j), scaled = raw * splat(factor);
    ivec real = raw > nobody;
    scaled = (vec)(((ivec)scaled & real) | ((ivec)nobody & ~real));
    store(scores + j, scaled);
    ivec higher = scaled > tops;
    tops = (vec)(((ivec)scaled & higher) | ((ivec)tops & ~higher));
  }
  float maximum = s.maxima[head];
  for (int i = 0; i < LANES; i++)
    if (tops[i] > maximum) maximum = tops[i];
  vec sums = load(s.sums + head * LANES);
  if (maximum > s.maxima[head]) {
    vec shrink = exponential(splat(s.maxima[head] - maximum));
    sums *= shrink;
    for (size_t i = 0; i < values; i++) out[i] *= shrink[0];
    s.maxima[head] = maximum;
  }
  for (size_t j = 0; j < s.padded; j += LANES) {
    vec scaled = load(scores + j);
    vec weights = (vec)((ivec)exponential(scaled - splat(maximum)) & (ivec)(scaled > nobody));
    store(scores + j, weights);
    sums += weights;
  }
  store(s.sums + head * LANES, sums);
}

ALWAYS void forget_scores(head_state s, size_t from, size_t to) {
  for (size_t head = 0; head < (from < to ? s.heads : 0); head++)
    for (size_t j = from; j < to; j++) s.scores[head * s.padded + j] = -FLT_MAX;
}

static void attention(ck_attention_shape shape, const float *q, const float *cache,
                      const int32_t *blocks, size_t length, float factor, float *scratch, float *out) {
  size_t heads = shape.heads, keys = shape.key_size, values = shape.value_size;
  size_t block_size = shape.block_size, stride = shape.row_stride;
  head_state s = {.heads = heads};
  s.padded = (block_size + CK_MAX_LANES - 1) / CK_MAX_LANES * CK_MAX_LANES;
  s.scores = scratch;
  s.sums = s.scores + heads * s.padded;
  s.maxima = s.sums + heads * CK_MAX_LANES;
  memset(out, 0, heads * values * sizeof(float));
  memset(s.sums, 0, heads * LANES * sizeof(float));
  for (size_t head = 0; head < heads; head++) s.maxima[head] = -FLT_MAX;
  for (size_t at = 0, b = 0; at < length; at += block_size, b++) {
    size_t count = length - at < block_size ? length - at : block_size;
    const float *rows = cache + (size_t)blocks[b] * block_size * stride;
    product(q, keys, heads, rows, CK_F32, stride, block_size, keys, s.scores, s.padded);
    forget_scores(s, count, s.padded);
    for (size_t head = 0; head < heads; head++)
      weigh(s, head, factor, out + head * values, values);
    mix(s.scores, s.padded, heads, rows + shape.value_offset, CK_F32, stride, count, values, out, values, 1);
  }
  for (size_t head = 0; head < heads; head++)
    scale(out + head * values, 1.0f / sum_lanes(load(s.sums + head * LANES)), values);
}
