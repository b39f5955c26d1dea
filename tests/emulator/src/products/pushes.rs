//! What WeChat sends to a service account's site: the check of its address, and `subscribe`, `unsubscribe` and `SCAN` as XML, signed,
//! and encrypted where the account has an EncodingAESKey (documented). A site that does not answer within five seconds is asked three
//! times, as WeChat does.

use std::time::Duration;

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use url::form_urlencoded;

use super::{Push, Scene};
use crate::namespaces::Here;
use crate::scenario::{AppKind, Person, PushTarget};
use crate::world::{State, random_word};

/// How long a site may take, by the wall clock, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: u8 = 3;
/// An answer is logged so far.
const ANSWER_KEPT: usize = 8 * 1024;

/// What happened between a person and a service account.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// They follow it; with the ticket of the QR code that led them there.
    Subscribe(Option<String>),
    Unsubscribe,
    /// They follow it already and scan a QR code of it, by its ticket.
    Scan(String),
}

/// Why an event cannot happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("no service account has the appid {0:?}")]
    NoAccount(String),
    #[error("no QR code of that service account has this ticket")]
    NoTicket,
    #[error("this QR code has expired")]
    Expired,
    #[error("this person does not follow the service account")]
    NoFollower,
}

/// What a person does: the world takes note of it at once, and the site is told, if it has said where.
pub(crate) fn happen(world: &Here, appid: &str, person: &Person, event: &Event) -> Result<(), EventError> {
    let time = world.unix_time();
    let message = world.change(|state, now| {
        let (name, key, ticket) = take_note(state, appid, person, event, time, now)?;
        let openid = person.openid(appid);
        Ok((xml(&openid, time, name, &key, ticket), openid, state.products.target(appid).cloned()))
    })?;
    if let (xml, openid, Some(target)) = message {
        let world = world.clone();
        actix_web::rt::spawn(async move { push(&world, &target, &openid, &xml, time).await });
    }
    Ok(())
}

/// The event's name, its EventKey, and the ticket.
fn take_note<'a>(
    state: &mut State,
    appid: &str,
    person: &Person,
    event: &'a Event,
    time: u64,
    now: Duration,
) -> Result<(&'static str, String, Option<&'a str>), EventError> {
    let account = state.app(appid).filter(|app| app.kind == AppKind::ServiceAccount);
    account.ok_or_else(|| EventError::NoAccount(appid.to_owned()))?;
    let products = &mut state.products;
    let follows = products.follower(appid, &person.id).is_some();
    let scene = |products: &super::Products, ticket: &str| {
        let known = products.scenes.get(ticket).filter(|known| known.appid == appid);
        let known = known.ok_or(EventError::NoTicket)?;
        match known.expires_at.is_some_and(|expires_at| now >= expires_at) {
            true => Err(EventError::Expired),
            false => Ok(known.scene.clone()),
        }
    };
    match event {
        Event::Unsubscribe if products.unfollow(appid, &person.id) => {
            Ok(("unsubscribe", String::new(), None))
        }
        Event::Unsubscribe => Err(EventError::NoFollower),
        Event::Scan(ticket) if follows => Ok(("SCAN", scene(products, ticket)?.key(), Some(ticket))),
        Event::Scan(ticket) | Event::Subscribe(Some(ticket)) => {
            let scene = scene(products, ticket)?;
            products.follow(appid, &person.id, time, Some(scene.clone()));
            Ok(("subscribe", format!("qrscene_{}", scene.key()), Some(ticket)))
        }
        Event::Subscribe(None) => {
            products.follow(appid, &person.id, time, None);
            Ok(("subscribe", String::new(), None))
        }
    }
}

impl Scene {
    fn key(&self) -> String {
        match self {
            Scene::Number(number) => number.to_string(),
            Scene::Text(text) => text.clone(),
        }
    }
}

/// The name that the account itself has in messages; WeChat's are of this form.
const ACCOUNT: &str = "gh_emulator0000";

