#pragma once
// `tollgate keys …`: virtual keys, administered from the command line, with a gateway running
// or without one. What is asked for is one admin call; its answer is shown as a table, or as
// the JSON it is. Exit status 0: done; 1: refused or failed; 2: the configuration is wrong, or
// what was typed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::cli {

struct KeysOptions {
  std::string config_path;
  bool json = false;
  std::string key;  // a name or an id

  // create and set; what is not given is as before, or at first nothing
  std::optional<std::string> team;
  std::optional<std::string> owner;
  std::vector<std::string> tags;                    // alone: "none"
  std::vector<std::string> models;                  // alone: "*", every model
  std::optional<std::int64_t> requests_per_minute;  // 0: no limit
  std::optional<std::int64_t> tokens_per_minute;
  std::optional<std::int64_t> concurrent;
  std::vector<std::string> budgets;  // "100/month", "5/day@Europe/Berlin"; alone: "none"
  std::string not_before;            // a moment, a time from now ("30d") or "never"
  std::string expires;
  std::optional<bool> allow_upstream_extras;
  std::optional<bool> allow_routing_override;

  std::string overlap = "1h";  // rotate
  std::int64_t entries = 100;  // audit: how many
};

int create_key(const KeysOptions& options);
int list_keys(const KeysOptions& options);
int show_key(const KeysOptions& options);
int set_key(const KeysOptions& options);
int rotate_key(const KeysOptions& options);
int disable_key(const KeysOptions& options);
int enable_key(const KeysOptions& options);
int delete_key(const KeysOptions& options);
int show_audit(const KeysOptions& options);

}  // namespace gateway::cli
