#!/usr/bin/env bash
# Make what compose.yaml needs for TLS and tokens, once: a CA of one's own, a certificate of the
# service, and three tokens. Nothing of it is ever committed (.gitignore).
#
#   docker/credentials.sh                   make what is missing; what is there stays
#   docker/credentials.sh renew             a new certificate from the same CA; no restart is needed
#   docker/credentials.sh revoke NAME       take a token away: scrape, ingest or admin; then run
#                                           the first form again for a new one
#
# FOLDER     where, default docker/credentials
# NAMES      further names of the service in its certificate, for example
#            "boxgauge.example.com 192.0.2.7"
# DAYS       how long the certificate is valid, default 90
# BOXGAUGE   the command that makes tokens, default boxgauge
#
#   FOLDER/ca        key and certificate of the CA: whoever has the key can pose as the service
#   FOLDER/server    what the service reads: tls.crt, tls.key, tokens (hashes, not the tokens)
#   FOLDER/scrape    what Prometheus reads: ca.crt, token
#   FOLDER/client    for programs: ca.crt, ingest.token (send frames) and admin.token (all rights)
#
# Containers read the two middle ones as users that do not exist here, so that their files are
# readable; FOLDER itself, which nobody else can enter, is what protects them on this machine.
set -euo pipefail
umask 077

FOLDER=${FOLDER:-$(cd "$(dirname "$0")" && pwd -P)/credentials}
DAYS=${DAYS:-90}
BOXGAUGE=${BOXGAUGE:-boxgauge}

say() { printf 'credentials: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Others see the old file or the new one, never a part of it.
publish() {
    chmod "$3" "$1"
    mv -f "$1" "$2"
}

make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -sha256 \
        -subj "/CN=BoxGauge's own CA" -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
        -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$FOLDER/ca/ca.key" -out "$FOLDER/ca/ca.crt" 2>/dev/null
    for reader in server scrape client; do
        install -m 0644 "$FOLDER/ca/ca.crt" "$FOLDER/$reader/ca.crt"
    done
    say "a CA is in $FOLDER/ca"
}

make_certificate() {
    local alternatives=DNS:boxgauge,DNS:localhost,IP:127.0.0.1,IP:::1 name
    # As Kubernetes calls the Service of docker/kubernetes.
    alternatives+=,DNS:boxgauge.boxgauge,DNS:boxgauge.boxgauge.svc,DNS:boxgauge.boxgauge.svc.cluster.local
    for name in ${NAMES:-}; do
        if [[ $name =~ ^[0-9.]+$|: ]]; then alternatives+=,IP:$name; else alternatives+=,DNS:$name; fi
    done
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -sha256 -subj /CN=boxgauge \
        -keyout "$FOLDER/ca/new.key" -out "$FOLDER/ca/new.csr" 2>/dev/null
    printf '%s\n' "subjectAltName=$alternatives" basicConstraints=critical,CA:FALSE \
        keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth >"$FOLDER/ca/new.ext"
    openssl x509 -req -in "$FOLDER/ca/new.csr" -CA "$FOLDER/ca/ca.crt" -CAkey "$FOLDER/ca/ca.key" \
        -set_serial "0x$(openssl rand -hex 16)" -days "$DAYS" -sha256 -extfile "$FOLDER/ca/new.ext" \
        -out "$FOLDER/ca/new.crt" 2>/dev/null
    rm "$FOLDER/ca/new.csr" "$FOLDER/ca/new.ext"
    # Between the two moves the pair does not fit: the service keeps the last one that did.
    publish "$FOLDER/ca/new.key" "$FOLDER/server/tls.key" 0644
    publish "$FOLDER/ca/new.crt" "$FOLDER/server/tls.crt" 0644
    say "a certificate for $DAYS days is in $FOLDER/server"
}

# make_token FILE SCOPE…
make_token() {
    local file=$1 scopes=() scope
    shift
    [[ ! -e $file ]] || return 0
    for scope in "$@"; do scopes+=(--scope "$scope"); done
    "$BOXGAUGE" token create --file "$FOLDER/server/tokens" "${scopes[@]}" --monitors '*' >"$file.new"
    chmod 0644 "$FOLDER/server/tokens"
    publish "$file.new" "$file" 0644
}

case ${1:-make} in
make | renew | revoke) ;;
*) die "nothing is known of '$1': make, renew or revoke" ;;
esac
command -v openssl >/dev/null || die "openssl is missing"
mkdir -p "$FOLDER"
chmod 0700 "$FOLDER"
for each in ca server scrape client; do mkdir -p "$FOLDER/$each"; done
chmod 0755 "$FOLDER/server" "$FOLDER/scrape"

token_file() {
    case $1 in
    scrape) printf '%s\n' "$FOLDER/scrape/token" ;;
    ingest | admin) printf '%s\n' "$FOLDER/client/$1.token" ;;
    *) die "there is no token '$1': scrape, ingest or admin" ;;
    esac
}

if [[ ${1:-} == revoke ]]; then
    file=$(token_file "${2:-}")
    [[ -e $file ]] || die "$file is not there"
    # boxgauge_ID_SECRET: its line begins with the ID.
    id=$(cut -d_ -f2 "$file")
    grep -v "^$id " "$FOLDER/server/tokens" >"$FOLDER/server/tokens.new"
    publish "$FOLDER/server/tokens.new" "$FOLDER/server/tokens" 0644
    rm "$file"
    say "token $id is revoked"
    exit
fi

[[ -e $FOLDER/ca/ca.crt ]] || make_ca
if [[ ${1:-} == renew || ! -e $FOLDER/server/tls.crt ]]; then make_certificate; fi
make_token "$(token_file scrape)" read
make_token "$(token_file ingest)" ingest
make_token "$(token_file admin)" ingest read admin
say "all is in $FOLDER"
