//! What only a server can do to a service: start late, fall over, be another version.
