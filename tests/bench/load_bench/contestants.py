"""Names in a row's `proxies` made into proxies."""
import dataclasses

from .proxies.direct import Direct
from .proxies.haproxy import Haproxy
from .proxies.nginx import Nginx
from .proxies.tollgate import Tollgate


class Uring(Tollgate):
    """The gateway's second program, where it is built."""
    name = "tollgate-uring"
    program = "gateway/tollgate-uring"


def of_row(row, build):
    """The names, with the io_uring program wherever the gateway is measured and has one."""
    if "tollgate" in row.proxies and (build / Uring.program).exists():
        return (*row.proxies, Uring.name)
    return row.proxies


def make(name, setup, build, small=False):
    """`small`: many are few, where it only matters that it works."""
    if name == "direct":
        return Direct(setup)
    if name == "nginx":
        return Nginx(setup)
    if name == "haproxy":
        return Haproxy(setup)
    if name == "tollgate-uring":
        return Uring(setup, build)
    if name == "tollgate-one-worker":
        return Tollgate(dataclasses.replace(setup, cores=setup.cores[:1]), build)
    if name == "tollgate-few":
        return Tollgate(setup, build, models=10, providers=10, keys=10)
    if name == "tollgate-many":
        by = 100 if small else 1
        return Tollgate(setup, build, models=10_000 // by, providers=1000 // by, keys=100_000 // by)
    if name == "tollgate":
        return Tollgate(setup, build)
    raise ValueError(f"no proxy is called {name}")
