#!/usr/bin/env bash
# Back up the orders database: dump, prove that the dump restores, encrypt, upload, tidy up.
# Run by cron at 02:30 UTC, after the catalogue import.
set -euo pipefail

readonly DAILY_KEPT=14
readonly WEEKLY_KEPT=8
readonly BUCKET="${BACKUP_BUCKET:?set BACKUP_BUCKET, for instance s3://larkfield-backups}"
readonly RECIPIENT="${AGE_RECIPIENT:?set AGE_RECIPIENT to the public key of the safe}"

workdir="$(mktemp -d)"
trap 'rm -rf "$workdir"; dropdb --if-exists restore_check' EXIT

# A dump that was never restored is a hope, not a backup: load it and count.
verify() {
    local dump="$1" expected found
    expected="$(psql --tuples-only --no-align orders -c "SELECT count(*) FROM orders WHERE placed_at < current_date")"
    createdb restore_check
    pg_restore --exit-on-error --no-owner --dbname=restore_check "$dump"
    found="$(psql --tuples-only --no-align restore_check -c "SELECT count(*) FROM orders WHERE placed_at < current_date")"
    if [[ "$found" != "$expected" ]]; then
        echo "the dump holds ${found} orders up to yesterday, the database ${expected}" >&2
        return 1
    fi
}

# Delete all but the newest files under a prefix; names carry the date, so they sort by age.
prune() {
    local prefix="$1" keep="$2"
    aws s3 ls "${BUCKET}/${prefix}/" | awk '{print $4}' | sort --reverse | tail --lines="+$((keep + 1))" \
        | while read -r name; do aws s3 rm "${BUCKET}/${prefix}/${name}"; done
}

main() {
    local today dump
    today="$(date --utc +%F)"
    dump="${workdir}/orders-${today}.dump"
    pg_dump --format=custom --compress=9 --file="$dump" orders
    verify "$dump"
    age --recipient "$RECIPIENT" --output "${dump}.age" "$dump"
    aws s3 cp "${dump}.age" "${BUCKET}/daily/"
    if [[ "$(date --utc +%u)" == 7 ]]; then
        aws s3 cp "${dump}.age" "${BUCKET}/weekly/"
    fi
    prune daily "$DAILY_KEPT"
    prune weekly "$WEEKLY_KEPT"
}

main
