# sipagent in a container. Build: docker build -t sipagent .   Run: docs/install.md.
# Two stages: what installs the packages stays behind. Debian packages are pinned by name only, so that a
# rebuild has their security fixes.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sipagent ./sipagent
RUN python3 -m venv /opt/sipagent \
    && /opt/sipagent/bin/pip install --no-cache-dir --disable-pip-version-check ".[local]" \
    && /opt/sipagent/bin/python -m compileall -q /opt/sipagent/lib

FROM ${BASE}
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 sipagent \
    && useradd --system --uid 10001 --gid sipagent --home-dir /var/lib/sipagent --shell /usr/sbin/nologin sipagent \
    && install -d -o sipagent -g sipagent -m 0750 /var/lib/sipagent
COPY --from=build /opt/sipagent /opt/sipagent
COPY deploy/sipagent.toml /etc/sipagent/sipagent.toml
COPY dialplans /etc/sipagent/dialplans
ENV PATH=/opt/sipagent/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/sipagent
VOLUME /var/lib/sipagent
EXPOSE 5060/udp 5060/tcp 8080/tcp 30000-31999/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["sipagent", "health", "-c", "/etc/sipagent/sipagent.toml"]
ENTRYPOINT ["sipagent"]
CMD ["serve", "-c", "/etc/sipagent/sipagent.toml"]
