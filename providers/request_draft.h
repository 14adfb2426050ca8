#pragma once
// A request on its way to an OpenAI-shaped upstream: the client's object, and which of
// its members go, change or are added. What nobody touches leaves byte for byte. One
// per attempt, on its worker's thread; the ChatRequest outlives it.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/chat_request.h"
#include "providers/wire/body.h"
#include "providers/wire/edits.h"
#include "providers/wire/name_look.h"

namespace providers {

class RequestDraft {
 public:
  // `edits`: scratch, as long as this is in use.
  RequestDraft(const ChatRequest& chat, Edits& edits);

  const ChatRequest& chat() const { return chat_; }

  // The member as it will be sent, raw; empty where it is absent or dropped.
  std::string_view find(std::string_view key) const {
    return absent(key) ? std::string_view() : find_member(key);
  }
  bool has(std::string_view key) const { return !find(key).empty(); }

  // Leaves a member out. No effect where there is none.
  void drop(std::string_view key) {
    if (!absent(key)) drop_member(key);
  }
  // The same, and says so to the client (x-tollgate-dropped).
  void drop_named(std::string_view key) {
    if (!absent(key)) drop_member_named(key);
  }
  // Gives a member this value, raw JSON; adds it where there is none. Finer changes noted
  // inside it before are forgotten.
  void set(std::string_view key, std::string_view raw);
  void rename(std::string_view key, std::string_view name);

  // Finer changes inside a member that is neither set nor dropped, by offsets into the
  // client's bytes.
  Edits& edits() { return edits_; }

  // Something inside a member was left out: "messages.name".
  void name_dropped(std::string what) { dropped_.push_back(std::move(what)); }
  const std::vector<std::string>& dropped() const { return dropped_; }

  // Appends the object with all changes made. Once, at the end.
  void write(Body& out);

 private:
  enum class Fate : std::uint8_t { keep, drop, set, rename };
  struct Change {
    Fate fate = Fate::keep;
    std::string text;  // set: the value; rename: the name
  };

  const ChatRequest& chat_;
  std::vector<Change> changes_;  // by the place of the member
  std::vector<std::pair<std::string, std::string>> added_;
  std::vector<std::string> dropped_;
  Edits& edits_;
  std::uint64_t looks_ = 0;  // of the client's names

  // Most of what is asked for is not there, and known from afar (name_look.h).
  bool absent(std::string_view key) const { return (looks_ & look_of(key)) == 0 && added_.empty(); }
  std::string_view find_member(std::string_view key) const;
  void drop_member(std::string_view key);
  void drop_member_named(std::string_view key);
  Change& change(const JsonMember& member);
};

}  // namespace providers
