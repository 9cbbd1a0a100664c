# The same image runs web, worker, beat and migrations; docker-compose.yml says which.
FROM python:3.13-slim AS build
WORKDIR /build
COPY deploy/uv.lock requirements-production.lock ./
RUN pip install --no-cache-dir --require-hashes -r uv.lock \
    && python -m venv /opt/dlonsc \
    && uv pip install --no-cache --python /opt/dlonsc/bin/python --no-deps --require-hashes -r requirements-production.lock

FROM python:3.13-slim
ENV PATH=/opt/dlonsc/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DLONSC_MODE=production \
    MEDIA_ROOT=/var/lib/dlonsc/files \
    STATIC_ROOT=/srv/dlonsc/static-collected \
    BEAT_SCHEDULE_FILE=/var/lib/dlonsc/beat/schedule
COPY --from=build /opt/dlonsc /opt/dlonsc
WORKDIR /srv/dlonsc
COPY manage.py pyproject.toml ./
COPY deploy/gunicorn.conf.py deploy/
COPY docs/lncs-codes.md docs/
COPY templates templates
COPY dlonsc dlonsc
COPY submissions submissions
COPY reviews reviews
# Collecting static files contacts nothing; these values live only while this line runs.
RUN SECRET_KEY=only-while-the-image-is-built-0123456789-abcdefghijklmnop DATABASE_URL=postgresql://nobody@nowhere/nothing \
    REDIS_URL=redis://nowhere MAIL_URL=smtp://nowhere MAIL_FROM=nobody@nowhere.example ALLOWED_HOSTS=nowhere.example \
    SITE_URL=https://nowhere.example python manage.py collectstatic --noinput --verbosity 0 \
    && mkdir -p /var/lib/dlonsc/files /var/lib/dlonsc/beat \
    && chown -R 10001:10001 /var/lib/dlonsc
USER 10001
EXPOSE 8000
CMD ["gunicorn", "dlonsc.wsgi", "--config", "deploy/gunicorn.conf.py"]
