//! Short messages, by a webhook of the operator's: it knows the carrier, its templates and its keys, and we know none of that. What is
//! sent, and how it is signed, stands in docs/sms.md.

use std::time::Duration;

use serde_json::json;

use super::message::{CodeMessage, Purpose, SendError};
use crate::config;
use crate::outbound;
use crate::secret::random_word;
use crate::text::binding::{ACCOUNT_SHORT_MESSAGE, SHORT_MESSAGE};
use crate::text::say;
use crate::webhook_secret::WebhookSecret;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// Before the second and the third try: the person waits.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// For all tries together.
const ALL_TRIES: Duration = Duration::from_secs(10);

/// The way to the webhook.
pub(crate) struct Sms {
    http: reqwest::Client,
    url: String,
    secret: WebhookSecret,
}

/// What came of one try.
enum Tried {
    Taken,
    Refused(String),
    Failed(String),
}

impl Sms {
    pub(super) fn new(config: &config::Sms) -> Result<Self, SendError> {
        let http = outbound::http(PATIENCE).build().map_err(|error| SendError::Sms(error.to_string()))?;
        Ok(Self { http, url: config.url.clone(), secret: config.secret.clone() })
    }

    /// Whether anybody is there: the status that a post without a message and without a signature has.
    ///
    /// # Errors
    /// Why there is no answer, without the address.
    pub(super) async fn knock(&self) -> Result<u16, String> {
        outbound::knock(&self.http, &self.url).await
    }

    /// Tries until it is taken, with one id, so that a message whose answer was lost goes once.
    pub(super) async fn send(&self, message: CodeMessage<'_>) -> Result<(), SendError> {
        let (id, now, body) = (format!("msg_{}", random_word()), message.now, body(&message));
        let tries = async {
            let mut pauses = AGAIN_AFTER.into_iter();
            loop {
                let why = match self.try_once(&id, now, &body).await {
                    Tried::Taken => return Ok(()),
                    Tried::Refused(why) => return Err(SendError::Sms(why)),
                    Tried::Failed(why) => why,
                };
                match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(SendError::Sms(why)),
                }
            }
        };
        let tried = tokio::time::timeout(ALL_TRIES, tries).await;
        tried.unwrap_or_else(|_| Err(SendError::Sms("it did not answer in time".into())))
    }

    async fn try_once(&self, id: &str, now: i64, body: &str) -> Tried {
        let request = self.http.post(&self.url).header("idempotency-key", id);
        let request = self.secret.signed(request, id, now, body.to_owned());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Tried::Taken,
            Ok(answer) if answer.status().is_server_error() || answer.status().as_u16() == 429 => {
                Tried::Failed(format!("it answers {}", answer.status().as_u16()))
            }
            Ok(answer) => Tried::Refused(format!("it answers {}", answer.status().as_u16())),
            Err(error) => Tried::Failed(error.without_url().to_string()),
        }
    }
}

/// The same at each try.
fn body(message: &CodeMessage<'_>) -> String {
    let CodeMessage { contact, code, purpose, language, client_id, client_name, expires_in, .. } = message;
    let minutes = (expires_in + 59).div_euclid(60).to_string();
    let sentence = match purpose {
        Purpose::Login => SHORT_MESSAGE,
        Purpose::Account => ACCOUNT_SHORT_MESSAGE,
    };
    let text = say(sentence, *language)
        .replace("{site}", client_name)
        .replace("{code}", code)
        .replace("{minutes}", &minutes);
    json!({
        "type": "sms.code",
        "data": {
            "phone": contact.value(),
            "code": code,
            "text": text,
            "language": language.tag(),
            "client_id": client_id,
            "client_name": client_name,
            "expires_in": expires_in,
        },
    })
    .to_string()
}
