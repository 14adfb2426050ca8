#include "gateway/ledger/hold.h"

namespace gateway {

UsageRecord record_of(const Hold& hold) {
  UsageRecord record;
  record.request = hold.request;
  record.attempt = hold.attempt;
  record.key = hold.key;
  record.team = hold.team;
  record.model = hold.model;
  record.provider = hold.provider;
  record.target = hold.target;
  record.operation = hold.operation;
  record.streamed = hold.streamed;
  record.tags = hold.tags;
  record.started = hold.started;
  return record;
}

UsageRecord interrupted(const Hold& hold) {
  UsageRecord record = record_of(hold);
  record.outcome = Outcome::interrupted;
  record.maybe_billed = true;
  record.usage.prompt = hold.prompt_tokens;
  record.usage.tokens = providers::Source::estimated;
  if (hold.reserved) record.cost = {hold.reserved, providers::Source::estimated};
  return record;
}

}  // namespace gateway
