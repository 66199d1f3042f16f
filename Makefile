.PHONY: help up down test test-crash test-faults test-engines test-gateway check audit bench images requirements install
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## build what is missing (engine, magicctl, images) and start the stack
	@scripts/up

down: ## stop the stack and remove its containers and networks; keep volumes
	@scripts/down

test: ## run every test; installs and starts what the tests need
	@scripts/test

test-crash: ## test 200 ways in which a container can end, ten times each: half an hour
	@scripts/ensure-engine
	cargo test --locked --features engine-tests --test it endings::all_ways -- --ignored --nocapture

test-faults: ## make each call to the engine fail in each way: about half an hour
	@scripts/ensure-engine
	EVERY_CASE=1 cargo test --locked --features engine-tests --test it faults:: -- --nocapture

test-engines: ## run the engine's tests on every Docker Engine that is supported: half an hour
	@scripts/test-engines

test-gateway: ## test the gateway with Kafka and Redis: 500 sessions for 1,000 viewers, and a minute of malicious requests
	GATEWAY_FUZZ=60 scripts/kafka-and-redis target/test-tools/bin/python -m pytest -s -m "stack or not stack" \
		tests/gateway/test_scale.py tests/gateway/test_fuzz.py

check: ## check formatting, run lints and every test that needs no engine: two minutes once built
	cargo fmt --check
	cargo clippy --locked --all-targets --features engine-tests -- -D warnings
	cargo test --locked

audit: ## check licences, sources and known vulnerabilities of the dependencies; vulnerabilities need the network
	@scripts/audit

bench: ## benchmark magicctl and the gateway; write docs/benchmarks.md and docs/benchmarks-gateway.md
	@scripts/bench

images: ## build the services' images from package registries
	@scripts/build-images

requirements: ## write requirements.txt and those of the tools, with hashes, from their .in files
	@scripts/requirements

install: ## install magicctl into cargo's bin folder
	cargo install --locked --path .
