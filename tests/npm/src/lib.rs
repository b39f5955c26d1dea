//! Projects that install the npm package as anybody would: from its tarball, with the bundlers that people use.
//!
//! The projects themselves are the samples beside this crate, which the package's README shows word for word. Here they are laid
//! out and built, under `target/npm`; what happens in the browser is for the tests.

mod packages;
mod project;

pub use packages::{TARBALL, commonjs_workshop, program, repository, workshop};
pub use project::{Project, Server, free_port, run};
