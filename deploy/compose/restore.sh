#!/bin/sh
# Starts the suite in containers from what backup.sh kept, in place of all that it has now.
#   deploy/compose/restore.sh FOLDER
set -eu
[ $# = 1 ] || { sed -n '3s/^# */usage: /p' "$0" >&2; exit 2; }
from=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
tar -tf "$from/blobs.tar" >/dev/null
docker compose up --detach --wait postgres
docker compose exec -T postgres pg_restore --list <"$from/warren.dump" >/dev/null
# Both can be read. From here on, what was there is gone.
docker compose stop
docker compose up --detach --wait postgres
docker compose exec -T postgres pg_restore --username postgres --dbname postgres --clean --if-exists --create \
  --exit-on-error <"$from/warren.dump"
# What waited then is sent to RabbitMQ again; jobs that had run are known and skipped.
docker compose exec -T postgres psql --username postgres --dbname warren --quiet --command \
  "UPDATE gateway.jobs SET sent_at = NULL WHERE status = 'queued'"
docker compose run --rm --no-deps -T gateway sh -c \
  'find /var/lib/warren/blobs -mindepth 1 -delete && tar -C /var/lib/warren/blobs -x' <"$from/blobs.tar"
docker compose up --detach --wait
