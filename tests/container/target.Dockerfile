# `probe target` in a container, which reaches every state of the peer. It needs Python's standard library only.
#
#   docker build -f tests/container/target.Dockerfile -t probe-target .
#   docker run -d --network none --sysctl net.ipv6.conf.all.disable_ipv6=0 probe-target
ARG BASE=python:3.12-slim
FROM ${BASE}
COPY probe/__init__.py /opt/target/probe/
COPY probe/target /opt/target/probe/target
WORKDIR /opt/target
USER nobody
STOPSIGNAL SIGTERM
ENTRYPOINT ["python3", "-m", "probe.target", "--port", "7000"]
