//! The program's own rooms: what it can be told on the command line, what it says when it is ready, and what it prints for
//! programs of others.

pub mod announcement;
pub mod arguments;
pub mod environment;
