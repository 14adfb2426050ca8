#pragma once
// What an upstream says afterwards that one answer was charged, by its own books. Asked for
// by reconciling, never for a client's request. Const and shared, as adapters are.

#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/base/money.h"
#include "providers/usage.h"

namespace providers {

class Adapter;

struct Receipt {
  config::PicoUsd cost;   // all of it, what the operator's own key is billed included
  std::string cost_text;  // as the upstream spelled it
  Usage tokens;           // counts alone; `tokens.tokens` unknown where it names none
};

// An adapter whose upstream gives receipts is one of these too.
class GivesReceipts {
 public:
  virtual ~GivesReceipts() = default;

  // Where Adapter::lookup() finds the receipt of the answer that upstream_id told of. Empty:
  // there is none for such an id.
  virtual std::string receipt_path(std::string_view upstream_id) const = 0;

  // The body of a 2xx answer to that. upstream_garbled: it is no receipt.
  virtual config::Result<Receipt> read_receipt(std::string_view body) const = 0;
};

// nullptr: this upstream gives none.
const GivesReceipts* receipts_of(const Adapter& adapter);

}  // namespace providers
