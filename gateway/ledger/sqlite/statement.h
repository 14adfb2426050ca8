#pragma once
// One prepared SQL statement: bind, step, read columns. Owned by whoever prepared it and
// outlived by its Database; used by one thread at a time, as its Database is. Views of
// columns last until the next step, run or reset.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "config/base/error.h"

struct sqlite3_stmt;

namespace gateway::sqlite {

// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  // Starts over with these values for ?1, ?2 and so on: whole numbers, bool, text, Blob,
  // nullptr, or an optional or a variant of them. They are copied.
  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int parameter = 0;
    (bind(++parameter, values), ...);
    return *this;
  }

  // with() and run() in one, and nothing is copied: for statements that change something.
  template <class... Values>
  config::Result<void> run_with(const Values&... values) {
    failed_binding_ = 0;
    copies_ = false;
    int parameter = 0;
    (bind(++parameter, values), ...);
    copies_ = true;
    return run();
  }

  // True: a row stands ready. False: there are no more, and the statement is reset. What
  // went wrong while binding is told here too.
  config::Result<bool> step();

  // Steps to the end, rows unread. For statements that change something.
  config::Result<void> run();

  // Frees what the database holds for rows not yet read.
  void reset();

  // Columns of the row that stands ready, from 0.
  std::int64_t integer(int column) const;  // NULL: 0
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::string_view text(int column) const;  // NULL: empty
  std::string_view blob(int column) const;  // NULL: empty
  bool is_null(int column) const;
  bool is_text(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  template <std::integral Number>
  void bind(int parameter, Number value) {
    bind_integer(parameter, static_cast<std::int64_t>(value));
  }
  template <std::convertible_to<std::string_view> Text>
  void bind(int parameter, const Text& value) {
    bind_text(parameter, value);
  }
  void bind(int parameter, Blob value);
  void bind(int parameter, std::nullptr_t value);
  template <class Value>
  void bind(int parameter, const std::optional<Value>& value) {
    if (value) return bind(parameter, *value);
    bind(parameter, nullptr);
  }

  template <class... Values>
  void bind(int parameter, const std::variant<Values...>& value) {
    std::visit([&](const auto& chosen) { bind(parameter, chosen); }, value);
  }

  void bind_integer(int parameter, std::int64_t value);
  void bind_text(int parameter, std::string_view value);
  void remember(int status);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int failed_binding_ = 0;  // SQLite's status; 0: none
  bool copies_ = true;      // what is bound: it outlives the call otherwise
};

}  // namespace gateway::sqlite
