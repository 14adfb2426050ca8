"""What tests/bench/load makes of measurements: medians, ratios, verdicts and the page, from known ones."""
import dataclasses
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from load_bench import cores, figures, promises, report, rows  # noqa: E402

ROW = {row.name: row for row in rows.ROWS}


def measured(cpu_us=10.0, busy=0.3, **more):
    return {"cpu_us": cpu_us, "per_second": 1000.0, "busy": {"proxy": 1.0, "mock": busy, "generator": 0.3},
            "kib_per_stream": None, "problems": [], **more}


def line_of(row, rounds, what):
    return next(line for line in figures.lines(ROW[row], rounds) if line.what == what)


class Figures(unittest.TestCase):
    def test_a_ratio_is_made_within_one_round(self):
        # A slow round is slow for all, so the ratios are steadier than the figures.
        rounds = [{"nginx": measured(20), "haproxy": measured(18), "tollgate": measured(16)},
                  {"nginx": measured(40), "haproxy": measured(36), "tollgate": measured(36)},
                  {"nginx": measured(20), "haproxy": measured(22), "tollgate": measured(15)}]
        line = line_of("json-1k", rounds, "cpu")
        self.assertEqual(figures.Spread(20, 20, 40), line.spreads["nginx"])
        self.assertEqual(figures.Spread(16, 15, 36), line.spreads["tollgate"])
        self.assertEqual(figures.Spread(0.8, 0.75, 0.9), line.ratios["tollgate"])
        self.assertNotIn("nginx", line.ratios)

    def test_latency_is_what_a_proxy_adds(self):
        rounds = [{"direct": measured(latency={"p50_us": 50.0}), "nginx": measured(latency={"p50_us": 90.0}),
                   "tollgate": measured(latency={"p50_us": 80.0})}]
        line = line_of("latency-1000", rounds, "latency")
        self.assertEqual(40, line.spreads["nginx"].median)
        self.assertEqual(30, line.spreads["tollgate"].median)
        self.assertEqual(0.75, line.ratios["tollgate"].median)

    def test_a_busy_instrument_makes_a_row_invalid(self):
        line = line_of("json-1k", [{"nginx": measured(20), "tollgate": measured(16, busy=0.85)}], "cpu")
        self.assertEqual(["invalid: the mock was 85% busy"], line.notes)
        shared = figures.lines(ROW["json-1k"], [{"nginx": measured(20, busy=0.45)}], shared_core=True)[0]
        self.assertEqual(["invalid: the mock was 45% busy"], shared.notes)

    def test_chunks_that_come_late_make_a_row_invalid(self):
        late = {name: measured(kib_per_stream=5.0) | {"per_second": chunks}
                for name, chunks in (("nginx", 20_000), ("tollgate", 15_000))}
        line = line_of("stream-1000-2w", [late], "cpu")
        self.assertEqual(["invalid: tollgate brought 75% of the chunks in time"], line.notes)

    def test_what_was_wrong_with_answers_stands_in_the_line(self):
        line = line_of("json-1k", [{"nginx": measured(20, problems=["3 broken"])}], "cpu")
        self.assertEqual(["nginx: 3 broken"], line.notes)


