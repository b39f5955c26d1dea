//! How a code gets to its person: by email over SMTP, by short message over a webhook of the operator's. What the code is for is not
//! known here.

mod email;
mod sms;

use protocol::service::ContactKind;

use self::email::Email;
use self::sms::Sms;
use crate::clock::Seconds;
use crate::config::Config;
use crate::contact::Contact;
use crate::text::Language;

/// A code that is to be sent.
pub(crate) struct CodeMessage<'a> {
    /// To whom.
    pub(crate) contact: &'a Contact,
    /// Six digits.
    pub(crate) code: &'a str,
    /// In which language.
    pub(crate) language: Language,
    /// Of the site, as it calls itself.
    pub(crate) client_id: &'a str,
    pub(crate) client_name: &'a str,
    /// Seconds.
    pub(crate) expires_in: Seconds,
    /// Whether all of this is played: the message says so.
    pub(crate) emulator: bool,
    /// What time it is.
    pub(crate) now: Seconds,
}

/// Why a message did not go. It is for the log, and has nothing of the person in it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// None is configured.
    #[error("no sender of this kind is configured")]
    None,
    /// The mail server, or the way to it.
    #[error("the mail server: {0}")]
    Email(String),
    /// The webhook, or the way to it.
    #[error("the webhook for short messages: {0}")]
    Sms(String),
}

/// The ways out.
pub struct Senders {
    email: Option<Email>,
    sms: Option<Sms>,
}

impl Senders {
    /// Those that are configured.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, SendError> {
        Ok(Self {
            email: config.email.as_ref().map(Email::new).transpose()?,
            sms: config.sms.as_ref().map(Sms::new).transpose()?,
        })
    }

    /// Sends a code; when this returns, it has been taken over by whoever delivers it.
    pub(crate) async fn send(&self, message: CodeMessage<'_>) -> Result<(), SendError> {
        match (message.contact.kind(), &self.email, &self.sms) {
            (ContactKind::Email, Some(email), _) => email.send(message).await,
            (ContactKind::Phone, _, Some(sms)) => sms.send(message).await,
            _ => Err(SendError::None),
        }
    }
}
