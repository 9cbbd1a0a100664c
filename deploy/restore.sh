#!/bin/sh
# deploy/restore.sh BACKUP: fill the empty database of DATABASE_URL and the empty folder MEDIA_ROOT from one backup.
# Nothing else may run meanwhile. Afterwards the outbox is paused: the dump knows letters as waiting that have left
# since. `python manage.py outbox resume` lets them go when a chair has looked. DATABASE_URL is the owner's; with a role
# of its own for the site, run `python manage.py grant_site_role` afterwards.
set -eu
: "${DATABASE_URL:?}" "${MEDIA_ROOT:?}"
from="${1:?usage: deploy/restore.sh BACKUP}"
from=$(cd "$from" && pwd)
cd "$(dirname "$0")/.."
say() { printf '%s\n' "$*" >&2; }

(cd "$from" && sha256sum --quiet -c SHA256SUMS) || { say "The backup is damaged: its checksums differ."; exit 1; }
mkdir -p "$MEDIA_ROOT"
[ -z "$(ls -A "$MEDIA_ROOT")" ] || { say "$MEDIA_ROOT is not empty; nothing was changed."; exit 1; }
tables=$(psql -qAt "$DATABASE_URL" -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
[ "$tables" = 0 ] || { say "The database holds $tables tables already; nothing was changed."; exit 1; }

pg_restore --no-owner --no-acl --exit-on-error --single-transaction --dbname="$DATABASE_URL" "$from/database.dump"
"${PYTHON:-python}" manage.py outbox pause --reason "Restored from the backup $(basename "$from")"
tar -C "$MEDIA_ROOT" -xf "$from/files.tar"

# Each file's name is the SHA-256 of its bytes.
damaged=$(cd "$MEDIA_ROOT" && find . -type f -regextype posix-extended -regex '\./[0-9a-f]{2}/[0-9a-f]{64}' |
    awk -F/ '{ print $3 "  " $0 }' | sha256sum --quiet -c 2>/dev/null | grep -c FAILED || true)
[ "$damaged" = 0 ] || { say "$damaged files differ from their checksum."; exit 1; }
say "Restored. The outbox is paused; look at the letters, then: python manage.py outbox resume"
