// Numeric kernels that Swift cannot express at speed: fixed summation order, f32 accumulation,
// weights read in place as f32 or bf16. The instruction set is chosen once, when the library loads.
//
// Row invariance: every result row depends only on its own input row and the weights, never on how
// many rows are computed in the same call. Batching, chunking and expert ownership therefore cannot
// change a bit of a token's result.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// How the elements of a weight matrix are stored.
typedef enum ck_type { CK_F32 = 0, CK_BF16 = 1 } ck_type;

/// y[rows, n] = x[rows, k] * w[n, k]^T. Strides are in elements. w may have any byte alignment.
void ck_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                size_t w_stride, size_t n, size_t k, float *y, size_t y_stride);

/// y[rows, n] (+)= x[rows, k] * w[k, n]. Adds to y when `accumulate` is not 0, else overwrites it.
void ck_mix(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
            size_t w_stride, size_t k, size_t n, float *y, size_t y_stride, int accumulate);

/// Where keys and values lie in paged rows, and how many heads look at them.
///
/// A row's key is its first key_size elements; its value, value_size elements from value_offset on, may
/// overlap the key (absorbed MLA) or follow it (one key-value head of grouped-query attention).
typedef struct ck_attention_shape {
  size_t heads;
  size_t key_size;
  size_t value_size;
  size_t value_offset;
  /// From one token's row to the next, in elements.
  size_t row_stride;
  /// Tokens of a block.
  size_t block_size;
} ck_attention_shape;

/// Softmax attention of one token's heads over paged rows that all these heads share.
///
/// q [heads, key_size]; row j of block b lies at cache + (blocks[b] * block_size + j) * row_stride. out
/// [heads, value_size]. `scratch` holds at least ck_attention_scratch(heads, block_size) floats. Rows past
/// `length` in the last block are read but do not matter.
void ck_attention(ck_attention_shape shape, const float *q, const float *cache, const int32_t *blocks,
                  size_t length, float scale, float *scratch, float *out);

/// Floats of scratch that ck_attention needs.
size_t ck_attention_scratch(size_t heads, size_t block_size);

/// Tokens of a page.
#define CK_PAGE_TOKENS 16

/// Where bf16 keys and values lie in pages of 16 tokens, and how many heads look at them. A block is as many pages as
/// its tokens need.
typedef struct ck_page_shape {
  size_t heads;
  size_t key_size;
  size_t value_size;
  /// Whether a value is the first elements of its key (absorbed MLA): such pages hold keys alone.
  int keys_are_values;
  /// Tokens of a block.
  size_t block_size;
  /// Bytes from one page of these heads to the next: ck_page_bytes, times as many heads as have keys of their own.
  size_t page_stride;
} ck_page_shape;

/// Bytes of a page, [row / 2][16 tokens][2]: a row is a key in whole blocks of 32 elements, and its value behind it
/// unless keys are values.
size_t ck_page_bytes(ck_page_shape shape);

/// Rounds one token's key and value to bf16 and puts them in a page. Its first token clears the page. `value` is not
/// read when keys are values.
void ck_page_write(ck_page_shape shape, void *page, size_t slot, const float *key, const float *value);

/// Softmax attention of one token's heads over pages that all these heads share: scores and mixtures are bf16
/// products with f32 sums, the softmax between them is f32.
///
/// q [heads, key_size]; page i of block b lies at cache + (blocks[b] * pages of a block + i) * page_stride. out
/// [heads, value_size]. `scratch` holds at least ck_page_scratch(shape) floats. The order of operations is fixed by
/// the positions alone; pages after `length` are not read.
void ck_page_attention(ck_page_shape shape, const float *q, const void *cache, const int32_t *blocks, size_t length,
                       float scale, float *scratch, float *out);

/// Floats of scratch that ck_page_attention needs.
size_t ck_page_scratch(ck_page_shape shape);

/// y = x / sqrt(mean(x^2) + epsilon) * weight, row by row.
void ck_rms_norm(const float *x, size_t x_stride, size_t rows, size_t width, const float *weight,
                 float epsilon, float *y, size_t y_stride);

/// gate[i] = silu(gate[i]) * up[i].
void ck_swiglu(float *gate, const float *up, size_t count);

/// x[i] = 1 / (1 + exp(-x[i])).
void ck_sigmoid(float *x, size_t count);

/// y[i] += x[i].
void ck_add(float *y, const float *x, size_t count);

/// x[i] *= factor. A separate pass from ck_add, so that the product is rounded before it is added.
void ck_scale(float *x, float factor, size_t count);

/// The first index of the largest of count > 0 numbers; what is not a number never wins, unless there is nothing else.
size_t ck_argmax(const float *x, size_t count);

/// y[i] = x[i] widened to f32.
void ck_widen(const void *x, ck_type type, size_t count, float *y);

