//! Where a hosted login may end: a page of a registered origin, and nothing that a browser could read as another one.

use crate::config::{Client, Config};

/// Longer than any address that a site needs.
const LONGEST: usize = 2048;

/// An address that a browser may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo {
    address: String,
    origin: String,
    /// The person's own page at the service: every client leads there.
    is_account: bool,
}

impl ReturnTo {
    /// Takes `/path?query` of the service's own origin, or `https://registered.example/path?query`; both must lead to an origin
    /// that some client has registered, byte for byte. The person's own page, `/account`, is the service's own.
    ///
    /// Browsers mend addresses before they follow them (`/\evil` is `//evil`, a tab is dropped), so what needs mending is
    /// refused: backslashes, control and non-ASCII characters, `//` in the path, encoded slashes, fragments.
    pub fn parse(config: &Config, text: &str) -> Option<Self> {
        if text.strip_prefix(config.public_url.path()) == Some("/account") {
            let origin = config.public_url.origin();
            return Some(Self {
                address: format!("{origin}{text}"),
                origin: origin.into(),
                is_account: true,
            });
        }
        let (origin, path) = if text.starts_with('/') {
            (config.public_url.origin(), text)
        } else {
            config.clients.iter().flat_map(|client| &client.origins).find_map(|origin| {
                let path = text.strip_prefix(origin.as_str()).filter(|path| path.starts_with('/'))?;
                Some((origin.as_str(), path))
            })?
        };
        config.client_of_origin(origin)?;
        let mended = |c: char| !c.is_ascii_graphic() || matches!(c, '\\' | '#' | '<' | '>' | '"');
        if text.len() > LONGEST || path.contains(mended) {
            return None;
        }
        let before_query = path.split_once('?').map_or(path, |(path, _)| path).to_ascii_lowercase();
        if ["//", "%2f", "%5c"].iter().any(|trick| before_query.contains(trick)) {
            return None;
        }
        Some(Self { address: format!("{origin}{path}"), origin: origin.into(), is_account: false })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.address
    }
}

/// Whose login it is: the client that is named and has registered the origin, else the only one that has registered it.
pub fn client_for<'a>(
    config: &'a Config,
    client_id: Option<&str>,
    return_to: &ReturnTo,
) -> Option<&'a Client> {
    let leads_there = |client: &&Client| return_to.is_account || client.origins.contains(&return_to.origin);
    let mut clients = config.clients.iter().filter(leads_there);
    match client_id {
        Some(client_id) => clients.find(|client| client.id == client_id),
        None => clients.next().filter(|_| clients.next().is_none()),
    }
}
