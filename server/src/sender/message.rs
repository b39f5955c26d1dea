//! What is to be sent, and why it was not.

use crate::clock::Seconds;
use crate::contact::Contact;
use crate::text::Language;

/// What a code is for, as its message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To log in to a site.
    Login,
    /// To have the contact on one's account.
    Account,
}

/// A code that is to be sent.
pub(crate) struct CodeMessage<'a> {
    /// To whom.
    pub(crate) contact: &'a Contact,
    /// Six digits.
    pub(crate) code: &'a str,
    /// What for.
    pub(crate) purpose: Purpose,
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
