#include "providers/wire/edits.h"

#include <algorithm>
#include <iterator>

namespace providers {
namespace {

// Below this, copying is cheaper than one more range in the gather write.
constexpr std::size_t kWorthBorrowing = 512;

void take(Body& out, std::string_view bytes) {
  if (bytes.size() < kWorthBorrowing) {
    out.own(bytes);
  } else {
    out.borrow(bytes);
  }
}

}  // namespace

void Edits::replace(std::size_t begin, std::size_t end, std::string_view with) {
  if (!edits_.empty() && begin < edits_.back().begin) sorted_ = false;
  edits_.push_back({begin, end, texts_.size(), with.size()});
  texts_.append(with);
}

// By insertion: stable, in place, and there are a handful that are nearly in order.
void Edits::sort() {
  for (auto edit = edits_.begin(); edit != edits_.end(); ++edit) {
    const auto place =
        std::upper_bound(edits_.begin(), edit, *edit,
                         [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::rotate(place, edit, std::next(edit));
  }
  sorted_ = true;
}

void Edits::forget(std::size_t begin, std::size_t end) {
  std::erase_if(edits_, [&](const Edit& edit) { return edit.begin >= begin && edit.end <= end; });
}

std::size_t Edits::place_of(std::size_t at) const {
  std::size_t place = at;
  for (const Edit& edit : edits_) {
    if (edit.end <= at) place = place + edit.size - (edit.end - edit.begin);
  }
  return place;
}

void Edits::clear() {
  edits_.clear();
  texts_.clear();
  sorted_ = true;
}

void Edits::apply(std::string_view text, Body& out) {
  if (!sorted_) sort();
  out.expect(2 * edits_.size() + 1,
             texts_.size() + std::min(text.size(), (edits_.size() + 1) * kWorthBorrowing));
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    // An insertion may stand where a cut began that is already behind us.
    if (edit.begin > at) take(out, text.substr(at, edit.begin - at));
    out.own(std::string_view(texts_).substr(edit.with, edit.size));
    at = std::max(at, edit.end);
  }
  take(out, text.substr(at));
}

void MemberEdits::keep(std::size_t begin, std::size_t end) {
  if (dropping_) edits_.cut(drop_begin_, begin);
  dropping_ = false;
  any_kept_ = true;
  last_kept_ = end;
}

void MemberEdits::drop(std::size_t begin, std::size_t end) {
  if (!dropping_) drop_begin_ = begin;
  dropping_ = true;
  drop_end_ = end;
}

void MemberEdits::finish(std::string_view added) {
  // A run of dropped members at the end takes the comma before it along.
  if (dropping_) edits_.cut(last_kept_, drop_end_);
  if (added.empty()) return;
  if (any_kept_) edits_.insert(last_kept_, ",");
  edits_.insert(last_kept_, added);
}

void append_members(Edits& edits, JsonValue object, std::string_view added) {
  if (added.empty()) return;
  const std::string_view open = object.raw().substr(0, object.raw().size() - 1);
  const std::size_t end = object.begin() + open.find_last_not_of(" \t\r\n") + 1;
  if (!object.empty()) edits.insert(end, ",");
  edits.insert(end, added);
}

}  // namespace providers
