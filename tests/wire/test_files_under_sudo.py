"""Under sudo, files belong to the caller; devices stay what they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from probe.cli.output.sinks import DocumentSink, LineSink
from probe.wire.record import Recorder
from probe.wire.rights import give_to_caller


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Who was made an owner, under a sudo that 1234 called."""
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda _, uid, gid: calls.append((uid, gid)))
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "2345")
    return calls


def test_every_file_of_a_run_is_given_to_the_caller(given: list[tuple[int, int]], tmp_path: Path) -> None:
    Recorder(tmp_path / "run.pcapng").close()
    assert given == [(1234, 2345)]
    LineSink(str(tmp_path / "events")).close()
    assert given == [(1234, 2345)] * 2
    DocumentSink(str(tmp_path / "json")).write_all(["{}"])
    assert given == [(1234, 2345)] * 3


def test_a_device_is_not(given: list[tuple[int, int]]) -> None:
    Recorder("/dev/null").close()
    LineSink("/dev/null").close()
    DocumentSink("/dev/null").write_all(["{}"])
    assert given == []


def test_a_file_system_without_owners_is_no_trouble(
    given: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "chown", refuse)
    DocumentSink(str(tmp_path / "json")).write_all(["{}"])
    assert (tmp_path / "json").read_text() == "{}"


def test_without_sudo_nothing_changes_hands(
    given: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_UID")
    give_to_caller(tmp_path)
    Recorder(tmp_path / "run.pcapng").close()
    assert given == []
