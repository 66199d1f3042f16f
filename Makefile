.PHONY: help up down test test-crash test-faults check audit bench images requirements install
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
	cargo test --locked --test it endings::all_ways -- --ignored --nocapture

test-faults: ## each call to the engine goes wrong in each way: about half an hour
	@scripts/ensure-engine
	EVERY_CASE=1 cargo test --locked --test it faults:: -- --nocapture

check: ## formatting, lints and unit tests: seconds, no engine
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked --lib

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