class Promises(unittest.TestCase):
    def verdicts(self, *lines, uring=False):
        return {verdict.promise: verdict for verdict in promises.evaluate(list(lines), uring)}

    def one_kilobyte(self, nginx, haproxy, tollgate, **more):
        return line_of("json-1k", [{"nginx": measured(nginx), "haproxy": measured(haproxy),
                                    "tollgate": measured(tollgate, **more)}], "cpu")

    def judged(self, nginx, haproxy, tollgate, **more):
        verdict = self.verdicts(self.one_kilobyte(nginx, haproxy, tollgate, **more))["CPU per 1 KB JSON request, epoll"]
        return verdict.floor_holds, verdict.goal_holds

    def test_floor_and_goal_are_judged_apart(self):
        self.assertEqual(("holds", "holds"), self.judged(20, 17, 16))
        self.assertEqual(("holds", "falls short"), self.judged(20, 17, 17))
        self.assertEqual(("holds", "falls short"), self.judged(20, 15, 16))  # HAProxy is cheaper
        self.assertEqual(("falls short", "falls short"), self.judged(20, 17, 21))

    def test_an_invalid_row_decides_nothing(self):
        self.assertEqual(("invalid", "invalid"), self.judged(20, 17, 10, busy=0.9))

    def test_what_was_not_measured_or_built_is_said(self):
        verdicts = self.verdicts()
        self.assertEqual("not measured", verdicts["CPU per 100 KB request"].floor_holds)
        self.assertEqual("not built", verdicts["the same, io_uring"].floor_holds)
        self.assertEqual("not measured", self.verdicts(uring=True)["the same, io_uring"].floor_holds)

    def test_memory_and_workers_have_bounds_of_their_own(self):
        memory = line_of("stream-5000", [{"nginx": measured(kib_per_stream=17.0),
                                          "tollgate": measured(kib_per_stream=11.7)}], "memory")
        memory.notes.clear()  # of chunks these tell nothing
        throughput = line_of("json-1k-2w", [{"nginx": measured(), "tollgate": measured() | {"per_second": 1900.0},
                                             "tollgate-one-worker": measured()}], "throughput")
        verdicts = self.verdicts(memory, throughput)
        self.assertEqual(("holds", "falls short"), dataclasses.astuple(
            verdicts["memory per open stream, 5,000 open"])[3::2])
        self.assertEqual("× 1.90", verdicts["two workers against one"].measured)
        self.assertEqual(("holds", "falls short"), dataclasses.astuple(verdicts["two workers against one"])[3::2])

    def test_many_routes_are_compared_with_few(self):
        line = line_of("scale", [{"tollgate-few": measured(20), "tollgate-many": measured(20.8)}], "cpu")
        verdict = self.verdicts(line)["cost of 100,000 keys, 10,000 routes"]
        self.assertEqual(("ten × 1.040", "holds"), (verdict.measured, verdict.floor_holds))


class Machines(unittest.TestCase):
    def test_four_processors_give_a_proxy_two(self):
        self.assertEqual(cores.Cores(0, 1, (2, 3), 3), cores.assign(range(4)))

    def test_with_fewer_the_rows_of_two_workers_are_left_out_and_said(self):
        for count in (1, 2, 3):
            assigned = cores.assign(range(count))
            self.assertEqual(1, len(assigned.proxy))
            self.assertEqual(count < 3, assigned.instruments_share)
            wanted, left_out = rows.chosen([], assigned, 20_000)
            self.assertEqual({"json-1k-2w", "stream-1000-2w"}, {row.name for row, _ in left_out})
            self.assertEqual(len(rows.ROWS) - 2, len(wanted))

    def test_streams_are_as_many_as_descriptors_allow(self):
        wanted, _ = rows.chosen(["stream-most"], cores.assign(range(4)), 20_000)
        self.assertEqual(9500, wanted[0].connections)
        _, left_out = rows.chosen(["stream-5000"], cores.assign(range(4)), 4096)
        self.assertEqual("descriptors allow 1548 streams", left_out[0][1])

    def test_a_row_that_is_none_is_named(self):
        with self.assertRaisesRegex(ValueError, "no row is called json-1m; there are: json-100k, "):
            rows.chosen(["json-1m"], cores.assign(range(4)), 20_000)


class Page(unittest.TestCase):
    def test_the_page_has_the_machine_the_table_and_the_verdicts(self):
        rounds = [{"nginx": measured(20), "haproxy": measured(18), "tollgate": measured(16)},
                  {"nginx": measured(21), "haproxy": measured(18), "tollgate": measured(16)}]
        lines = figures.lines(ROW["json-1k"], rounds)
        page = report.page({"date": "2026-11-22", "kernel": "6.1"}, lines, promises.evaluate(lines, False),
                           [("two workers", "two workers want four processors")], ["a busy machine"])
        self.assertIn("- kernel: 6.1\n", page)
        self.assertIn("| 1 KB request: CPU per request | µs | 20.5 (20.0–21.0) | 18.0 | 16.0 |"
                      " 0.88 (0.86–0.90) | 0.78 (0.76–0.80) |  |\n", page)
        self.assertIn("| CPU per 1 KB JSON request, epoll | 16.0 µs, nginx × 0.78 | ≤ nginx | holds |", page)
        self.assertIn("- two workers: two workers want four processors", page)
        self.assertIn("- a busy machine", page)

    def test_every_row_can_be_told_in_the_table(self):
        for row in rows.ROWS:
            figure = measured(kib_per_stream=5.0, latency={"p50_us": 9.0}, first_content={"p50_us": 9.0})
            lines = figures.lines(row, [{name: figure for name in row.proxies}])
            cells = report.table(lines)
            self.assertEqual(1, len({len(line) for line in cells}), row.name)
            json.dumps([dataclasses.asdict(line) for line in lines])


if __name__ == "__main__":
    unittest.main()
