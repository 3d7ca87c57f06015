# The controller's image. Any builder of Dockerfiles will do: docker, podman, buildah.
#   docker build --tag registry.example.com/headrace/controller:0.1.0 .
# BASE may be any image with Python 3.13 at `python`, with `venv` for the first stage.
# A tag may mean another image tomorrow. Pin the base by digest for a build that you rely on:
#   --build-arg BASE=docker.io/library/python@sha256:DIGEST (`docker pull` prints the digest)
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
# Wheels only, each by its hash: nothing that was downloaded is executed, and no compiler is needed.
ENV PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY locks/build.txt locks/image.txt locks/
# /opt/headrace goes into the image; /build has what only this stage needs: pip and hatchling.
RUN python -m venv /build && python -m venv --without-pip /opt/headrace \
    && /build/bin/pip install --require-hashes --requirement locks/build.txt \
    && /build/bin/pip --python /opt/headrace/bin/python install --no-compile --require-hashes \
        --requirement locks/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
COPY task-images task-images
# Byte code is made here because the root file system is read-only later. It holds no time of its
# source and depends on no random seed, and the wheel has a fixed date: the same source gives the
# same files. (The same layers too, with a builder's option for their date, e.g. --timestamp.)
RUN SOURCE_DATE_EPOCH=1767225600 /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && /build/bin/pip --python /opt/headrace/bin/python install --no-compile --no-deps --no-index /dist/*.whl \
    && find /opt/headrace -type d -name tests -prune -exec rm -r {} + \
    && PYTHONHASHSEED=0 python -m compileall -qf --invalidation-mode unchecked-hash /opt/headrace/lib

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="Headrace controller" \
      org.opencontainers.image.description="Runs data pipelines on Kubernetes: DAGs of Jobs, retried by policy, started on schedules" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing is installed into a running controller: pip goes, wherever the base keeps it.
RUN rm -rf /usr/local/bin/pip* /usr/bin/pip* \
    /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip \
    /usr/lib/python3/dist-packages/pip* /usr/lib/python3*/ensurepip
COPY --from=build /opt/headrace /opt/headrace
# The base may come without byte code of the standard library, and a controller could not keep any:
# starting it once compiles what it uses, and shows that it starts.
RUN /opt/headrace/bin/python -m headrace.controller --help >/dev/null \
    && /opt/headrace/bin/python -m headrace.receiver --help >/dev/null \
    && /opt/headrace/bin/python -m headrace.archive --help >/dev/null
# PYTHONSAFEPATH: only what is installed can be imported, not what lies in the working directory.
# LOGNAME: kopf asks who runs it, and a user id without a line in /etc/passwd has no other answer.
ENV PATH=/opt/headrace/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    LOGNAME=headrace
WORKDIR /tmp
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["python", "-m", "headrace.controller"]
