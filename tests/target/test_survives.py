"""Nothing that peers send, leave undone or use up stops the target."""

from __future__ import annotations

import random
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.target.verbs import GREETING
from tests.target.client import PATIENCE, Client

Opener = Callable[..., Client]
WORDS = [
    "hello",
    "echo",
    "discard",
    "send 9",
    "wait 1",
    "read 1",
    "eof",
    "half-close",
    "close",
    "close-unread",
    "abort",
    "hold",
    "stop-reading",
    "connect 127.0.0.1 9",
    "connect ::1 9 send 3",
    "send 99999999",
    "\xff",
    "PROBE",
]


@pytest.fixture
def many() -> Iterator[None]:
    """Descriptors for thousands of clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_random_octets_then_reset(dial: Opener) -> None:
    chance = random.Random(9293)
    for _ in range(300):
        client = dial(chance.choice([b"", b"PROBE ", b"PROBE send 100000;"]) + chance.randbytes(chance.randrange(2000)))
        chance.choice([client.reset, client.finish, client.sock.close])()
    assert dial(b"PROBE hello\n").read(len(GREETING)) == GREETING


@given(
    st.lists(st.sampled_from(WORDS), max_size=6), st.binary(max_size=50), st.sampled_from(["reset", "close", "finish"])
)
@settings(max_examples=200)
def test_any_mixture_of_verbs(target: dict[int, tuple[str, int]], verbs: list[str], stream: bytes, end: str) -> None:
    client = Client(target[4])
    try:
        client.send(b"PROBE " + ";".join(verbs).encode("latin-1") + b"\n" + stream)
        {"reset": client.reset, "close": client.sock.close, "finish": client.finish}[end]()
    except OSError:  # the line may say abort before we are through
        pass
    finally:
        client.sock.close()
    witness = Client(target[4], b"PROBE hello; close\n")
    with witness.sock:
        assert witness.rest() == GREETING


@pytest.mark.usefixtures("many")
def test_two_thousand_at_once(dial: Opener) -> None:
    clients = [dial() for _ in range(2000)]
    for number, client in enumerate(clients):
        client.send(b"octets of %d" % number)
    for number, client in enumerate(clients):
        expected = b"octets of %d" % number
        assert client.read(len(expected)) == expected
    for client in clients:
        client.finish()
    assert all(client.rest() == b"" for client in clients)


def test_a_flood_of_resets(dial: Opener) -> None:
    for _ in range(500):
        dial(b"PROBE hold\n").reset()
    assert dial(b"PROBE hello\n").read(len(GREETING)) == GREETING


@pytest.mark.parametrize("limit", [12, 84])  # the system says no; our own cap does
def test_out_of_descriptors_it_waits_until_somebody_leaves(limit: int) -> None:
    script = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}));"
        "from probe.target.__main__ import main; sys.exit(main([]))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        clients = [Client(("127.0.0.1", port)) for _ in range(100)]  # the kernel takes them, the target cannot
        late = clients[-1]
        late.send(b"late")
        assert late.silent()
        for client in clients[:-1]:
            client.sock.close()
        assert late.read(4) == b"late"
        late.sock.close()
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_an_echo_to_somebody_who_does_not_read_stays_small(dial: Opener) -> None:
    client = dial()
    client.sock.setblocking(False)
    sent = 0
    while select.select([], [client.sock], [], 0.5)[1] and sent < 1 << 28:
        sent += client.sock.send(bytes(1 << 16))
    assert sent < 1 << 28, "the target buffers without bound"
    client.sock.setblocking(True)
    client.sock.settimeout(PATIENCE)
    client.finish()
    got = 0
    while more := client.sock.recv(1 << 20):
        got += len(more)
    assert got == sent


def test_urgent_octets_are_no_danger(dial: Opener) -> None:
    client = dial()
    client.sock.send(b"!", socket.MSG_OOB)
    client.send(b"normal")
    assert client.read(6) == b"normal"


@pytest.mark.parametrize(
    "line", [b"hold", b"eof; hold", b"half-close; hold", b"stop-reading", b"wait 600000", b"eof; wait 600000"]
)
def test_a_reset_ends_even_who_does_not_read(line: bytes) -> None:
    with subprocess.Popen([sys.executable, "-m", "probe.target"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = "127.0.0.1", int(process.stdout.readline().rpartition(":")[2])
        descriptors = Path(f"/proc/{process.pid}/fd")
        before = len(list(descriptors.iterdir()))
        client = Client(where, b"PROBE hello;" + line + b"\n")
        assert client.read(len(GREETING)) == GREETING
        if b"eof" in line:
            client.finish()
            witness = Client(where, b"PROBE hello; close\n")  # served after the FIN was
            assert witness.rest() == GREETING
            witness.sock.close()
        client.reset()
        deadline = time.monotonic() + PATIENCE
        while len(list(descriptors.iterdir())) > before and time.monotonic() < deadline:
            witness = Client(where, b"PROBE hello; close\n")
            witness.rest()
            witness.sock.close()
        process.terminate()
        assert time.monotonic() < deadline, "the target still holds the connection that was reset"
