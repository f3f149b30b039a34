"""Peers with traits that no stack here has, and paths that no wire here is: the oracle plays them over a real device.

A model host takes IP packets from a TUN device, so that `probe` meets it as it meets any machine: raw sockets,
routes, kernel timestamps. Its stack is the oracle (``probe.spec.arrives`` chooses, ``probe.spec.calls`` says what calls
and timers send), so it conforms, but for the trait it is given. In reading order:

- ``traits``: what makes one stack unlike another: timers, what it answers, options, initial numbers;
- ``connection``: one connection: reaction, text, retransmission, TIME-WAIT, the calls of an application;
- ``oddities``: what single stacks do otherwise, as functions for traits;
- ``applications``: `probe target`, echo, HTTP/1.0, daytime, one that never closes;
- ``host``: ports and connections by flow; packets in, packets out, time as an argument;
- ``tun``: the device, and the wire between it and the host; ``serving`` runs a host in a process;
- ``wires``: paths that lose, delay, reorder, double, narrow, rewrite;
- ``cases``: every peer and path, and what must be said of it.

A peer of one's own::

    with serving(Traits(answer_gap=1.0, isn="zero"), wire=losing(5)) as endpoints:
        run = check(endpoints[4])
"""