/// Bytes of a packed weight matrix [n, k]: whole tiles of 16 outputs, whole pairs of inputs.
size_t ck_packed_bytes(size_t n, size_t k);

/// Packs w[n, k], whose element (i, j) is w[i * n_stride + j * k_stride], for ck_packed_product.
///
/// f32 elements are rounded to bf16. A tile of 16 outputs comes `tile_stride` tiles after the one before
/// it, so that two matrices can be packed into every other tile of one.
void ck_pack(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
             size_t tile_stride);

/// y[rows, n] = bf16(x)[rows, k] * w[n, k]^T with packed bf16 weights and f32 sums.
///
/// Each output adds its inputs in one fixed order, so its bits depend on nothing but its row, and on the machine
/// only in that tile registers (AMX) have an order of their own: see bf16.inc.h.
void ck_packed_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k,
                       float *y, size_t y_stride);

/// The same result from weights in place, of any strides: slower, as they are packed on the way.
void ck_rounded_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                        size_t n_stride, size_t k_stride, size_t n, size_t k, float *y, size_t y_stride);

/// h[rows, width] = silu(gate) * up for rows [width / 16][gate | up][16], the product of two matrices that
/// were packed into every other tile. width is a multiple of 16.
void ck_swiglu_tiles(const float *both, size_t rows, size_t width, float *h);

/// Bytes of a packed int8 matrix [n, k]: whole tiles of 16 outputs, whole quads of inputs, and their scales.
size_t ck_int8_bytes(size_t n, size_t k);

/// Packs w[n, k] for ck_int8_product, each 128 inputs of an output rounded to int8 with a scale of their own.
///
/// Strides as in ck_pack.
void ck_pack_int8(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
                  size_t tile_stride);

/// y[rows, n] = int8(x)[rows, k] * w[n, k]^T with packed int8 weights; exact integer sums over 128 inputs, then f32.
///
/// The same bits on every machine and for any number of rows: see int8.inc.h.
void ck_int8_product(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k, float *y,
                     size_t y_stride);

/// The same result from weights in place, of any strides: slower, as they are packed on the way.
void ck_quantised_product(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type, size_t n_stride,
                          size_t k_stride, size_t n, size_t k, float *y, size_t y_stride);

/// One instruction set's kernels, with the parameters of the functions above.
typedef struct ck_kernels {
  const char *name;
  void (*product)(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                  size_t w_stride, size_t n, size_t k, float *y, size_t y_stride);
  void (*mix)(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
              size_t w_stride, size_t k, size_t n, float *y, size_t y_stride, int accumulate);
  void (*attention)(ck_attention_shape shape, const float *q, const float *cache, const int32_t *blocks,
                    size_t length, float scale, float *scratch, float *out);
  void (*page_write)(ck_page_shape shape, void *page, size_t slot, const float *key, const float *value);
  void (*page_attention)(ck_page_shape shape, const float *q, const void *cache, const int32_t *blocks, size_t length,
                         float scale, float *scratch, float *out);
  void (*rms_norm)(const float *x, size_t x_stride, size_t rows, size_t width, const float *weight,
                   float epsilon, float *y, size_t y_stride);
  void (*swiglu)(float *gate, const float *up, size_t count);
  void (*sigmoid)(float *x, size_t count);
  void (*add)(float *y, const float *x, size_t count);
  void (*scale)(float *x, float factor, size_t count);
  size_t (*argmax)(const float *x, size_t count);
  void (*widen)(const void *x, ck_type type, size_t count, float *y);
  void (*packed_product)(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k,
                         float *y, size_t y_stride);
  void (*rounded_product)(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                          size_t n_stride, size_t k_stride, size_t n, size_t k, float *y, size_t y_stride);
  void (*pack)(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
               size_t tile_stride);
  void (*swiglu_tiles)(const float *both, size_t rows, size_t width, float *h);
  void (*int8_product)(const float *x, size_t x_stride, size_t rows, const void *w, size_t n, size_t k, float *y,
                       size_t y_stride);
  void (*quantised_product)(const float *x, size_t x_stride, size_t rows, const void *w, ck_type type,
                            size_t n_stride, size_t k_stride, size_t n, size_t k, float *y, size_t y_stride);
  void (*pack_int8)(const void *w, ck_type type, size_t n_stride, size_t k_stride, size_t n, size_t k, void *out,
                    size_t tile_stride);
} ck_kernels;

/// The kernels for "amx", "avx512bf16", "avx512", "avx2" or "portable"; NULL when this machine cannot run them.
const ck_kernels *ck_kernels_named(const char *name);

/// The instruction set in use: the best this machine has, or the one DPDEPLOY_ISA names.
const char *ck_isa(void);

#endif
