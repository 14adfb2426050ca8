#include "config/yaml_tree.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/base/utf8.h"

namespace config {
namespace {

// Leaves yaml-cpp's parser from within a callback; does not leave this file.
struct Refused {
  YamlFault fault;
};

int line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : mark.line + 1;
}

// A value with what it costs where it is used.
struct Weighed {
  YamlPointer value;
  std::size_t size = 1;
  std::size_t height = 1;
};

class Builder final : public YAML::EventHandler {
 public:
  // nullptr: the text held no document.
  YamlPointer take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) refuse(mark, "a second document begins here; the file may hold one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto value = std::make_shared<YamlValue>();
    value->line = line_of(mark);
    finish(mark, anchor, {std::move(value)});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias inside the very value it names");
    attach(mark, found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(mark, tag);
    auto value = std::make_shared<YamlValue>();
    value->kind = YamlValue::Kind::scalar;
    value->quoted = tag != "?";
    value->line = line_of(mark);
    value->text = text;
    finish(mark, anchor, {std::move(value)});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlValue::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlValue::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::shared_ptr<YamlValue> value;
    std::size_t size = 1;
    std::size_t height = 1;
    std::optional<YamlEntry> entry;  // of a map: a key that still wants its value
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw Refused{{line_of(mark), std::move(message)}};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain value, "!" one in quotes, "" an implicit collection.
    if (tag == "?" || tag == "!" || tag.empty() || tag == "tag:yaml.org,2002:str") return;
    refuse(mark, "tags are not read here");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlValue::Kind kind) {
    check_tag(mark, tag);
    if (open_.size() >= kMaxYamlDepth) refuse(mark, too_deep());
    auto value = std::make_shared<YamlValue>();
    value->kind = kind;
    value->line = line_of(mark);
    open_.push_back({mark, anchor, std::move(value), 1, 1, std::nullopt});
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    finish(done.mark, done.anchor, {std::move(done.value), done.size, done.height});
  }

  void finish(const YAML::Mark& mark, YAML::anchor_t anchor, const Weighed& weighed) {
    if (anchor != 0) anchors_[anchor] = weighed;
    attach(mark, weighed);
  }

  void attach(const YAML::Mark& mark, const Weighed& child) {
    if (open_.empty()) {
      root_ = child.value;
      return;
    }
    auto& parent = open_.back();
    parent.size += child.size;
    parent.height = std::max(parent.height, child.height + 1);
    if (parent.size > kMaxYamlValues) {
      refuse(mark, fmt::format("more than {} values, aliases counted each time", kMaxYamlValues));
    }
    if (open_.size() + child.height > kMaxYamlDepth) refuse(mark, too_deep());
    if (parent.value->kind == YamlValue::Kind::list) {
      parent.value->items.push_back(child.value);
    } else if (parent.entry) {
      parent.entry->value = child.value;
      parent.value->entries.push_back(*std::exchange(parent.entry, std::nullopt));
    } else {
      if (child.value->kind != YamlValue::Kind::scalar) refuse(mark, "a key must be a word");
      parent.entry = YamlEntry{child.value->text, line_of(mark), nullptr};
    }
  }

  static std::string too_deep() {
    return fmt::format("nested deeper than {} levels", kMaxYamlDepth);
  }

  YamlPointer root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Weighed> anchors_;
};

std::optional<YamlFault> find_bad_bytes(std::string_view text) {
  const auto line_at = [&](std::size_t at) {
    return 1 +
           static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
  };
  if (text.size() > kMaxYamlBytes) {
    return YamlFault{0, fmt::format("larger than {} MiB", kMaxYamlBytes / 1024 / 1024)};
  }
  const auto invalid = find_invalid_utf8(text);
  if (invalid < text.size()) return YamlFault{line_at(invalid), "bytes that are not UTF-8"};
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    return is_control(c) && c != '\t' && c != '\n' && c != '\r';
  });
  if (control != text.end()) {
    const auto at = static_cast<std::size_t>(control - text.begin());
    return YamlFault{line_at(at), "a control character"};
  }
  return std::nullopt;
}

// yaml-cpp repeats the byte it stumbled over, whatever it is.
YamlFault not_yaml(int line, std::string_view why) {
  YamlFault fault{line, "not YAML: "};
  for (const char c : why) fault.message += c >= 0x20 && c < 0x7f ? c : '?';
  return fault;
}

}  // namespace

std::variant<YamlPointer, YamlFault> parse_yaml(std::string_view text) {
  if (auto fault = find_bad_bytes(text)) return *std::move(fault);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    // A later document is refused by the builder; the loop also reads trailing bytes.
    while (parser.HandleNextDocument(builder)) {
    }
    auto root = builder.take();
    if (!root) return YamlFault{0, "the file is empty"};
    return root;
  } catch (const Refused& refused) {
    return refused.fault;
  } catch (const YAML::Exception& error) {
    return not_yaml(line_of(error.mark), error.msg);
  } catch (const std::exception& error) {
    return not_yaml(0, error.what());
  }
}

}  // namespace config
