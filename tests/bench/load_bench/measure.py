"""One measurement: one proxy, one row, one round. Everything is started for it and ended after it,
so that rounds do not lean on each other and nothing else runs meanwhile."""
import contextlib
import math

from . import contestants, meter, probe
from .instruments import Load, Mock
from .place import KEY
from .programs import Trouble
from .proxies import Setup

ANSWER_BYTES = 1024
# What the slowest opening of streams takes beyond its plan.
SLACK_SECONDS = 40


def measure(row, name, build, place, cores, descriptors, seconds, warm_up, to_the_end=False):
    """A dict of figures; `problems` is a list of what is wrong with the answers. `to_the_end`: everything
    that is asked is answered to its last byte, however long that takes, and little is asked."""
    with contextlib.ExitStack() as ending:
        mock = Mock(build, place, cores.mock, ANSWER_BYTES, **_stream(row, seconds, warm_up, to_the_end))
        ending.callback(mock.stop)
        proxy_cores = cores.proxy[:row.workers]
        setup = Setup(place, proxy_cores, mock.port(row.tls_upstream), row.tls_upstream, row.tls_door, descriptors)
        if name == "direct":
            setup = Setup(place, proxy_cores, mock.port(row.tls_door))
        proxy = contestants.make(name, setup, build, small=to_the_end)
        ending.callback(proxy.stop)
        proxy.start()
        try:
            figures = _under_load(row, proxy, mock, build, place, cores, seconds, warm_up, to_the_end)
        except Trouble as trouble:
            raise Trouble(f"{name}: {trouble}; the proxy said: {_last_words(proxy)}") from None
        proxy.stop()
        mock.stop()
    figures["problems"] += _disagreements(row, figures, mock.counts)
    figures["mock"] = mock.counts
    return figures


def _last_words(proxy):
    errors = getattr(proxy, "errors", None)
    return errors.read_text(errors="replace")[-600:].strip() or "nothing" if errors and errors.exists() else "nothing"


def _stream(row, seconds, warm_up, to_the_end):
    if row.mode != "streams":
        return {}
    lasting = seconds + warm_up + _opening(row) + (0 if to_the_end else SLACK_SECONDS)
    return {"contents": math.ceil(lasting * 1000 / row.interval_ms), "interval_ms": row.interval_ms}


def _opening(row):
    """Over whole intervals, so that chunks of all streams lie evenly in time; at most 2,000 a second."""
    interval = row.interval_ms / 1000
    return interval * math.ceil(row.connections / 2000 / interval)


def _under_load(row, proxy, mock, build, place, cores, seconds, warm_up, to_the_end):
    keys = proxy.keys() if hasattr(proxy, "keys") else place.keys("keys", [KEY])
    stream = row.mode == "streams"
    authority = place.certificate if row.tls_door else None
    problems = _probe(proxy, keys, stream, authority, leave=stream and not to_the_end)
    before = meter.memory(proxy.pids)
    load = Load(build, cores.generator, row.mode, proxy.port, keys,
                connections=row.connections, rate=row.rate if row.mode == "open" else None,
                opening=_opening(row) if stream else None, warm_up=warm_up, window=seconds,
                warm_up_answers=None if to_the_end or row.mode != "closed" else getattr(proxy, "first_uses", None),
                to_the_end=to_the_end and stream, drain=120 if to_the_end else None, spin=row.mode == "open" and not cores.instruments_share,
                body_bytes=row.body_bytes, models=min(row.models, getattr(proxy, "models", 10_000)), tls=authority)
    try:
        load.moment("connected")
        groups = {"proxy": proxy.pids, "mock": mock.pids, "generator": load.pids}
        begin_said, begin = load.moment("begin"), meter.Reading(groups)
        if hasattr(proxy, "scrape"):
            proxy.scrape()
        end_said, end = load.moment("end"), meter.Reading(groups)
        memory = meter.memory(proxy.pids)
        done = load.moment("done")
    finally:
        load.stop()
    spent = end - begin
    units = "events" if stream else "answered"
    count = end_said[units] - begin_said[units]
    if count == 0 and not to_the_end:
        raise Trouble(f"{row.name}, {proxy.name}: nothing was answered in {seconds} s")
    count = max(count, 1)  # a machine may be slow; what counts then is that all is answered in the end
    return {
        "count": count,
        "per_second": count / (end_said["time"] - begin_said["time"]),
        "cpu_us": spent["proxy"] * 1e6 / count,
        "cpu_us_by_thread": [[who, seconds * 1e6 / count] for who, seconds in
                             meter.dearest_first(end.threads["proxy"], begin.threads["proxy"]) if seconds > 0],
        "busy": {who: spent[who] / spent["wall"] for who in groups},
        "kib_per_stream": (memory - before) / 1024 / row.connections if stream else None,
        "memory_mib": memory / 2**20,
        "latency": done.pop("latency"),
        "first_content": done.pop("first_content"),
        "load": done,
        "problems": problems,
        "folds_role": getattr(proxy, "folds_role", False),
    }


def _probe(proxy, keys, stream, authority, leave):
    key = keys.read_text().split("\n", 1)[0]
    status, said, ended = probe.ask(proxy.port, key, stream, authority, leave)
    if status != 200:
        return [f"the first request was answered {status}: {said[:200]}"]
    wanted = "The capital of France" if not stream else " Paris" if leave else " Paris and"
    if not said.startswith(wanted):
        return [f"the first answer says {said[:80]!r}, the upstream said {wanted!r}…"]
    return [] if leave or ended in ("whole", "done") else [f"the first stream {ended}"]


def _disagreements(row, figures, counts):
    """Where clients, upstream and plan do not tell the same."""
    load, problems = figures["load"], []
    if counts is None:
        return ["the mock upstream died"]
    answered = load["answered"]
    stream = row.mode == "streams"
    left_early = stream and load["answered"] < load["asked"] and load["unfinished"] == 0
    if load["statuses"] and set(load["statuses"]) != {"200"}:
        problems.append(f"statuses {load['statuses']}")
    for what in ("broken", "unfinished", "unsent", "closed"):
        if load[what]:
            problems.append(f"{load[what]} {what}")
    if counts["malformed"]:
        problems.append(f"the upstream got {counts['malformed']} malformed requests")
    asked = load["asked"] + 1  # by hand
    if counts["requests"] != asked:
        problems.append(f"clients asked {asked} times, the upstream was asked {counts['requests']} times")
    if left_early:
        return problems
    if stream:
        # The role, finish reason, usage and [DONE] are events too.
        wanted = counts["contents"] // counts["requests"] + (3 if figures["folds_role"] else 4)
        if (load["least_events"], load["most_events"]) != (wanted, wanted):
            problems.append(f"streams of {load['least_events']} to {load['most_events']} events instead of {wanted}")
    elif answered and load["least_body"] != load["most_body"]:
        problems.append(f"answers of {load['least_body']} to {load['most_body']} bytes")
    return problems
