"""Which processor each program gets, so that none is measured in the way of another."""
import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Cores:
    mock: int
    generator: int
    proxy: tuple  # as many as a proxy may have workers
    driver: int   # this program's own

    @property
    def instruments_share(self):
        return self.mock == self.generator


def assign(allowed=None):
    """From four processors on, a proxy may have two. Below three, both instruments share one."""
    allowed = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    if len(allowed) >= 4:
        return Cores(allowed[0], allowed[1], tuple(allowed[2:4]), allowed[4] if len(allowed) > 4 else allowed[3])
    if len(allowed) == 3:
        return Cores(allowed[0], allowed[1], (allowed[2],), allowed[0])
    return Cores(allowed[0], allowed[0], (allowed[-1],), allowed[0])


def pin(*cores):
    """What a child does before it becomes its program."""
    return lambda: os.sched_setaffinity(0, cores)
