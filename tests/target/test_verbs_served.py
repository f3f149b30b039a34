"""Every verb, seen by an ordinary kernel client over IPv4 and IPv6."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from probe.target.connection import PATTERN
from probe.target.verbs import GREETING
from tests.target.client import PATIENCE, Client

Opener = Callable[..., Client]


@pytest.mark.parametrize(
    "first", [b"x", b"PRO", b"PROBE", b"probe close\n", b"PROBEclose\n", b"\0" * 3000, b"PRO\nBE \n"]
)
def test_anything_else_is_echoed_and_the_close_followed(dial: Opener, first: bytes) -> None:
    client = dial(first)
    client.finish()
    assert client.rest() == first


def test_octets_that_match_no_command_are_echoed_at_once(dial: Opener) -> None:
    assert dial(b"GET /").read(5) == b"GET /"


def test_hello_answers_and_echo_goes_on(dial: Opener) -> None:
    client = dial(b"PROBE hello\nand so on")
    assert client.read(len(GREETING) + 9) == GREETING + b"and so on"


def test_a_command_may_come_octet_by_octet(dial: Opener) -> None:
    client = dial()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in b"PROBE hello; close\n":
        client.send(bytes([octet]))
    assert client.rest() == GREETING


def test_a_refused_line_is_answered_and_closed(dial: Opener) -> None:
    assert dial(b"PROBE vanish\n").rest() == b"ERR unknown verb 'vanish'\n"


def test_a_line_too_long_is_answered_and_closed(dial: Opener) -> None:
    assert dial(b"PROBE " + b"x" * 506).rest() == b"ERR more than 512 octets\n"


def test_a_line_cut_off_by_our_fin_is_answered(dial: Opener) -> None:
    client = dial(b"PROBE clo")
    client.finish()
    assert client.rest() == b"ERR the command line has no end\n"


def test_close_sends_what_is_queued_and_closes_both_ways(dial: Opener) -> None:
    client = dial(b"PROBE send 100; close\n")
    assert client.rest() == PATTERN[:100]
    assert not client.still_takes()


def test_a_big_send_reaches_a_slow_reader_whole(dial: Opener) -> None:
    client = dial(b"PROBE send 3000000; close\n")
    got = client.rest()
    assert len(got) == 3_000_000
    assert got == (PATTERN * 46)[:3_000_000]


def test_half_close_goes_on_reading(dial: Opener) -> None:
    client = dial(b"PROBE half-close\n")
    assert client.rest() == b""
    assert client.still_takes()
    client.finish()
    assert client.rest() == b""


def test_abort_resets(dial: Opener) -> None:
    assert dial(b"PROBE abort\n").was_reset()


def test_close_over_unread_octets_resets(dial: Opener) -> None:
    client = dial(b"PROBE close-unread\n")
    assert client.silent()
    client.send(b"x")
    assert client.was_reset()


def test_octets_behind_the_line_count_as_unread(dial: Opener) -> None:
    assert dial(b"PROBE close-unread\nx").was_reset()


def test_close_unread_without_octets_ends_as_usual(dial: Opener) -> None:
    client = dial(b"PROBE close-unread\n")
    client.finish()
    assert client.rest() == b""


@pytest.mark.parametrize("line", [b"PROBE hold\n", b"PROBE stop-reading\n"])
def test_some_never_close(dial: Opener, line: bytes) -> None:
    client = dial(line + b"data")
    client.finish()
    assert client.silent()


def test_stop_reading_closes_the_window(dial: Opener) -> None:
    client = dial(b"PROBE stop-reading\n")
    client.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.send(bytes(1 << 26))


def test_eof_then_wait_then_close(dial: Opener) -> None:
    client = dial(b"PROBE eof; wait 200; close\n")
    assert client.silent()
    began = time.monotonic()
    client.finish()
    assert client.rest() == b""
    assert time.monotonic() - began >= 0.2


def test_data_in_close_wait(dial: Opener) -> None:
    client = dial(b"PROBE eof; send 100; close\n")
    assert client.silent()
    client.finish()
    assert client.rest() == PATTERN[:100]


def test_read_waits_for_so_many_octets(dial: Opener) -> None:
    client = dial(b"PROBE discard; read 5; close\n1234")
    assert client.silent()
    client.send(b"5")
    assert client.rest() == b""


def test_echo_and_discard_take_turns(dial: Opener) -> None:
    client = dial(b"PROBE discard; read 3; echo\nabc")
    assert client.silent()
    client.send(b"def")
    assert client.read(3) == b"def"


def listener(client: Client) -> socket.socket:
    """A listening socket on the client's own address."""
    sock = socket.create_server((client.address, 0), family=client.sock.family)
    sock.settimeout(PATIENCE)
    return sock


def test_connect_opens_a_connection_that_takes_the_rest_of_the_line(dial: Opener) -> None:
    client = dial()
    with listener(client) as server:
        host = f"[{client.address}]" if ":" in client.address else client.address
        client.send(f"PROBE connect {host} {server.getsockname()[1]} send 5; close\nechoed".encode())
        taken, _ = server.accept()
        with taken:
            taken.settimeout(PATIENCE)
            assert b"".join(iter(lambda: taken.recv(99), b"")) == PATTERN[:5]
    assert client.read(6) == b"echoed"


def test_connect_from_a_port_and_take_a_command_of_its_own(dial: Opener) -> None:
    client = dial()
    with listener(client) as server, listener(client) as spare:
        port = spare.getsockname()[1]
        spare.close()
        client.send(f"PROBE connect {client.address} {server.getsockname()[1]} from {port}\n".encode())
        taken, peer = server.accept()
        with taken:
            taken.settimeout(PATIENCE)
            taken.sendall(b"PROBE hello; close\n")
            assert (taken.recv(99), peer[1]) == (GREETING, port)


def test_connect_with_little_room_soon_takes_no_more(dial: Opener) -> None:
    client = dial()
    with listener(client) as server:
        where = f"{client.address} {server.getsockname()[1]}"
        client.send(f"PROBE connect {where} room 1200; stop-reading\n".encode())
        taken, _ = server.accept()
        with taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            taken.settimeout(0.5)
            with pytest.raises(TimeoutError):
                taken.sendall(bytes(1 << 17))


def test_what_is_gathered_arrives_whole(dial: Opener) -> None:
    assert dial(b"PROBE gather; send 10; send 1000; close\n").rest() == PATTERN[:10] + PATTERN[:1000]


def test_a_connect_that_fails_hurts_nobody(dial: Opener) -> None:
    client = dial()
    with listener(client) as server:
        port = server.getsockname()[1]
    client.send(f"PROBE connect {client.address} {port} close\nechoed".encode())
    assert client.read(6) == b"echoed"
