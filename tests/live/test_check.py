"""The check against real kernels: loopback, a machine next door, ordinary servers, deliberate faults, lost segments."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probe import scenarios
from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import ExchangeResult, Run, Verdict
from probe.spec.segment import Endpoint
from probe.wire.errors import UnansweredError
from probe.wire.namespace import inside, pdeathsig
from probe.wire.sockdiag import KernelTable
from tests.live.far import Far

FAST = CheckOptions(waits=False)
HARMLESS = {"LISTEN", "TIME-WAIT"}


def words(run: Run) -> dict[str, str]:
    """Exchange id -> verdict, with what is behind anything but a pass."""
    return {
        e.id: str(e.verdict) if e.verdict is Verdict.PASS else f"{e.verdict} {e.reason} {e.findings}"
        for e in run.exchanges
    }


def disagreements(exchange: ExchangeResult) -> list[str]:
    """Steps where the kernel's own table contradicts the inferred states (LISTEN stands for CLOSED there)."""
    return [
        f"{step.text}: inferred {step.peer_states}, kernel {step.kernel_state}"
        for step in exchange.steps
        if step.kernel_state is not None
        and step.peer_states
        and step.kernel_state not in step.peer_states
        and not (step.kernel_state == "CLOSED" and "LISTEN" in step.peer_states)
    ]


DEPARTS = {"active-syn-retransmitted": "warn", "active-open-data": "warn", "stamp-missing": "warn"}
"""Linux repeats the first SYNs at constant intervals (net.ipv4.tcp_syn_linear_timeouts), leaves out what comes with the
SYN,ACK, and takes text without the timestamp that was negotiated (README.md)."""
KNOWN = {**DEPARTS, "full-segments": "skip"}
"""A segment is full on loopback with 65,495 octets: two do not fit into the first window (3.8.6.3: 2*RMSS)."""


@pytest.mark.parametrize("version", [4, 6])
def test_own_kernel_conforms_and_agrees_with_its_socket_table(target: dict[int, Endpoint], version: int) -> None:
    run = check(target[version])
    found = {i: word.split()[0] if i in KNOWN else word for i, word in words(run).items()}
    assert found == dict.fromkeys((s.id for s in scenarios.ALL.values() if not s.slow), "pass") | KNOWN
    assert (run.summary.three_way, run.summary.close_by_us, run.summary.close_by_peer) == ("followed",) * 3
    assert [d for e in run.exchanges for d in disagreements(e)] == []
    known = [step for e in run.exchanges for step in e.steps if step.kernel_state is not None]
    seen = {step.kernel_state for step in known}
    assert {"SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK", "TIME-WAIT"} <= seen


@pytest.mark.parametrize("version", [4, 6])
def test_kernel_next_door_conforms(veth_pair: Far, version: int) -> None:
    run = check(veth_pair.start_target()[version], FAST)
    assert {i: word.split()[0] for i, word in words(run).items() if word != "pass"}.items() <= DEPARTS.items()
    with inside(veth_pair.pid):
        left = states_left(run_port(run))
    assert left <= HARMLESS


def states_left(port: int) -> set[str]:
    """The states of every socket of that port in the namespace we are in."""
    with KernelTable() as table:
        return {state for _, _, state in table.snapshot(port)}


def run_port(run: Run) -> int:
    """The port of the target of a run."""
    return int(run.target.rpartition(":")[2])


def test_own_kernel_that_answers_makes_the_run_inconclusive_never_failed(target: dict[int, Endpoint]) -> None:
    run = check(target[4], CheckOptions(waits=False, guarded=False))
    found = {e.verdict for e in run.exchanges}
    assert Verdict.FAIL not in found
    assert Verdict.WARN not in found
    assert "our own kernel answered" in next(e.reason for e in run.exchanges if e.id == "open")


NGINX = """
pid {dir}/nginx.pid; error_log /dev/null; daemon off; worker_processes 1;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; listen [::1]:{port}; location / {{ return 200 "hello\\n"; }} }} }}
"""


