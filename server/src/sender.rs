//! How a code gets to its person: by email over SMTP, by short message over a webhook of the operator's. What comes of the code is not
//! known here.

mod email;
mod message;
mod sms;

pub use self::message::SendError;
pub(crate) use self::message::{CodeMessage, Purpose};

use protocol::service::ContactKind;

use self::email::Email;
use self::sms::Sms;
use crate::config::Config;

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

    /// Whether the mail server is there, for who checks; `None` where none is configured.
    pub(crate) async fn knock_email(&self) -> Option<Result<(), SendError>> {
        Some(self.email.as_ref()?.knock().await)
    }

    /// What the webhook for short messages answers to nothing, or why it does not; `None` where none is configured.
    pub(crate) async fn knock_sms(&self) -> Option<Result<u16, String>> {
        Some(self.sms.as_ref()?.knock().await)
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
