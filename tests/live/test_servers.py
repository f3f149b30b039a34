"""Servers of Debian packages on this kernel: none is accused, and each is brought to close by what it speaks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from probe.live.check import check
from probe.live.options import CheckOptions
from probe.results.verdict import Verdict
from tests.helpers.breadth import COUNT, met
from tests.live.servers import SERVERS
from tests.live.test_check import free_port, server

FEW = ("open", "close-by-us", "close-by-peer", "simultaneous-close", "abort-by-us", "data-again", "delayed-ack")
CLOSES = frozenset(SERVERS) - {"echo", "discard", "chargen", "git", "scorns text"}
"""Those that close first: at a request, at a farewell, or of their own accord."""
WHOLE = ("apache2", "redis", *(("daytime",) if COUNT else ()))
"""Those that are checked wholly; the kernel is the same for all."""
SECONDS = 60.0


QUICK = ("nginx deferred", "apache2", "redis", "vsftpd", "daytime", "chargen", "git", "scorns text")


@pytest.mark.parametrize("name", met(SERVERS, QUICK))
def test_a_server_is_not_accused_and_its_trigger_is_found(name: str, tmp_path: Path, private_net: None) -> None:
    tmp_path.chmod(0o755)  # some servers give their rights away before they look into it
    port = SERVERS[name].port or free_port()
    began = time.monotonic()
    with server(SERVERS[name].command(tmp_path, port), port) as endpoint:
        run = check(endpoint, CheckOptions(only=() if name in WHOLE else FEW))
    told = [(e.id, str(e.verdict), e.reason) for e in run.exchanges if e.verdict is not Verdict.PASS]
    assert {e.id: [f.rule for f in e.findings] for e in run.exchanges if e.verdict is Verdict.FAIL} == {}
    assert not [e for e in told if e[1] == "inconclusive"], told
    assert any(e.id == "close-by-peer" and e.verdict is Verdict.PASS for e in run.exchanges) is (name in CLOSES), told
    assert time.monotonic() - began < SECONDS


def test_of_a_trigger_that_the_user_named_the_text_is_learned_all_the_same(tmp_path: Path, private_net: None) -> None:
    port = free_port()
    with server(SERVERS["scorns text"].command(tmp_path, port), port) as endpoint:
        run = check(endpoint, CheckOptions(only=FEW, trigger="bye"))
    told = [(e.id, str(e.verdict), e.reason) for e in run.exchanges if e.verdict is not Verdict.PASS]
    assert {word for _, word, _ in told} <= {"skip"}, told
    assert run.trigger.startswith("line")
