# What people run here. `make check` changes nothing, `make fix` repairs, `.ci/run` is
# what decides. Everything builds into one target folder, the dev profile unless said.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

CARGO ?= cargo
# `--locked` in CI: the lock file is part of the commit.
LOCKED ?=
# Companies of the demo when no list is given, and the list if one is.
COMPANIES ?= 200
DATA ?=
# Seeds of the simulation, and the profile it is built in.
SEEDS ?= 10000
# Fenced compactions of the bucket's simulation.
COMPACTIONS ?= 1000000
PROFILE ?= release
# Seconds each fuzz target runs.
FUZZ_SECONDS ?= 120

BUILT := $(or $(CARGO_TARGET_DIR),target)/debug
# Where tests look for it: beside what cargo builds.
MOTO := $(or $(CARGO_TARGET_DIR),target)/tools/moto
MOTO_VERSION := 5.2.0
DEMO := $(if $(DATA),--from '$(DATA)',--companies $(COMPANIES))
DEV := $(CARGO) run --quiet $(LOCKED) -p cocli-dev --

.PHONY: help demo demo-built demo-must-fail test check fix bench sim sim-bucket fuzz proof tools

help:
	@echo 'make demo    three nodes on this machine, with proof of what they say (DATA=list.csv)'
	@echo 'make test    every test'
	@echo 'make check   format, lints, docs, floors; changes nothing'
	@echo 'make fix     repairs what check complains about, as far as tools can'
	@echo 'make sim     simulated worlds under faults (SEEDS=10000)'
	@echo 'make sim-bucket  hubs at random under faults (COMPACTIONS=1000000)'
	@echo 'make bench   the numbers of docs/SCOREBOARD.md'
	@echo 'make fuzz    every decoder against hostile bytes (FUZZ_SECONDS=120)'
	@echo 'make proof   docs/PROOF.md: what is proved by what'

# With what breaks on purpose, which `cargo build --release` leaves out.
demo: demo-built
	@"$(BUILT)/cocli" demo $(DEMO)

demo-built:
	@$(CARGO) build $(LOCKED) -p cocli --features dev

# The demo with one of its promises broken on purpose: it holds without, and with it a
# claim fails (E0801); nothing else counts as noticing.
BREAK ?= push
demo-must-fail: demo
	@said="$(BUILT)/demo-broken.log"
	if DEMO_BREAK=$(BREAK) "$(BUILT)/cocli" demo $(DEMO) 2> "$$said"; then
	  echo "the demo did not notice that $(BREAK) is broken"; exit 1
	fi
	if ! grep -F 'error[E0801]' "$$said"; then
	  cat "$$said"; echo "the demo failed, but not by a claim"; exit 1
	fi
	echo "the demo noticed that $(BREAK) is broken"

test: tools
	@log="$${CARGO_TARGET_DIR:-target}/test.log"; mkdir -p "$$(dirname "$$log")"
	$(CARGO) test $(LOCKED) --workspace --no-fail-fast 2>&1 | tee "$$log"
	awk '/^test result:/ { passed += $$4; ignored += $$8 }
	  END { print "tests: " passed " passed, " ignored " ignored"; exit passed == 0 }' "$$log"

check:
	@$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc $(LOCKED) --workspace --no-deps --quiet
	$(DEV) floors
	$(DEV) circles
	$(DEV) bites
	$(DEV) journeys
	$(DEV) map --check

fix:
	@$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --fix --allow-dirty --allow-staged
	$(CARGO) fmt --all
	$(DEV) map

bench:
	@$(CARGO) run $(LOCKED) --release -p cocli-bench -- --write

sim:
	@$(CARGO) run $(LOCKED) --profile $(PROFILE) -p cocli-sim -- --seeds $(SEEDS)

sim-bucket:
	@COCLI_BUCKET_COMPACTIONS=$(COMPACTIONS) $(CARGO) test $(LOCKED) --release -p cocli-bucket --test sim -- --nocapture

fuzz:
	@$(CARGO) fuzz --version > /dev/null 2>&1 || $(CARGO) install --quiet --locked cargo-fuzz
	$(DEV) fuzz --seconds $(FUZZ_SECONDS)

proof: tools
	@$(DEV) proof

# Programs that tests call, installed only where they are missing.
tools:
	@missing=()
	for pair in cc:build-essential strace:strace ip:iproute2 python3:python3-venv; do
	  command -v "$${pair%%:*}" > /dev/null || missing+=("$${pair##*:}")
	done
	if (($${#missing[@]} > 0)); then
	  echo "tools: installing $${missing[*]}"
	  if test "$$(id -u)" = 0; then run=(); else run=(sudo -n); fi
	  "$${run[@]}" apt-get update -qq
	  DEBIAN_FRONTEND=noninteractive "$${run[@]}" apt-get install -y -qq --no-install-recommends "$${missing[@]}"
	fi
	if ! test -x '$(MOTO)/bin/moto_server'; then
	  echo "tools: installing moto, a server that speaks S3"
	  python3 -m venv --clear '$(MOTO)'
	  '$(MOTO)/bin/pip' install --quiet --disable-pip-version-check 'moto[server,s3]==$(MOTO_VERSION)'
	fi
