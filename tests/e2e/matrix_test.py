"""The matrix: {each way an upstream fails} x {streamed, whole} x {before the content, after some of it} x
{the second target is healthy, fails too, is not there}. Of a stream that breaks off after some of it, also:
{the healthy second cannot go on with it, may not, is to answer anew}. Each cell asserts what the client sees,
that it waits no longer than the limits allow, how often the upstreams were asked, and what the ledger has.

The table is all there is to say; the cells and what they expect are made from it. The results are
printed, and kept as matrix.txt beside the built tests."""
import collections
import concurrent.futures
import dataclasses
import itertools
import json
import socket
import subprocess
import time
import unittest

import processes
from house import House
from processes import BUILD, wait_for

# The faults are the simulator's (tests/support/upstream_simulator/README.md); - : this cannot happen there;
# ~ : in a stream that came where a whole answer was asked for, which is put together.
#
# failure     With the case of the catalogue that it shows.
# who         What becomes of the request where nothing was shown yet.
#             next: the next target is asked; client: the mistake is the client's own, and nobody else is;
#             room: only a target with a larger window is asked.
# alone       The status and code where nobody else answers.
# cost        Of an attempt that failed before anything was shown. unsent: nothing was written; refused: the
#             upstream said so itself, which costs nothing; guess: it may bill what it has read; counted: it
#             says what it used, and may bill that.
# A fault that is silence ("short" behind its name) has limits of two seconds; the others have the defaults.
TABLE = """
failure                    | streamed, before  | streamed, after             | whole, before     | whole, after            | who    | alone                        | cost
---------------------------+-------------------+-----------------------------+-------------------+-------------------------+--------+------------------------------+--------
U01_connect_refused        | @refused          | -                           | @refused          | -                       | next   | 502 upstream_unavailable     | unsent
U03_dns_failure            | @nowhere          | -                           | @nowhere          | -                       | next   | 502 upstream_unavailable     | unsent
U05_tls_untrusted          | @untrusted        | -                           | @untrusted        | -                       | next   | 502 upstream_unavailable     | unsent
U05_tls_nonsense           | @no_tls           | -                           | @no_tls           | -                       | next   | 502 upstream_unavailable     | unsent
U06_tls_silent short       | @tls_silent       | -                           | @tls_silent       | -                       | next   | 504 upstream_timeout         | unsent
U07_U52_reset              | reset-before-head | reset-after-2 slow          | reset-before-head | ~reset-after-2          | next   | 502 upstream_unavailable     | guess
U07_U52_closed             | close-before-head | close-after-2               | close-before-head | close-mid-body          | next   | 502 upstream_unavailable     | guess
U50_reset_behind_head      | reset-after-head  | -                           | reset-after-head  | -                       | next   | 502 upstream_unavailable     | guess
U10_U17_U53_silent short   | stall-before-head | stall-after-2               | stall-before-head | cl-long-stall           | next   | 504 upstream_timeout         | guess
U28_U53_silent short       | -                 | -                           | -                 | ~stall-after-2          | next   | 504 upstream_timeout         | guess
U10_silent_head short      | stall-after-head  | -                           | stall-after-head  | -                       | next   | 504 upstream_timeout         | guess
U58_comments short         | comments-only     | -                           | -                 | -                       | next   | 504 upstream_timeout         | guess
U11_half_head              | half-head         | -                           | half-head         | -                       | next   | 502 upstream_unavailable     | guess
U11_half_head_silent short | half-head-stall   | -                           | half-head-stall   | -                       | next   | 504 upstream_timeout         | guess
U12_not_http               | not-http          | -                           | not-http          | -                       | next   | 502 upstream_garbled         | guess
U12_http09                 | http09            | -                           | http09            | -                       | next   | 502 upstream_garbled         | guess
U13_big_head               | big-head          | -                           | big-head          | -                       | next   | 502 upstream_garbled         | guess
U13_endless_head           | endless-head      | -                           | endless-head      | -                       | next   | 502 upstream_garbled         | guess
U14_bare_cr                | bare-cr           | -                           | bare-cr           | -                       | next   | 502 upstream_garbled         | guess
U14_nul                    | nul-field         | -                           | nul-field         | -                       | next   | 502 upstream_garbled         | guess
U14_bare_lf                | bare-lf           | -                           | bare-lf           | -                       | next   | 502 upstream_garbled         | guess
U15_length_and_chunks      | cl-and-te         | -                           | cl-and-te         | -                       | next   | 502 upstream_garbled         | guess
U15_bad_framing            | two-cl            | -                           | bad-cl            | bad-chunk               | next   | 502 upstream_garbled         | guess
U17_body_too_short         | -                 | -                           | -                 | cl-long                 | next   | 502 upstream_unavailable     | guess
U18_10_tib                 | -                 | -                           | -                 | cl-10tib                | next   | 502 upstream_garbled         | guess
U18_chunk_of_2_63          | -                 | -                           | chunk-2-63        | -                       | next   | 502 upstream_garbled         | guess
U18_cut_chunked            | -                 | -                           | -                 | cut-chunked             | next   | 502 upstream_unavailable     | guess
U20_upgrade                | 101               | -                           | 101               | -                       | next   | 502 upstream_garbled         | guess
U20_interim_flood          | 102-flood         | -                           | 102-flood         | -                       | next   | 502 upstream_garbled         | guess
U22_gzip                   | gzip              | -                           | gzip              | -                       | next   | 502 upstream_garbled         | guess
U22_gzip_bomb              | gzip-bomb         | -                           | gzip-bomb         | -                       | next   | 502 upstream_garbled         | guess
U33_408                    | 408               | -                           | 408               | -                       | next   | 504 upstream_timeout         | refused
U32_429                    | 429               | -                           | 429               | -                       | next   | 429 upstream_busy            | refused
U32_429_retry_after        | 429-retry-after   | -                           | 429-retry-after   | -                       | next   | 429 upstream_busy            | refused
U32_429_no_code            | 429-availability  | -                           | 429-availability  | -                       | next   | 429 upstream_busy            | refused
U33_500                    | 500               | -                           | 500               | -                       | next   | 502 upstream_unavailable     | refused
U33_500_empty              | empty-500         | -                           | empty-500         | -                       | next   | 502 upstream_unavailable     | refused
U33_502                    | 502               | -                           | 502               | -                       | next   | 502 upstream_unavailable     | refused
U33_503                    | 503               | -                           | 503               | -                       | next   | 502 upstream_unavailable     | refused
U33_503_html               | html-503          | -                           | html-503          | -                       | next   | 502 upstream_unavailable     | refused
U33_504                    | 504               | -                           | 504               | -                       | next   | 504 upstream_timeout         | refused
U33_529                    | 529               | -                           | 529               | -                       | next   | 502 upstream_unavailable     | refused
U34_redirect               | redirect-302      | -                           | redirect-302      | -                       | next   | 502 upstream_unavailable     | refused
U35_204                    | 204               | -                           | 204               | -                       | next   | 502 upstream_garbled         | guess
U35_299                    | 299               | -                           | 299               | -                       | next   | 502 upstream_unavailable     | refused
U35_418                    | 418               | -                           | 418               | -                       | next   | 502 upstream_unavailable     | refused
U30_our_key_401            | 401               | -                           | 401               | -                       | next   | 502 upstream_denied          | refused
U31_our_credit_402         | 402               | -                           | 402               | -                       | next   | 429 insufficient_quota       | refused
U31_our_credit_429         | 429-credits       | -                           | 429-credits       | -                       | next   | 429 insufficient_quota       | refused
U30_our_key_403            | 403               | -                           | 403               | -                       | next   | 502 upstream_denied          | refused
U29_our_model_404          | 404               | -                           | 404               | -                       | next   | 404 model_not_found          | refused
U29_our_model_400          | 400-model         | -                           | 400-model         | -                       | next   | 404 model_not_found          | refused
U23_garbage                | garbage           | bad-json-events slow        | garbage           | json-cut                | next   | 502 upstream_garbled         | guess
U23_html                   | html-200          | -                           | html-200          | -                       | next   | 502 upstream_garbled         | guess
U23_array                  | json-array        | -                           | json-array        | -                       | next   | 502 upstream_garbled         | guess
U23_null                   | json-null         | -                           | json-null         | -                       | next   | 502 upstream_garbled         | guess
U23_deep                   | json-deep         | -                           | json-deep         | -                       | next   | 502 upstream_garbled         | guess
U23_empty                  | empty-200         | -                           | empty-200         | -                       | next   | 502 upstream_garbled         | guess
U25_no_choices             | no-choices        | -                           | no-choices        | -                       | next   | 502 upstream_garbled         | counted
U25_choices_empty          | empty-choices     | -                           | empty-choices     | -                       | next   | 502 upstream_garbled         | counted
U24_U54_error_in_200       | error-200         | error-mid-stream slow       | error-200         | ~error-mid-stream       | next   | 502 upstream_unavailable     | refused
U24_U54_error_in_choice    | error-200-choice  | error-mid-int slow          | error-200-choice  | ~error-mid-int          | next   | 502 upstream_unavailable     | refused
U24_U54_error_as_text      | error-200-string  | error-mid-string slow       | error-200-string  | ~error-mid-string       | next   | 502 upstream_unavailable     | refused
U24_error_without_code     | error-200-no-code | -                           | error-200-no-code | -                       | next   | 429 upstream_busy            | refused
U51_U54_error_event        | error-first-event | error-mid-named slow        | -                 | ~error-mid-named        | next   | 502 upstream_unavailable     | refused
U54_error_bare             | -                 | error-mid-bare slow         | -                 | ~error-mid-bare         | next   | 502 upstream_unavailable     | refused
U54_error_server_error     | -                 | error-mid-server-error slow | -                 | ~error-mid-server-error | next   | 502 upstream_unavailable     | refused
U54_error_litellm          | -                 | error-mid-litellm slow      | -                 | ~error-mid-litellm      | next   | 502 upstream_unavailable     | refused
U54_error_raw              | -                 | error-mid-raw slow          | -                 | ~error-mid-raw          | next   | 502 upstream_garbled         | guess
U50_U52_opens_and_dies     | close-after-head  | close-mid-event             | -                 | ~close-mid-event        | next   | 502 upstream_unavailable     | guess
U50_U52_opens_and_ends     | empty-stream      | end-no-finish               | -                 | ~end-no-finish          | next   | 502 upstream_garbled         | guess
U50_comments_and_ends      | comments-once     | -                           | -                 | -                       | next   | 502 upstream_garbled         | guess
U29_clients_400            | 400               | -                           | 400               | -                       | client | 400                          | refused
U29_clients_413            | 413               | -                           | 413               | -                       | client | 413                          | refused
U29_clients_422            | 422               | -                           | 422               | -                       | client | 422                          | refused
U29_content_policy         | 400-policy        | -                           | 400-policy        | -                       | client | 400 content_policy_violation | refused
U29_moderation             | 403-moderation    | -                           | 403-moderation    | -                       | client | 400 content_policy_violation | refused
U29_context_overflow       | 400-context       | -                           | 400-context       | -                       | room   | 400 context_length_exceeded  | refused
"""
SHAPES = ("streamed", "whole")
MOMENTS = ("before", "after")
SECONDS = ("healthy", "fails too", "none")
# What a healthy second target is to do about a stream that broke off: go on with it (that is "healthy"), or
RESCUES = ("cannot go on", "may not go on", "answers anew")

