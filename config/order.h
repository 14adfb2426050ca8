#pragma once
// In which order a model's targets are tried: what an operator writes, and what a client whose
// key may asks for.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace config {

enum class Order : std::uint8_t {
  in_order,  // as they are written
  weighted,  // the first by lot
  cheapest,  // by what this request is expected to cost
  fastest,   // by how soon each has begun its answers of late
  sticky,    // a conversation stays where its beginning was read before
};

inline constexpr std::pair<std::string_view, Order> kOrders[] = {{"in_order", Order::in_order},
                                                                 {"weighted", Order::weighted},
                                                                 {"cheapest", Order::cheapest},
                                                                 {"fastest", Order::fastest},
                                                                 {"sticky", Order::sticky}};

constexpr std::string_view to_string(Order order) {
  return kOrders[static_cast<std::size_t>(order)].first;
}

}  // namespace config
