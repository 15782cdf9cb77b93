#!/bin/sh
# Keeps what the suite in containers must not lose: PostgreSQL in FOLDER/warren.dump, the files in FOLDER/blobs.tar.
#   deploy/compose/backup.sh FOLDER
# Work goes on meanwhile. The files come last, so that none the dump names is missing.
set -eu
[ $# = 1 ] || { sed -n '3s/^# */usage: /p' "$0" >&2; exit 2; }
umask 077
mkdir -p "$1"
to=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
docker compose exec -T postgres pg_dump --username postgres --format custom warren >"$to/warren.dump.new"
# tar ends with 1 when a file was deleted or added meanwhile.
docker compose exec -T gateway sh -c 'tar -C /var/lib/warren/blobs -c . || [ $? = 1 ]' >"$to/blobs.tar.new"
mv "$to/warren.dump.new" "$to/warren.dump"
mv "$to/blobs.tar.new" "$to/blobs.tar"