def free_port() -> int:
    """A port nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], port: int) -> Iterator[Endpoint]:
    """A server of somebody else's making, until the block ends."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pdeathsig,  # noqa: PLW1509
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{command[0]} does not listen"
        yield Endpoint("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait(10)


def nginx(directory: Path, port: int) -> list[str]:
    """nginx with a one-line page."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed (nginx-light)")
    config = directory / "nginx.conf"
    config.write_text(NGINX.format(dir=directory, port=port))
    return ["nginx", "-c", str(config)]


@pytest.mark.parametrize("kind", ["http.server", "nginx"])
def test_ordinary_servers_are_judged_right_and_keep_nothing(tmp_path: Path, kind: str, private_net: None) -> None:
    port = free_port()
    python = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with server(nginx(tmp_path, port) if kind == "nginx" else python, port) as endpoint:
        run = check(endpoint)
        left = states_left(port)
    verdicts = {e.id: e.verdict for e in run.exchanges}
    needs_more = {s.id for s in scenarios.ALL.values() if set(s.commands) - {"close"} and not s.slow}
    needs_more |= {i for i, word in KNOWN.items() if word == "skip"}
    assert {i for i, word in verdicts.items() if word is Verdict.SKIP} == needs_more
    assert {i: words(run)[i] for i in verdicts if i not in needs_more | DEPARTS.keys() and verdicts[i] != "pass"} == {}
    assert left <= HARMLESS
    assert (run.summary.three_way, run.summary.close_by_us, run.summary.close_by_peer) == ("followed",) * 3


def filtered(far: Far, *rules: str) -> None:
    """nft rules on the far machine's output and input (``input`` or ``output`` first in each rule)."""
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed (nftables)")
    lines = ["add table inet probe"]
    lines += [f"add chain inet probe {hook} {{ type filter hook {hook} priority 0; }}" for hook in ("input", "output")]
    lines += [f"add rule inet probe {rule}" for rule in rules]
    with inside(far.pid):
        subprocess.run(["nft", "-f", "-"], input="\n".join(lines) + "\n", text=True, check=True)


FAULTS = [
    ("output tcp flags & fin == fin drop", "close-by-us-four", "close.passive-fin"),
    ("output tcp flags & fin == fin drop", "close-by-peer", "aclose.fin-form"),
    ("output tcp flags & (rst|ack) == rst drop", "abort-by-us", "listen.ack-gets-rst"),
    ("output tcp flags & (rst|ack) == (rst|ack) drop", "abort-by-peer", "rstgen.abort-seq"),
    ("input tcp flags & (syn|rst) == rst meta length 40 drop", "abort-by-us", "rst.exact-resets"),
]
"""Where no RST at all gets through that is the path's (``engine.path.swallowed``): some do, of another form."""


@pytest.mark.parametrize(("rule", "exchange", "finding"), FAULTS)
def test_deliberate_fault_is_found_under_its_rule(veth_pair: Far, rule: str, exchange: str, finding: str) -> None:
    target = veth_pair.start_target()[4]
    filtered(veth_pair, rule)
    run = check(target, CheckOptions(only=(exchange, "synack-retransmitted"), patience=0.4))
    result = next(e for e in run.exchanges if e.id == exchange)
    # A RST that is missing where no connection is left changes nothing: a warning (RFC 9293 section 3.10.7.2).
    word = Verdict.WARN if finding == "listen.ack-gets-rst" else Verdict.FAIL
    assert (result.verdict, [f.rule for f in result.findings]) == (word, [finding]), words(run)


@pytest.mark.parametrize("percent", [5, 20])
def test_lost_segments_never_accuse(veth_pair: Far, percent: int) -> None:
    target = veth_pair.start_target()[6]
    loss = f"meta l4proto tcp numgen random mod 100 < {percent} drop"
    filtered(veth_pair, f"input {loss}", f"output {loss}")
    wanted = ("open", "close-by-*", "half-close", "abort-*", "old-syn-established")
    run = check(target, CheckOptions(only=wanted, patience=0.3))  # many waits end in vain
    assert {w for w in words(run).values() if w.startswith(("fail", "warn"))} == set()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("input meta l4proto tcp drop", "{} is filtered or down: no answer to 7 SYNs in "),
        (
            "input meta l4proto tcp reject with icmp admin-prohibited",
            "{} cannot be reached: administratively prohibited",
        ),
        ("input meta l4proto tcp reject with tcp reset", "{} refuses connections (RST)"),
    ],
)
def test_target_that_gives_no_connection_ends_the_check_in_words(veth_pair: Far, rule: str, words: str) -> None:
    target = veth_pair.start_target()[4]
    filtered(veth_pair, rule)
    with pytest.raises(UnansweredError, match=re.escape(words.format(target))):
        check(target, CheckOptions(patience=0.5))


