#include "providers/reka_shared_media.h"

#include <algorithm>

#include <fmt/format.h>

#include "providers/wire/json_text.h"

namespace providers::reka {
namespace {

config::Error cannot(std::string_view model, std::string_view what, const std::string& param) {
  return config::unsupported_parameter(fmt::format("The model '{}' does not take {}.", model, what),
                                       param);
}

// What may stand as the second half of a media type, and in a URL without escaping.
bool is_subtype(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '+';
         });
}

// Reka is told the media type, OpenAI's clients name a container.
config::Result<Media> read_audio(const ContentPart& part, const std::string& param) {
  if (!is_subtype(part.format)) {
    return config::invalid_request("'format' must name a kind of audio, such as wav or mp3.",
                                   param + ".input_audio.format");
  }
  const std::string_view subtype = part.format == "mp3" ? "mpeg" : part.format;
  return Media{.kind = "audio_url",
               .prefix = fmt::format("data:audio/{};base64,", subtype),
               .url = part.data};
}

bool is_pdf_name(std::string_view name) {
  return name.ends_with(".pdf") || name.ends_with(".PDF");
}

config::Result<Media> read_file(const ContentPart& part, std::string_view model,
                                const std::string& param) {
  const std::string_view data = part.file_data;
  if (data.empty()) return cannot(model, "files by id", param + ".file.file_id");
  const bool is_url = data.starts_with("https://") || data.starts_with("http://");
  if (is_url || data.starts_with("data:application/pdf")) {
    return Media{.kind = "pdf_url", .prefix = {}, .url = data};
  }
  if (!data.starts_with("data:") && is_pdf_name(part.filename)) {
    return Media{.kind = "pdf_url", .prefix = "data:application/pdf;base64,", .url = data};
  }
  return cannot(model, "files other than PDF", param);
}

}  // namespace

config::Result<Media> read_media(const ContentPart& part, const config::Capabilities& can,
                                 std::string_view model, const std::string& param,
                                 Dropped& dropped) {
  switch (part.type) {
    case PartType::image_url:
      if (!can.images) return cannot(model, "image_url parts", param);
      if (!part.detail.empty() && part.detail != "auto") dropped.name("image_url.detail");
      return Media{.kind = "image_url", .prefix = {}, .url = part.url};
    case PartType::video_url:
      if (!can.video) return cannot(model, "video_url parts", param);
      return Media{.kind = "video_url", .prefix = {}, .url = part.url};
    case PartType::audio_url:
      if (!can.audio) return cannot(model, "audio_url parts", param);
      return Media{.kind = "audio_url", .prefix = {}, .url = part.url};
    case PartType::input_audio:
      if (!can.audio) return cannot(model, "input_audio parts", param);
      return read_audio(part, param);
    case PartType::pdf_url:
      if (!can.files) return cannot(model, "pdf_url parts", param);
      return Media{.kind = "pdf_url", .prefix = {}, .url = part.url};
    case PartType::file:
      if (!can.files) return cannot(model, "file parts", param);
      return read_file(part, model, param);
    case PartType::text:
    case PartType::refusal:
    case PartType::other:
      break;
  }
  return cannot(model, fmt::format("parts of type {}", utf8_prefix(part.type_name, 64)),
                param + ".type");
}

}  // namespace providers::reka
