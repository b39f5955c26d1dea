//! PostgreSQL and Redis, real ones of Debian's: each on a free port of this machine, in a temporary folder of its own, gone with
//! the test that started it, in whatever way that one ends.
//!
//! Knows nothing of the service: a server here is a program and an address.

mod port;
mod postgres;
mod program;
mod redis;
#[cfg(target_os = "linux")]
mod wire;

pub use port::free_port;
pub use postgres::{Database, Held, Postgres, PostgresOptions, TlsFiles};
pub use redis::{Redis, RedisOptions};
#[cfg(target_os = "linux")]
pub use wire::Wire;
