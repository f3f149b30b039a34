"""The line: raw segments out, everything that comes back in, and our own kernel kept silent.

The question here is what crossed the wire, never what it means. Of the rest only ``probe.spec.segment``, ``seq`` and
``icmp`` are known. In reading order:

- ``link``: the line as an interface, what arrives on it; ``errors``: what a user can cause, each with its mend;
- ``raw``: that interface over raw sockets, one link a peer, several as one;
- ``guard``: ports held so that our kernel answers nothing; ``sender`` and ``sniffer``: packets out and in;
- ``craft``, ``decode``, ``options``, ``checksum``: segments to bytes and back, faults included; ``bpf``: filters;
- ``addresses`` and ``route``: which way to a target, and from which address;
- ``namespace``, ``owner``, ``rights``: private and foreign networks, whose they are, what this process may do;
- ``ask`` and ``sockdiag``: a line to the peer's application, and what the kernel says of its own connections;
- ``record``: packets into a pcapng file, with comments.

A SYN, and what comes back within a second (CAP_NET_RAW)::

    with RawLink("192.0.2.1") as link:
        port = link.pool.take()
        flow = Flow(Endpoint(link.source, port), Endpoint("192.0.2.1", 80))
        link.send(flow, Segment(Seq(1000), flags=SYN))
        arrivals = link.receive(time.monotonic() + 1)
"""
