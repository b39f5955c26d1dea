//! What a refresh token looks like: the grant's name, a secret, and a tag by which the service knows again that it has given the
//! token out. So a token that was used needs no row: whoever has one that is neither the newest of its grant nor the one before has
//! one that was used.
//!
//! Only its hash proves that a token is good. The tag, by a master key, is worth nothing but the end of its grant.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::keys::MasterKeys;
use crate::secret::{SecretHash, random_word};

/// The first refresh token of a grant.
pub(super) fn first(masters: &MasterKeys, grant_id: &str) -> String {
    let body = format!("{grant_id}.{}", random_word());
    let tag = URL_SAFE_NO_PAD.encode(masters.derive(tagged(&body).as_bytes()));
    format!("{body}.{tag}")
}

/// What may take a token's place, one for each master key. Derived from what is presented: given again after a lost answer it is the
/// same, and nowhere is it kept.
pub(super) fn successors(masters: &MasterKeys, presented: &str, grant_id: &str) -> Vec<String> {
    let text = format!("refresh token {presented}");
    masters
        .derive_by_each(text.as_bytes())
        .enumerate()
        .filter_map(|(key, secret)| {
            let body = format!("{grant_id}.{}", URL_SAFE_NO_PAD.encode(secret));
            // Who has the key of the secret has that of the tag.
            let tag = masters.derive_by_each(tagged(&body).as_bytes()).nth(key)?;
            Some(format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag)))
        })
        .collect()
}

/// The grant of a token that the service has given out, used or not. None for any other text, and for tokens of before there were tags.
pub(super) fn grant_id<'a>(masters: &MasterKeys, presented: &'a str) -> Option<&'a str> {
    let (body, tag) = presented.rsplit_once('.')?;
    let (grant_id, _) = body.split_once('.')?;
    let tag = SecretHash::of(tag);
    let ours = masters
        .derive_by_each(tagged(body).as_bytes())
        .any(|derived| SecretHash::of(&URL_SAFE_NO_PAD.encode(derived)).matches(&tag));
    ours.then_some(grant_id)
}

fn tagged(body: &str) -> String {
    format!("tag of refresh token {body}")
}
