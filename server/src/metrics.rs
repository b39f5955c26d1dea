//! What is counted, for Prometheus. No names, no addresses, no values of anybody's: every label is a word of ours, or a number that
//! WeChat documents.

mod process;

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

use protocol::sns::{ACCESS_TOKEN_PATH, USERINFO_PATH};

use self::process::Process;
use crate::log;
use crate::times::{Buckets, Labels, STORES};

type Counts<const N: usize> = Family<Labels<N>, Counter>;

/// From a quick answer to the 5 seconds after which WeChat is given up.
const SECONDS_OF_WEIXIN: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0];

/// What the widget tells its page, as docs/phases.md has it.
pub(crate) const PHASES: [&str; 11] = [
    "loading",
    "probing",
    "fast-login",
    "confirming",
    "qr",
    "scanned",
    "binding",
    "success",
    "expired",
    "denied",
    "error",
];

/// Counts since the start.
pub struct Metrics {
    registry: Registry,
    logins: Counts<3>,
    starts: Counts<2>,
    calls: Counts<2>,
    call_seconds: Family<Labels<1>, Histogram, Buckets>,
    phases: Counts<1>,
    tokens: Counts<2>,
    limited: Counts<1>,
    deliveries: Counts<1>,
    streams: Gauge,
    reloads: Counts<1>,
    reloaded_well: Gauge,
    log_lines_lost: Counter,
    process: Process,
}

