//! A first start that is killed at any moment leaves nothing behind that stops the next one.

use std::time::Duration;

use tempfile::TempDir;
use weixin_emulator::Emulator;

use crate::program::{Program, write_config};

/// From 5 to 400 ms, 40 of them.
const KILLS: u64 = 40;

#[tokio::test]
async fn a_first_start_that_is_killed_at_any_moment_leaves_one_that_starts() {
    let weixin = Emulator::start(Default::default()).await.unwrap();
    let mut stuck = Vec::new();
    for round in 0..KILLS {
        let data = TempDir::new().unwrap();
        let file = write_config(&weixin, &data, |config| config);
        let after = Duration::from_millis(5 + round * 395 / (KILLS - 1));
        let mut killed = Program::start(&file);
        // The moment is what is tried: nothing is waited for.
        let _ = tokio::time::timeout(after, std::future::pending::<()>()).await;
        killed.kill();
        let mut again = Program::start(&file);
        if again.addresses().is_none() {
            stuck.push((after, again.stop()));
        }
    }
    assert!(stuck.is_empty(), "{} of {KILLS} never start again: {stuck:#?}", stuck.len());
}
