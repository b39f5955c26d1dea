//! The service, run inside the test's own process: its clock can be moved, and it ends with the test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::rt::System;
use weixin_login::app::Application;
use weixin_login::config::Config;

use crate::swept_clock::SweptClock;

/// A running service. Dropping it stops it, at once.
pub struct Service {
    address: SocketAddr,
    /// Moves what the service takes for now.
    pub clock: SweptClock,
    system: System,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts it with this configuration; it listens when this returns.
    pub fn start(config: &str, folder: &Path) -> Self {
        let config =
            Config::parse(config, HashMap::new().into_iter(), folder).expect("the house's configuration");
        let clock = SweptClock::default();
        let given = clock.clone();
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runner = System::new();
            let address = runner.block_on(async {
                let application =
                    Application::build(config, (*given).clone()).await.expect("the service is built");
                given.sweeps(application.upkeep());
                let address = application.address();
                actix_web::rt::spawn(application.run());
                address
            });
            started.send((address, System::current())).expect("the house waits");
            runner.run().expect("the service runs");
        });
        let (address, system) = starting.recv().expect("the service starts");
        Self { address, clock, system, thread: Some(thread) }
    }

    /// Where it listens, without the shop in front.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed there.
            let _ = thread.join();
        }
    }
}
