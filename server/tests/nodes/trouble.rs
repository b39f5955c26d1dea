//! What may happen to a service while people log in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;
use weixin_emulator::{Call, Fault};

use crate::cluster::Cluster;
use crate::people::World;

/// So long something stands still.
const MOMENT: Duration = Duration::from_millis(700);
/// So many of WeChat's answers go wrong.
const ANSWERS: u32 = 6;

/// One thing that goes wrong, and is over when it has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// `kill -9`, and a new start.
    KillNode,
    /// SIGSTOP, and SIGCONT.
    PauseNode,
    /// `kill -9` of PostgreSQL and all of its processes.
    KillPostgres,
    /// Each commit takes 60 ms, until the next trouble of this kind ends that.
    SlowDisk,
    /// As it was before.
    QuickDisk,
    /// `kill -9` of a Redis that keeps nothing on its disk.
    KillRedis,
    /// SIGSTOP, and SIGCONT.
    PauseRedis,
    /// WeChat answers nothing, and later all at once.
    WeixinHangs,
    /// Connections are cut before anything happens.
    WeixinCuts,
    /// A code is used up, and nobody hears of it.
    WeixinLosesAnswers,
    /// 502 and a gateway's page.
    WeixinIsDown,
    /// Ten megabytes.
    WeixinFloods,
    /// HTML where JSON belongs.
    WeixinRambles,
    /// `errcode` -1.
    WeixinIsBusy,
}

impl Trouble {
    /// All that several nodes may meet.
    pub const ALL: &[Self] = &[
        Self::KillNode,
        Self::WeixinHangs,
        Self::KillPostgres,
        Self::WeixinCuts,
        Self::PauseNode,
        Self::KillRedis,
        Self::WeixinLosesAnswers,
        Self::SlowDisk,
        Self::KillNode,
        Self::PauseRedis,
        Self::WeixinIsDown,
        Self::QuickDisk,
        Self::WeixinFloods,
        Self::KillPostgres,
        Self::WeixinRambles,
        Self::WeixinIsBusy,
    ];

    /// Lets it happen, and waits until it is over.
    pub fn happen(self, cluster: &mut Cluster, world: &World, chance: &mut SmallRng) {
        let weixin = &world.weixin;
        let node = chance.random_range(0..cluster.addresses().len());
        let call = [Call::AccessToken, Call::UserInfo][chance.random_range(0..2)];
        let fault = |fault: Fault| weixin.fault_times(call, fault, ANSWERS);
        match self {
            Self::KillNode => cluster.kill_and_start_again(node),
            Self::PauseNode => cluster.pause(node, MOMENT),
            Self::KillPostgres => cluster.kill_postgres(),
            Self::SlowDisk => cluster.slow_commits(60),
            Self::QuickDisk => cluster.slow_commits(0),
            Self::KillRedis => {
                world.forgotten.fetch_add(1, Ordering::SeqCst);
                cluster.kill_redis();
                world.forgotten.fetch_add(1, Ordering::SeqCst);
            }
            Self::PauseRedis => cluster.pause_redis(MOMENT),
            Self::WeixinHangs => {
                fault(Fault::Hang);
                std::thread::park_timeout(MOMENT);
                weixin.clear_faults();
            }
            Self::WeixinCuts => fault(Fault::Cut),
            Self::WeixinLosesAnswers => fault(Fault::LoseAnswer),
            Self::WeixinIsDown => fault(Fault::Status { status: 502 }),
            Self::WeixinFloods => fault(Fault::Huge),
            Self::WeixinRambles => fault(Fault::Html),
            Self::WeixinIsBusy => fault(Fault::Errcode { errcode: -1 }),
        }
    }
}
