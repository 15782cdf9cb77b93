#!/bin/sh
# Sets up what `make run` and `make test` need, reusing what is there; when all is there, that takes a second.
#
#   local/setup.sh python      the packages of uv.lock, in .venv (and uv itself, in .warren/tools, if it is missing)
#   local/setup.sh rabbitmq    RabbitMQ's programs: with apt-get or Homebrew, or its container where Docker works
#   local/setup.sh testing     what some tests need: Chromium, curl, promtool, and bubblewrap, which holds generated code on old kernels
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13                      # the first that reads uv.lock; another 0.13.x or newer does too
RABBITMQ_IMAGE=rabbitmq:4-management # as in shared/warren/embedded/docker.py

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# --- Python -----------------------------------------------------------------

python() {
  find_uv || install_uv
  [ -d .venv ] || say "installing the packages of uv.lock into .venv (once; about 900 MB)"
  quiet=--quiet; [ -d .venv ] || quiet=
  extra=; case "${WARREN_FLOWER:-}" in 1 | true | yes | on) extra="--extra flower" ;; esac
  # shellcheck disable=SC2086  # an empty option must vanish
  VIRTUAL_ENV='' UV_PROJECT_ENVIRONMENT=.venv "$UV" sync --locked --all-packages $extra $quiet ||
    fail "uv could not install the packages of uv.lock; the lines above say why."
}

find_python() {
  for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
    have "$PYTHON" && "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && return
  done
  fail "Warren needs Python 3.11 or newer; python3 here is $(python3 --version 2>&1 || true)."
}

find_uv() {
  for UV in uv "$HOME/.local/bin/uv" .warren/tools/bin/uv; do
    found=$("$UV" --version 2>/dev/null) || continue
    "$PYTHON" - "$UV_VERSION" "$found" <<'END' && return
import sys
needed, found = sys.argv[1], sys.argv[2].split()[1]
sys.exit([int(part) for part in found.split(".")[:2]] < [int(part) for part in needed.split(".")])
END
  done
  return 1
}

install_uv() {
  say "installing uv into .warren/tools"
  mkdir -p .warren
  if ! "$PYTHON" -m venv .warren/tools >.warren/venv.log 2>&1; then
    rm -rf .warren/tools
    can_apt || fail "python3 cannot make virtual environments here: ask for the package python3-venv, then try again."
    apt_install python3-venv
    "$PYTHON" -m venv .warren/tools || fail "python3 cannot make virtual environments; the lines above say why."
  fi
  .warren/tools/bin/python -m pip install --quiet --disable-pip-version-check "uv>=$UV_VERSION" ||
    fail "uv could not be installed with pip; the lines above say why."
  UV=.warren/tools/bin/uv
}

# --- RabbitMQ ---------------------------------------------------------------

rabbitmq() {
  if have_rabbitmq; then return; fi
  if can_apt_quietly; then install_rabbitmq
  elif have brew; then
    say "installing RabbitMQ with Homebrew (its service is not started)"
    brew install rabbitmq || fail "Homebrew could not install rabbitmq; the lines above say why."
  elif docker_works; then fetch_image
  elif can_apt; then install_rabbitmq
  else
    fail "RabbitMQ is missing, and this user can neither install it (not root, no sudo) nor use Docker:" \
      "ask an administrator to install the package rabbitmq-server, then try again."
  fi
}

have_rabbitmq() {
  for path in /usr/lib/rabbitmq/bin /opt/homebrew/opt/rabbitmq/sbin /usr/local/opt/rabbitmq/sbin; do
    [ -x "$path/rabbitmq-server" ] && return
  done
  have rabbitmq-server
}

install_rabbitmq() {
  apt_install rabbitmq-server
  # Warren starts a broker of its own; the one that the package would run for the whole machine is not needed.
  [ ! -d /run/systemd/system ] ||
    as_root systemctl disable --quiet --now rabbitmq-server.service epmd.socket epmd.service || true
}

docker_works() { have docker && docker info >/dev/null 2>&1; }

fetch_image() {
  if docker image inspect "$RABBITMQ_IMAGE" >/dev/null 2>&1; then return; fi
  say "fetching RabbitMQ as the container image $RABBITMQ_IMAGE"
  docker pull --quiet "$RABBITMQ_IMAGE" >&2 || fail "Docker could not fetch $RABBITMQ_IMAGE; the lines above say why."
}

# --- what some tests need ---------------------------------------------------

testing() {
  missing=
  have_chromium || missing="$missing chromium"
  have curl || missing="$missing curl"
  have bwrap || [ "$(uname)" != Linux ] || missing="$missing bubblewrap"
  have promtool || missing="$missing prometheus" # whose service does not start: see apt_install
  # Playwright drives the browser with a Node of its own, which wants this library of the system.
  playwright_works || missing="$missing libatomic1"
  if [ -n "$missing" ] && can_apt; then
    wanted=$missing missing=
    for package in $wanted; do
      (apt_install "$package") || missing="$missing $package"
    done
  fi
  [ -z "$missing" ] ||
    say "WARNING: missing here, and not to be had:$missing. THE TESTS THAT NEED IT WILL BE SKIPPED OR FAIL."
}

have_chromium() {
  for program in chromium chromium-browser google-chrome google-chrome-stable; do
    if have "$program"; then return; fi
  done
  [ -d "/Applications/Google Chrome.app" ]
}

playwright_works() {
  for node in .venv/lib/python3*/site-packages/playwright/driver/node; do
    if [ -x "$node" ] && ! "$node" --version >/dev/null 2>&1; then return 1; fi
  done
}

# --- packages of the system -------------------------------------------------

can_apt_quietly() { have apt-get && { is_root || sudo -n true 2>/dev/null; }; }

# Also when sudo has to ask for a password, which it can at a terminal.
can_apt() {
  if can_apt_quietly; then return; fi
  have apt-get && have sudo && [ -t 0 ] && say "sudo may ask for your password" && sudo -v
}

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

apt_install() {
  say "installing $* with apt-get (as root)"
  # No service is to start because of us: the two settings are what systemd's and System V's tools look at.
  quiet_apt="env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 RUNLEVEL=1 apt-get -qq"
  mkdir -p .warren
  as_root $quiet_apt update || say "the package lists could not be brought up to date"
  as_root $quiet_apt install -y --no-install-recommends "$@" </dev/null >.warren/apt.log 2>&1 || {
    cat .warren/apt.log >&2; fail "apt-get could not install $*; the lines above say why."
  }
}

[ $# -gt 0 ] || fail "say what to set up: python, rabbitmq, testing"
find_python
for step; do
  case $step in
    python | rabbitmq | testing) "$step" ;;
    *) fail "unknown step '$step': python, rabbitmq or testing" ;;
  esac
done
