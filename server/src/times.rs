//! How long the verbs of the stores take, and how many fail: measured where each store does its work, and named by the verb that asked.

use std::any::type_name;
use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;

/// From a read of SQLite's to the time that PostgreSQL has.
const SECONDS: [f64; 10] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 5.0];

/// What stands in braces behind a name.
pub(crate) type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// Histograms with these bounds.
#[derive(Clone, Copy)]
pub(crate) struct Buckets(pub(crate) &'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// Of all stores that this process has opened.
pub(crate) static STORES: LazyLock<Times> = LazyLock::new(|| Times {
    seconds: Family::new_with_constructor(Buckets(&SECONDS)),
    failures: Family::default(),
});

/// What is measured.
pub(crate) struct Times {
    pub(crate) seconds: Family<Labels<2>, Histogram, Buckets>,
    pub(crate) failures: Family<Labels<2>, Counter>,
}

/// Does a verb's work, and measures it.
pub(crate) async fn timed<T, E>(
    store: &'static str,
    verb: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begun = Instant::now();
    let done = work.await;
    let labels = [("store", store.into()), ("verb", verb.into())];
    STORES.seconds.get_or_create(&labels).observe(begun.elapsed().as_secs_f64());
    // One that has never failed is told as 0: a rate begins somewhere.
    STORES.failures.get_or_create(&labels).inc_by(u64::from(done.is_err()));
    done
}

/// The verb that a closure was written in: the last word of its path. Only a label hangs on it.
pub(crate) fn verb_of<F>() -> &'static str {
    // `finish_login<'_>` is one, `{{closure}}` is none.
    let words = type_name::<F>().rsplit("::").filter_map(|word| word.split('<').next());
    words.into_iter().find(|word| !word.is_empty() && !word.contains(['{', '>'])).unwrap_or("other")
}
