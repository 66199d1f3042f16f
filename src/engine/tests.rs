//! What the engine is asked for, request by request.

mod paths;
mod queries;
mod recorder;
