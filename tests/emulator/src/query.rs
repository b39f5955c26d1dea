//! Reading a query string the way WeChat's pages do: the first of several wins, and an unencoded redirect_uri swallows
//! whatever stands behind it.

use std::collections::BTreeMap;

use serde_json::Value;
use url::form_urlencoded;

#[derive(Clone)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Query {
        Query(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What is there and not empty.
    pub fn required(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub fn or_empty(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// With the appid that a call to the desktop client, or for a stable token, names in its JSON.
    pub fn with_json(mut self, body: &[u8]) -> Query {
        let appid = |body: Value| {
            let appid = body["jsdata"]["appid"].as_str().or(body["appid"].as_str());
            appid.map(str::to_owned)
        };
        if self.get("appid").is_none()
            && let Some(appid) = serde_json::from_slice(body).ok().and_then(appid)
        {
            self.0.push(("appid".to_owned(), appid));
        }
        self
    }

    pub fn first_of_each(&self) -> BTreeMap<String, String> {
        self.0.iter().rev().cloned().collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }
}

/// The query part that WeChat appends to a redirect_uri; without a code the person refused.
pub(crate) fn answer_query(code: Option<&str>, state: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(code) = code {
        query.append_pair("code", code);
    }
    query.append_pair("state", state).finish()
}

/// The same as the QR page has it: the state as it stands in the page.
pub(crate) fn raw_answer_query(code: Option<&str>, state: &str) -> String {
    match code {
        Some(code) => format!("code={code}&state={state}"),
        None => format!("state={state}"),
    }
}

/// Appends where a question mark or an ampersand belongs.
pub(crate) fn append(address: &str, query: &str) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{query}")
}

/// The same, but before the fragment.
pub(crate) fn append_before_fragment(address: &str, query: &str) -> String {
    match address.split_once('#') {
        Some((before, fragment)) => format!("{}#{fragment}", append(before, query)),
        None => append(address, query),
    }
}
