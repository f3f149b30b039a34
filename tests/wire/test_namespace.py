"""Private namespaces: entering one leaves the caller's network, visiting comes back, and errors name the mend."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probe.wire import namespace
from probe.wire.errors import WireError

REASON = namespace.private_possible()
NEEDS_PRIVATE = pytest.mark.skipif(REASON is not None, reason=str(REASON))
OWN = Path("/proc/thread-self/ns/net")


def in_a_child(code: str) -> str:
    """What the code prints, run in an interpreter of its own."""
    command = [sys.executable, "-c", "from probe.wire.namespace import *; import os, socket\n" + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@NEEDS_PRIVATE
def test_a_private_namespace_is_another_one() -> None:
    assert in_a_child("enter_private(); print(os.readlink('/proc/self/ns/net'))") not in {"", str(OWN.readlink())}


@NEEDS_PRIVATE
def test_loopback_is_up_inside() -> None:
    code = "enter_private(); s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname())"
    assert in_a_child(code + "; print(c.getpeername()[0])") == "127.0.0.1"


@NEEDS_PRIVATE
def test_raw_sockets_may_be_opened_inside() -> None:
    code = "enter_private(); socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); print('opened')"
    assert in_a_child(code) == "opened"


@NEEDS_PRIVATE
def test_files_still_belong_to_the_caller(tmp_path: Path) -> None:
    in_a_child(f"enter_private(); open({str(tmp_path / 'file')!r}, 'w').close()")
    assert (tmp_path / "file").stat().st_uid == os.geteuid()


@NEEDS_PRIVATE
def test_one_private_namespace_inside_another() -> None:
    assert in_a_child("enter_private(); enter_private(); print('entered')") == "entered"


@NEEDS_PRIVATE
def test_trying_leaves_the_caller_where_it_is() -> None:
    before = OWN.readlink()
    assert namespace.private_possible() is None
    assert OWN.readlink() == before


@NEEDS_PRIVATE
def test_a_visit_by_process_id_and_by_path_comes_back() -> None:
    code = """
import subprocess, sys
enter_private()
child = subprocess.Popen([sys.executable, "-c",
    "from probe.wire.namespace import *; enter_private(); print(flush=True); input()"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
home, away = (os.readlink(f"/proc/{pid}/ns/net") for pid in ("thread-self", child.pid))
for where in (child.pid, str(child.pid), f"/proc/{child.pid}/ns/net"):
    with inside(where):
        assert os.readlink("/proc/thread-self/ns/net") == away
    assert os.readlink("/proc/thread-self/ns/net") == home != away
child.communicate(b"\\n")
print("came back")
"""
    assert in_a_child(code) == "came back"


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("no-such-name", "there is no network namespace no-such-name: `ip netns`"),
        ("/etc/passwd/x", "there is no network namespace /etc/passwd/x"),
        ("/no/such/path", "there is no network namespace /no/such/path"),
        (2**22 + 1, "there is no process 4194305"),
        ("/dev/null", "cannot enter the network namespace /dev/null"),
    ],
)
def test_a_visit_that_cannot_be_says_why(where: str | int, sentence: str) -> None:
    with pytest.raises(WireError, match=sentence), namespace.inside(where):
        pytest.fail("was let in")


@pytest.mark.parametrize(
    ("code", "settings", "mend"),
    [
        (errno.EPERM, {"user/max_user_namespaces": "0"}, "sysctl user.max_user_namespaces"),
        (errno.ENOSPC, {"user/max_net_namespaces": "0"}, "sysctl user.max_net_namespaces"),
        (errno.ENOSPC, {}, "too many namespaces"),
        (errno.EINVAL, {}, "other threads"),
        (errno.EPERM, {"kernel/unprivileged_userns_clone": "0"}, "kernel.unprivileged_userns_clone=1"),
        (errno.EPERM, {"kernel/apparmor_restrict_unprivileged_userns": "1"}, "AppArmor"),
        (errno.EACCES, {"kernel/apparmor_restrict_unprivileged_userns": "1"}, "AppArmor"),
        (errno.EPERM, {}, "--cap-add SYS_ADMIN"),
        (errno.ENOMEM, {}, os.strerror(errno.ENOMEM)),
    ],
)
def test_what_forbids_it_is_named(
    monkeypatch: pytest.MonkeyPatch, code: int, settings: dict[str, str], mend: str
) -> None:
    monkeypatch.setattr(namespace, "_sysctl", lambda name: settings.get(name, ""))
    monkeypatch.setattr(namespace, "_unshare", lambda _flags: code)
    with pytest.raises(WireError) as refusal:
        namespace.enter_private()
    assert mend in str(refusal.value)
    assert "\n" not in str(refusal.value)


@NEEDS_PRIVATE
def test_a_process_with_threads_is_told_to_start_afresh() -> None:
    code = """
import ctypes, threading
import probe.wire.namespace as namespace
from probe.wire.errors import WireError
real = namespace._unshare
namespace._unshare = lambda flags: 1 if flags == 0x40000000 else real(flags)  # as if an ordinary user
stop = threading.Event()
threading.Thread(target=stop.wait).start()
try:
    enter_private()
except WireError as error:
    print(error)
stop.set()
"""
    assert "other threads" in in_a_child(code)
