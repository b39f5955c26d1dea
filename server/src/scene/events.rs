//! `GET /login/{id}/events`: the computer hears how far its scene has come, as server-sent events; for `Accept: application/json`
//! once, for those whose streams are cut on the way. A scene has a few streams at most, and a new one ends the oldest.

use std::time::Duration;

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use protocol::service::{Problem, SceneEvent, SceneNews};

use super::{event, own_attempt};
use crate::error::ApiError;
use crate::metrics::OpenStream;
use crate::notices::Waiting;
use crate::shared::Shared;
use crate::store::StoreError;

/// After so long something is sent in any case, that no proxy takes the stream for dead; and another node's news may have been lost.
const AT_LEAST_EVERY: Duration = Duration::from_secs(15);
/// To a server-sent events' reader: nothing.
const COMMENT: &[u8] = b":\n\n";

/// The stream, or the one answer.
#[utoipa::path(
    get,
    path = "/login/{id}/events",
    params(("id" = String, Path, description = "of StartedLogin"), ("Weixin-Login-Secret" = Option<String>, Header, description = "of StartedLogin")),
    responses((status = 200, body = SceneNews, description = "or text/event-stream of the same"), (status = "4XX", body = Problem), (status = "5XX", body = Problem))
)]
pub async fn get(
    app: web::Data<Shared>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    own_attempt(&app, &request, &id).await?;
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(ACCEPT).is_some_and(|accept| accept.contains("application/json")) {
        let event = current(&app, &id).await?;
        return Ok(HttpResponse::Ok().json(SceneNews { event }));
    }
    let known = header(HeaderName::from_static("last-event-id")).and_then(|known| known.parse().ok());
    let waiting = app.notices.wait(&id);
    let open = app.metrics.stream_opened();
    let listening = Listening { app, id, waiting, known, is_first: true, is_over: false, _open: open };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // nginx would hold the events back to fill a buffer.
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(stream::unfold(listening, |listening| listening.next())))
}

/// A scene that is gone has expired.
async fn current(app: &Shared, id: &str) -> Result<SceneEvent, StoreError> {
    let scene = app.store.fleeting.scene(id).await?;
    Ok(scene.map_or(SceneEvent::Expired, |scene| event(&scene, app.clock.now())))
}

/// One computer's stream.
struct Listening {
    app: web::Data<Shared>,
    id: String,
    waiting: Waiting,
    /// The id of the last event that the computer has.
    known: Option<u8>,
    is_first: bool,
    is_over: bool,
    _open: OpenStream,
}

impl Listening {
    async fn next(mut self) -> Option<(Result<Bytes, StoreError>, Self)> {
        let said = self.say().await?;
        Some((Ok(said), self))
    }

    /// Waits for what the computer does not know yet. A store that fails ends the stream: the computer comes again.
    async fn say(&mut self) -> Option<Bytes> {
        let changed = self.waiting.changed();
        if self.is_over || self.waiting.has_to_go() {
            return None;
        }
        let event = match current(&self.app, &self.id).await {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%error, "the store did not answer");
                return None;
            }
        };
        let number = event as u8;
        self.is_over = event.is_last();
        let news = (self.known != Some(number)).then(|| {
            let word = event.as_str();
            Bytes::from(format!("id: {number}\nevent: {word}\ndata: {{\"event\":\"{word}\"}}\n\n"))
        });
        self.known = Some(number);
        let is_first = std::mem::take(&mut self.is_first);
        if let Some(news) = news {
            return Some(news);
        }
        if !is_first && !self.is_over {
            // Whatever woke it, what has come of it is looked at next time.
            let _ = tokio::time::timeout(AT_LEAST_EVERY, changed).await;
            if self.waiting.has_to_go() {
                return None;
            }
        }
        Some(Bytes::from_static(COMMENT))
    }
}
