//! What our widget and our service say to one another where a site asks for a phone number or an email address at the first login: the routes
//! `POST /binding/contact`, `POST /binding/code` and `POST /binding/join`, each with the header [`BINDING_HEADER`].
//!
//! Where a login would give a [`FinishedLogin`] it may give an [`UnboundLogin`] in its place, at each of these steps too.

use super::FinishedLogin;
use crate::json::{Json, ObjectWriter};
use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
// What utoipa's derive expects to find.
#[cfg(feature = "openapi")]
use std::{format, vec};

/// The header that carries a [`Binding::token`]. Never in an address.
pub const BINDING_HEADER: &str = "Weixin-Login-Binding";

/// What a site may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ContactKind {
    /// A phone number.
    Phone,
    /// An email address.
    Email,
}

impl ContactKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Phone, Self::Email].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a login still waits for.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Binding {
    /// For [`BINDING_HEADER`]. It is worth the login to whoever proves the contacts, and goes where the code would have gone.
    pub token: String,
    /// What is missing, in the order in which it is asked for: at least one.
    pub require: Vec<ContactKind>,
    /// Seconds until the login is to begin anew.
    pub expires_in: i64,
}

/// In the place of a [`FinishedLogin`]: WeChat has said who it is, and the site asks for more.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnboundLogin {
    /// What is asked for.
    pub binding: Binding,
    /// The attempt's state, as in [`FinishedLogin`].
    pub state: String,
    /// The service's issuer, as in [`FinishedLogin`].
    pub iss: String,
}

impl core::fmt::Debug for Binding {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Binding").field("require", &self.require).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for UnboundLogin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UnboundLogin").field("binding", &self.binding).finish_non_exhaustive()
    }
}

impl UnboundLogin {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        let binding = body.member("binding")?;
        let mut read = Self {
            binding: Binding {
                token: String::new(),
                require: Vec::new(),
                expires_in: binding.integer_member("expires_in")?,
            },
            state: String::new(),
            iss: String::new(),
        };
        let require = binding.member("require")?;
        let mut index = 0;
        while let Some(word) = require.item(index) {
            // What this version does not know it cannot ask for; the service says so at the end.
            read.binding.require.extend(word.text().and_then(|word| ContactKind::parse(&word)));
            index += 1;
        }
        let whole = binding.fill("token", &mut read.binding.token)
            & body.fill("state", &mut read.state)
            & body.fill("iss", &mut read.iss);
        (whole && !read.binding.require.is_empty()).then_some(read)
    }
}

/// What a site's panel needs of an [`UnboundLogin`]: the service's own page, in its frame, asks for the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct WaitingLogin {
    /// As in [`Binding`].
    pub token: String,
    /// As in [`Binding`].
    pub expires_in: i64,
    /// As in [`UnboundLogin`].
    pub state: String,
    /// As in [`UnboundLogin`].
    pub iss: String,
}

impl core::fmt::Debug for WaitingLogin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WaitingLogin").finish_non_exhaustive()
    }
}

impl WaitingLogin {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        let binding = body.member("binding")?;
        let mut read = Self {
            token: String::new(),
            expires_in: binding.integer_member("expires_in")?,
            state: String::new(),
            iss: String::new(),
        };
        let whole = binding.fill("token", &mut read.token)
            & body.fill("state", &mut read.state)
            & body.fill("iss", &mut read.iss);
        whole.then_some(read)
    }
}

/// `POST /binding/contact`: where the code is sent to. One of the two.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NameContact {
    /// As the person writes it: with or without the country's number.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub phone: Option<String>,
    /// As the person writes it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub email: Option<String>,
}

impl core::fmt::Debug for NameContact {
    // A person's own.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NameContact([redacted])")
    }
}

impl NameContact {
    /// A contact of this kind.
    pub fn new(kind: ContactKind, contact: String) -> Self {
        match kind {
            ContactKind::Phone => Self { phone: Some(contact), email: None },
            ContactKind::Email => Self { phone: None, email: Some(contact) },
        }
    }

    /// Writes the body.
    pub fn write<J: Json>(&self) -> String {
        ObjectWriter::<J>::new()
            .optional_text("phone", self.phone.as_deref())
            .optional_text("email", self.email.as_deref())
            .end()
    }
}

/// The answer to `POST /binding/contact` (202): the same whether or not anybody here has this contact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SentCode {
    /// Where the code has gone, as it may be shown: `+86 138 **** 0000`, `p***n@example.com`.
    pub contact: String,
    /// Seconds until another code may be sent there.
    pub resend_after: i64,
    /// Seconds until this code is good for nothing.
    pub expires_in: i64,
}

impl SentCode {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        Some(Self {
            contact: body.text_member("contact")?,
            resend_after: body.integer_member("resend_after")?,
            expires_in: body.integer_member("expires_in")?,
        })
    }
}

/// `POST /binding/code`: what the person has read in the message.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnterCode {
    /// Six digits; what is not a digit is passed over.
    pub code: String,
}

impl core::fmt::Debug for EnterCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EnterCode([redacted])")
    }
}

impl EnterCode {
    /// Writes the body.
    pub fn write<J: Json>(&self) -> String {
        ObjectWriter::<J>::new().text("code", &self.code).end()
    }
}

/// `POST /binding/join`: what the person says to an [`ExistingContact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinAccounts {
    /// That account is the person's too, and the two become one. Good only where [`ExistingContact::may_join`] is.
    pub join: bool,
    /// Beside `"join":false`: the contact is the person's now, that account is somebody else's, and loses it. Without either, another
    /// contact is asked for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub take: bool,
}

impl JoinAccounts {
    /// Writes the body.
    pub fn write<J: Json>(self) -> String {
        let word = |is| if is { "true" } else { "false" };
        ObjectWriter::<J>::new().raw("join", word(self.join)).raw("take", word(self.take)).end()
    }
}

/// The proven contact belongs to another account: `{"exists":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExistingContact {
    /// As it may be shown.
    pub contact: String,
    /// Whether the two accounts may become one: not where the contact may have got another owner since that account proved it.
    pub may_join: bool,
}

/// How a step of a binding ends: the answer to `POST /binding/code` and `POST /binding/join`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(untagged))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BindingStep {
    /// The login is done.
    Finished(FinishedLogin),
    /// This is asked for next.
    Unbound(UnboundLogin),
    /// The person is to say what becomes of the two accounts.
    Exists {
        /// Which contact.
        exists: ExistingContact,
    },
}

impl BindingStep {
    /// Reads the body.
    pub fn read<J: Json>(body: &J) -> Option<Self> {
        if let Some(exists) = body.member("exists") {
            let contact = exists.text_member("contact")?;
            let may_join = exists.member("may_join").and_then(|may| may.boolean()).unwrap_or(false);
            return Some(Self::Exists { exists: ExistingContact { contact, may_join } });
        }
        let unbound = || UnboundLogin::read(body).map(Self::Unbound);
        FinishedLogin::read(body).map(Self::Finished).or_else(unbound)
    }
}
