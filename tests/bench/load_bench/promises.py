"""What performance promises say, and whether a run shows it: each with its floor and its goal."""
import dataclasses

HOLDS, FALLS_SHORT, INVALID = "holds", "falls short", "invalid"
NOT_MEASURED, NOT_BUILT = "not measured", "not built"


@dataclasses.dataclass(frozen=True)
class Verdict:
    promise: str
    measured: str
    floor: str
    floor_holds: str
    goal: str
    goal_holds: str


def evaluate(lines, uring_built):
    found = {(line.row, line.what): line for line in lines}
    uring = "tollgate-uring"
    return [
        _against_nginx(found, "CPU per 1 KB JSON request, epoll", "json-1k", "cpu", 1, 1.25, below_haproxy=True),
        _against_nginx(found, "the same, io_uring", "json-1k", "cpu", 1.1, 1.6, uring, uring_built),
        _against_nginx(found, "CPU per 100 KB request", "json-100k", "cpu", 1, 1.2),
        _chunks(found, uring_built),
        _most(found, "memory per open stream, 5,000 open", "stream-5000", "memory", 12, 5, "KB"),
        _against_nginx(found, "added median latency at 1,000 requests per second", "latency-1000", "latency", 1, 1.2),
        _two_workers(found),
        _scale(found),
    ]


def _verdict(promise, line, measured, floor, floor_holds, goal, goal_holds):
    if line and any(note.startswith("invalid") for note in line.notes):
        return Verdict(promise, measured, floor, INVALID, goal, INVALID)
    said = {True: HOLDS, False: FALLS_SHORT}
    return Verdict(promise, measured, floor, said.get(floor_holds, floor_holds), goal,
                   said.get(goal_holds, goal_holds))


def _bound(divisor):
    return "≤ nginx" if divisor == 1 else f"≤ nginx / {divisor}"


def _against_nginx(found, promise, row, what, floor, goal, name="tollgate", built=True, below_haproxy=False):
    line = found.get((row, what))
    floor_text = _bound(floor)
    goal_text = _bound(goal) + (", and below HAProxy" if below_haproxy else "")
    ratio = line and line.ratios.get(name)
    if not ratio:
        state = NOT_MEASURED if built else NOT_BUILT
        return Verdict(promise, "", floor_text, state, goal_text, state)
    mine = line.spreads[name].median
    goal_holds = ratio.median <= 1 / goal
    if below_haproxy:
        goal_holds = goal_holds and mine < line.spreads["haproxy"].median
    return _verdict(promise, line, f"{mine:.1f} {line.unit}, nginx × {ratio.median:.2f}",
                    floor_text, ratio.median <= 1 / floor, goal_text, goal_holds)


def _chunks(found, uring_built):
    """Its floor is the epoll program's, its goal the other's."""
    floor = _against_nginx(found, "CPU per relayed stream chunk", "stream-1000", "cpu", 1, 1.25)
    goal = _against_nginx(found, "", "stream-1000", "cpu", 1, 1.25, "tollgate-uring", uring_built)
    measured = floor.measured + (f"; io_uring {goal.measured}" if goal.measured else "")
    return dataclasses.replace(floor, measured=measured, goal=floor.goal + " (io_uring)", goal_holds=goal.goal_holds)


def _most(found, promise, row, what, floor, goal, unit):
    line = found.get((row, what))
    mine = line and line.spreads.get("tollgate")
    if not mine:
        return Verdict(promise, "", f"≤ {floor} {unit}", NOT_MEASURED, f"≤ {goal} {unit}", NOT_MEASURED)
    return _verdict(promise, line, f"{mine.median:.1f} {unit}", f"≤ {floor} {unit}", mine.median <= floor,
                    f"≤ {goal} {unit}", mine.median <= goal)


def _two_workers(found):
    promise, floor, goal = "two workers against one", 1.8, 1.95
    line = found.get(("json-1k-2w", "throughput"))
    if not line or not line.spreads.get("tollgate"):
        return Verdict(promise, "", f"≥ {floor} ×", NOT_MEASURED, f"≥ {goal} ×", NOT_MEASURED)
    times = line.spreads["tollgate"].median / line.spreads["tollgate-one-worker"].median
    return _verdict(promise, line, f"× {times:.2f}", f"≥ {floor} ×", times >= floor, f"≥ {goal} ×", times >= goal)


def _scale(found):
    promise, bound = "cost of 100,000 keys, 10,000 routes", "within 5 % of ten"
    line = found.get(("scale", "cpu"))
    ratio = line and line.ratios.get("tollgate-many")
    if not ratio:
        return Verdict(promise, "", bound, NOT_MEASURED, bound, NOT_MEASURED)
    return _verdict(promise, line, f"ten × {ratio.median:.3f}", bound, ratio.median <= 1.05, bound,
                    ratio.median <= 1.05)
