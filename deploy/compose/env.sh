#!/bin/sh
# Makes .env from .env.example when it is missing, and gives every empty *_PASSWORD in it a random value.
set -eu
cd "$(dirname "$0")/../.."
umask 077
[ -e .env ] || { cp .env.example .env; chmod 600 .env; echo "env: .env is new; its passwords are random" >&2; }
for name in $(sed -n 's/^\([A-Z_]*_PASSWORD\)=.*/\1/p' .env.example); do
  ! grep -q "^$name=." .env || continue
  secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  if grep -q "^$name=" .env; then
    sed "s/^$name=\$/$name=$secret/" .env >.env.new
  else
    { cat .env; echo "$name=$secret"; } >.env.new
  fi
  mv .env.new .env
done
