#!/bin/sh
# deploy/backup.sh FOLDER: one backup of the installation that DATABASE_URL and MEDIA_ROOT name, in FOLDER/<time>/.
# The database first, then the files: files are only ever added, so every file that the dump names is in the copy.
set -eu
: "${DATABASE_URL:?}" "${MEDIA_ROOT:?}"
to="${1:?usage: deploy/backup.sh FOLDER}/$(date -u +%Y-%m-%dT%H%M%SZ)"
umask 077
mkdir -p "$to.part"
pg_dump --format=custom --no-owner --file="$to.part/database.dump" "$DATABASE_URL"
tar -C "$MEDIA_ROOT" -cf "$to.part/files.tar" .
(cd "$to.part" && sha256sum database.dump files.tar > SHA256SUMS)
# The name without .part appears only when everything is there.
mv "$to.part" "$to"
printf '%s\n' "$to"
