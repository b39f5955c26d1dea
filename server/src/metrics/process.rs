//! What Prometheus expects of every process, by the names that it expects: processor time, memory, open files. Known where there is a
//! `/proc`; elsewhere nothing is said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Of this process.
pub(super) struct Process {
    cpu_seconds: Counter<f64, AtomicU64>,
    resident_bytes: Gauge,
    open_files: Gauge,
    most_files: Gauge,
    started_at: Gauge<f64, AtomicU64>,
}

impl Process {
    /// All of it, where it can be known.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let process = Self {
            cpu_seconds: Counter::default(),
            resident_bytes: Gauge::default(),
            open_files: Gauge::default(),
            most_files: Gauge::default(),
            started_at: Gauge::default(),
        };
        // What the system says of it is hidden from many a container.
        let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        process.started_at.set(started_at.as_secs_f64());
        if cfg!(target_os = "linux") {
            let Self { cpu_seconds, resident_bytes, open_files, most_files, started_at } = &process;
            let name = "process_cpu_seconds";
            registry.register(name, "Processor time, of user and system", cpu_seconds.clone());
            let name = "process_resident_memory_bytes";
            registry.register(name, "Memory that is in use", resident_bytes.clone());
            registry.register("process_open_fds", "Files and connections that are open", open_files.clone());
            registry.register("process_max_fds", "How many of them may be open", most_files.clone());
            let name = "process_start_time_seconds";
            registry.register(name, "When it was started, since 1970", started_at.clone());
        }
        process
    }

    /// Looks anew.
    #[cfg(target_os = "linux")]
    pub(super) fn look(&self) {
        let Ok(process) = procfs::process::Process::myself() else { return };
        if let Ok(stat) = process.stat() {
            let ticks = procfs::ticks_per_second() as f64;
            let spent = (stat.utime + stat.stime) as f64 / ticks;
            self.cpu_seconds.inner().store(spent.to_bits(), Ordering::Relaxed);
            let resident = stat.rss.saturating_mul(procfs::page_size());
            self.resident_bytes.set(i64::try_from(resident).unwrap_or(i64::MAX));
        }
        if let Ok(open) = process.fd_count() {
            self.open_files.set(i64::try_from(open).unwrap_or(i64::MAX));
        }
        if let Ok(limits) = process.limits()
            && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            self.most_files.set(i64::try_from(most).unwrap_or(i64::MAX));
        }
    }

    /// Nothing is known.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn look(&self) {}
}
