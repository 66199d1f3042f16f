//! magicctl takes a `MagicProxy` project from a bare checkout to a healthy, observable stack on a Docker Engine.
//!
//! Data flows one way: files → [`compose::Stack`] (wanted) and engine → [`observed::Observed`] (there) make a
//! [`plan::Plan`], which is executed and told as [`event::Event`]s.

pub mod compose;
pub mod event;
pub mod failure;
pub mod labels;
pub mod observed;
pub mod plan;
