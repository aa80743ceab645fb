// Gathers one instruction set's kernels; the including file defines TABLE and NAME.
const ck_kernels TABLE = {
    .name = NAME,
    .product = product,
    .mix = mix,
    .attention = attention,
    .rms_norm = rms_norm,
    .swiglu = swiglu,
    .sigmoid = sigmoid,
    .add = add,
    .scale = scale,
    .widen = widen,
    .packed_product = packed_product,
    .rounded_product = rounded_product,
    .pack = pack,
    .swiglu_tiles = swiglu_tiles,
};
