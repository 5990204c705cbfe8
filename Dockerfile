# syntax=docker/dockerfile:1
FROM python:3.11-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN pip install "uv>=0.9,<1" && python -m venv /opt/desk
COPY requirements.lock /tmp/
RUN VIRTUAL_ENV=/opt/desk uv pip sync --no-cache --require-hashes /tmp/requirements.lock

FROM python:3.11-slim
ENV PATH=/opt/desk/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/data \
    STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --home-dir /data desk \
    && mkdir -p /data /srv/static /app && chown desk: /data /srv/static
COPY --from=packages /opt/desk /opt/desk
WORKDIR /app
COPY . .
USER desk
# The build's throw-away key and folder stay out of the image.
RUN VAR_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-m", "recon_project.probe"]
CMD ["python", "manage.py", "desk", "--host", "0.0.0.0", "--port", "8000"]
