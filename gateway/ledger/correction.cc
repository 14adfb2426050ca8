#include "gateway/ledger/correction.h"

#include <utility>

namespace gateway {

UsageRecord corrected(UsageRecord record, const Correction& correction) {
  record.cost = {correction.cost, providers::Source::reported};
  if (correction.usage) record.usage = *correction.usage;
  if (correction.priced) record.priced = correction.priced;
  return record;
}

}  // namespace gateway
