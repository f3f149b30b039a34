"""smoltcp, a TCP written in Rust for devices without an operating system: run by the Python package of a proxy."""
