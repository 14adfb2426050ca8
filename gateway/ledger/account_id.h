#pragma once
// Whose money: everything with a key's name, a team's, or all of it. A value.

#include <compare>
#include <cstdint>
#include <string>

namespace gateway {

enum class AccountKind : std::uint8_t { gateway, team, key };
struct AccountId {
  AccountKind kind = AccountKind::gateway;
  std::string name;  // empty for the gateway
  friend auto operator<=>(const AccountId&, const AccountId&) = default;
};

}  // namespace gateway
