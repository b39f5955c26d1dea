//! What stands in a `[[clients]]` table, checked: addresses, the secret's hash, the algorithm, the looks.

use std::path::{Path, PathBuf};

use url::Url;

use super::Webhook;
use super::error::{ConfigError, wrong};
use super::look::{Accent, Logo};
use super::public_url::is_safe;
use crate::public_address::is_public;
use crate::secret::SecretHash;
use crate::secret_file;
use crate::signing_algorithm::SigningAlgorithm;
use crate::webhook_secret::WebhookSecret;

/// Addresses that a browser is sent to: whole, without a fragment (RFC 6749 §3.1.2), and written as browsers write them, so that
/// byte-exact is exact. A bare origin may stand without the slash that browsers put behind it: libraries send a site's address so.
pub(super) fn check_addresses(key: &str, addresses: &[String], in_public: bool) -> Result<(), ConfigError> {
    for address in addresses {
        let whole = Url::parse(address).is_ok_and(|url| {
            let web = matches!(url.scheme(), "http" | "https");
            // An app's own scheme (RFC 8252 §7.1) has a dot in it; `javascript:` and `data:` have none.
            (web && url.has_host() || url.scheme().contains('.'))
                && url.fragment().is_none()
                && url.username().is_empty()
                && (url.as_str() == address
                    || web && url.as_str().strip_suffix('/') == Some(address) && url.path() == "/")
        });
        if !whole {
            let problem = "which is no whole address as browsers write it: https://shop.example.com/callback";
            return Err(wrong(key, format!("has `{address}`, {problem}")));
        }
        // Codes are sent there, through whatever network the person is in.
        if in_public && Url::parse(address).is_ok_and(|url| url.scheme() == "http" && !is_safe(&url)) {
            let problem = "which must be https; plain http is for localhost alone";
            return Err(wrong(key, format!("has `{address}`, {problem}")));
        }
    }
    Ok(())
}

pub(super) fn secret(key: &str, hex: Option<&str>) -> Result<Option<SecretHash>, ConfigError> {
    let Some(hex) = hex else { return Ok(None) };
    let hex = if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) { hex } else { "" };
    let bytes = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let hash = bytes.collect::<Option<Vec<u8>>>().and_then(|bytes| SecretHash::from_row(&bytes));
    hash.map(Some)
        .ok_or_else(|| wrong(key, "must be 64 hex digits, as `weixin-login clients hash-secret` prints them"))
}

pub(super) fn algorithm(key: &str, name: Option<&str>) -> Result<SigningAlgorithm, ConfigError> {
    match name {
        None => Ok(SigningAlgorithm::default()),
        Some(name) => SigningAlgorithm::parse(name)
            .ok_or_else(|| wrong(key, format!("is `{name}`; RS256 and ES256 are offered"))),
    }
}

/// Addresses that are called are printed, by the log and by `check`: one that could hold a password is refused, and not repeated.
pub(super) fn without_password(key: &str, address: &str) -> Result<(), ConfigError> {
    let before_query = address.split(['?', '#']).next().unwrap_or_default();
    if before_query.contains('@') {
        let problem = "has an `@`, before which a password may stand: what is sent there is signed, and needs none; in a path it is %40";
        return Err(wrong(key, problem));
    }
    Ok(())
}

/// An address that the service itself calls.
pub(super) fn called_address(
    key: &str,
    address: Option<String>,
    plain_http: bool,
    (private_addresses, setting): (bool, &str),
) -> Result<Option<String>, ConfigError> {
    let Some(address) = address else { return Ok(None) };
    without_password(key, &address)?;
    let url = Url::parse(&address).ok().filter(|url| url.has_host() && url.fragment().is_none());
    let url = url.ok_or_else(|| wrong(key, format!("is `{address}`, which is no whole address")))?;
    if url.scheme() != "https" && !(plain_http && url.scheme() == "http") {
        return Err(wrong(key, format!("is `{address}`; it must be https")));
    }
    // A name is looked at when it is called; a number can be looked at now.
    let number = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
    if number.is_some_and(|number| !private_addresses && !is_public(number)) {
        let problem = format!("set {setting} if that is meant");
        return Err(wrong(key, format!("is `{address}`, which leads into this network; {problem}")));
    }
    Ok(Some(address))
}

pub(super) fn webhook(
    (url_key, secret_key): (&str, &str),
    url: Option<String>,
    secret_file: Option<PathBuf>,
    secret_files: &mut Vec<PathBuf>,
) -> Result<Option<Webhook>, ConfigError> {
    let (url, file) = match (url, secret_file) {
        (None, None) => return Ok(None),
        (Some(url), Some(file)) => (url, file),
        (Some(_), None) => {
            return Err(wrong(
                secret_key,
                "is missing: the client knows by its secret that a webhook is ours",
            ));
        }
        (None, Some(_)) => return Err(wrong(url_key, "and `webhook_secret_file` go together")),
    };
    let about = |problem: &str| wrong(secret_key, format!("is {}, which {problem}", file.display()));
    let text = secret_file::read(&file).map_err(|error| about(&format!("cannot be read: {error}")))?;
    let secret = WebhookSecret::parse(&text).map_err(about)?;
    secret_files.push(file);
    Ok(Some(Webhook { url, secret }))
}

pub(super) fn logo(key: &str, file: Option<&Path>, folder: &Path) -> Result<Option<Logo>, ConfigError> {
    let Some(file) = file.map(|file| folder.join(file)) else { return Ok(None) };
    let logo = Logo::read(&file);
    logo.map(Some).map_err(|problem| wrong(key, format!("is {}, which {problem}", file.display())))
}

pub(super) fn accent(key: &str, text: Option<&str>) -> Result<Option<Accent>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let accent = Accent::parse(text);
    accent.map(Some).ok_or_else(|| wrong(key, format!("is `{text}`, which is no colour: #1a73e8")))
}
