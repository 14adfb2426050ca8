"""U-28: an upstream that streams where a whole answer was asked for. The client gets the answer, and
what it cost is booked as if nothing had been odd."""
import json
import unittest

from house import House
from processes import fetch

STREAM = [["Content-Type", "text/event-stream"]]


def chunk(**members):
    choice = {"index": 0, "delta": {}, "finish_reason": None, **members}
    return {"id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def events(*chunks, done=True):
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks)
    return text + ("data: [DONE]\n\n" if done else "")


class PutTogether(unittest.TestCase):
    def setUp(self):
        self.house = House(self)
        self.house.start()

    def asked(self, text, ending="keep_alive", times=1):
        """(status, body) of a whole answer that was asked for, where the upstream says `text`."""
        script = {"framed": True, "status": 200, "headers": STREAM, "ending": ending,
                  "segments": [{"text": text, "times": times}]}
        status, said = fetch(self.house.upstream + "/_control", {"dialect": "openrouter", "times": 1, "script": script})
        self.assertLess(status, 300, said)
        answer = self.house.ask("openrouter/ok")
        return answer.status, json.loads(answer.read())

    def row(self):
        (row,) = self.house.at_rest()
        return row

    def test_U28_json_that_calls_itself_a_stream_is_read_as_json(self):
        whole = {"id": "up-1", "object": "chat.completion", "created": 1, "model": "m",
                 "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
                 "usage": {"prompt_tokens": 3, "completion_tokens": 20000, "total_tokens": 20003}}
        status, answer = self.asked("\n " + json.dumps(whole))
        self.assertEqual((200, "Paris."), (status, answer["choices"][0]["message"]["content"]))
        row = self.row()
        self.assertEqual((3, 20000, "reported"), (row["prompt"], row["completion"], row["tokens"]))

    def test_U28_it_ends_with_done_though_the_connection_stays(self):
        status, answer = self.asked(
            events(chunk(delta={"role": "assistant", "content": "Par"}), chunk(delta={"content": "is."}),
                   chunk(finish_reason="stop")), ending="stall")
        self.assertEqual((200, "Paris."), (status, answer["choices"][0]["message"]["content"]))
        self.assertEqual("ok", self.row()["outcome"])

    def test_U28_one_that_breaks_off_is_booked_with_what_was_said(self):
        status, answer = self.asked(
            events(chunk(delta={"role": "assistant", "content": "one two three four five six"}), done=False))
        self.assertEqual((502, "upstream_garbled"), (status, answer["error"]["code"]))
        row = self.row()
        self.assertEqual(("failed", "estimated", 1), (row["outcome"], row["source"], row["maybe_billed"]))
        self.assertGreaterEqual(row["completion"], 6)

    def test_U28_an_error_before_any_content_costs_nothing(self):
        status, _ = self.asked('data: {"error":{"code":503,"message":"overloaded"}}\n\n')
        self.assertGreaterEqual(status, 500)
        row = self.row()
        self.assertEqual(("failed", 0), (row["outcome"], row["cost"]))

    def test_U28_a_long_one_is_kept_as_the_answer_that_it_is(self):
        text = events(chunk(delta={"content": "word "}), done=False)
        end = events(chunk(finish_reason="stop"))
        script = {"framed": True, "status": 200, "headers": STREAM, "ending": "keep_alive",
                  "segments": [{"text": text * 100, "times": 600}, {"text": end}]}
        fetch(self.house.upstream + "/_control", {"dialect": "openrouter", "times": 1, "script": script})
        answer = self.house.ask("openrouter/ok", max_tokens=100_000)
        said = json.loads(answer.read())
        self.assertEqual(200, answer.status, said)
        self.assertEqual("word " * 60_000, said["choices"][0]["message"]["content"])

    def test_U28_what_stands_beside_the_delta_is_not_added_up(self):
        odd = {"message": None, "content_filter_results": {"hate": {"severity": "safe"}}}
        first = {**chunk(delta={"role": "assistant", "content": "Par"}, **odd), "citations": ["a"]}
        second = {**chunk(delta={"content": "is."}, **odd), "citations": ["a"]}
        status, answer = self.asked(events(first, second, chunk(finish_reason="stop")))
        choice = answer["choices"][0]
        self.assertEqual((200, "Paris.", "safe", ["a"]), (
            status, choice["message"]["content"], choice["content_filter_results"]["hate"]["severity"],
            answer["citations"]))


if __name__ == "__main__":
    unittest.main()
