#!/bin/sh
# Roles, one per service, made when the database is: `warren` owns all and migrates, each service writes its own schema.
# Their passwords come from the environment: POSTGRES_PASSWORD_WARREN, _GATEWAY, _ANALYZER, _DIGEST.
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set warren="$POSTGRES_PASSWORD_WARREN" --set gateway="$POSTGRES_PASSWORD_GATEWAY" \
  --set analyzer="$POSTGRES_PASSWORD_ANALYZER" --set digest="$POSTGRES_PASSWORD_DIGEST" <<'SQL'
CREATE ROLE warren LOGIN PASSWORD :'warren';
CREATE ROLE gateway LOGIN PASSWORD :'gateway';
CREATE ROLE analyzer LOGIN PASSWORD :'analyzer';
CREATE ROLE digest LOGIN PASSWORD :'digest';
SQL
psql --set ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --file /etc/warren/grants.sql
