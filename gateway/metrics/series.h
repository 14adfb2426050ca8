#pragma once
// The series of one family in one worker's shard, found by their label values. The
// worker looks up and adds, without allocating for a series that exists; a scrape
// walks the list at the same time, because series are only ever put in front of it
// and none is removed or moved before the shard goes.

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateway::metrics {

template <std::size_t kLabels>
using LabelValues = std::array<std::string_view, kLabels>;

template <std::size_t kLabels, class Cell>
class Series {
 public:
  // Configuration bounds the labels; should it ever not (reload after reload with new
  // names), all further ones share one series named kOther, so that sums stay right.
  static constexpr std::size_t kMost = 1'000;
  static constexpr std::string_view kOther = "other";

  Series() = default;
  ~Series() {
    for (Node* node = newest_.load(std::memory_order_relaxed); node != nullptr;) {
      Node* older = node->older;
      delete node;
      node = older;
    }
  }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  // The worker's thread only.
  Cell& at(const LabelValues<kLabels>& labels) {
    const auto found = by_labels_.find(labels);
    if (found != by_labels_.end()) return found->second->cell;
    if (by_labels_.size() < kMost) return create(labels);

    LabelValues<kLabels> others;
    others.fill(kOther);
    const auto rest = by_labels_.find(others);
    return rest != by_labels_.end() ? rest->second->cell : create(others);
  }

  // Any thread. The views live as long as this object.
  template <class Visitor>
  void each(Visitor&& visit) const {
    for (const Node* node = newest_.load(std::memory_order_acquire); node != nullptr;
         node = node->older) {
      visit(node->views(), node->cell);
    }
  }

 private:
  struct Node {
    std::array<std::string, kLabels> labels;
    Cell cell;
    Node* older = nullptr;

    LabelValues<kLabels> views() const {
      LabelValues<kLabels> out;
      for (std::size_t i = 0; i < kLabels; ++i) out[i] = labels[i];
      return out;
    }
  };

  struct Hash {
    std::size_t operator()(const LabelValues<kLabels>& labels) const {
      std::size_t hash = 0;
      for (const std::string_view label : labels) {
        hash = hash * 0x9E3779B97F4A7C15 + std::hash<std::string_view>{}(label);
      }
      return hash;
    }
  };

  Cell& create(const LabelValues<kLabels>& labels) {
    auto* node = new Node;
    for (std::size_t i = 0; i < kLabels; ++i) node->labels[i] = labels[i];
    node->older = newest_.load(std::memory_order_relaxed);
    by_labels_.emplace(node->views(), node);
    // Release: who sees the node sees its labels.
    newest_.store(node, std::memory_order_release);
    return node->cell;
  }

  // Touched only by the worker.
  std::unordered_map<LabelValues<kLabels>, Node*, Hash> by_labels_;

  // Touched by any thread.
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace gateway::metrics
