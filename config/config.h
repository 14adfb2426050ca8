#pragma once
// Plain structs that mirror the YAML file one to one, after environment
// expansion, defaults and validation. Values: built by load(), never changed.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/base/ids.h"
#include "config/base/secret.h"
#include "config/base/sha256.h"
#include "config/base_url.h"
#include "config/capabilities.h"
#include "config/limits.h"
#include "config/network.h"
#include "config/order.h"
#include "config/price.h"
#include "config/tokenizer.h"

namespace config {

using std::chrono::milliseconds;

// TLS at a door of ours.
struct DoorTls {
  std::string certificate;  // a PEM file: ours first, then those that lead to an authority
  std::string key;          // a PEM file
  milliseconds handshake_timeout{5'000};   // from the connection to the end of its handshake
  std::size_t handshakes_at_once = 1'000;  // in the process; one more is closed

  bool on() const { return !certificate.empty(); }
};

// The client listener and what it allows.
struct Server {
  Endpoint listen{"127.0.0.1", 8080};
  int workers = 0;                       // 0: one per CPU available to the process
  std::size_t max_connections = 10'000;  // per process
  // Of all connections together: requests that reach an upstream (0: as many as connections), and
  // bytes of bodies held.
  std::size_t max_requests_in_flight = 10'000;
  std::size_t max_buffered_bytes = std::size_t{1024} * 1024 * 1024;
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_body_bytes = 32 * 1024 * 1024;
  milliseconds head_timeout{10'000};   // absolute, from a request's first byte (or accept)
  milliseconds body_timeout{60'000};   // absolute, from the end of the head
  milliseconds idle_timeout{75'000};   // between requests on one connection
  milliseconds write_timeout{60'000};  // one write the client does not take
  milliseconds sign_of_life{15'000};   // a comment to clients of streams this long quiet
  milliseconds drain_timeout{30'000};  // open requests after SIGTERM; then server_shutdown
  // All attempts of a request together, its answer's last byte included; a model may have its own.
  milliseconds deadline{1'800'000};
  DoorTls tls;
};

// The second listener. Its /api always wants a token; beyond the loopback, so does /metrics.
struct Admin {
  Endpoint listen{"127.0.0.1", 8081};
  std::string token_file = "admin.token";  // made at first start; may do everything
  std::string viewer_token_file;           // must be there; may read. Empty: there is none
  DoorTls tls;
};

enum class LogFormat : std::uint8_t { json, text };
struct Log {
  std::string level = "info";  // trace, debug, info, warn, error
  LogFormat format = LogFormat::json;
  std::string file;  // empty: standard error
};

enum class Auth : std::uint8_t { keys, none };

struct Key {
  KeyName name;
  Sha256 sha256{};
  TeamName team;
  std::vector<std::string> models;  // names or prefixes ending in *; empty: every model
  bool allow_upstream_extras = false;
  bool allow_routing_override = false;
  Limits limits;
};

// What all keys of a team may use together. A team needs no entry to exist.
struct Team {
  TeamName name;
  Limits limits;
};

// Where money is written down: journals first, the database when it can (gateway/ledger/).
enum class JournalMode : std::uint8_t {
  process,  // survives the process: what is written is the kernel's
  power,    // a hold is on the disk before its request is sent
};
// When a running gateway asks upstreams for receipts of what they answered.
struct Reconcile {
  milliseconds every{600'000};      // from one pass to the next; 0: never
  milliseconds within{86'400'000};  // how old an attempt may be that is still asked for
};
struct Ledger {
  std::string database = "tollgate.db";  // load() makes it absolute, from the file's folder
  std::string journal = "journal";       // a folder; each process makes its own in it
  JournalMode mode = JournalMode::process;
  std::size_t journal_bytes = 1024UL * 1024 * 1024;  // beyond: 503 before money is spent
  int keep_days = 400;                               // records; roll-ups are kept for ever
  Reconcile reconcile;
};

// Limits of one attempt. Defaults: decisions 24 of the design notes.
struct Timeouts {
  milliseconds connect{3'000};
  milliseconds tls{5'000};
  milliseconds first_byte{30'000};      // of a stream's head
  milliseconds first_content{120'000};  // of a stream
  milliseconds whole_answer{300'000};   // first byte of an answer that is not streamed
  milliseconds idle{60'000};            // between bytes; comments are life
  milliseconds attempt{0};              // all of it, to the last byte; 0: as long as it takes
};

// When a target that fails is left alone, and for how long.
struct Breaker {
  int failures_in_a_row = 5;  // 0: however many
  int failure_share = 50;     // percent of a window's attempts; 0: any
  int least_attempts = 20;    // in a window, before its share says anything
  milliseconds window{30'000};
  milliseconds open_for{1'000};  // then one request tries it; twice as long each time
  milliseconds open_at_most{60'000};
  milliseconds unusable_for{300'000};  // a bad key, no credit, no such model
};

// When a target that failed is asked once more by the same request, and how often.
struct Retries {
  int at_most = 1;         // further attempts of one request; 0: none
  milliseconds base{250};  // the first comes after a random time below it, each further one doubles
  milliseconds cap{5'000};   // the longest wait; an upstream that asks for more is not waited for
  bool before_next = false;  // before the next target is asked, rather than when none is left
  int share = 20;            // percent of a target's requests that may be repeated
  int floor = 1;             // a second: so many may in any case
};

// What may be asked of a provider that is no request and costs nothing.
enum class FreeQuestion : std::uint8_t { none, models, health, key };

// Asked of a provider while a target of it is left alone, to learn sooner that it is back.
struct Probe {
  FreeQuestion ask = FreeQuestion::none;
  milliseconds every{10'000};
  std::string kind;  // whose question it is: the provider's
};

// Drops the hint and says so in a header, or refuses the request (decisions 20).
enum class UnsupportedParams : std::uint8_t { drop, reject };

// Keys of one provider.
inline constexpr std::size_t kMostKeys = 16;

// The way out of a network that lets nobody out by himself: an HTTP proxy, asked for a tunnel
// (CONNECT) to whatever upstream.
struct Proxy {
  std::string host;  // empty: there is none
  std::uint16_t port = 0;
  std::string name;      // "team@proxy.corp:3128": what logs call it, never with the password
  Secret authorization;  // "Basic …"; empty: none is sent

  bool on() const { return !host.empty(); }
};

struct Provider {
  ProviderName name;
  ProviderName prices_of;  // whose rows of the price files apply; its own name by default
  std::string kind;
  std::string preset;  // meaning depends on the kind
  BaseUrl base_url;
  Secret api_key;
  std::vector<Secret> further_keys;  // asked with, in order, where those before are refused
  Proxy proxy;
  std::string ca_file;         // empty: the system's store
  std::string crl_file;        // whom not to believe although it is signed; empty: not looked at
  bool insecure_http = false;  // allows http:// beyond loopback
  bool simulated = false;      // shown to clients as "NAME (simulated)"
  std::string site_url;        // OpenRouter's HTTP-Referer
  std::string site_name;       // OpenRouter's X-Title
  std::vector<std::pair<std::string, std::string>> extra_headers;
  std::string extra_body;  // members spliced into every JSON request: `"k":1,"l":"x"`; may be empty
  Timeouts timeouts;
  Breaker breaker;
  Retries retries;
  Probe probe;
};

// What becomes of an answer whose client has left: its upstream is closed at once, or it is
// read to its end so that its usage is known.
enum class OnClientGone : std::uint8_t { cancel, drain };

// One way to serve a model: everything an adapter and the connection need.
struct Target {
  TargetName name;  // "provider/upstream-model"
  ProviderName provider;
  std::string kind;          // the provider's, or its own
  std::string preset;        // the same
  std::string model;         // the upstream's id; a * in it stands for what the model's * matched
  std::string quoted_model;  // the same as JSON text, quotes included
  BaseUrl base_url;
  Secret api_key;
  std::vector<Secret> further_keys;
  Proxy proxy;
  std::string ca_file;
  std::string crl_file;
  bool simulated = false;
  std::string site_url;
  std::string site_name;
  std::vector<std::pair<std::string, std::string>> extra_headers;
  std::string extra_body;
  Timeouts timeouts;
  Breaker breaker;
  Retries retries;
  Probe probe;  // the provider's
  OnClientGone on_client_gone = OnClientGone::cancel;
  int weight = 1;
  std::int64_t context_length = 0;           // 0: not known
  std::optional<Price> price;                // nullopt: written down as `price: unknown`
  Tokenizer tokenizer = Tokenizer::unknown;  // the model's, unless it has its own
  CapabilityOverrides overrides;
  Capabilities can;  // the kind's defaults with the overrides over them; filled by the snapshot
};

// What becomes of a stream whose upstream breaks off after content: it ends in an error; another
// target goes on with what was delivered; another target answers anew, and what was delivered of
// that is left out.
enum class Rescue : std::uint8_t { off, prefill, restart };

// A second target is asked beside one that has not begun its answer; who begins first answers.
struct Hedge {
  bool on = false;
  milliseconds after{0};  // zero: longer than 95 of 100 of the target's answers took to begin
};

struct Model {
  ModelName name;  // exact, or a prefix ending in *
  std::vector<std::string> aliases;
  std::int64_t context_length = 0;     // 0: not known
  std::int64_t max_output_tokens = 0;  // 0: not known
  // What a budget sets aside for an answer whose length nobody knows, and the step by
  // which a stream asks for more.
  std::int64_t reserve_output_tokens = 1'000;
  Tokenizer tokenizer = Tokenizer::unknown;
  UnsupportedParams unsupported_params = UnsupportedParams::drop;
  Order order = Order::in_order;
  Rescue rescue = Rescue::prefill;
  Hedge hedge;
  std::optional<milliseconds> deadline;  // nullopt: the server's
  std::vector<Target> targets;           // in the operator's order
};

struct Config {
  Server server;
  Admin admin;
  Log log;
  Auth auth = Auth::keys;
  std::vector<Key> keys;
  std::vector<Team> teams;
  Limits limits;  // of the whole gateway
  Ledger ledger;
  std::vector<Provider> providers;
  std::vector<Model> models;
};

}  // namespace config
