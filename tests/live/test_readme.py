"""The examples of the READMEs that go over the network, here with a `probe target` and a web server beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.console import Block, examples, play
from tests.live.test_check import server

TARGET, WEB = 7000, 8000


@pytest.fixture(scope="module")
def peers(private_net: None) -> Iterator[None]:
    """What the examples talk to."""
    target = [sys.executable, "-m", "probe.target", "--port", str(TARGET)]
    web = [sys.executable, "-m", "http.server", str(WEB), "--bind", "127.0.0.1"]
    with server(target, TARGET), server(web, WEB):
        yield


@pytest.mark.parametrize("block", examples(live=True), ids=lambda block: block.where)
@pytest.mark.usefixtures("peers")
def test_example(block: Block, tmp_path: Path) -> None:
    play(block, tmp_path)
