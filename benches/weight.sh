#!/usr/bin/env bash
# What this crate adds to faer: crates in the tree, and seconds of a cold debug build. Two empty packages, one with faer
# and the features that this crate takes of it, one with this crate and no features, are built from nothing in turn.
#
#     benches/weight.sh [ROUNDS] [DIRECTORY]       3 rounds, in target/weight
#
# Prints for each round wall-clock seconds and seconds of CPU. Run it on a quiet machine with dependencies downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD rounds=${1-3} directory=${2-target/weight}

package() {
    mkdir -p "$directory/$1/src"
    : >"$directory/$1/src/lib.rs"
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\npublish = false\n[workspace]\n[dependencies]\n%s\n' \
        "weight_of_$1" "$2" >"$directory/$1/Cargo.toml"
    # The same versions as here; what is not needed drops out.
    cp Cargo.lock "$directory/$1/Cargo.lock"
    local tree
    tree=$(cargo tree --manifest-path "$directory/$1/Cargo.toml" -e normal --prefix none --no-dedupe --format '{p}')
    printf '%s: %s crates, itself among them\n' "$1" "$(grep -v '^weight_of' <<<"$tree" | sort -u | wc -l)"
}

build() {
    local manifest="$directory/$1/Cargo.toml" target="$directory/$1/target"
    rm -rf "$target"
    local TIMEFORMAT="$1: %R s, CPU %U s"
    # What comes from a registry is never compiled incrementally; this crate, from a path, would be, for some 20 % more.
    time CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$target" cargo build --quiet --locked --manifest-path "$manifest"
}

package faer "$(grep '^faer = ' Cargo.toml)"
package eigenscape "eigenscape = { path = \"$root\", default-features = false }"
for ((round = 0; round < rounds; round++)); do
    build faer
    build eigenscape
done
