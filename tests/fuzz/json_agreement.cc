#include "tests/fuzz/json_agreement.h"

#include <string>

#include <simdjson.h>

#include "providers/wire/json_document.h"
#include "tests/fuzz/check.h"

namespace fuzz {
namespace {

using providers::JsonDocument;
using providers::JsonFault;
using providers::JsonMemberView;
using providers::JsonType;
using providers::JsonValue;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The length of a number by RFC 8259 at the front of `text`; 0: there is none.
std::size_t number_size(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return 0;
  }
  return at;
}

// The same text with a 0 for every number.
std::string with_small_numbers(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_string && c == '\\') {
      out.append(text.substr(at, 2));
      at += 2;
      continue;
    }
    if (c == '"') in_string = !in_string;
    const std::size_t number = in_string ? 0 : number_size(text.substr(at));
    out.push_back(number > 0 ? '0' : c);
    at += number > 0 ? number : 1;
  }
  return out;
}

simdjson::error_code dom_verdict(simdjson::dom::parser& parser, std::string_view text) {
  return parser.parse(simdjson::padded_string(text)).error();
}

void check_same(simdjson::dom::element theirs, JsonValue ours) {
  switch (theirs.type()) {
    case simdjson::dom::element_type::OBJECT: {
      FUZZ_CHECK(ours.is(JsonType::object), ours.raw());
      auto member = ours.members().begin();
      for (const auto& [key, value] : simdjson::dom::object(theirs)) {
        FUZZ_CHECK(member != ours.members().end(), ours.raw());
        FUZZ_CHECK((*member).key.text() == key, ours.raw());
        FUZZ_CHECK((*member).key.equals(key), ours.raw());
        check_same(value, (*member).value);
        ++member;
      }
      FUZZ_CHECK(member == ours.members().end(), ours.raw());
      return;
    }
    case simdjson::dom::element_type::ARRAY: {
      FUZZ_CHECK(ours.is(JsonType::array), ours.raw());
      auto element = ours.elements().begin();
      for (const auto value : simdjson::dom::array(theirs)) {
        FUZZ_CHECK(element != ours.elements().end(), ours.raw());
        check_same(value, *element);
        ++element;
      }
      FUZZ_CHECK(element == ours.elements().end(), ours.raw());
      return;
    }
    case simdjson::dom::element_type::STRING:
      FUZZ_CHECK(ours.is(JsonType::string), ours.raw());
      FUZZ_CHECK(ours.text() == std::string_view(theirs), ours.raw());
      return;
    case simdjson::dom::element_type::INT64:
      FUZZ_CHECK(ours.integer() == std::int64_t(theirs), ours.raw());
      return;
    case simdjson::dom::element_type::UINT64:
      FUZZ_CHECK(ours.is(JsonType::number) && !ours.integer(), ours.raw());
      return;
    case simdjson::dom::element_type::DOUBLE:
      FUZZ_CHECK(ours.is(JsonType::number), ours.raw());
      // Too small for a double is 0 there and nothing here.
      FUZZ_CHECK(ours.number().value_or(0) == double(theirs), ours.raw());
      return;
    case simdjson::dom::element_type::BOOL:
      FUZZ_CHECK(ours.boolean() == bool(theirs), ours.raw());
      return;
    case simdjson::dom::element_type::NULL_VALUE:
      FUZZ_CHECK(ours.is_null(), ours.raw());
      return;
  }
}

}  // namespace

void check_json_agreement(std::string_view text) {
  static JsonDocument ours;
  static simdjson::dom::parser theirs;
  const std::string exact(text);
  const bool accepted = ours.read(exact);
  simdjson::dom::element root;
  const simdjson::padded_string padded(text);
  const auto error = theirs.parse(padded).get(root);

  if (accepted && error == simdjson::SUCCESS) {
    check_same(root, ours.root());
  } else if (accepted) {
    FUZZ_CHECK(error == simdjson::NUMBER_ERROR, text);
    FUZZ_CHECK(dom_verdict(theirs, with_small_numbers(text)) == simdjson::SUCCESS, text);
  } else if (error == simdjson::SUCCESS) {
    FUZZ_CHECK(ours.fault() == JsonFault::too_deep, text);
  }
}

void check_is_json(std::string_view text, std::string_view whose) {
  static JsonDocument document;
  const std::string exact(text);
  if (document.read(exact)) return;
  fail("is JSON", __FILE__, __LINE__,
       std::string(whose) + ": " + std::string(to_string(document.fault())) + "\n" + exact);
}

}  // namespace fuzz
