//! magicctl on a real engine with real services. Tests run side by side, each on a project of its own.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on fails by panicking"
)]

mod against_compose;
mod audit;
mod bad_input;
mod cards;
mod check;
mod commands;
mod config_files;
mod converge;
mod corpus;
mod crash;
mod endings;
mod engine_calls;
mod engines;
mod ensure_engine;
mod faults;
mod flags;
mod follow;
mod gateway;
mod hostile_engine;
mod hostile_repository;
mod json;
mod logs;
mod observability;
mod pin;
mod pull;
mod readme;
mod ready;
mod recall;
mod scale;
mod scope;
mod scripts;
mod secrets;
mod stack;
mod support;
mod terminal;
mod tls;
mod verbs;