LIMITS = dict.fromkeys(["connect", "tls", "first_byte", "first_content", "whole_answer", "idle"], "2s")
LONGEST = 4  # seconds that one attempt within LIMITS may wait: for its head, then for its content
SLACK = 20   # what a busy machine may add before it is called a hang
# What is said before the fault is given time to be relayed, so that it was shown.
SLOW = ",slow-200ms"
PRICE = {"usd_per_million_input": 1, "usd_per_million_output": 1}


@dataclasses.dataclass(frozen=True)
class Failure:
    name: str
    short: bool
    faults: dict  # (shape, moment) -> fault
    who: str
    status: int
    code: str
    cost: str


@dataclasses.dataclass
class Cell:
    failure: Failure
    shape: str
    moment: str
    second: str
    number: int

    @property
    def name(self):
        return f"{self.failure.name}.{self.shape}.{self.moment}.second {self.second}".replace(" ", "-")

    @property
    def fault(self):
        return self.failure.faults[self.shape, self.moment]


def failures():
    for line in TABLE.strip().splitlines()[2:]:
        name, *faults, who, alone, cost = [field.strip() for field in line.split("|")]
        status, _, code = alone.partition(" ")
        name, _, short = name.partition(" ")
        places = itertools.product(SHAPES, MOMENTS)
        yield Failure(name, bool(short), {place: fault for place, fault in zip(places, faults) if fault != "-"},
                      who, int(status), code, cost)


