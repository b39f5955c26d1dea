//! The shop by its public doors: as a library, as a program, and by every byte that goes over its connections.

mod program;
mod proxy;
mod site;
mod wire;
