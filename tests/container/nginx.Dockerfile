# A server that was not written by us, on loopback only.
ARG BASE=nginx:stable
FROM ${BASE}
COPY tests/container/nginx.conf /etc/nginx/nginx.conf
STOPSIGNAL SIGTERM
ENTRYPOINT ["nginx", "-g", "daemon off;"]