def cells():
    numbers = itertools.count(11)
    return [Cell(failure, shape, moment, second, next(numbers))
            for failure in failures() for shape, moment in failure.faults
            for second in SECONDS + (RESCUES if (shape, moment) == ("streamed", "after") else ())]


# What a cell must come to.

Expected = collections.namedtuple("Expected", "status code done calls records")
OK = ("ok", "reported", 0)
FAILED = {"unsent": ("failed", "reported", 0), "refused": ("failed", "reported", 0),
          "guess": ("failed", "estimated", 1), "counted": ("failed", "priced", 1)}
TRUNCATED = ("truncated", "estimated", 0)
# The second may break off before it has said anything that the client had not heard from the first.
BROKEN_AGAIN = {TRUNCATED, *FAILED.values()}


def expected(cell):
    failure = cell.failure
    asked = 0 if failure.cost == "unsent" else 1
    failed = FAILED[failure.cost]
    if (cell.shape, cell.moment) == ("streamed", "after"):
        # Something was shown: another goes on with it, or it ends in an error; it is never passed off as whole.
        broken = Expected(200, failure.code, False, asked, [TRUNCATED])
        if cell.second in ("healthy", "answers anew"):
            return broken._replace(code="", done=True, calls=2, records=[TRUNCATED, OK])
        return broken._replace(calls=2, records=[TRUNCATED, BROKEN_AGAIN]) if cell.second == "fails too" else broken
    if (cell.shape, cell.moment) == ("whole", "after"):
        failed = FAILED["guess"]  # some of it was made, and nothing shown
    alone = Expected(failure.status, failure.code, False, asked, [failed])
    if failure.who == "client" or cell.second == "none":
        return alone
    if cell.second == "fails too":
        return alone._replace(calls=2 * asked, records=[failed, failed])
    return Expected(200, "", cell.shape == "streamed", asked + 1, [failed, OK])


