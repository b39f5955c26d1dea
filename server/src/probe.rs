//! How a request arrives here after all that stands in front of the service, told to nobody but the operator: whoever asks proves it by a
//! master key. `weixin-login check --from-outside` asks.

use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderName, HeaderValue, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use serde::{Deserialize, Serialize};

use crate::clock::Seconds;
use crate::http::client_address::client_address;
use crate::http::cookies;
use crate::keys::MasterKeys;
use crate::secret::SecretHash;
use crate::shared::Shared;

/// The header that asks.
pub(crate) const PROBE: &str = "weixin-login-probe";
/// The header that tells.
pub(crate) const SEEN: &str = "weixin-login-seen";
/// What is asked for: something that is there for everybody.
pub(crate) const PATH: &str = "/.well-known/openid-configuration";
/// What is asked for to see whether pieces arrive as pieces.
pub(crate) const STREAM: &str = "/weixin-login-probe-stream";
/// A cookie by the name of those of logins, which says nothing. It is sent along, and set.
pub(crate) const NAME: &str = "__Host-weixin-login-probe";
/// How it is set.
pub(crate) const COOKIE: &str =
    "__Host-weixin-login-probe=1; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax";

/// For so long a word is good.
const LIFETIME: Seconds = 60;
/// Between the two pieces of the stream.
const BETWEEN: Duration = Duration::from_secs(3);

/// How a request arrived.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) host: String,
    /// Who is connected.
    pub(crate) peer: String,
    /// Whether that is one of `trusted_proxies`.
    pub(crate) is_trusted: bool,
    /// Whose request it is, as far as is believed.
    pub(crate) from: String,
    pub(crate) x_forwarded_for: bool,
    pub(crate) forwarded: bool,
    /// Whether the cookie came that was sent along.
    pub(crate) cookie: bool,
}

/// What proves that whoever asks has the master key.
pub(crate) fn word(masters: &MasterKeys, now: Seconds) -> String {
    let until = now + LIFETIME;
    format!("{until}.{}", URL_SAFE_NO_PAD.encode(masters.derive(text(until).as_bytes())))
}

fn is_good(masters: &MasterKeys, word: &str, now: Seconds) -> bool {
    let Some((until, proof)) = word.split_once('.') else { return false };
    let Ok(until) = until.parse::<Seconds>() else { return false };
    if !(now..=now + 2 * LIFETIME).contains(&until) {
        return false;
    }
    let proof = SecretHash::of(proof);
    masters
        .derive_by_each(text(until).as_bytes())
        .any(|ours| SecretHash::of(&URL_SAFE_NO_PAD.encode(ours)).matches(&proof))
}

fn text(until: Seconds) -> String {
    format!("probe {until}")
}

/// The middleware. Whoever does not ask, or cannot prove it, notices nothing.
pub(crate) async fn tell(
    app: web::Data<Shared>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<BoxBody>>, Error> {
    let asks = request.headers().get(PROBE).and_then(|word| word.to_str().ok());
    if !asks.is_some_and(|word| is_good(app.keys.masters(), word, app.clock.now())) {
        return Ok(next.call(request).await?.map_into_boxed_body().map_into_left_body());
    }
    let seen = serde_json::to_string(&seen(&app, &request)).unwrap_or_default();
    let mut response = if request.path().ends_with(STREAM) {
        request.into_response(pieces()).map_into_right_body()
    } else {
        next.call(request).await?.map_into_boxed_body().map_into_left_body()
    };
    if let Ok(seen) = HeaderValue::from_str(&seen) {
        response.headers_mut().insert(HeaderName::from_static(SEEN), seen);
    }
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(COOKIE));
    Ok(response)
}

fn seen(app: &Shared, request: &ServiceRequest) -> Seen {
    let config = &app.config;
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    Seen {
        path: request.path().into(),
        host: host.unwrap_or_default().into(),
        is_trusted: peer
            .is_some_and(|peer| config.trusted_proxies.iter().any(|network| network.contains(&peer))),
        peer: peer.map(|peer| peer.to_string()).unwrap_or_default(),
        from: client_address(config, request.request()).map(|from| from.to_string()).unwrap_or_default(),
        x_forwarded_for: request.headers().contains_key("x-forwarded-for"),
        forwarded: request.headers().contains_key("forwarded"),
        cookie: cookies::is_there(request.request(), NAME),
    }
}

/// Two pieces, as an event stream of a scene has them.
fn pieces() -> HttpResponse {
    let pieces = stream::unfold(0, |piece| async move {
        if piece == 1 {
            tokio::time::sleep(BETWEEN).await;
        }
        (piece < 2).then(|| (Ok::<_, Error>(Bytes::from_static(b":\n\n")), piece + 1))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(pieces)
}
