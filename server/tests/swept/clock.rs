//! The clock of a test: who moves it has the service swept at that time, as the service sweeps every minute by itself. What may
//! be cleared away is then gone for every test that lets time pass.

use std::ops::Deref;
use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use weixin_login::clock::{Clock, Seconds};
use weixin_login::upkeep::Upkeep;

/// A clock, and the services that go by it. Its clones go together.
#[derive(Clone, Default)]
pub struct SweptClock {
    clock: Clock,
    services: Arc<Mutex<Vec<UnboundedSender<mpsc::Sender<()>>>>>,
}

impl SweptClock {
    /// A service goes by this clock: it is swept, on its own thread, whenever the clock is moved. Needs the service's runtime.
    pub fn sweeps(&self, upkeep: Upkeep) {
        let (ask, mut asked) = unbounded_channel::<mpsc::Sender<()>>();
        tokio::spawn(async move {
            while let Some(swept) = asked.recv().await {
                upkeep.sweep().await.expect("the store answers");
                // Whoever asked may be gone.
                let _ = swept.send(());
            }
        });
        self.services.lock().expect("no panic").push(ask);
    }

    /// Moves the clock, and returns when every service that still runs has swept.
    pub fn advance(&self, seconds: Seconds) {
        self.clock.advance(seconds);
        let (swept, sweeping) = mpsc::channel();
        self.services.lock().expect("no panic").retain(|service| service.send(swept.clone()).is_ok());
        drop(swept);
        while sweeping.recv().is_ok() {}
    }
}

impl Deref for SweptClock {
    type Target = Clock;

    fn deref(&self) -> &Clock {
        &self.clock
    }
}
