#include "providers/receipt.h"

#include "providers/adapter.h"

namespace providers {

const GivesReceipts* receipts_of(const Adapter& adapter) {
  return dynamic_cast<const GivesReceipts*>(&adapter);
}

}  // namespace providers
