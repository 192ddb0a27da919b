# One image for web, worker and schedule: `--only` says which of them a container is, all three without.
# docs/self-hosting.md tells how to use it; it is made by bin/ready, as everywhere else.

FROM docker.io/library/python:3.13-slim AS made
WORKDIR /srv/tableful
COPY requirements.txt ./
COPY bin/ready bin/
# Exactly the packages of the lock, each checked against its hash; compiled here, since it can't be later.
RUN bin/ready --no-data && .venv/bin/python -m compileall -q .venv/lib
COPY bin bin
COPY manage.py LICENSE ./
COPY config config
COPY congregation congregation
COPY crews crews
COPY rhythms rhythms
COPY hall hall
COPY static static
COPY templates templates
RUN .venv/bin/python -m compileall -q manage.py config congregation crews rhythms hall

FROM docker.io/library/python:3.13-slim
RUN groupadd --system --gid 10001 tableful \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tableful \
 && install -d -o tableful -g tableful -m 0700 /data
COPY --from=made /srv/tableful /srv/tableful
WORKDIR /srv/tableful
ENV TABLEFUL_DATA=/data TABLEFUL_BIND=0.0.0.0 HOME=/tmp
USER 10001:10001
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["/srv/tableful/bin/serve"]
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s CMD ["/srv/tableful/bin/serve", "--check"]
