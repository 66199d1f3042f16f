.PHONY: help up down test test-crash test-faults test-gateway check audit bench images requirements install
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## from a bare clone to a running stack: engine, magicctl, images, magicctl up
	@scripts/up

down: ## take the stack down; volumes stay
	@scripts/down

test: ## every test; installs and starts what it needs
	@scripts/test

test-crash: ## some 200 ways to end, ten times over: half an hour
	@scripts/ensure-engine
	cargo test --locked --features engine-tests --test it endings::all_ways -- --ignored --nocapture

test-faults: ## each call to the engine goes wrong in each way: about half an hour
	@scripts/ensure-engine
	EVERY_CASE=1 cargo test --locked --features engine-tests --test it faults:: -- --nocapture

test-gateway: ## the gateway on a Kafka and a Redis: 500 sessions for 1,000 viewers, a minute of a client that means ill
	GATEWAY_FUZZ=60 scripts/kafka-and-redis target/test-tools/bin/python -m pytest -s -m "stack or not stack" \
		tests/gateway/test_scale.py tests/gateway/test_fuzz.py

check: ## formatting, lints and every test that needs no engine: two minutes once built
	cargo fmt --check
	cargo clippy --locked --all-targets --features engine-tests -- -D warnings
	cargo test --locked

audit: ## licences, sources and known vulnerabilities of what we build on; the vulnerabilities need the network
	@scripts/audit

bench: ## the races, against Docker Compose and of the gateway; writes docs/benchmarks.md and docs/benchmarks-gateway.md
	@scripts/bench

images: ## build the services' images from package registries
	@scripts/build-images

requirements: ## requirements.txt and those of the tools, with hashes, from their .in files
	@scripts/requirements

install: ## magicctl into cargo's bin folder
	cargo install --locked --path .
