#pragma once
// Golden exchanges: one text file per case that shows a whole translation, from the
// client's request to what it is told and what is booked. A value; tests only.
//
// A section begins with a line `--- NAME …` and holds what follows up to the next one;
// the line end before that marker is not part of it. Sections, in their order:
//
//   --- about                            why this case exists, for people
//   --- target                           optional; see below
//   --- client request [chat | completions | embeddings]
//   --- upstream request POST /path      expected: what the adapter sends
//   > name: value                        its headers, all of them, in order
//   {…}                                  its body, byte for byte
//   --- upstream answer STATUS           what the upstream says: a whole body …
//   --- upstream stream STATUS           … or server-sent events
//   < name: value                        headers it answers with, if any matter
//   --- client answer                    expected: the body of a 200
//   --- client stream                    expected: server-sent events of a 200
//   --- client error STATUS              expected, where nothing was delivered
//   < retry-after-ms: 2000               what else of the Error the client can see
//   --- usage                            expected: tokens and cost as they are booked
//   --- dropped                          expected: parameters named as dropped
//
// `escaped` at the end of a section line resolves \r \n \t \\ and \xHH in it, for
// bytes that a text file cannot show.
//
// `target` lines are `key: value`. Keys: kind (default: the folder's name), preset,
// model, base_url, key (`none`: no key), site_url, site_name, extra_header (`Name: value`,
// repeatable), extra_body, price (`unknown` or `input=0.10 output=0.20 per_request=…
// cached_read=… per_request.NAME=…`, USD per million tokens or per request), context,
// upstream_extras (`yes`: the key may ask for them), other_models (allowed ones, blanks
// between), and `can NAME` for one capability.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"

namespace support {

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

struct Section {
  std::string name;      // "upstream answer"
  std::string argument;  // "200", "POST /api/v1/chat/completions"; may be empty
  bool escaped = false;
  HeaderLines headers;  // of upstream and client sections
  std::string body;     // escapes resolved

  friend bool operator==(const Section&, const Section&) = default;
};

struct ExchangeFile {
  std::vector<Section> sections;

  const Section* find(std::string_view name) const;
};

// Throws std::runtime_error naming the line that is not in this format.
ExchangeFile parse_exchange(std::string_view text);
std::string to_text(const ExchangeFile& file);

ExchangeFile read_exchange(const std::string& path);

// What a `target` section describes.
struct TargetUnderTest {
  config::Target target;
  bool upstream_extras = false;
  std::vector<std::string> other_models;
};
TargetUnderTest read_target(const Section* section, std::string_view folder);

}  // namespace support
