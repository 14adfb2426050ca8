#include "providers/event_mould.h"

#include <simdjson.h>

namespace providers {
namespace {

bool is_plain(std::string_view text) {
  bool ascii = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') return false;
    ascii = ascii && byte < 0x80;
  }
  return ascii || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

void EventMould::cast(std::string_view data, std::size_t begin, std::size_t end, Edits& edits,
                      std::size_t choice) {
  ++in_vain_;
  unlike_ = 0;
  Body body;
  edits.apply(data, body);
  const std::string written = body.str();
  const std::size_t at = edits.place_of(begin);
  event_.before.assign(data.substr(0, begin));
  event_.behind.assign(data.substr(end));
  written_.before.assign("data: ").append(written, 0, at);
  written_.behind.assign(written, at + end - begin).append("\n\n");
  choice_ = choice;
}

std::optional<std::string_view> EventMould::text_of(std::string_view data) {
  const std::size_t around = event_.before.size() + event_.behind.size();
  if (around == 0) return std::nullopt;
  ++unlike_;
  if (data.size() <= around) return std::nullopt;
  if (!data.starts_with(event_.before) || !data.ends_with(event_.behind)) return std::nullopt;
  const auto text = data.substr(event_.before.size(), data.size() - around);
  if (!is_plain(text)) return std::nullopt;
  unlike_ = 0;
  in_vain_ = 0;
  return text;
}

void EventMould::write(std::string_view text, Body& out) const {
  out.own(written_.before);
  out.own(text);
  out.own(written_.behind);
}

}  // namespace providers
