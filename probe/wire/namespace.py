"""Network namespaces without any tool: enter a private one, visit another, and say why it cannot be done."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from probe.wire.errors import WireError

# linux/sched.h, linux/prctl.h, linux/sockios.h, linux/if.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_OWN = Path("/proc/thread-self/ns/net")
_RUN_NETNS = Path("/run/netns")

_LIBC = ctypes.CDLL(None, use_errno=True)


class BarredError(WireError):
    """A private namespace cannot be had; ``settings`` of sysctl, as ``name=value``, would lift the bar."""

    def __init__(self, reason: str, *settings: str) -> None:
        super().__init__(reason)
        self.settings = settings


def enter_private() -> None:
    """Move the calling process into a new network namespace of its own and bring its loopback up.

    Privileged, a network namespace alone is made, for the calling thread and what it starts from then on. Otherwise a
    user namespace comes with it, in which the caller is root over its own network while its files still belong to the
    caller outside; the kernel allows that in a single-threaded process only. There is no way back out.
    Raises WireError naming what forbids it.
    """
    uid, gid = os.geteuid(), os.getegid()
    if (code := _unshare(_CLONE_NEWNET)) == errno.EPERM and not (code := _unshare(_CLONE_NEWUSER | _CLONE_NEWNET)):
        # Root inside, so that programs started there keep their capabilities; outside it stays the caller. The order
        # is that of user_namespaces(7): setgroups before an unprivileged gid_map.
        try:
            for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
                Path("/proc/self", name).write_text(text, encoding="ascii")
        except OSError as error:
            raise _barred(error.errno or errno.EPERM) from error
    if code:
        raise _barred(code)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        try:
            flags = struct.unpack_from("16sH", fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
            fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))
        except OSError as error:
            raise BarredError(
                f"cannot bring up loopback in the private namespace: {os.strerror(error.errno or 0).lower()}"
            ) from error


def private_possible() -> BarredError | None:
    """Why ``enter_private`` would fail here, or None; tried in a child, the calling process stays where it is."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            enter_private()
        except BarredError as error:
            os.write(writer, json.dumps([str(error), *error.settings]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:  # noqa: PTH123  # a descriptor, not a path
        told = answer.read()
    os.waitpid(child, 0)
    return BarredError(*json.loads(told)) if told else None


@contextmanager
def inside(where: str | int) -> Iterator[None]:
    """Run the block in another network namespace: a process id, a name under /run/netns, or a path.

    Only the calling thread moves; sockets opened inside stay there. Raises WireError.
    """
    text = str(where)
    path = Path(text) if "/" in text else _RUN_NETNS / text
    if text.isascii() and text.isdecimal():
        path = Path("/proc", text, "ns", "net")
    home = _open(_OWN)
    try:
        there = _open(path)
        try:
            _setns(there, path)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home, _OWN)
    finally:
        os.close(home)


def pdeathsig() -> None:
    """For ``Popen(preexec_fn=...)``: the child gets SIGKILL when the thread that started it ends, however it ends."""
    if _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def _unshare(flags: int) -> int:
    """0, or the errno."""
    return ctypes.get_errno() if _LIBC.unshare(flags) else 0


def _setns(fd: int, path: Path) -> None:
    if _LIBC.setns(fd, _CLONE_NEWNET):
        code = ctypes.get_errno()
        mend = "that needs CAP_SYS_ADMIN: run it with `sudo`" if code == errno.EPERM else "is it a network namespace?"
        raise WireError(f"cannot enter the network namespace {path}: {os.strerror(code)}; {mend}")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        if path.parts[1:2] == ("proc",) and path.parts[3:] == ("ns", "net"):
            meant = f"process {path.parts[2]}: `ps` lists those there are"
        elif path.parent == _RUN_NETNS:
            meant = f"network namespace {path.name}: `ip netns` lists those there are, or give a process id"
        else:
            meant = f"network namespace {path}: give a file such as /run/netns/NAME, or a process id"
        raise WireError(f"there is no {meant}") from None
    except PermissionError:
        raise WireError(f"looking into the network namespace {path} needs CAP_SYS_ADMIN: run it with `sudo`") from None


def _sysctl(name: str) -> str:
    """The setting's value, empty where the kernel does not have it."""
    with suppress(OSError):
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    return ""


def _barred(code: int) -> BarredError:
    """What most likely forbids it, and the mend."""
    settings: tuple[str, ...] = ()
    users, nets = "user.max_user_namespaces", "user.max_net_namespaces"
    clone, armor = "kernel.unprivileged_userns_clone=1", "kernel.apparmor_restrict_unprivileged_userns=0"
    if _sysctl("user/max_user_namespaces") == "0":
        why, settings = f"user namespaces are switched off; run as root, or set sysctl {users}", (f"{users}=10000",)
    elif _sysctl("user/max_net_namespaces") == "0":
        why, settings = f"network namespaces are switched off; set sysctl {nets}", (f"{nets}=10000",)
    elif code == errno.ENOSPC:
        why, settings = f"too many namespaces; raise sysctl {users} and {nets}", (f"{users}=10000", f"{nets}=10000")
    elif code == errno.EINVAL:
        why = "this process has other threads already, or the kernel lacks namespaces; run as root or start it afresh"
    elif _sysctl("kernel/unprivileged_userns_clone") == "0":
        why, settings = f"only root may; run as root, or set sysctl {clone}", (clone,)
    elif _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        why, settings = f"AppArmor forbids it to users; run as root, or set sysctl {armor}", (armor,)
    elif code == errno.EPERM:
        why = (
            "not permitted here (a container's seccomp profile?); run as root,"
            " or start the container with --cap-add SYS_ADMIN or --security-opt seccomp=unconfined"
        )
    else:
        why = os.strerror(code)
    return BarredError(f"cannot make a private network namespace: {why}", *settings)
