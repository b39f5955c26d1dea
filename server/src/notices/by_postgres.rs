//! News by PostgreSQL's LISTEN and NOTIFY, where that is all that the nodes share.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::message::{AT_ONCE, message, told};
use super::places::Places;
use crate::secret::random_word;
use crate::store::Channel;

/// Between two tries to listen, while the database is not there.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Tells the others, and hears them. What this node has told comes back to it, and is passed over.
pub(super) async fn carry(places: &Places, channel: &Channel, mut news: mpsc::Receiver<String>) {
    let node = random_word();
    let tell = async {
        let mut batch = Vec::with_capacity(AT_ONCE);
        while news.recv_many(&mut batch, AT_ONCE).await > 0 {
            if let Err(error) = channel.tell(&message(&node, &batch)).await {
                tracing::debug!(%error, "news did not reach the other nodes");
            }
            batch.clear();
        }
    };
    let hear = async {
        loop {
            if let Ok(mut listener) = channel.listen().await {
                while let Ok(message) = listener.next().await {
                    told(&node, &message).for_each(|id| places.tell(id));
                }
            }
            sleep(TRY_AGAIN_AFTER).await;
        }
    };
    tokio::join!(tell, hear);
}
