// JSONTestSuite and the big list of naughty strings against the reader of requests.

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "providers/chat_messages.h"
#include "providers/chat_request.h"
#include "tests/support/suites.h"

namespace providers {
namespace {

struct SuiteFile {
  std::string name;
  std::string bytes;
};

std::filesystem::path parsing_files() {
  return support::suite("JSONTestSuite") / "test_parsing";
}

std::vector<SuiteFile> suite_files(std::string_view prefix) {
  std::vector<SuiteFile> out;
  for (const auto& entry : std::filesystem::directory_iterator(parsing_files())) {
    const std::string name = entry.path().filename();
    if (name.starts_with(prefix)) out.push_back({name, support::file_bytes(entry.path())});
  }
  std::ranges::sort(out, {}, &SuiteFile::name);
  return out;
}

bool accepts(std::string_view body) {
  JsonWorkspace json;
  return read_chat_request(json, Operation::chat, body).has_value();
}

std::string spliced(std::string_view value) {
  return fmt::format(R"({{"model":"m","messages":[{{"role":"user","content":"hi"}}],"x":{}}})",
                     value);
}

bool dom_accepts(std::string_view text) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(text)).error() == simdjson::SUCCESS;
}

TEST(JsonSuite, J05_TheTextsThatMustPassPassInsideAnUnknownMember) {
  TOLLGATE_NEEDS_SUITE(parsing_files());
  const auto files = suite_files("y_");
  EXPECT_EQ(files.size(), 95u);
  for (const SuiteFile& file : files) EXPECT_TRUE(accepts(spliced(file.bytes))) << file.name;
}

TEST(JsonSuite, J04_TheTextsThatMustFailFailBareAndInsideAnUnknownMember) {
  TOLLGATE_NEEDS_SUITE(parsing_files());
  const auto files = suite_files("n_");
  EXPECT_EQ(files.size(), 188u);
  for (const SuiteFile& file : files) {
    JsonDocument document;
    EXPECT_FALSE(document.read(file.bytes)) << file.name;
    EXPECT_FALSE(accepts(file.bytes)) << file.name;
    EXPECT_FALSE(accepts(spliced(file.bytes))) << file.name;
  }
}

// What implementations may decide, decided: numbers of any size pass as they are
// spelled, text that is no Unicode does not.
TEST(JsonSuite, J06_TheTextsThatMayPassHaveFixedVerdicts) {
  TOLLGATE_NEEDS_SUITE(parsing_files());
  const std::map<std::string_view, bool> kVerdicts = {
      {"i_number_double_huge_neg_exp.json", true},
      {"i_number_huge_exp.json", true},
      {"i_number_neg_int_huge_exp.json", true},
      {"i_number_pos_double_huge_exp.json", true},
      {"i_number_real_neg_overflow.json", true},
      {"i_number_real_pos_overflow.json", true},
      {"i_number_real_underflow.json", true},
      {"i_number_too_big_neg_int.json", true},
      {"i_number_too_big_pos_int.json", true},
      {"i_number_very_big_negative_int.json", true},
      {"i_object_key_lone_2nd_surrogate.json", false},
      {"i_string_1st_surrogate_but_2nd_missing.json", false},
      {"i_string_1st_valid_surrogate_2nd_invalid.json", false},
      {"i_string_UTF-16LE_with_BOM.json", false},
      {"i_string_UTF-8_invalid_sequence.json", false},
      {"i_string_UTF8_surrogate_U+D800.json", false},
      {"i_string_incomplete_surrogate_and_escape_valid.json", false},
      {"i_string_incomplete_surrogate_pair.json", false},
      {"i_string_incomplete_surrogates_escape_valid.json", false},
      {"i_string_invalid_lonely_surrogate.json", false},
      {"i_string_invalid_surrogate.json", false},
      {"i_string_invalid_utf-8.json", false},
      {"i_string_inverted_surrogates_U+1D11E.json", false},
      {"i_string_iso_latin_1.json", false},
      {"i_string_lone_second_surrogate.json", false},
      {"i_string_lone_utf8_continuation_byte.json", false},
      {"i_string_not_in_unicode_range.json", false},
      {"i_string_overlong_sequence_2_bytes.json", false},
      {"i_string_overlong_sequence_6_bytes.json", false},
      {"i_string_overlong_sequence_6_bytes_null.json", false},
      {"i_string_truncated-utf-8.json", false},
      {"i_string_utf16BE_no_BOM.json", false},
      {"i_string_utf16LE_no_BOM.json", false},
      {"i_structure_500_nested_arrays.json", false},
      {"i_structure_UTF-8_BOM_empty_object.json", false},
  };
  const auto files = suite_files("i_");
  EXPECT_EQ(files.size(), kVerdicts.size());
  for (const SuiteFile& file : files) {
    ASSERT_TRUE(kVerdicts.contains(file.name)) << file.name;
    EXPECT_EQ(accepts(spliced(file.bytes)), kVerdicts.at(file.name)) << file.name;
  }
}

// Where simdjson's DOM parser differs it is by what it can represent.
TEST(JsonSuite, VerdictsAreTheDomParsersButForNumbersItCannotHold) {
  TOLLGATE_NEEDS_SUITE(parsing_files());
  for (const SuiteFile& file : suite_files("")) {
    JsonDocument document;
    const bool ours = document.read(file.bytes);
    if (file.name.starts_with("i_number_") || document.fault() == JsonFault::too_deep) continue;
    EXPECT_EQ(ours, dom_accepts(file.bytes)) << file.name;
  }
}

TEST(JsonSuite, J44_NaughtyStringsSurviveAsContentAndUser) {
  const auto folder = support::suite("blns");
  TOLLGATE_NEEDS_SUITE(folder);
  const std::string list = support::file_bytes(folder / "blns.json");
  JsonDocument strings;
  ASSERT_TRUE(strings.read(list));
  JsonWorkspace json;
  std::size_t seen = 0;
  for (const JsonValue text : strings.root().elements()) {
    const std::string body = fmt::format(
        R"({{"model":"m","user":{0},"messages":[{{"role":"user","content":{0}}}]}})", text.raw());
    const auto chat = read_chat_request(json, Operation::chat, body);
    ASSERT_TRUE(chat) << text.raw();
    EXPECT_EQ(chat->raw(*chat->find("user")), text.raw());
    const Conversation talk = read_conversation(json, *chat);
    EXPECT_EQ(talk.messages[0].text(), text.text());
    ++seen;
  }
  EXPECT_EQ(seen, 515u);
}

}  // namespace
}  // namespace providers
