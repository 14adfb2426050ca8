#include "providers/reasoning_tags.h"

#include <algorithm>

namespace providers {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// How many bytes at the end of `text` are the beginning of `word`, but not all of it.
std::size_t begun(std::string_view text, std::string_view word) {
  for (std::size_t size = std::min(text.size(), word.size() - 1); size > 0; --size) {
    if (text.ends_with(word.substr(0, size))) return size;
  }
  return 0;
}

std::size_t size_without_blanks(std::string_view text) {
  return text.find_last_not_of(kBlanks) + 1;  // npos + 1 is 0
}

}  // namespace

ReasoningTags::ReasoningTags(const config::Words& tags, const config::Words& stops)
    : stops_(stops) {
  if (tags.size() == 2) {
    open_ = tags[0];
    close_ = tags[1];
  } else {
    at_ = At::answer;
  }
}

void ReasoningTags::feed(std::string_view text, std::string& reasoning, std::string& answer) {
  held_.append(text);
  if (at_ == At::start && !open_tag()) return;
  if (at_ == At::thinking && !close_tag(reasoning)) return;
  give(answer);
}

// False while the text may still turn out to begin with the tag.
bool ReasoningTags::open_tag() {
  const auto first = held_.find_first_not_of(kBlanks);
  if (first == std::string::npos) return false;
  const auto rest = std::string_view(held_).substr(first);
  if (rest.size() < open_.size() && open_.starts_with(rest)) return false;
  if (rest.starts_with(open_)) {
    held_.erase(0, first + open_.size());
    at_ = At::thinking;
  } else {
    at_ = At::answer;
  }
  return true;
}

// False while the reasoning goes on.
bool ReasoningTags::close_tag(std::string& reasoning) {
  const auto end = held_.find(close_);
  if (end == std::string::npos) {
    const auto certain = held_.size() - begun(held_, close_);
    reasoning.append(held_, 0, certain);
    held_.erase(0, certain);
    return false;
  }
  reasoning.append(held_, 0, end);
  held_.erase(0, end + close_.size());
  at_ = At::answer;
  trim_ = true;
  return true;
}

void ReasoningTags::give(std::string& answer) {
  if (trim_) {
    held_.erase(0, std::min(held_.find_first_not_of(kBlanks), held_.size()));
    if (held_.empty()) return;
    trim_ = false;
  }
  const auto certain = held_from();
  answer.append(held_, 0, certain);
  held_.erase(0, certain);
}

// Where the part begins that may yet be a stop string at the answer's end.
std::size_t ReasoningTags::held_from() const {
  if (stops_.empty()) return held_.size();
  const std::string_view text = held_;
  const auto end = size_without_blanks(text);
  std::size_t from = text.size();
  for (const auto& stop : stops_) {
    if (stop.empty()) continue;
    if (text.substr(0, end).ends_with(stop)) from = std::min(from, end - stop.size());
    from = std::min(from, text.size() - begun(text, stop));
  }
  return size_without_blanks(text.substr(0, from));
}

bool ReasoningTags::ends_with_stop() const {
  const auto text = std::string_view(held_).substr(0, size_without_blanks(held_));
  return std::any_of(stops_.begin(), stops_.end(), [&](const std::string& stop) {
    return !stop.empty() && text.ends_with(stop);
  });
}

void ReasoningTags::finish(std::string& reasoning, std::string& answer) {
  if (at_ == At::thinking) {
    reasoning.append(held_);
  } else if (!ends_with_stop()) {
    answer.append(held_);
  } else {
    auto text = std::string_view(held_);
    // A whole stop string at the end, with something before it only where the text was
    // never certain to be an answer.
    for (const auto& stop : stops_) {
      const auto end = text.substr(0, size_without_blanks(text));
      if (stop.empty() || !end.ends_with(stop)) continue;
      text = end.substr(0, end.size() - stop.size());
      break;
    }
    answer.append(text.substr(0, size_without_blanks(text)));
  }
  held_.clear();
}

void ReasoningTags::ignore_tags() {
  if (at_ == At::start) at_ = At::answer;
}

}  // namespace providers
