//! News by a channel of Redis's, on the connection that rows go by.

use std::time::Duration;

use redis::{FromRedisValue, PushKind};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::message::{AT_ONCE, message, told};
use super::places::Places;
use crate::secret::random_word;
use crate::store::Redis;

/// Between two tries to listen, while Redis is not there; afterwards the connection listens again by itself.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Tells the others, and hears them. What this node has told comes back to it, and is passed over.
pub(super) async fn carry(places: &Places, redis: &Redis, mut news: mpsc::Receiver<String>) {
    let (channel, node) = (redis.channel("notices"), random_word());
    let tell = async {
        let mut batch = Vec::with_capacity(AT_ONCE);
        while news.recv_many(&mut batch, AT_ONCE).await > 0 {
            let sent: Result<u32, _> =
                redis.ask(redis::cmd("PUBLISH").arg(&channel).arg(message(&node, &batch))).await;
            if let Err(error) = sent {
                tracing::debug!(%error, "news did not reach the other nodes");
            }
            batch.clear();
        }
    };
    let hear = async {
        let Some(mut pushed) = redis.pushed() else { return };
        while redis.subscribe(&channel).await.is_err() {
            sleep(TRY_AGAIN_AFTER).await;
        }
        while let Some(push) = pushed.recv().await {
            let ([_, message], PushKind::Message) = (&*push.data, &push.kind) else { continue };
            let Ok(message) = String::from_redis_value_ref(message) else { continue };
            told(&node, &message).for_each(|id| places.tell(id));
        }
    };
    tokio::join!(tell, hear);
}
