// Attention over paged rows, one cache block at a time with a running maximum (Milakov and Gimelshein,
// "Online normalizer calculation for softmax"): the order of operations is fixed by the key positions
// alone, so chunked, unchunked and replayed prefill give the same bits.

typedef struct head_state {
  float *scores;   // [heads, padded]
  float *sums;     // [heads, LANES]: softmax denominators, one partial sum per lane
  float *maxima;   // [heads]
  size_t padded;
} head_state;

// Turns one head's raw scores of a block into weights against the new running maximum.
ALWAYS void weigh(head_state s, size_t head, size_t count, float factor, float *out, size_t latent) {
  float *scores = s.scores + head * s.padded;
  float maximum = s.maxima[head];
  for (size_t j = 0; j < count; j++) {
    scores[j] *= factor;
    if (scores[j] > maximum) maximum = scores[j];
  }
  for (size_t j = count; j < s.padded; j++) scores[j] = -FLT_MAX;
  vec sums = load(s.sums + head * LANES);
  if (maximum > s.maxima[head]) {
    vec shrink = exponential(splat(s.maxima[head] - maximum));
    sums *= shrink;
    for (size_t i = 0; i < latent; i++) out[i] *= shrink[0];
    s.maxima[head] = maximum;
  }
  for (size_t j = 0; j < s.padded; j += LANES) {
    vec raw = load(scores + j);
    ivec real = raw > splat(-FLT_MAX);
    vec weights = (vec)((ivec)exponential(raw - splat(maximum)) & real);
    store(scores + j, weights);
    sums += weights;
  }
  store(s.sums + head * LANES, sums);
}

static void attention(const float *q, size_t heads, size_t width, size_t latent, const float *cache,
                      size_t block_size, const int32_t *blocks, size_t length, float factor,
                      float *scratch, float *out) {
  head_state s;
  s.padded = (block_size + CK_MAX_LANES - 1) / CK_MAX_LANES * CK_MAX_LANES;
  s.scores = scratch;
  s.sums = s.scores + heads * s.padded;
  s.maxima = s.sums + heads * CK_MAX_LANES;
  memset(out, 0, heads * latent * sizeof(float));
  memset(s.sums, 0, heads * LANES * sizeof(float));
  for (size_t head = 0; head < heads; head++) s.maxima[head] = -FLT_MAX;
  for (size_t at = 0, b = 0; at < length; at += block_size, b++) {
    size_t count = length - at < block_size ? length - at : block_size;
    const float *rows = cache + (size_t)blocks[b] * block_size * width;
    product(q, width, heads, rows, CK_F32, width, block_size, width, s.scores, s.padded);
    for (size_t head = 0; head < heads; head++)
      weigh(s, head, count, factor, out + head * latent, latent);
    mix(s.scores, s.padded, heads, rows, CK_F32, width, count, latent, out, latent, 1);
  }
  for (size_t head = 0; head < heads; head++)
    scale(out + head * latent, 1.0f / sum_lanes(load(s.sums + head * LANES)), latent);
}
