#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser with the memory of its present document.
typedef struct csimdjson_parser csimdjson_parser;

/// A value of the parser's present document; dead once the parser parses again or is freed.
typedef struct {
  const void *_Nullable document;
  size_t index;
} csimdjson_value;

/// A walk over an array's elements or an object's members.
typedef struct {
  csimdjson_value next;
  csimdjson_value end;
  bool is_object;
} csimdjson_cursor;

typedef enum : int {
  CSIMDJSON_NULL,
  CSIMDJSON_BOOL,
  CSIMDJSON_INT,
  CSIMDJSON_UINT,
  CSIMDJSON_DOUBLE,
  CSIMDJSON_STRING,
  CSIMDJSON_ARRAY,
  CSIMDJSON_OBJECT,
} csimdjson_type;

csimdjson_parser *_Nullable csimdjson_new(void);
void csimdjson_free(csimdjson_parser *_Nonnull parser);

/// Parses a text; 0, or simdjson's error code.
int csimdjson_parse(csimdjson_parser *_Nonnull parser, const uint8_t *_Nullable bytes, size_t length,
                    csimdjson_value *_Nonnull root);
const char *_Nonnull csimdjson_message(int code);

csimdjson_type csimdjson_type_of(csimdjson_value value);
bool csimdjson_bool(csimdjson_value value);
int64_t csimdjson_int(csimdjson_value value);
double csimdjson_double(csimdjson_value value);
/// The bytes of a string, unescaped; they live as long as the document.
const char *_Nonnull csimdjson_string(csimdjson_value value, size_t *_Nonnull length);

/// Starts a walk over an array or an object.
csimdjson_cursor csimdjson_walk(csimdjson_value container);
/// The next element, and its key in an object; false at the end.
bool csimdjson_next(csimdjson_cursor *_Nonnull cursor, const char *_Nullable *_Nonnull key,
                    size_t *_Nonnull key_length, csimdjson_value *_Nonnull value);

#ifdef __cplusplus
}
#endif

#endif
