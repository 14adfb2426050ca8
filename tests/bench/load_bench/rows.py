"""What is measured: the table of rows. Each is one kind of work that every proxy gets in turn."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    mode: str = "closed"      # closed, open, streams: the load generator's
    body_bytes: int = 1024
    workers: int = 1
    tls_upstream: bool = False
    tls_door: bool = False
    connections: int = 64     # of streams, how many
    rate: int = 1000          # open
    models: int = 1000        # in turn; streams ask for one, so that what a model's first use keeps is no stream's memory
    interval_ms: int = 50     # streams: from one chunk of a stream to the next
    proxies: tuple = ("nginx", "haproxy", "tollgate")
    scale: bool = False       # the gateway among many keys and routes against few

    def smaller(self, connections):
        return dataclasses.replace(self, connections=min(self.connections, connections))


def streams(name, title, connections, **more):
    return Row(name, title, mode="streams", connections=connections, models=1, **more)


AGAINST_DIRECT = ("direct", "nginx", "haproxy", "tollgate")
AGAINST_ONE = ("nginx", "haproxy", "tollgate", "tollgate-one-worker")
AS_MANY_AS_FIT = 1_000_000  # cut to what descriptors allow

ROWS = (
    Row("json-1k", "1 KB request"),
    Row("json-10k", "10 KB request", body_bytes=10 * 1024),
    Row("json-100k", "100 KB request", body_bytes=100 * 1024),
    Row("json-1k-tls-up", "1 KB request, TLS to the upstream", tls_upstream=True),
    Row("json-1k-tls-door", "1 KB request, TLS at the door", tls_door=True),
    Row("json-1k-tls-both", "1 KB request, TLS on both sides", tls_upstream=True, tls_door=True),
    Row("json-1k-2w", "1 KB request, two workers", workers=2, connections=128, proxies=AGAINST_ONE),
    streams("stream-1000", "1,000 streams, a chunk each 50 ms", 1000, proxies=AGAINST_DIRECT),
    streams("stream-1000-tls-up", "1,000 streams, TLS to the upstream", 1000, tls_upstream=True),
    streams("stream-1000-tls-both", "1,000 streams, TLS on both sides", 1000, tls_upstream=True, tls_door=True),
    streams("stream-1000-2w", "1,000 streams, two workers", 1000, workers=2),
    streams("stream-5000", "5,000 streams, a chunk each 500 ms", 5000, interval_ms=500),
    streams("stream-most", "as many streams as descriptors allow, a chunk each second", AS_MANY_AS_FIT,
            interval_ms=1000),
    Row("latency-1000", "1,000 requests of 1 KB per second", "open", rate=1000, proxies=AGAINST_DIRECT),
    Row("scale", "100,000 keys, 10,000 routes, 1,000 targets against ten of each", models=10_000,
        proxies=("tollgate-few", "tollgate-many"), scale=True),
)


def chosen(names, cores, descriptors):
    """The rows of these names (all where there are none), cut to the machine, and why others are left out."""
    known = {row.name for row in ROWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no row is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    # A proxy has two descriptors for each stream, and some for itself.
    most = (descriptors - 1000) // 2
    rows, left_out = [], []
    for row in ROWS:
        if names and row.name not in names:
            continue
        if row.workers > len(cores.proxy):
            left_out.append((row, "two workers want four processors"))
        elif row.mode == "streams" and row.connections != AS_MANY_AS_FIT and row.connections > most:
            left_out.append((row, f"descriptors allow {most} streams"))
        else:
            rows.append(row.smaller(most) if row.mode == "streams" else row)
    return rows, left_out


def quick(rows):
    """The same rows with small counts: whether the bench works, not how fast anybody is."""
    small = []
    for row in rows:
        changes = {"connections": min(row.connections, 8), "rate": 200, "interval_ms": 20}
        small.append(dataclasses.replace(row, **changes))
    return small
