# The service with its built form, for compose.yaml. MongoDB is not in it.
#
#     docker build --tag so-nong-ho .

FROM node:22-bookworm-slim AS form
WORKDIR /form
COPY form/package.json form/package-lock.json form/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY form/ ./
RUN npm run build

FROM python:3.11-slim-bookworm
WORKDIR /register
RUN useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin register && chmod 700 /data
COPY requirements/service.txt requirements/service.txt
# Every package of the closure is listed with its hash: nothing to resolve, nothing to compile.
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: --requirement requirements/service.txt
COPY LICENSE openapi.yaml ./
COPY scripts/ scripts/
COPY provinces/ provinces/
COPY schemas/ schemas/
COPY service/ service/
COPY --from=form /form/dist/ form/
RUN python -m compileall -q schemas service

# /data holds the keys: with them and a copy of the database one can read what is encrypted, without them nobody can.
ENV DATA_FOLDER=/data \
    FORM_FOLDER=/register/form \
    PROMETHEUS_MULTIPROC_DIR=/tmp/measures \
    PYTHONPATH=/register \
    PYTHONUNBUFFERED=1 \
    REGISTER_PYTHON=/usr/local/bin/python
VOLUME /data
USER register
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "--config", "service/running/gunicorn_configuration.py", "--bind", "0.0.0.0:8000", "service.app:create_app()"]
