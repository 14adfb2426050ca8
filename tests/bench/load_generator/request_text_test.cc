#include "tests/bench/load_generator/request_text.h"

#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/bench/mock_upstream/answers.h"
#include "tests/bench/wire/message_reader.h"

namespace bench {
namespace {

RequestSettings settings(std::size_t body_bytes) {
  RequestSettings out;
  out.body_bytes = body_bytes;
  out.keys = {"sk-one", "sk-two"};
  out.models = 1000;
  return out;
}

TEST(RequestText, IsARequestWithABodyOfThatSize) {
  for (const std::size_t size : {1024U, 10'240U, 102'400U}) {
    const RequestText text(settings(size));
    const std::string flat = text.flat(text.turn(0));
    EXPECT_EQ(flat.size(), text.size());
    MessageReader reader(MessageReader::Of::requests);
    std::string_view bytes = flat;
    EXPECT_EQ(reader.next(bytes).kind, Part::head);
    const auto body = reader.next(bytes);
    EXPECT_EQ(body.bytes.size(), size);
    EXPECT_TRUE(body.bytes.ends_with("\"}]}"));
    EXPECT_EQ(reader.next(bytes).kind, Part::end);
  }
}

TEST(RequestText, TakesModelsAndKeysInTurn) {
  const RequestText text(settings(1024));
  std::set<std::string> models;
  std::set<std::string_view> keys;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    const auto turn = text.turn(number);
    models.emplace(turn.model.data(), turn.model.size());
    keys.insert(turn.key);
    EXPECT_EQ(model_asked(text.flat(turn).substr(text.size() - 1024)), turn.model);
  }
  EXPECT_EQ(models.size(), 1000U);
  EXPECT_EQ(keys.size(), 2U);
}

TEST(RequestText, GoesOnWhereAWriteStopped) {
  const RequestText text(settings(1024));
  const auto turn = text.turn(17);
  const std::string flat = text.flat(turn);
  for (std::size_t sent = 0; sent <= flat.size(); ++sent) {
    std::string rest;
    for (const auto& piece : text.pieces(turn, sent))
      rest.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    ASSERT_EQ(rest, flat.substr(sent));
  }
}

TEST(RequestText, WantsKeysOfOneLength) {
  auto wrong = settings(1024);
  wrong.keys = {"sk-one", "sk-three"};
  EXPECT_THROW(RequestText{wrong}, std::invalid_argument);
}

}  // namespace
}  // namespace bench
