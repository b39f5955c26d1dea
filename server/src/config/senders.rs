//! What stands in `[email]` and `[sms]`, checked, and what a client may require of them.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use protocol::service::ContactKind;
use serde::Deserialize;
use url::Url;

use super::client::without_password;
use super::error::{ConfigError, wrong};
use super::public_url::is_safe;
use super::{Email, EmailTls, MailPassword, Sms};
use crate::contact::Regions;
use crate::secret_file;
use crate::webhook_secret::WebhookSecret;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEmail {
    host: Option<String>,
    port: Option<u32>,
    tls: Option<String>,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSms {
    url: Option<String>,
    secret_file: Option<PathBuf>,
    region: Option<String>,
    #[serde(default)]
    regions: Vec<String>,
}

pub(super) fn email(
    raw: Option<RawEmail>,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Option<Email>, ConfigError> {
    let Some(raw) = raw else { return Ok(None) };
    let missing = |key: &str, what: &str| wrong(&format!("email.{key}"), format!("is missing: {what}"));
    let host = raw.host.ok_or_else(|| missing("host", "the mail server's name"))?;
    let tls = match raw.tls.as_deref() {
        None | Some("starttls") => EmailTls::Starttls,
        Some("tls") => EmailTls::Tls,
        // Codes would cross the network for everybody to read.
        Some("none") if matches!(&*host, "localhost" | "127.0.0.1" | "::1") => EmailTls::None,
        Some("none") => return Err(wrong("email.tls", "can be none for a server on this machine alone")),
        Some(other) => {
            return Err(wrong("email.tls", format!("is `{other}`; it can be starttls, tls or none")));
        }
    };
    let port = match raw.port {
        None => match tls {
            EmailTls::Starttls => 587,
            EmailTls::Tls => 465,
            EmailTls::None => 25,
        },
        Some(port) => u16::try_from(port).map_err(|_| wrong("email.port", "is no port: 1 to 65535"))?,
    };
    let from = raw.from.ok_or_else(|| missing("from", "\"Shop <login@shop.example.com>\""))?;
    let from: Mailbox = from.parse().map_err(|_| {
        wrong("email.from", format!("is `{from}`, which is no address: Shop <login@shop.example.com>"))
    })?;
    let credentials = match (raw.user, raw.password_file) {
        (None, None) => None,
        (Some(user), Some(file)) => {
            let (file, key) = (folder.join(file), "email.password_file");
            let password = secret_file::read(&file).map_err(|error| {
                wrong(key, format!("is {}, which cannot be read: {error}", file.display()))
            })?;
            secret_files.push(file);
            Some((user, MailPassword(password)))
        }
        _ => return Err(wrong("email.user", "and `password_file` go together")),
    };
    let ca = match raw.ca_file.map(|file| folder.join(file)) {
        None => Vec::new(),
        Some(file) => {
            let pem = std::fs::read(&file).map_err(|error| {
                wrong("email.ca_file", format!("is {}, which cannot be read: {error}", file.display()))
            })?;
            vec![pem]
        }
    };
    Ok(Some(Email { host, port, tls, ca, credentials, from }))
}

pub(super) fn sms(
    raw: Option<RawSms>,
    folder: &Path,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Option<Sms>, ConfigError> {
    let Some(raw) = raw else { return Ok(None) };
    let url = raw.url.ok_or_else(|| wrong("sms.url", "is missing: where short messages are handed over"))?;
    without_password("sms.url", &url)?;
    let is_address = Url::parse(&url).is_ok_and(|url| {
        url.has_host() && url.fragment().is_none() && (url.scheme() == "https" || is_safe(&url))
    });
    if !is_address {
        let problem = "which is no https address; plain http is for a program on this machine";
        return Err(wrong("sms.url", format!("is `{url}`, {problem}")));
    }
    let key = "sms.secret_file";
    let file = raw
        .secret_file
        .ok_or_else(|| wrong(key, "is missing: the webhook knows by its secret that a message is ours"))?;
    let file = folder.join(file);
    let about = |problem: String| wrong(key, format!("is {}, which {problem}", file.display()));
    let text = secret_file::read(&file).map_err(|error| about(format!("cannot be read: {error}")))?;
    let secret = WebhookSecret::parse(&text).map_err(|problem| about(problem.into()))?;
    let region = raw.region.as_deref().unwrap_or("CN");
    let regions = Regions::parse(region, &raw.regions)
        .map_err(|text| wrong("sms.regions", format!("has `{text}`, which is no country: CN, HK, SG")))?;
    secret_files.push(file);
    Ok(Some(Sms { url, secret, regions }))
}

/// What a client requires, where there is who sends it.
pub(super) fn required(
    key: &str,
    words: &[String],
    email: Option<&Email>,
    sms: Option<&Sms>,
) -> Result<Vec<ContactKind>, ConfigError> {
    let mut require = Vec::new();
    for word in words {
        let kind = ContactKind::parse(word)
            .ok_or_else(|| wrong(key, format!("has `{word}`; there are phone and email")))?;
        let problem = match kind {
            ContactKind::Phone if sms.is_none() => "needs [sms]: somebody has to send the code",
            ContactKind::Email if email.is_none() => "needs [email]: somebody has to send the code",
            _ if require.contains(&kind) => "has one of them twice",
            _ => {
                require.push(kind);
                continue;
            }
        };
        return Err(wrong(key, problem));
    }
    Ok(require)
}