fn xml(openid: &str, time: u64, event: &str, key: &str, ticket: Option<&str>) -> String {
    let text = |name: &str, value: &str| format!("<{name}><![CDATA[{}]]></{name}>", value.replace("]]>", ""));
    let ticket = ticket.map(|ticket| text("Ticket", ticket)).unwrap_or_default();
    format!(
        "<xml>{}{}<CreateTime>{time}</CreateTime>{}{}{}{ticket}</xml>",
        text("ToUserName", ACCOUNT),
        text("FromUserName", openid),
        text("MsgType", "event"),
        text("Event", event),
        text("EventKey", key),
    )
}

async fn push(world: &Here, target: &PushTarget, openid: &str, xml: &str, time: u64) {
    let time = time.to_string();
    for attempt in 1..=TRIES {
        let nonce = rand::random::<u32>().to_string();
        let mut query = vec![
            ("signature", signature(&[&target.token, &time, &nonce])),
            ("timestamp", time.clone()),
            ("nonce", nonce.clone()),
            ("openid", openid.to_owned()),
        ];
        let sealed = target.encoding_aes_key.as_deref().and_then(|key| seal(key, &target.appid, xml));
        let body = match sealed {
            None => xml.to_owned(),
            Some(sealed) => {
                query.push(("encrypt_type", "aes".into()));
                query.push(("msg_signature", signature(&[&target.token, &time, &nonce, &sealed])));
                format!(
                    "<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
                )
            }
        };
        let url = with_query(&target.url, &query);
        let request = client().post(&url).header("Content-Type", "text/xml").body(body).send();
        let (status, answer) = heard(request).await;
        let taken = status.is_some();
        let push = Push { appid: target.appid.clone(), url, xml: xml.to_owned(), attempt, status, answer };
        world.change(|state, _| state.products.note(push));
        if taken {
            return;
        }
    }
}

/// Whether the site shows, as at WeChat when its address is entered, that it has the token: it gives `echostr` back.
pub(crate) async fn verify(target: &PushTarget, time: u64) -> Result<(), String> {
    let (time, nonce, echostr) = (time.to_string(), rand::random::<u32>().to_string(), random_word(19));
    let query = [
        ("signature", signature(&[&target.token, &time, &nonce])),
        ("echostr", echostr.clone()),
        ("timestamp", time),
        ("nonce", nonce),
    ];
    match heard(client().get(with_query(&target.url, &query)).send()).await {
        (Some(200), Some(answer)) if answer == echostr => Ok(()),
        (Some(status), answer) => Err(format!(
            "the site does not give echostr back: status {status}, {:?} in the place of {echostr:?}",
            answer.unwrap_or_default()
        )),
        (None, _) => Err(format!("{} does not answer within five seconds", target.url)),
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap_or_default()
}

async fn heard(
    request: impl Future<Output = reqwest::Result<reqwest::Response>>,
) -> (Option<u16>, Option<String>) {
    let Ok(mut response) = request.await else { return (None, None) };
    let status = response.status().as_u16();
    let mut answer = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await
        && answer.len() < ANSWER_KEPT
    {
        answer.extend_from_slice(&piece);
    }
    answer.truncate(ANSWER_KEPT);
    (Some(status), Some(String::from_utf8_lossy(&answer).into_owned()))
}

fn with_query(url: &str, query: &[(&str, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    crate::query::append(url, &query)
}

fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    sha1_hex(&parts.concat())
}

pub(super) fn sha1_hex(text: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 16 random bytes, the length, the message and the appid, padded to 32 and encrypted with AES-256-CBC, whose IV is the key's
/// beginning.
fn seal(encoding_aes_key: &str, appid: &str, xml: &str) -> Option<String> {
    // 43 characters hold 258 bits: the last two are any.
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let key = GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(encoding_aes_key).ok()?;
    let iv: [u8; 16] = key.get(..16)?.try_into().ok()?;
    let mut message = rand::random::<[u8; 16]>().to_vec();
    message.extend_from_slice(&u32::try_from(xml.len()).ok()?.to_be_bytes());
    message.extend_from_slice(xml.as_bytes());
    message.extend_from_slice(appid.as_bytes());
    let padding = 32 - message.len() % 32;
    message.extend(std::iter::repeat_n(u8::try_from(padding).ok()?, padding));
    let key = EncryptingKey::cbc(UnboundCipherKey::new(&AES_256, &key).ok()?).ok()?;
    key.less_safe_encrypt(&mut message, EncryptionContext::Iv128(iv.into())).ok()?;
    Some(STANDARD.encode(message))
}
