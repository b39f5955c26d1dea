//! How many files and connections this process may have open at once.

/// Fewer are soon used up: a person who logs in through a proxy takes one or two, an event stream one.
#[cfg(unix)]
const FEW: u64 = 4096;

/// As far as a process may by itself: the limit that a shell or systemd gives at first is for programs that count in it.
pub(super) fn raise() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where it is forbidden, it stays.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// A sentence where they are few.
pub(super) fn too_few() -> Option<String> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.or(limit.current).filter(|most| *most < FEW)?;
        Some(format!(
            "only {most} files and connections may be open at once: LimitNOFILE=65536 in a unit of systemd, `ulimit -n 65536` in a shell"
        ))
    }
    #[cfg(not(unix))]
    None
}
