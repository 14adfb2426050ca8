#include "gateway/cli/keys_output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "providers/wire/json_document.h"

namespace gateway::cli {
namespace {

using providers::JsonDocument;
using providers::JsonType;
using providers::JsonValue;

std::string shown(JsonValue value) {
  if (!value || value.is_null()) return "-";
  if (value.is(JsonType::array)) {
    std::string words;
    for (const JsonValue word : value.elements()) {
      words.append(words.empty() ? "" : ", ").append(word.text());
    }
    return words.empty() ? "-" : words;
  }
  std::string text = value.is(JsonType::string) ? value.text() : std::string(value.raw());
  return text.empty() ? "-" : text;
}

// "$144.81 of $160 a month, $0.05 held"; without a gateway nobody knows what is spent.
std::string budget_text(JsonValue budget) {
  const std::string window = budget["window"].text();
  std::string text = budget["spent"] ? fmt::format("${} of ", budget["spent"].text()) : "";
  text +=
      fmt::format("${} {}", budget["limit"].text(), window == "total" ? "in total" : "a " + window);
  if (const std::string zone = budget["zone"].text(); zone != "UTC") text += " in " + zone;
  const std::string held = budget["held"].text();
  if (!held.empty() && held != "0") text += fmt::format(", ${} held", held);
  return text;
}

std::string budgets_text(JsonValue budgets) {
  std::string all;
  for (const JsonValue budget : budgets.elements()) {
    all.append(all.empty() ? "" : "; ").append(budget_text(budget));
  }
  return all.empty() ? "-" : all;
}

// "…3f2a; …77b1 until 2026-12-01T00:00:00Z"
std::string secrets_text(JsonValue secrets) {
  std::string all;
  for (const JsonValue secret : secrets.elements()) {
    all.append(all.empty() ? "" : "; ").append(shown(secret["hint"]));
    if (!secret["until"].is_null()) all.append(" until ").append(shown(secret["until"]));
  }
  return all.empty() ? "-" : all;
}

std::string setting_text(std::string_view name, JsonValue value) {
  if (name == "budgets") return budgets_text(value);
  if (name == "secrets") return secrets_text(value);
  return shown(value);
}

// "team research → ops, rpm - → 60": what stands otherwise in `after`; of what is new, what it has.
std::string changes_text(JsonValue before, JsonValue after) {
  std::string all;
  for (const auto& member : after.members()) {
    const std::string name = member.key.text();
    const JsonValue was = before[name];
    if (name == "name" || name == "version" || (was && was.raw() == member.value.raw())) continue;
    std::string change;
    if (member.value.is(JsonType::object)) {
      change = changes_text(was, member.value);
    } else {
      const std::string is = setting_text(name, member.value);
      if (was) change = fmt::format("{} {} → {}", name, setting_text(name, was), is);
      if (!was && is != "-") change = fmt::format("{} {}", name, is);
    }
    if (!change.empty()) all.append(all.empty() ? "" : ", ").append(change);
  }
  return all;
}

// As many columns as a terminal needs for it: one per code point.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

template <std::size_t Columns>
using Rows = std::vector<std::array<std::string, Columns>>;

template <std::size_t Columns>
std::string aligned(const Rows<Columns>& rows) {
  std::array<std::size_t, Columns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < Columns; ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < Columns; ++i) {
      out.append(row[i]).append(widths[i] - width(row[i]) + 2, ' ');
    }
    out.append(row.back()).append("\n");
  }
  return out;
}

}  // namespace

std::string keys_table(std::string_view json) {
  JsonDocument document;
  document.read(json);
  Rows<8> rows{{"NAME", "ID", "TEAM", "STATE", "KEY", "BUDGETS", "LAST USED", "SOURCE"}};
  for (const JsonValue key : document.root()["keys"].elements()) {
    rows.push_back({shown(key["name"]), shown(key["id"]), shown(key["team"]), shown(key["state"]),
                    shown(key["hint"]), budgets_text(key["budgets"]), shown(key["last_used_at"]),
                    shown(key["source"])});
  }
  return aligned(rows);
}

std::string audit_table(std::string_view json) {
  JsonDocument document;
  document.read(json);
  Rows<6> rows{{"ENTRY", "WHEN", "WHO", "WHAT", "KEY", "CHANGES"}};
  for (const JsonValue entry : document.root()["entries"].elements()) {
    const JsonValue is = entry["after"].is_null() ? entry["before"] : entry["after"];
    // What was done to no key has no name.
    const JsonValue subject = is["name"] ? is["name"] : entry["key"];
    rows.push_back({shown(entry["id"]), shown(entry["at"]), shown(entry["who"]),
                    shown(entry["action"]), shown(subject),
                    changes_text(entry["before"], entry["after"])});
  }
  return aligned(rows);
}

std::string key_facts(std::string_view json) {
  JsonDocument document;
  document.read(json);
  const JsonValue key = document.root()["key"];
  std::string out;
  for (const char* name : {"name", "id", "source", "hint", "state", "team", "owner", "tags",
                           "models", "allow_upstream_extras", "allow_routing_override"}) {
    out += fmt::format("{:<22} {}\n", name, shown(key[name]));
  }
  for (const char* name : {"rpm", "tpm", "concurrent"}) {
    out += fmt::format("{:<22} {}\n", name, shown(key["limits"][name]));
  }
  out += fmt::format("{:<22} {}\n", "budgets", budgets_text(key["budgets"]));
  for (const char* name : {"not_before", "expires_at", "created_at", "last_used_at", "version"}) {
    out += fmt::format("{:<22} {}\n", name, shown(key[name]));
  }
  for (const JsonValue replaced : key["replaced"].elements()) {
    out += fmt::format("{:<22} {} until {}\n", "replaced", shown(replaced["hint"]),
                       shown(replaced["until"]));
  }
  return out;
}

std::int64_t seconds_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t kMost = 100'000'000;
  if (error != std::errc() || number < 0 || number > kMost) return -1;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "s" || (unit.empty() && number == 0)) return number;
  if (unit == "m") return number * 60;
  if (unit == "h") return number * 3600;
  if (unit == "d") return number * 86400;
  return -1;
}

}  // namespace gateway::cli
