"""Starting and stopping: addresses, ports, signals, the lifeline, and errors in one sentence."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from probe.target import run
from probe.target.serve import ListenError, addresses_of, listen
from tests.target.client import Client
from tests.target.conftest import ipv6_works

COMMAND = [sys.executable, "-m", "probe.target"]
WITH_IPV6 = pytest.mark.skipif(not ipv6_works(), reason="no IPv6 on this machine")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            process.send_signal(number)
            _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (0, "")


def test_ctrl_c_is_ignored_where_it_was_ignored_before() -> None:
    background = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *COMMAND]
    with subprocess.Popen(background, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        process.send_signal(signal.SIGINT)
        with Client(("127.0.0.1", port), b"PROBE hello; close\n") as client:
            assert client.rest()
        process.terminate()
        assert process.wait(10) == 0


def test_the_end_of_the_lifeline_stops_it() -> None:
    process = subprocess.run(
        [*COMMAND, "--lifeline"], input="", capture_output=True, text=True, timeout=20, check=False
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("listening on 127.0.0.1:")


def test_a_port_in_use_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = run("127.0.0.1", taken.getsockname()[1])
    err = capsys.readouterr().err
    assert code == 4
    assert err.count("\n") == 1
    assert "another program listens there" in err


def test_a_name_that_does_not_exist_is_said() -> None:
    with pytest.raises(ListenError, match="neither an address nor a name"):
        addresses_of("no-such-host.invalid")


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(ListenError, match="no interface of this machine"):
        listen(["192.0.2.1"], 0, lambda _: None)


@WITH_IPV6
def test_both_versions_get_the_same_free_port() -> None:
    listeners = listen(["127.0.0.1", "::1"], 0, lambda _: None)
    ports = {listener.getsockname()[1] for listener in listeners}
    for listener in listeners:
        listener.close()
    assert (len(listeners), len(ports)) == (2, 1)


def test_an_address_that_is_not_there_is_left_out_and_told() -> None:
    told: list[str] = []
    listeners = listen(["127.0.0.1", "2001:db8::1"], 0, told.append)
    for listener in listeners:
        listener.close()
    assert len(listeners) == 1
    assert told
    assert told[0].startswith("not listening on 2001:db8::1: ")


def test_a_host_is_one_address_every_address_or_loopback() -> None:
    assert addresses_of(None) == ("127.0.0.1", "::1")
    assert addresses_of("*") == ("0.0.0.0", "::")
    assert addresses_of("[::1]") == ("::1",)