/// An event stream that is open; it is counted until this goes.
pub(crate) struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let process = Process::register(&mut registry);
        let ours = registry.sub_registry_with_prefix("weixin_login");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "The program that runs", build);
        let metrics = Self {
            logins: Counts::default(),
            starts: Counts::default(),
            calls: Counts::default(),
            call_seconds: Family::new_with_constructor(Buckets(&SECONDS_OF_WEIXIN)),
            phases: Counts::default(),
            tokens: Counts::default(),
            limited: Counts::default(),
            deliveries: Counts::default(),
            streams: Gauge::default(),
            reloads: Counts::default(),
            reloaded_well: Gauge::default(),
            log_lines_lost: Counter::default(),
            process,
            registry: Registry::default(),
        };
        metrics.reloaded_well.set(1);
        ours.register("starts", "Logins that have begun, by kind and way", metrics.starts.clone());
        ours.register("logins", "Logins that have ended, by kind, way and outcome", metrics.logins.clone());
        ours.register("widget_phases", "What a sample of people saw of the widget", metrics.phases.clone());
        ours.register(
            "weixin_calls",
            "Answers of WeChat's API, by errcode; 0 is good",
            metrics.calls.clone(),
        );
        ours.register_with_unit(
            "weixin_call",
            "How long WeChat's API took to answer",
            Unit::Seconds,
            metrics.call_seconds.clone(),
        );
        ours.register("tokens", "Codes and refresh tokens that were presented", metrics.tokens.clone());
        ours.register("limited", "Requests that were refused as too many", metrics.limited.clone());
        ours.register(
            "backchannel_deliveries",
            "Tries to tell a client of a logout",
            metrics.deliveries.clone(),
        );
        ours.register("event_streams", "Event streams that are open", metrics.streams.clone());
        ours.register("config_reloads", "Configurations that were read again", metrics.reloads.clone());
        ours.register(
            "config_last_reload_successful",
            "Whether the configuration that was read last is the one in use",
            metrics.reloaded_well.clone(),
        );
        ours.register(
            "log_lines_lost",
            "Lines that nobody took from standard error in time",
            metrics.log_lines_lost.clone(),
        );
        ours.register_with_unit(
            "store_verb",
            "How long a verb of the store took",
            Unit::Seconds,
            STORES.seconds.clone(),
        );
        ours.register("store_failures", "Verbs of the store that failed", STORES.failures.clone());
        metrics.begin_at_nothing();
        Self { registry, ..metrics }
    }

    /// What has never happened is told as 0: a rate begins somewhere, and a dashboard knows what there is.
    fn begin_at_nothing(&self) {
        let (website, service_account) = ("website", "service_account");
        for (kind, way) in [
            ("hosted", website),
            ("hosted", service_account),
            ("embedded", website),
            ("scene", service_account),
            ("leg", service_account),
        ] {
            self.starts.get_or_create(&[("kind", kind.into()), ("way", way.into())]).inc_by(0);
            self.logins
                .get_or_create(&[("kind", kind.into()), ("way", way.into()), ("outcome", "done".into())])
                .inc_by(0);
        }
        for call in [ACCESS_TOKEN_PATH, USERINFO_PATH] {
            self.calls.get_or_create(&[("call", call.into()), ("errcode", "0".into())]).inc_by(0);
            drop(self.call_seconds.get_or_create(&[("call", call.into())]));
        }
        for phase in PHASES {
            self.phases.get_or_create(&[("phase", phase.into())]).inc_by(0);
        }
        for grant in ["session", "authorization_code", "refresh_token"] {
            for outcome in ["granted", "reused"] {
                self.tokens.get_or_create(&[("grant", grant.into()), ("outcome", outcome.into())]).inc_by(0);
            }
        }
        for limit in ["starts", "answers", "tokens", "client-starts", "client-tokens", "failures"] {
            self.limited.get_or_create(&[("limit", limit.into())]).inc_by(0);
        }
        for outcome in ["heard", "later", "never"] {
            self.deliveries.get_or_create(&[("outcome", outcome.into())]).inc_by(0);
        }
        for outcome in ["taken", "refused"] {
            self.reloads.get_or_create(&[("outcome", outcome.into())]).inc_by(0);
        }
    }

    /// A login has begun.
    pub(crate) fn login_started(&self, kind: &'static str, way: &'static str) {
        self.starts.get_or_create(&[("kind", kind.into()), ("way", way.into())]).inc();
    }

    /// A login came to its end: `done`, or the stable code of why not.
    pub(crate) fn login_finished(&self, kind: &'static str, way: &'static str, outcome: &'static str) {
        let labels = [("kind", kind.into()), ("way", way.into()), ("outcome", outcome.into())];
        self.logins.get_or_create(&labels).inc();
    }

    /// Somebody sees this of the widget, and the page is one of those that tell.
    pub(crate) fn phase_shown(&self, phase: &'static str) {
        self.phases.get_or_create(&[("phase", phase.into())]).inc();
    }

    /// WeChat has answered, or has not.
    pub(crate) fn weixin_called(&self, call: &'static str, errcode: Cow<'static, str>, took: Duration) {
        self.calls.get_or_create(&[("call", call.into()), ("errcode", errcode)]).inc();
        self.call_seconds.get_or_create(&[("call", call.into())]).observe(took.as_secs_f64());
    }

    /// A code or a refresh token was presented.
    pub(crate) fn token_presented(&self, grant: &'static str, outcome: &'static str) {
        self.tokens.get_or_create(&[("grant", grant.into()), ("outcome", outcome.into())]).inc();
    }

    /// Somebody came too often.
    pub(crate) fn limited(&self, limit: &'static str) {
        self.limited.get_or_create(&[("limit", limit.into())]).inc();
    }

    /// A client was told of a logout, or was not.
    pub(crate) fn logout_delivered(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&[("outcome", outcome.into())]).inc();
    }

    /// Counts an event stream for as long as it lives.
    pub(crate) fn stream_opened(&self) -> OpenStream {
        self.streams.inc();
        OpenStream(self.streams.clone())
    }

    /// The configuration was read again, and taken up or not.
    pub(crate) fn config_reloaded(&self, well: bool) {
        let outcome = if well { "taken" } else { "refused" };
        self.reloads.get_or_create(&[("outcome", outcome.into())]).inc();
        self.reloaded_well.set(i64::from(well));
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        self.process.look();
        self.log_lines_lost.inner().store(log::lines_lost(), Ordering::Relaxed);
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}
