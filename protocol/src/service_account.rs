//! A service account's web authorization: the page inside WeChat, where the person is already known.

use crate::ids::{AppId, Scope, State};
use alloc::string::String;
use alloc::vec;

/// Where the person is sent, inside WeChat only. The order of the parameters and the fragment matter to WeChat.
///
/// `scope` is [`Scope::SnsapiBase`] or [`Scope::SnsapiUserinfo`]; a website app has neither. With `force_popup` WeChat asks
/// the person each time: go here from a tap, else it may show a snapshot page with a virtual person.
pub fn authorize_address(
    open_url: &str,
    appid: &AppId,
    redirect_uri: &str,
    scope: Scope,
    state: &State,
    force_popup: bool,
) -> String {
    let mut base = String::from(open_url);
    base.push_str("/connect/oauth2/authorize");
    let mut parameters = vec![
        ("appid", appid.as_str()),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", scope.as_str()),
        ("state", state.as_str()),
    ];
    if force_popup {
        parameters.push(("forcePopup", "true"));
    }
    let mut address = crate::address(&base, &parameters);
    address.push_str("#wechat_redirect");
    address
}
