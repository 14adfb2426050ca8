"""From measurements to the lines of the table: medians, ranges, and ratios within one round."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float


def spread(values):
    values = [value for value in values if value is not None]
    return Spread(statistics.median(values), min(values), max(values)) if values else None


@dataclasses.dataclass
class Line:
    row: str
    what: str        # the figure: cpu, memory, first_content, latency, throughput
    title: str
    unit: str
    spreads: dict    # proxy -> Spread
    ratios: dict     # proxy -> Spread of value / nginx's in the same round
    notes: list


BUSY = 0.8  # an instrument that is busier may be the limit itself


def lines(row, rounds, shared_core=False):
    """`rounds`: a list of {proxy: figures}."""
    notes = _notes(row, rounds, shared_core)
    if row.scale:
        return [_line(row, "cpu", f"{row.title}: CPU per request", "µs", rounds, _cpu, notes, "tollgate-few")]
    if row.mode == "open":
        return [_line(row, "latency", f"{row.title}: median latency added", "µs", _added(rounds, "latency"), _value,
                      notes)]
    if row.mode == "closed":
        found = [_line(row, "cpu", f"{row.title}: CPU per request", "µs", rounds, _cpu, notes)]
        if row.workers > 1:
            found.append(_line(row, "throughput", f"{row.title}: requests per second", "", rounds,
                               lambda figures: figures["per_second"], notes))
        return found
    found = [_line(row, "cpu", f"{row.title}: CPU per chunk", "µs", rounds, _cpu, notes),
             _line(row, "memory", f"{row.title}: memory per stream", "KB", rounds,
                   lambda figures: figures["kib_per_stream"], notes)]
    if "direct" in row.proxies:
        found.append(_line(row, "first_content", f"{row.title}: first content, median delay added", "µs",
                           _added(rounds, "first_content"), _value, notes))
    return found


def _cpu(figures):
    return figures["cpu_us"]


def _value(figures):
    return figures["value"]


def _added(rounds, what):
    """The median in microseconds beyond that of the same round without a proxy."""
    out = []
    for measured in rounds:
        if "direct" not in measured:
            continue
        base = measured["direct"][what]["p50_us"]
        out.append({name: {"value": figures[what]["p50_us"] - base}
                    for name, figures in measured.items() if name != "direct"})
    return out


def _line(row, what, title, unit, rounds, value, notes, base="nginx"):
    names = [name for name in (rounds[0] if rounds else {}) if name != "direct"]
    spreads = {name: spread([value(measured[name]) for measured in rounds if name in measured]) for name in names}
    ratios = {}
    for name in names:
        if name == base or base not in names:
            continue
        pairs = [(value(measured[name]), value(measured[base])) for measured in rounds
                 if name in measured and base in measured]
        ratios[name] = spread([mine / theirs for mine, theirs in pairs if theirs > 0])
    return Line(row.name, what, title, unit, spreads, ratios, notes)


def _notes(row, rounds, shared_core):
    """Why a line is not to be believed."""
    notes = []
    problems = sorted({f"{name}: {problem}" for measured in rounds for name, figures in measured.items()
                       for problem in figures["problems"]})
    notes += problems
    if row.mode == "streams":
        wanted = row.connections * 1000 / row.interval_ms
        for name in rounds[0]:
            came = min(measured[name]["per_second"] for measured in rounds if name in measured) / wanted
            if came < 0.95:  # who falls behind sends several in one
                notes.append(f"invalid: {name} brought {came:.0%} of the chunks in time")
    if row.mode == "open":
        return notes  # the generator never sleeps there
    for who in ("mock", "generator"):
        busiest = max(figures["busy"][who] for measured in rounds for figures in measured.values())
        if busiest >= (BUSY / 2 if shared_core else BUSY):
            notes.append(f"invalid: the {who} was {busiest:.0%} busy")
    return notes