def longest(cell):
    attempts = 1 if cell.second == "none" else 2
    return SLACK + (attempts * LONGEST if cell.failure.short else 0)


# What came.

class Seen:
    """One answer, read to its end."""

    def __init__(self, house, cell):
        began = time.monotonic()
        answer = house.ask(cell.name, text=cell.name, stream=cell.shape == "streamed")
        self.body = answer.read()
        self.seconds = time.monotonic() - began
        self.status, self.request = answer.status, answer.id
        self.text, self.code, self.done, self.ids, self.roles = "", "", False, set(), 0
        if (answer.response.getheader("content-type") or "").startswith("text/event-stream"):
            self._read_events()
        else:
            self._read(json.loads(self.body), "message")

    def _read_events(self):
        for line in self.body.splitlines():
            if not line.startswith("data: "):
                continue
            if self.done or self.code:
                raise AssertionError(f"something behind the end: {line}")
            if line == "data: [DONE]":
                self.done = True
            else:
                self._read(json.loads(line.removeprefix("data: ")), "delta")

    def _read(self, event, of):
        if "error" in event:
            self.code = event["error"]["code"] or ""
            return
        self.ids.add(event["id"])
        for choice in event["choices"]:
            self.text += choice[of].get("content") or ""
            self.roles += "role" in choice[of]


