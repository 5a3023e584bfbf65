# Shortcuts. `.ci/run` needs none of them; it is what decides.

# Lists the recipes.
default:
    @just --list

# Everything that must hold before a change is kept.
ci:
    .ci/run

# The tests of all crates.
test:
    cargo test

# Formats everything.
format:
    cargo fmt --all

# All benchmarks with their timings; arguments go to criterion.
bench *ARGUMENTS:
    cargo bench --bench '*' -- {{ARGUMENTS}}

# The plot of each group of benchmarks, into `benches/plots`; wants an idle machine.
plots *ARGUMENTS:
    benches/plot {{ARGUMENTS}}

# The built examples against python-hl7 and hl7apy.
interop:
    cargo build --release --examples
    python3 interop/python_hl7.py
    python3 interop/acknowledgments.py
    python3 interop/differential.py

# The gateway's store against SQLite, MariaDB and PostgreSQL.
store *DATABASES:
    cargo build --release --example gateway --features mariadb,postgres
    python3 interop/store.py {{DATABASES}}

# The gateway from MLLP to HTTP, in the clear and over TLS, and the memory that an outage costs.
gateway-bench *ARGUMENTS:
    cargo build --release --example gateway --example replay
    python3 interop/gateway_bench.py {{ARGUMENTS}}

# What is too long for `ci`, or needs a nightly compiler.
full: ci large faults (work "200") each-feature msrv external-types minimal-versions package wasm miri (fuzz-all "60")

# Messages and files of 256 MiB.
large:
    cargo test --release -p hl7-parse --test main -- --ignored

# 100,000 messages through a gateway while lines break and both ends start again.
faults:
    cargo test --release -p hl7-examples --test main -- --ignored --nocapture faults

# Counts instructions at two lengths, of the known texts and so many random ones; needs valgrind.
work RANDOM="6":
    .ci/linear_work {{RANDOM}}

# Changes parsing, acknowledging and framing piece by piece, and holds that a test notices; hours.
mutants *SETS:
    .ci/mutants {{SETS}}

# The oldest versions of direct dependencies that the manifests allow, in a copy of the project.
minimal-versions:
    rm -rf target/minimal-versions
    mkdir -p target/minimal-versions
    tar --exclude=./target --exclude=./.git -cf - . | tar -xf - -C target/minimal-versions
    cd target/minimal-versions && cargo +nightly update -Z direct-minimal-versions
    cd target/minimal-versions && CARGO_TARGET_DIR=../minimal-target cargo check --workspace --exclude hl7-fuzz --all-features

# Each feature of each published crate alone, and none, and all; the documentation of most too.
each-feature:
    cargo hack --version || cargo install --locked cargo-hack
    cargo hack check --each-feature -p hl7-parse -p hl7-ack -p hl7-transport -p hl7-mllp -p hl7-http
    RUSTDOCFLAGS="-D warnings" cargo hack doc --no-deps --each-feature -p hl7-parse -p hl7-ack \
        -p hl7-transport -p hl7-mllp

# Builds and tests with the oldest compiler that the manifests declare.
msrv:
    rustup toolchain install --profile minimal $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    cargo +$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) test --workspace --exclude hl7-fuzz

# Types of other crates in our interfaces, held against those that are allowed on purpose.
external-types:
    .ci/external_types

# What of the crates the fuzz targets reach, by file; of all of them if none is named.
fuzz-coverage *TARGETS:
    fuzz/coverage_report {{TARGETS}}

# Packs the published crates and builds each from its package.
package:
    cargo package -p hl7-parse -p hl7-ack -p hl7-transport -p hl7-mllp -p hl7-http

# The crates without IO build where there is no operating system, and run where node is.
wasm:
    rustup target add wasm32-unknown-unknown
    cargo check --target wasm32-unknown-unknown -p hl7-parse -p hl7-ack
    cargo build --target wasm32-unknown-unknown -p hl7-wasm-check
    if command -v node; then \
        node .ci/wasm/run.mjs "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/debug/hl7-wasm-check.wasm"; \
    else echo "skipped: there is no node"; fi

# The unit tests of hl7-parse under Miri, but for those that repeat much: they would take hours.
miri:
    rustup +nightly component add miri rust-src
    cargo +nightly miri test -p hl7-parse --lib

# Runs every fuzz target for so many seconds each.
fuzz-all SECONDS="60":
    cargo +nightly fuzz --version || cargo install --locked cargo-fuzz
    for target in $(cargo +nightly fuzz list); do \
        mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"; \
        cargo +nightly fuzz run --target-dir target/fuzz "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" \
            testdata/messages testdata/malformed testdata/batches -- \
            -max_total_time={{SECONDS}} -max_len=4096 -dict=fuzz/hl7.dict || exit 1; \
    done
