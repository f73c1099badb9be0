# Two stages: the rule engine has no wheels and is compiled in the first; the second holds no compiler.
# Pin it by digest: --build-arg BASE=python:3.11-slim@sha256:… (docs/operations.md says how to find the digest).
ARG BASE=python:3.11-slim
FROM ${BASE} AS builder

RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock ./
# setup.py of the engine throws CFLAGS away, so its flags come through CC: optimisation, and the name that
# Python 3.13 gave to a function the engine calls.
# Build tools are those of the lock: the build runs outside isolation, after they are there.
RUN python3 -m venv /venv \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock > build.lock \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r build.lock \
    && CC="gcc -O2 -DPyEval_CallObject=PyObject_CallObject" /venv/bin/pip install --no-cache-dir --no-build-isolation --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY service service
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && /venv/bin/pip uninstall --yes setuptools pip \
    && rm build.lock requirements.lock \
    && /venv/bin/python -m compileall -q service /venv/lib


FROM ${BASE}

LABEL org.opencontainers.image.title="sciatica-cds" \
      org.opencontainers.image.description="CDS Hooks advice for sciatica with muscle spasm" \
      org.opencontainers.image.licenses="Apache-2.0"

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    SCIATICA_CDS_BIND=0.0.0.0:8080 \
    SCIATICA_CDS_DATA=/data

# Code and rules belong to root: the service can read them and cannot change them.
COPY --from=builder /venv /venv
COPY --from=builder /app /app
COPY rules /app/rules
COPY fhir_examples /app/fhir_examples
COPY gunicorn.conf.py /app/

# What the service remembers; the one place it may write to. Mount a volume here.
RUN install -d -o 10001 -g 10001 -m 0700 /data

WORKDIR /app
USER 10001
EXPOSE 8080

# slim has no curl; 127.0.0.1 and not a name, so that no resolver can fail.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=2)"]

# Not gunicorn itself, which answers a WEB_CONCURRENCY that is no number with a traceback.
ENTRYPOINT ["sciatica-cds", "serve"]
