# One image for every stage; docker-compose.yml gives each service its `kanal run STAGE`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
# .dockerignore lets in what runs, and nothing else.
COPY . ./
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q core connectors normalizer dedup sink dashboard gateway

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --home-dir /tmp --no-create-home kanal \
    && install --directory --owner=kanal --group=kanal --mode=0700 /data
COPY --from=build /app /app
WORKDIR /app
USER kanal
ENV HOME=/tmp PYTHONUNBUFFERED=1
VOLUME /data
ENTRYPOINT ["/app/.venv/bin/kanal"]
CMD ["--help"]
