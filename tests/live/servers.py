"""Ordinary servers from Debian packages, each started by one command: the test skips where the package is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Starts = Callable[[Path, int], list[str]]
"""Writes what the server reads into a directory of its own, for a port on 127.0.0.1; its command, in the foreground."""

_NGINX = """
pid {dir}/nginx.pid; error_log /dev/null; daemon off; worker_processes 1;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} {how}; location / {{ return 200 "hello\\n"; }} }} }}
"""
# AcceptFilter stays as it is by default: ``http data``, which is TCP_DEFER_ACCEPT on Linux.
_APACHE = """
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
ServerName localhost
DefaultRuntimeDir {dir}
PidFile {dir}/pid
ErrorLog {dir}/error.log
DocumentRoot {dir}
User {user}
Listen 127.0.0.1:{port}
"""
_HAPROXY = """
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend zoo
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string hello
"""
_VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
run_as_launching_user=YES
seccomp_sandbox=NO
secure_chroot_dir={dir}
"""
_SSHD = """
ListenAddress 127.0.0.1
HostKey {dir}/key
PidFile none
UsePAM no
StrictModes no
"""


@dataclass(frozen=True, slots=True)
class Server:
    """``program`` of the Debian ``package``; ``port`` where it can have no other (None: any)."""

    program: str
    package: str
    starts: Starts
    port: int | None = None

    def command(self, directory: Path, port: int) -> list[str]:
        """What starts it; skips the test where it is not installed."""
        if shutil.which(self.program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{self.program} is not installed ({self.package})")
        return self.starts(directory, self.port or port)


_USER = "www-data"
"""Apache does not serve as root."""


def _written(text: str, name: str) -> Callable[[Path, int], Path]:
    def writes(directory: Path, port: int) -> Path:
        path = directory / name
        path.write_text(text.format(dir=directory, port=port, how="", user=_USER))
        return path

    return writes


def _nginx(how: str) -> Starts:
    return lambda directory, port: [
        "nginx",
        "-c",
        str(_written(_NGINX.replace("{how}", how), "nginx.conf")(directory, port)),
    ]


def _apache(directory: Path, port: int) -> list[str]:
    return ["/usr/sbin/apache2", "-DFOREGROUND", "-f", str(_written(_APACHE, "apache.conf")(directory, port))]


def _inetd(service: str) -> Starts:
    def starts(directory: Path, port: int) -> list[str]:
        config = directory / "inetd.conf"
        config.write_text(f"127.0.0.1:{service} stream tcp nowait root internal\n")
        return ["/usr/sbin/inetd", "-i", str(config)]

    return starts


def _sshd(directory: Path, port: int) -> list[str]:
    """It wants a directory that only a service manager makes: it gets a /run of its own."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "key"], check=True)
    serve = f"/usr/sbin/sshd -D -f {_written(_SSHD, 'sshd.conf')(directory, port)} -p {port}"
    return ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs none /run && mkdir /run/sshd && exec {serve}"]


_SCORNS = """
import socket, sys, threading
def serve(connection):
    with connection:
        connection.recv(1)
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
while True:
    threading.Thread(target=serve, args=listening.accept()[:1]).start()
"""
"""Whatever it is sent, it reads one octet and closes: the rest is unread, so that Linux resets."""

SERVERS = {
    "nginx": Server("nginx", "nginx-light", _nginx("")),
    "nginx deferred": Server("nginx", "nginx-light", _nginx("deferred")),
    "apache2": Server("apache2", "apache2-bin", _apache),
    "haproxy": Server(
        "haproxy",
        "haproxy",
        lambda d, p: ["/usr/sbin/haproxy", "-db", "-q", "-f", str(_written(_HAPROXY, "h.cfg")(d, p))],
    ),
    "redis": Server(
        "redis-server",
        "redis-server",
        lambda d, p: ["redis-server", "--bind", "127.0.0.1", "--port", str(p), "--save", "", "--dir", str(d)],
    ),
    "vsftpd": Server("vsftpd", "vsftpd", lambda d, p: ["/usr/sbin/vsftpd", str(_written(_VSFTPD, "v.conf")(d, p))]),
    "sshd": Server("sshd", "openssh-server", _sshd),
    "git": Server(
        "git", "git", lambda d, p: ["git", "daemon", "--listen=127.0.0.1", f"--port={p}", f"--base-path={d}"]
    ),
    "scorns text": Server(sys.executable, "python3", lambda _, p: [sys.executable, "-c", _SCORNS, str(p)]),
    "echo": Server("inetd", "openbsd-inetd", _inetd("echo"), 7),
    "discard": Server("inetd", "openbsd-inetd", _inetd("discard"), 9),
    "daytime": Server("inetd", "openbsd-inetd", _inetd("daytime"), 13),
    "chargen": Server("inetd", "openbsd-inetd", _inetd("chargen"), 19),
}
