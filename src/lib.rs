//! magicctl takes a `MagicProxy` project from a bare checkout to a healthy, observable stack on a Docker Engine.
//!
//! Data flows one way: files → [`compose::Stack`] (wanted) and engine → [`observed::Observed`] (there) make a
//! [`plan::Plan`], which is executed and told as [`event::Event`]s.

pub mod capabilities;
pub mod cards;
pub mod check;
pub mod cli;
pub mod codes;
pub mod compose;
pub mod conflict;
pub mod content;
pub mod dockerfile;
#[cfg(test)]
mod docs_tests;
pub mod document;
pub mod engine;
pub mod event;
pub mod execute;
pub mod failure;
pub mod files;
pub mod http;
pub mod ids;
pub mod image;
pub mod labels;
pub mod logs;
pub mod names;
mod nearest;
pub mod observed;
pub mod plan;
pub mod programs;
pub mod python;
pub mod ready;
pub mod ready_page;
pub mod redact;
pub mod render;
pub mod rendered;
pub mod report;
mod sample;
pub mod schema;
mod secrets;
pub mod services;
pub mod settings;
pub mod shell;
pub mod stamp;
pub mod terminal;
pub mod verdict;
pub mod yaml;
