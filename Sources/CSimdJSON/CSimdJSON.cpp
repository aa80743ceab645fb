#include "CSimdJSON.h"

#include <cstring>
#include <new>
#include <simdjson.h>

namespace dom = simdjson::dom;

struct csimdjson_parser {
  dom::parser parser;
};

// An element and an iterator are a document's address and a place on its tape, and nothing else.
static_assert(sizeof(dom::element) == sizeof(csimdjson_value));
static_assert(sizeof(dom::array::iterator) == sizeof(csimdjson_value));
static_assert(sizeof(dom::object::iterator) == sizeof(csimdjson_value));

template <typename To, typename From> static To as(const From &from) {
  To to;
  std::memcpy(static_cast<void *>(&to), static_cast<const void *>(&from), sizeof(to));
  return to;
}

static dom::element element(csimdjson_value value) { return as<dom::element>(value); }

csimdjson_parser *csimdjson_new(void) { return new (std::nothrow) csimdjson_parser; }

void csimdjson_free(csimdjson_parser *parser) { delete parser; }

int csimdjson_parse(csimdjson_parser *parser, const uint8_t *bytes, size_t length, csimdjson_value *root) {
  dom::element found;
  simdjson::error_code code = parser->parser.parse(bytes, length).get(found);
  if (code == simdjson::SUCCESS) *root = as<csimdjson_value>(found);
  return code;
}

const char *csimdjson_message(int code) { return simdjson::error_message(simdjson::error_code(code)); }

csimdjson_type csimdjson_type_of(csimdjson_value value) {
  switch (element(value).type()) {
  case dom::element_type::ARRAY: return CSIMDJSON_ARRAY;
  case dom::element_type::OBJECT: return CSIMDJSON_OBJECT;
  case dom::element_type::INT64: return CSIMDJSON_INT;
  case dom::element_type::UINT64: return CSIMDJSON_UINT;
  case dom::element_type::DOUBLE: return CSIMDJSON_DOUBLE;
  case dom::element_type::STRING: return CSIMDJSON_STRING;
  case dom::element_type::BOOL: return CSIMDJSON_BOOL;
  case dom::element_type::NULL_VALUE: break;
  }
  return CSIMDJSON_NULL;
}

bool csimdjson_bool(csimdjson_value value) {
  bool result = false;
  (void)element(value).get(result);
  return result;
}

int64_t csimdjson_int(csimdjson_value value) {
  int64_t result = 0;
  (void)element(value).get(result);
  return result;
}

double csimdjson_double(csimdjson_value value) {
  double result = 0;
  (void)element(value).get(result);
  return result;
}

const char *csimdjson_string(csimdjson_value value, size_t *length) {
  std::string_view result = "";
  (void)element(value).get(result);
  *length = result.size();
  return result.data();
}

csimdjson_cursor csimdjson_walk(csimdjson_value container) {
  csimdjson_cursor cursor = {};
  dom::array array;
  dom::object object;
  if (element(container).get(array) == simdjson::SUCCESS) {
    cursor.next = as<csimdjson_value>(array.begin());
    cursor.end = as<csimdjson_value>(array.end());
  } else if (element(container).get(object) == simdjson::SUCCESS) {
    cursor.next = as<csimdjson_value>(object.begin());
    cursor.end = as<csimdjson_value>(object.end());
    cursor.is_object = true;
  }
  return cursor;
}

bool csimdjson_next(csimdjson_cursor *cursor, const char **key, size_t *key_length, csimdjson_value *value) {
  if (cursor->next.index == cursor->end.index) return false;
  if (cursor->is_object) {
    auto place = as<dom::object::iterator>(cursor->next);
    std::string_view name = place.key();
    *key = name.data();
    *key_length = name.size();
    *value = as<csimdjson_value>(place.value());
    cursor->next = as<csimdjson_value>(++place);
  } else {
    auto place = as<dom::array::iterator>(cursor->next);
    *value = as<csimdjson_value>(*place);
    cursor->next = as<csimdjson_value>(++place);
  }
  return true;
}