def test_port_without_listener_ends_the_check_unless_it_was_meant(private_net: None) -> None:
    endpoint = Endpoint("127.0.0.1", free_port())
    with pytest.raises(UnansweredError, match=re.escape(f"{endpoint} refuses connections (RST); nothing listens")):
        check(endpoint, FAST)
    refused = {s.id for s in scenarios.ALL.values() if s.port == "closed"}
    run = check(endpoint, CheckOptions(only=tuple(refused)))
    assert {e.id: e.verdict for e in run.exchanges} == dict.fromkeys(refused, Verdict.PASS)


def test_peer_that_vanishes_midway_is_not_accused(veth_pair: Far) -> None:
    target = veth_pair.start_target()[4]
    # The host falls silent after the first hundred segments it receives.
    filtered(veth_pair, "input tcp dport != 0 limit rate over 1/hour burst 100 packets drop")
    run = check(target, CheckOptions(waits=False, patience=0.2))
    found = {e.verdict for e in run.exchanges}
    assert Verdict.PASS in found
    assert Verdict.FAIL not in found, words(run)
    assert Verdict.INCONCLUSIVE in found


DEFERRING = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
while True:
    connection, _ = server.accept()
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    connection.close()
"""


def test_listener_that_waits_for_data_is_warned_about_at_most(private_net: None) -> None:
    """TCP_DEFER_ACCEPT (Apache's default): the third segment alone does not stop the SYN,ACK; a custom, not a fault."""
    port = free_port()
    with server([sys.executable, "-c", DEFERRING, str(port)], port) as endpoint:
        run = check(endpoint, CheckOptions(only=("open", "close-by-us", "synack-stops", "delayed-ack", "abort-by-us")))
    found = {e.id: e.verdict for e in run.exchanges}
    assert Verdict.FAIL not in found.values(), words(run)
    assert run.summary.three_way == "followed"


def test_route_that_moves_midway_keeps_what_was_found(veth_pair: Far) -> None:
    from pyroute2 import IPRoute

    target = veth_pair.start_target()[4]

    def move(how: str) -> None:
        with IPRoute() as netlink:
            netlink.route(how, dst=f"{target.address}/32", oif=netlink.link_lookup(ifname="lo")[0])

    run = check(target, CheckOptions(progress=lambda done, _: move("add") if done == 12 else None))
    move("del")
    verdicts = [e.verdict for e in run.exchanges]
    assert run.trouble.startswith(f"the path to {target.address} changed during the run")
    assert verdicts.count(Verdict.PASS) >= 4
    assert set(verdicts) <= {Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.SKIP}


def test_interface_that_goes_down_midway_keeps_what_was_found(veth_pair: Far) -> None:
    from pyroute2 import IPRoute

    target = veth_pair.start_target()[4]
    done: list[int] = []

    def down_after_five(finished: int, _total: int) -> None:
        done.append(finished)
        if finished == 5:
            with IPRoute() as netlink:
                index = netlink.link_lookup(ifname=veth_pair.interface)[0]
                netlink.link("set", index=index, state="down")

    run = check(target, CheckOptions(waits=False, progress=down_after_five))
    verdicts = [e.verdict for e in run.exchanges]
    assert run.trouble
    assert verdicts.count(Verdict.PASS) >= 4
    assert set(verdicts) == {Verdict.PASS, Verdict.INCONCLUSIVE}
