// Matrix products in two orientations. Tiles differ in shape only: each output element is always the
// same sequence of operations over k, so a row's result does not depend on the rows beside it.

// One tile of x[mr, k] * w[nr, k]^T with mr * nr <= LANES; lane i * nr + j holds element (i, j).
ALWAYS vec dot_tile(const float *x, size_t x_stride, int mr, const char *w, size_t w_stride, int nr,
                    size_t k, int bf16) {
  vec sums[LANES];
  for (int i = 0; i < LANES; i++) sums[i] = (vec){0};
  size_t at = 0;
  for (; at + LANES <= k; at += LANES) {
    vec xs[4];
    for (int i = 0; i < mr; i++) xs[i] = load(x + i * x_stride + at);
    for (int j = 0; j < nr; j++) {
      vec ws = load_weights(w, j * w_stride + at, bf16);
      for (int i = 0; i < mr; i++) sums[i * nr + j] += xs[i] * ws;
    }
  }
  if (at < k) {
    vec xs[4];
    for (int i = 0; i < mr; i++) xs[i] = load_tail(x + i * x_stride + at, k - at);
    for (int j = 0; j < nr; j++) {
      vec ws = load_weights_tail(w, j * w_stride + at, k - at, bf16);
      for (int i = 0; i < mr; i++) sums[i * nr + j] += xs[i] * ws;
    }
  }
  return sum_each(sums);
}

ALWAYS void dot_store(const float *x, size_t x_stride, int mr, const char *w, size_t w_stride, int nr,
                      size_t k, int bf16, float *y, size_t y_stride) {
  float tile[LANES];
  store(tile, dot_tile(x, x_stride, mr, w, w_stride, nr, k, bf16));
  for (int i = 0; i < mr; i++) memcpy(y + i * y_stride, tile + i * nr, nr * sizeof(float));
}

// mr rows against all outputs of a block of `width` weight rows. The last tile overlaps the one before
// instead of being narrower: it computes the same bits again.
ALWAYS void dot_rows(const float *x, size_t x_stride, int mr, const char *w, size_t w_stride,
                     int nr, size_t width, size_t k, int bf16, float *y, size_t y_stride) {
  for (size_t n = 0; n < width; n += nr) {
    size_t start = n + nr <= width ? n : width - nr;
    dot_store(x, x_stride, mr, w + start * w_stride * element_size(bf16), w_stride, nr, k, bf16,
              y + start, y_stride);
  }
}

// A block of LANES weight rows (fewer only when the matrix has fewer) against all rows of x: the block
// is read from memory once and then stays in the nearest cache.
ALWAYS void dot_block(const float *x, size_t x_stride, size_t rows, const char *w, size_t w_stride,
                      size_t width, size_t k, int bf16, float *y, size_t y_stride) {
  size_t m = 0;
#define ROWS(MR, NR) \
  dot_rows(x + m * x_stride, x_stride, MR, w, w_stride, NR, width, k, bf16, y + m * y_stride, y_stride)
  if (width < 4) {
    for (; m < rows; m++) ROWS(1, 1);
    return;
  }
  if (width < LANES) {
    for (; m < rows; m++) ROWS(1, 4);
    return;
  }
#if LANES == 16
  for (; m + 4 <= rows; m += 4) ROWS(4, 4);
  if (m + 3 == rows) {
    ROWS(3, 4);
    return;
  }
#endif
#if LANES >= 8
  for (; m + 2 <= rows; m += 2) ROWS(2, LANES / 2);
#endif
  for (; m < rows; m++) ROWS(1, LANES);
#undef ROWS
}

ALWAYS void product_of(const float *x, size_t x_stride, size_t rows, const char *w, size_t w_stride,
                       size_t n, size_t k, float *y, size_t y_stride, int bf16) {
  if (rows == 0 || n == 0) return;
  for (size_t at = 0; at < n; at += LANES) {
    size_t width = n < LANES ? n : LANES;
    size_t start = at + width <= n ? at : n - width;
    dot_block(x, x_stride, rows, w + start * w_stride * element_size(bf16), w_stride, width, k, bf16,
              y + start, y_stride);
  }
}

