"""What processes cost, as the kernel counts it: processor time of every thread, and memory."""
import pathlib
import time


def descendants(pid):
    """The process and all below it: nginx is several."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def by_thread(pids):
    """Seconds on a processor per thread that lives: {number of the thread: (its name, seconds)}."""
    found = {}
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                spent = int((task / "schedstat").read_text().split()[0])
                found[int(task.name)] = ((task / "comm").read_text().strip(), spent / 1e9)
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended
    return found


def dearest_first(later, earlier):
    """Seconds of each thread between two by_thread()s: [(name, seconds)]."""
    spent = [(name, seconds - earlier.get(thread, ("", 0))[1]) for thread, (name, seconds) in later.items()]
    return sorted(spent, key=lambda entry: -entry[1])


def memory(pids):
    """Bytes in memory; what several processes share counts once."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


class Reading:
    """The processor time of several groups at one moment; `later - earlier` is a dict of seconds,
    with the time that has passed as `wall`."""

    def __init__(self, groups):
        self.threads = {name: by_thread(pids) for name, pids in groups.items()}
        self.wall = time.monotonic()

    def __sub__(self, earlier):
        spent = {name: sum(seconds for _, seconds in dearest_first(threads, earlier.threads[name]))
                 for name, threads in self.threads.items()}
        return {**spent, "wall": self.wall - earlier.wall}
