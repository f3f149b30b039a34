"""TCP open and close conformance probe: asks whether a peer follows RFC 9293, live or from a capture file.

``probe.session`` has the Python interface, ``probe.spec`` the executable specification; the command is ``probe``.
"""

__version__ = "0.1.0"