static void product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                    size_t w_stride, size_t n, size_t k, float *y, size_t y_stride) {
  if (type == CK_BF16)
    product_of(x, x_stride, rows, w, w_stride, n, k, y, y_stride, 1);
  else
    product_of(x, x_stride, rows, w, w_stride, n, k, y, y_stride, 0);
}

// y[mr, vectors * LANES] (+)= x[mr, k] * w[k, …]: no sums across lanes, so rows of w stream in order.
ALWAYS void mix_tile(const float *x, size_t x_stride, int mr, const char *w, size_t w_stride,
                     int vectors, size_t k, float *y, size_t y_stride, int accumulate, int bf16) {
  vec sums[4][2];
  for (int i = 0; i < mr; i++)
    for (int v = 0; v < vectors; v++)
      sums[i][v] = accumulate ? load(y + i * y_stride + v * LANES) : (vec){0};
  for (size_t at = 0; at < k; at++) {
    vec ws[2];
    for (int v = 0; v < vectors; v++) ws[v] = load_weights(w, at * w_stride + v * LANES, bf16);
    for (int i = 0; i < mr; i++) {
      vec xs = splat(x[i * x_stride + at]);
      for (int v = 0; v < vectors; v++) sums[i][v] += xs * ws[v];
    }
  }
  for (int i = 0; i < mr; i++)
    for (int v = 0; v < vectors; v++) store(y + i * y_stride + v * LANES, sums[i][v]);
}

ALWAYS void mix_column(const float *x, const char *w, size_t w_stride, size_t k, float *y,
                       int accumulate, int bf16) {
  float sum = accumulate ? *y : 0;
  for (size_t at = 0; at < k; at++) sum += x[at] * weight_at(w, at * w_stride, bf16);
  *y = sum;
}

ALWAYS void mix_rows(const float *x, size_t x_stride, int mr, const char *w, size_t w_stride,
                     size_t k, size_t n, float *y, size_t y_stride, int accumulate, int bf16) {
  size_t at = 0, size = element_size(bf16);
  for (; at + 2 * LANES <= n; at += 2 * LANES)
    mix_tile(x, x_stride, mr, w + at * size, w_stride, 2, k, y + at, y_stride, accumulate, bf16);
  for (; at + LANES <= n; at += LANES)
    mix_tile(x, x_stride, mr, w + at * size, w_stride, 1, k, y + at, y_stride, accumulate, bf16);
  for (; at < n; at++)
    for (int i = 0; i < mr; i++)
      mix_column(x + i * x_stride, w + at * size, w_stride, k, y + i * y_stride + at, accumulate, bf16);
}

ALWAYS void mix_of(const float *x, size_t x_stride, size_t rows, const char *w, size_t w_stride,
                   size_t k, size_t n, float *y, size_t y_stride, int accumulate, int bf16) {
  size_t m = 0;
#define ROWS(MR)                                                                               \
  mix_rows(x + m * x_stride, x_stride, MR, w, w_stride, k, n, y + m * y_stride, y_stride,      \
           accumulate, bf16)
  for (; m + 4 <= rows; m += 4) ROWS(4);
  for (; m + 2 <= rows; m += 2) ROWS(2);
  for (; m < rows; m++) ROWS(1);
#undef ROWS
}

static void mix(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                size_t w_stride, size_t k, size_t n, float *y, size_t y_stride, int accumulate) {
  if (type == CK_BF16)
    mix_of(x, x_stride, rows, w, w_stride, k, n, y, y_stride, accumulate, 1);
  else
    mix_of(x, x_stride, rows, w, w_stride, k, n, y, y_stride, accumulate, 0);
}
