"""The proxies that are compared, each configured as well as it can be for the same work. A proxy is
made for a Setup, start()ed, and has then `port` and `pids`; stop() ends it."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Setup:
    """What is asked of a proxy in one measurement."""
    place: object        # Place
    cores: tuple         # as many workers as these
    upstream: int        # the mock's port
    tls_upstream: bool = False
    tls_door: bool = False
    descriptors: int = 20_000
