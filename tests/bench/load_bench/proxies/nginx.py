"""nginx as a reverse proxy: kept connections on both sides, nothing buffered of an answer, requests
held in memory, its log written in blocks."""
import signal
import subprocess

from .. import cores, meter
from ..programs import accepts, free_port, stop, wait_for

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {errors} error;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  access_log {folder}/nginx.access combined buffer=64k flush=1s;
  client_body_temp_path {folder}/nginx.body;
  proxy_temp_path {folder}/nginx.proxy;
  fastcgi_temp_path {folder}/nginx.fastcgi;
  uwsgi_temp_path {folder}/nginx.uwsgi;
  scgi_temp_path {folder}/nginx.scgi;
  client_body_buffer_size 256k;
  client_max_body_size 32m;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  tcp_nodelay on;
  upstream mock {{
    server 127.0.0.1:{upstream};
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
  }}
  server {{
    listen 127.0.0.1:{port}{ssl} reuseport backlog=16384;
    {certificates}
    location / {{
      proxy_pass {scheme}://mock;
      {verify}
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 3600s;
    }}
  }}
}}
"""


class Nginx:
    name = "nginx"

    def __init__(self, setup):
        self.setup = setup
        self.port = free_port()
        self.errors = setup.place.folder / "nginx.error"
        self.process = None

    def start(self):
        setup, place = self.setup, self.setup.place
        path = place.folder / "nginx.conf"
        path.write_text(CONFIGURATION.format(
            folder=place.folder, errors=self.errors, workers=len(setup.cores),
            # It closes idle ones when less than a sixteenth is free.
            connections=setup.descriptors * 5 // 4, descriptors=setup.descriptors, upstream=setup.upstream,
            port=self.port, ssl=" ssl" if setup.tls_door else "",
            certificates=f"ssl_certificate {place.certificate}; ssl_certificate_key {place.key};"
                         " ssl_session_cache shared:door:10m;" if setup.tls_door else "",
            scheme="https" if setup.tls_upstream else "http",
            verify=f"proxy_ssl_trusted_certificate {place.certificate}; proxy_ssl_verify on;"
                   " proxy_ssl_name localhost; proxy_ssl_protocols TLSv1.2 TLSv1.3;" if setup.tls_upstream else ""))
        self.process = subprocess.Popen(["nginx", "-c", path, "-e", self.errors],
                                        preexec_fn=cores.pin(*setup.cores))
        wait_for("nginx", lambda: accepts(self.port), self.process)
        wait_for("nginx's workers", lambda: len(meter.descendants(self.process.pid)) > len(setup.cores), self.process)
        self.pids = meter.descendants(self.process.pid)

    def stop(self):
        if self.process:
            stop(self.process, signal.SIGTERM)  # at once: nobody waits for open streams
