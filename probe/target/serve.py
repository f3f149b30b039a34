"""Starts and stops the target: `serve` for programs, `run` for the command line."""

from __future__ import annotations

import ipaddress
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from probe.target.listening import ListenError, addresses_of, listen
from probe.target.server import Server

Ready = Callable[[list[tuple[str, int]]], None]
Note = Callable[[str], None]


def _say_nothing(_text: str) -> None:
    """Nobody asked to be told."""


def serve(
    addresses: Sequence[str],
    port: int,
    *,
    ready: Ready,
    stops: Iterable[int] = (),
    warn: Note = _say_nothing,
    trace: Note = _say_nothing,
) -> None:
    """Serve on these literal addresses, all on the same port (0: a free one), until told to stop.

    ``ready`` is called once with what is listened on. Any descriptor of ``stops`` that becomes readable or hangs up
    ends it; without one it never ends. ``warn`` hears of addresses left out, ``trace`` of every connection's end.
    Raises ListenError.
    """
    listeners = listen(addresses, port, warn)
    try:
        server = Server(listeners, stops, trace)
        ready([listener.getsockname()[:2] for listener in listeners])
        server.run()
    finally:
        for listener in listeners:
            listener.close()


def run(
    host: str | None,
    port: int,
    *,
    out: TextIO,
    err: TextIO | None = None,
    lifeline: int | None = None,
    verbose: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT, as `probe target` does; the exit code: 0 stopped, 4 cannot listen.

    ``host`` None is loopback, ``*`` every address. One line ``listening on ADDRESS:PORT`` an address goes to ``out``,
    all in one piece; warnings go to ``err``. The end of ``lifeline`` (a pipe) ends the target too. Main thread only.
    """
    complain = sys.stderr if err is None else err

    def warn(text: str) -> None:
        complain.write(f"probe target: {text}\n")
        complain.flush()

    def ready(endpoints: list[tuple[str, int]]) -> None:
        if not all(ipaddress.ip_address(address).is_loopback for address, _ in endpoints):
            warn("whoever reaches this address can make it connect anywhere: for test networks only")
        # One write: a pipe takes that much whole, so a reader that has one line has them all.
        out.write("".join(f"listening on {_shown(address)}:{port}\n" for address, port in endpoints))
        out.flush()

    _raise_descriptor_limit()
    try:
        with _signals() as stop:
            stops = [stop] if lifeline is None else [stop, lifeline]
            addresses = addresses_of(host)
            serve(addresses, port, ready=ready, stops=stops, warn=warn, trace=warn if verbose else _say_nothing)
    except ListenError as error:
        warn(str(error))
        return 4
    return 0


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _raise_descriptor_limit() -> None:
    """Thousands of connections need as many descriptors; the soft limit is often 1024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor that becomes readable on SIGTERM or SIGINT; the former handlers come back afterwards.

    A SIGINT that is ignored stays ignored: Ctrl-C is then meant for the script that put us in the background.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        before_wakeup = signal.set_wakeup_fd(writer.fileno())
        stopping = [signal.SIGTERM]
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            stopping.append(signal.SIGINT)
        before = {number: signal.signal(number, _handled) for number in stopping}
        try:
            yield reader.fileno()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_wakeup)


def _handled(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor tells the loop; without a handler the signal would end the process."""
