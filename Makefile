.PHONY: help up down test check bench images install
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## from a bare clone to a running stack: engine, magicctl, images, magicctl up
	@scripts/up

down: ## take the stack down; volumes stay
	@scripts/down

test: ## every test; installs and starts what it needs
	@scripts/test

check: ## formatting, lints and unit tests: seconds, no engine
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked --lib

bench: ## the races, against Docker Compose and of the gateway; writes docs/benchmarks.md and docs/benchmarks-gateway.md
	@scripts/bench

images: ## build the services' images from package registries
	@scripts/build-images

install: ## magicctl into cargo's bin folder
	cargo install --locked --path .
