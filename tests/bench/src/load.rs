//! The load: so many browsers at once, each going from one login to the next; or so many logins a second, whether they are answered
//! or not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::scenario::{Browser, Scenario};

/// How many browsers there are at once.
pub const BROWSERS: usize = 32;
/// Nobody has had these before: a number is one login of one run.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// When it ends.
#[derive(Clone, Copy)]
pub enum Until {
    Over(Duration),
    /// So many logins are done.
    Done(u64),
}

/// What came of it.
#[derive(Default)]
pub struct Run {
    pub seconds: f64,
    /// Of whole logins.
    pub logins: Vec<Duration>,
    /// Of each step of them.
    pub steps: Vec<Vec<Duration>>,
}

impl Run {
    pub fn per_second(&self) -> f64 {
        self.logins.len() as f64 / self.seconds
    }

    /// Milliseconds.
    pub fn percentile(&mut self, percent: f64) -> f64 {
        percentile(&mut self.logins, percent)
    }
}

/// In milliseconds: so many percent are not slower.
pub fn percentile(all: &mut [Duration], percent: f64) -> f64 {
    all.sort_unstable();
    let last = all.len().saturating_sub(1);
    all.get((last as f64 * percent / 100.0).round() as usize).map_or(0.0, |taken| taken.as_secs_f64() * 1e3)
}

/// As fast as it goes.
pub async fn full(address: SocketAddr, scenario: Scenario, until: Until) -> Result<Run> {
    load(address, scenario, until, None).await
}

/// So many a second. A login that finds no free browser has waited since its time: a queue is part of what people wait.
pub async fn paced(address: SocketAddr, scenario: Scenario, until: Until, per_second: f64) -> Result<Run> {
    load(address, scenario, until, Some(per_second)).await
}

async fn load(address: SocketAddr, scenario: Scenario, until: Until, pace: Option<f64>) -> Result<Run> {
    let browsers = (0..BROWSERS).map(|_| async move {
        let mut browser = Browser::at(address);
        browser.forget(NUMBERS.fetch_add(1, Ordering::Relaxed));
        browser.go(scenario.before).await.map(|_| browser)
    });
    let mut ready = Vec::new();
    for browser in browsers.map(tokio::spawn).collect::<Vec<_>>() {
        ready.push(browser.await??);
    }
    let begun = Instant::now();
    let tickets = std::sync::Arc::new(AtomicU64::new(0));
    let all: Vec<_> = ready
        .into_iter()
        .map(|browser| tokio::spawn(one(browser, scenario, until, pace, begun, tickets.clone())))
        .collect();
    let mut run = Run { steps: vec![Vec::new(); scenario.steps.len()], ..Run::default() };
    for browser in all {
        for (whole, steps) in browser.await?? {
            run.logins.push(whole);
            for (all, taken) in run.steps.iter_mut().zip(steps) {
                all.push(taken);
            }
        }
    }
    run.seconds = begun.elapsed().as_secs_f64();
    if run.logins.is_empty() {
        bail!("{}: nobody was logged in", scenario.name);
    }
    Ok(run)
}

async fn one(
    mut browser: Browser,
    scenario: Scenario,
    until: Until,
    pace: Option<f64>,
    begun: Instant,
    tickets: std::sync::Arc<AtomicU64>,
) -> Result<Vec<(Duration, Vec<Duration>)>> {
    let mut done = Vec::new();
    loop {
        let ticket = tickets.fetch_add(1, Ordering::Relaxed);
        let mut from = Instant::now();
        if let Some(per_second) = pace {
            let time = begun + Duration::from_secs_f64(ticket as f64 / per_second);
            // The timer's own millisecond is nobody's.
            if time > from {
                tokio::time::sleep_until(time.into()).await;
                from = Instant::now();
            } else {
                from = time;
            }
        }
        match until {
            Until::Over(length) if begun.elapsed() >= length => return Ok(done),
            Until::Done(all) if ticket >= all => return Ok(done),
            _ => {}
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        if scenario.before.is_empty() {
            browser.forget(number);
        } else {
            browser.number(number);
        }
        let steps = browser.go(scenario.steps).await?;
        done.push((from.elapsed(), steps));
    }
}
