"""A web server on smoltcp: every connection that comes to a TUN device gets one page, and is closed.

Run by itself, ``python peer.py DEVICE``; it says ``listening`` once the device is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from mitmproxy_rs import Stream, tun

_PAGE = b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"


async def _serve(stream: Stream) -> None:
    asked = b""
    with contextlib.suppress(OSError):  # the connection may be reset at any time
        while b"\r\n\r\n" not in asked and (more := await stream.read(65535)):
            asked += more
        if asked:
            stream.write(_PAGE)
            await stream.drain()
        stream.close()
        await stream.wait_closed()


async def _nothing(_: Stream) -> None:
    """UDP is not served."""


async def _main(device: str) -> None:
    made = await tun.create_tun_interface(_serve, _nothing, tun_name=device)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await made.wait_closed()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
