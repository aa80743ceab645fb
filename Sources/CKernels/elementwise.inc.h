// Row-wise pieces between the products. Tails go through the same vector code on padded copies, so an
// element's value does not depend on where it stands.

static void rms_norm(const float *x, size_t x_stride, size_t rows, size_t width, const float *weight,
                     float epsilon, float *y, size_t y_stride) {
  for (size_t row = 0; row < rows; row++, x += x_stride, y += y_stride) {
    vec squares = {0};
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      vec v = load(x + i);
      squares += v * v;
    }
    if (i < width) {
      vec v = load_tail(x + i, width - i);
      squares += v * v;
    }
    float scale = 1.0f / __builtin_sqrtf(sum_lanes(squares) / (float)width + epsilon);
    for (size_t j = 0; j < width; j++) y[j] = x[j] * scale * weight[j];
  }
}

ALWAYS vec sigmoid_of(vec x) { return splat(1.0f) / (splat(1.0f) + exponential(-x)); }

static void swiglu(float *gate, const float *up, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vec g = load(gate + i);
    store(gate + i, g * sigmoid_of(g) * load(up + i));
  }
  if (i == count) return;
  vec g = load_tail(gate + i, count - i);
  vec result = g * sigmoid_of(g) * load_tail(up + i, count - i);
  for (size_t j = 0; i + j < count; j++) gate[i + j] = result[j];
}

static void sigmoid(float *x, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(x + i, sigmoid_of(load(x + i)));
  if (i == count) return;
  vec result = sigmoid_of(load_tail(x + i, count - i));
  for (size_t j = 0; i + j < count; j++) x[i + j] = result[j];
}

static void add(float *y, const float *x, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void scale(float *x, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

static void widen(const void *x, ck_type type, size_t count, float *y) {
  if (type == CK_F32) {
    memcpy(y, x, count * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; i++) y[i] = weight_at(x, i, 1);
}

static size_t argmax(const float *x, size_t count) {
  // Comparisons with what is not a number are false, so it never wins; its equality with the largest is false too.
  vec tops[4] = {splat(-FLT_MAX), splat(-FLT_MAX), splat(-FLT_MAX), splat(-FLT_MAX)};
  float largest = -FLT_MAX;
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES)
    for (int t = 0; t < 4; t++) {
      vec each = load(x + i + t * LANES);
      ivec higher = each > tops[t];
      tops[t] = (vec)(((ivec)each & higher) | ((ivec)tops[t] & ~higher));
    }
  for (; i < count; i++)
    if (x[i] > largest) largest = x[i];
  for (int t = 0; t < 4; t++)
    for (int j = 0; j < LANES; j++)
      if (tops[t][j] > largest) largest = tops[t][j];
  for (i = 0; i < count; i++)
    if (x[i] >= largest) return i;
  // Nothing but minus infinity and what is not a number.
  for (i = 0; i < count; i++)
    if (x[i] == x[i]) return i;
  return 0;
}
