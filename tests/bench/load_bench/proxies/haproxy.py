"""HAProxy: kept connections on both sides that any request may use, its log written to a file, each
piece of a stream sent on at once."""
import subprocess

from .. import cores
from ..programs import accepts, free_port, stop, wait_for

CONFIGURATION = """
global
  maxconn {connections}
  nbthread {workers}
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option http-keep-alive
  option http-no-delay
  http-reuse always
  maxconn {connections}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  timeout http-request 10s
frontend door
  bind 127.0.0.1:{port} backlog 16384 shards by-thread{ssl}
  default_backend mock
backend mock
  server mock 127.0.0.1:{upstream} pool-max-conn -1 pool-purge-delay 1h{verify}
"""


class Haproxy:
    name = "haproxy"

    def __init__(self, setup):
        self.setup = setup
        self.port = free_port()
        self.errors = setup.place.folder / "haproxy.error"
        self.process = None

    def start(self):
        setup, place = self.setup, self.setup.place
        path = place.folder / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(
            connections=setup.descriptors // 2 - 100, workers=len(setup.cores), port=self.port,
            upstream=setup.upstream, ssl=f" ssl crt {place.both} alpn http/1.1" if setup.tls_door else "",
            verify=f" ssl verify required ca-file {place.certificate} verifyhost localhost sni str(localhost)"
                   if setup.tls_upstream else ""))
        with open(place.folder / "haproxy.access", "ab") as log, open(self.errors, "ab") as error:
            self.process = subprocess.Popen(["haproxy", "-db", "-f", path], stdout=log, stderr=error,
                                            preexec_fn=cores.pin(*setup.cores))
        wait_for("haproxy", lambda: accepts(self.port), self.process)
        self.pids = [self.process.pid]

    def stop(self):
        if self.process:
            stop(self.process)
