#!/usr/bin/env bash
# Prepare .venv for running (`run`) or for running and testing (`dev`).
# As root, Debian packages that are missing are installed with apt; without root they are named.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-run}

python=""
for candidate in python3.11 python3.12 python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup: sipagent needs Python 3.11 or 3.12, and neither is on the PATH." >&2
    exit 1
fi

# Debian package -> what is skipped or impossible without it.
missing=()
note() { missing+=("$1"); echo "setup: Debian package '$1' is missing: $2"; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || note python3-venv "needed to make .venv"
if [ "$profile" = dev ]; then
    command -v baresip >/dev/null || note baresip-core "tests against a softphone are skipped"
    command -v sipp >/dev/null || note sip-tester "tests that drive calls with SIPp are skipped"
    [ -x /usr/sbin/kamailio ] || command -v kamailio >/dev/null ||
        note kamailio "tests against Kamailio are skipped"
    compgen -G '/usr/lib*/*/kamailio/modules/tls.so' >/dev/null ||
        note kamailio-tls-modules "tests against Kamailio over TLS are skipped"
    [ -x /usr/sbin/dnsmasq ] || command -v dnsmasq >/dev/null ||
        note dnsmasq-base "tests against a name server are skipped"
    [ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] ||
        note postgresql "tests of the store on PostgreSQL are skipped"
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null ||
        note libfaketime "tests of what takes minutes are skipped"
    command -v chromium >/dev/null || note chromium "tests of the console are skipped"
    command -v prometheus >/dev/null || note prometheus "tests of alert rules and dashboard are skipped"
fi
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing ${missing[*]} with apt"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "setup: not root, so nothing is installed; as root: apt-get install ${missing[*]}"
    fi
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
extras=local
[ "$profile" = dev ] && extras=local,dev
echo "setup: installing Python packages into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]" 2>&1 |
    grep -v '^WARNING: Location' || true
.venv/bin/python -c 'import sipagent.cli' # the pipe above hides the exit status of pip
touch ".venv/.ready-$profile"
[ "$profile" != dev ] || touch .venv/.ready-run