class Matrix(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.house = house = House(self)
        self.cells = cells()
        no_tls = house.upstream.replace("http:", "https:")
        self.places = {"refused": f"http://127.0.0.1:{self.bound().getsockname()[1]}",
                       "nowhere": "https://nowhere.invalid", "tls_silent": f"https://127.0.0.1:{self.silent()}",
                       "untrusted": f"https://127.0.0.1:{self.untrusted()}", "no_tls": no_tls}
        house.configure(providers=lines(self.providers()), models=lines(map(self.model, self.cells)))
        house.start()

    # Upstreams that are none.

    def bound(self):
        """A port that is taken and where nobody listens."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        return taken

    def silent(self):
        """One that takes connections, and says nothing."""
        taken = self.bound()
        taken.listen(1024)
        return taken.getsockname()[1]

    def untrusted(self):
        """A simulator with a certificate that nobody vouches for."""
        folder = self.house.folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                       check=True, capture_output=True)
        simulator = subprocess.Popen(
            [BUILD / "tests/support/upstream_simulator/upstream-simulator", "--port-file", folder / "untrusted",
             "--tls-cert", folder / "certificate.pem", "--tls-key", folder / "key.pem"])
        self.addCleanup(processes.stop, simulator)
        return wait_for("the simulator's port", lambda: processes._read(folder / "untrusted"), process=simulator).strip()

    def providers(self):
        """Each place twice, for the first target and the second."""
        bases = {"up": self.house.upstream, **self.places}
        for turn, (place, base) in itertools.product(("first", "second"), bases.items()):
            yield {"name": f"{turn}_{place}", "kind": "openrouter", "base_url": base + "/openrouter/api/v1",
                   # One call per target: retries_test.cc shows what asking again does.
                   "api_key": "sk-upstream", "retries": {"at_most": 0}}

    def model(self, cell):
        second = {"fails too": [self.failing("second", cell)], "none": []}.get(cell.second, [self.healthy(cell)])
        rescue = {"may not go on": "off", "answers anew": "restart"}.get(cell.second, "prefill")
        return {"name": cell.name, "rescue": rescue, "targets": [self.failing("first", cell), *second]}

    def healthy(self, cell):
        # One that goes on with another's answer would say the same.
        said = f"words-{cell.number}" if (cell.shape, cell.moment) == ("streamed", "after") else "ok"
        return {"provider": "second_up", "model": f"mock/{said}", "price": PRICE, "context_length": 2000,
                "capabilities": {"prefill": cell.second not in ("cannot go on", "answers anew")}}

    def failing(self, turn, cell):
        place, fault = "up", cell.fault.replace(" slow", SLOW).replace("~", "stream-though-json,")
        if fault.startswith("@"):
            place, fault = fault.removeprefix("@"), "ok"
        # Of a name of its own in each cell, since breakers outlive them.
        return {"provider": f"{turn}_{place}", "model": f"mock/{fault},words-{cell.number}", "price": PRICE,
                "context_length": 1000 if turn == "first" else 2000,
                **({"timeouts": LIMITS} if cell.failure.short else {})}

    # The cells.

    def calls(self):
        """How often the upstreams were asked, by cell."""
        count = collections.Counter()
        for entry in self.house.seen():
            # An idle connection that turns out to be dead is replaced, and that is not counted.
            stale = entry["request_on_connection"] > 1 and entry["bytes_sent"] == 0 and entry["ended"] != "client_left"
            if not stale:
                count[json.loads(entry["body"])["messages"][0]["content"]] += 1
        return count

    def test_each_cell(self):
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(24) as clients:
            answers = list(clients.map(lambda cell: Seen(self.house, cell), self.cells))
        seconds = time.monotonic() - began
        calls = self.calls()
        records = collections.defaultdict(list)
        for row in self.house.at_rest():
            records[row["request"]].append(row)
        for cell, seen in zip(self.cells, answers):
            with self.subTest(cell.name):
                rows = records[seen.request.replace("-", "")]
                self.check(cell, seen, calls[cell.name], rows)
        told = table_of(self.cells, answers, calls, records, seconds)
        (BUILD / "tests/e2e/matrix.txt").write_text(told)
        print(told)

    def check(self, cell, seen, calls, rows):
        got = Expected(seen.status, seen.code, seen.done, calls,
                       [(row["outcome"], row["source"], row["maybe_billed"]) for row in rows])
        wanted = expected(cell)
        if BROKEN_AGAIN in wanted.records and got.records[1:]:
            self.assertIn(got.records[1], BROKEN_AGAIN)
            wanted = wanted._replace(records=[TRUNCATED, got.records[1]])
        self.assertEqual(wanted, got, seen.body)
        self.assertLess(seen.seconds, longest(cell))
        whole = f"You said: {cell.name} — Grüße aus 世界 🦊."
        if (cell.shape, cell.moment) == ("streamed", "after"):
            whole = " ".join(f"word{word}" for word in range(1, cell.number + 1))
        if seen.done or (seen.status == 200 and cell.shape == "whole"):
            self.assertEqual(whole, seen.text)
            self.assertEqual((1, 1), (len(seen.ids), seen.roles))
        elif seen.status == 200:
            self.assertTrue(seen.text, "it was to fail after some content")
        for row in rows:
            free = row["outcome"] == "failed" and row["source"] == "reported"
            self.assertEqual(free, row["cost"] == 0, row)


def lines(entries):
    return "\n".join(f"  - {json.dumps(entry)}" for entry in entries)


def table_of(cells, answers, calls, records, seconds):
    """One line for each failure, shape and moment; what came with each second target. Then the same of those
    where it mattered how the second goes on."""
    results = collections.defaultdict(dict)
    for cell, seen in zip(cells, answers):
        outcomes = "+".join(row["outcome"] for row in records[seen.request.replace("-", "")])
        end = "[DONE]" if seen.done else seen.code or ("whole" if seen.status == 200 else "")
        results[cell.failure.name, cell.shape, cell.moment][cell.second] = (
            f"{seen.status} {end}, {calls[cell.name]} asked, {outcomes}, {seen.seconds * 1000:.0f} ms")
    told = []
    for seconds_here in (SECONDS, RESCUES):
        told.append(f"{'':<46}" + "".join(f"{'second ' + second:<58}" for second in seconds_here))
        for (name, shape, moment), row in results.items():
            if seconds_here[0] in row:
                told.append(f"{name:<26}{shape:<10}{moment:<10}" + "".join(f"{row[second]:<58}" for second in seconds_here))
    return "\n".join(line.rstrip() for line in told) + f"\n{len(cells)} cells in {seconds:.1f} s\n"


if __name__ == "__main__":
    unittest.main()
