# Images of Skep: `docker build --target queen .`, or hive, or setup (users and secrets for docker-compose.yml).

FROM debian:bookworm-slim AS setup
RUN apt-get update \
 && apt-get install -y --no-install-recommends mosquitto openssl \
 && rm -rf /var/lib/apt/lists/*
COPY broker-config /broker-config
COPY packaging/compose/make-users /usr/bin/
ENTRYPOINT ["make-users"]

FROM debian:bookworm-slim AS build
COPY scripts/install-packages /source/scripts/
RUN /source/scripts/install-packages build && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN cmake -G Ninja -S /source -B /build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF \
 && ninja -C /build skep skep-queen skep-worker skep-hive skep-probe \
 && strip /build/bin/*

FROM debian:bookworm-slim AS run
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    libcjson1 libcurl4 libmicrohttpd12 libmosquitto1 libsmartcols1 libsqlite3-0 libssl3 libuv1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 7833 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin skep
COPY --from=build /build/bin/skep /usr/bin/

FROM run AS queen
COPY --from=build /build/bin/skep-queen /usr/bin/
RUN install -d -o skep -m 700 /var/lib/skep-queen
USER skep
RUN skep-queen --version && skep --version
EXPOSE 7833
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s CMD ["skep", "health", "http://127.0.0.1:7833"]
CMD ["skep-queen"]

FROM run AS hive
COPY --from=build /build/bin/skep-hive /build/bin/skep-worker /build/bin/skep-probe /usr/bin/
USER skep
RUN skep-hive --version && skep-worker --version && skep-probe --version
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s CMD ["skep", "health", "http://127.0.0.1:7835"]
CMD ["skep-hive"]
