//! `accounts list`, `accounts find`, `accounts show`, `accounts duplicates`, `accounts merge` and `accounts delete`: who is who.

use std::fmt::Write;

use super::sessions::{ending, tell};
use super::{CommandError, account_id, age, named, printable, unknown_account};
use crate::account::GRACE;
use crate::clock::Clock;
use crate::config::Config;
use crate::store;
use crate::store::audit::{AuditRow, By};
use crate::store::people::ListedAccount;

/// How many rows a list shows.
const MOST: u32 = 1_000;

/// `accounts list`: the newest accounts.
///
/// # Errors
/// [`CommandError`]
pub async fn list(config: &Config, clock: &Clock) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    Ok(listed(&store.accounts(MOST).await?, clock))
}

/// `accounts find`: the accounts that are known by this: an account's id, a client's `sub`, an openid, a unionid, a phone number or an
/// email address.
///
/// # Errors
/// [`CommandError`]
pub async fn find(config: &Config, clock: &Clock, name: &str) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    Ok(listed(&named(config, &*store, name, MOST).await?, clock))
}

fn listed(accounts: &[ListedAccount], clock: &Clock) -> String {
    let mut text = String::new();
    let now = clock.now();
    for ListedAccount { id, nickname, created_at, updated_at } in accounts {
        let (made, seen, nickname) = (age(now - created_at), age(now - updated_at), printable(nickname));
        let _ = writeln!(text, "{id}  made {made} ago  last seen {seen} ago  {nickname}");
    }
    let _ = writeln!(text, "{} accounts", accounts.len());
    text
}

/// `accounts show`: who this is, by what [`find`] goes by.
///
/// # Errors
/// [`CommandError`]
pub async fn show(config: &Config, clock: &Clock, name: &str) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let id = account_id(config, &*store, name).await?;
    let account = store.account(&id).await?.ok_or_else(|| unknown_account(name))?;
    let mut text = format!("account   {id}\nnickname  {}\n", printable(&account.nickname));
    for identity in store.identities_of_account(&id).await? {
        let unionid = identity.unionid.as_deref().unwrap_or("none");
        let _ = writeln!(
            text,
            "weixin    appid {}  openid {}  unionid {unionid}",
            identity.appid, identity.openid
        );
    }
    for contact in store.contacts_of_account(&id).await? {
        let _ = writeln!(text, "{:<10}{}", contact.kind.as_str(), printable(&contact.value));
    }
    for (client_id, sub) in store.subjects_of_account(&id).await? {
        let _ = writeln!(text, "sub       {sub} at {client_id}");
    }
    for (client_id, sub) in store.retired_subjects(&id).await? {
        let at = if client_id.is_empty() { String::new() } else { format!(" at {client_id}") };
        let _ = writeln!(text, "older sub {sub}{at}");
    }
    let sessions = store.sessions(Some(&id), clock.now(), u32::MAX).await?;
    let _ = writeln!(text, "sessions  {}", sessions.len());
    if let Some(at) = store.delete_at(&id).await? {
        // A day that has begun counts: nobody is told of less time than there is left.
        let days = (at - clock.now()).max(0).unsigned_abs().div_ceil(24 * 3600);
        let _ = writeln!(text, "deleted   in {days} days, unless the person logs in");
    }
    for AuditRow { account_id, what, by, detail, at } in store.history(&id).await? {
        let ago = age(clock.now() - at);
        let detail = detail.map_or_else(String::new, |detail| format!("  {detail}"));
        let of = if account_id == id { String::new() } else { format!("  (as account {account_id})") };
        let _ = writeln!(text, "history   {ago} ago  {what} by {by}{detail}{of}");
    }
    Ok(text)
}

/// `accounts duplicates`: those that WeChat says to be one person, and that no login merges: the unionid of an identity has changed, as
/// when its app moves to another open-platform account, to that of another account.
///
/// # Errors
/// [`CommandError`]
pub async fn duplicates(config: &Config) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let rows = store.duplicates(MOST).await?;
    let mut text = String::new();
    let people = rows.chunk_by(|(one, _), (other, _)| one == other);
    let mut count = 0;
    for accounts in people {
        let ids: Vec<&str> = accounts.iter().map(|(_, id)| &**id).collect();
        let _ = writeln!(text, "one person: accounts {}", ids.join(", "));
        count += 1;
    }
    let _ = writeln!(text, "{count} people with more than one account");
    Ok(text)
}

/// `accounts merge`: two accounts are one person. Every client goes on with the `sub` that it has seen. A client that has seen both
/// can keep only one, the one of `into`, and the other one is known as an older one for ever: that needs `retire`. The sessions and
/// grants of `from` end.
///
/// # Errors
/// [`CommandError`]; [`CommandError::Refused`] names the clients that know both.
pub async fn merge(
    config: &Config,
    clock: &Clock,
    from: &str,
    into: &str,
    retire: bool,
) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let (from, into) = (account_id(config, &*store, from).await?, account_id(config, &*store, into).await?);
    if from == into {
        return Err(CommandError::Refused(format!("both are account {from} already")));
    }
    let kept = store.subjects_of_account(&into).await?;
    let mut both = String::new();
    for (client_id, sub) in store.subjects_of_account(&from).await? {
        if let Some((_, kept)) = kept.iter().find(|(known, kept)| *known == client_id && *kept != sub) {
            let _ = writeln!(both, "client {client_id} knows both, as {sub} and as {kept}");
        }
    }
    if !both.is_empty() && !retire {
        let problem =
            "A client can call a person by one name only. With --retire it is the second from now on";
        return Err(CommandError::Refused(format!("{both}{problem}; the first is never given to anybody.")));
    }
    let told = config.backchannel_clients();
    let ended = store.merge_accounts(&from, &into, ending(clock, &told)).await?;
    Ok(format!(
        "account {from} is merged into {into}; {} sessions have ended\n{both}{}",
        ended.sessions,
        tell(config, clock, &*store, ended.logouts).await
    ))
}

/// `accounts delete`: the person is forgotten, with sessions and grants. Who logs in again is somebody new. With grace, that is in seven
/// days, and a login before then brings the account back.
///
/// # Errors
/// [`CommandError`]
pub async fn delete(
    config: &Config,
    clock: &Clock,
    name: &str,
    with_grace: bool,
) -> Result<String, CommandError> {
    let store = store::open_existing(&config.store).await?;
    let id = account_id(config, &*store, name).await?;
    let told = config.backchannel_clients();
    if with_grace {
        let delete_at = clock.now() + GRACE;
        let ended = store.delete_later(&id, delete_at, By::Operator, ending(clock, &told)).await?;
        let ended = ended.ok_or_else(|| unknown_account(name))?;
        return Ok(format!(
            "account {id} will be deleted in 7 days, unless the person logs in before; {} sessions have ended\n{}",
            ended.sessions,
            tell(config, clock, &*store, ended.logouts).await
        ));
    }
    let ended = store.delete_account(&id, ending(clock, &told)).await?;
    Ok(format!(
        "account {id} is deleted; {} sessions have ended\n{}",
        ended.sessions,
        tell(config, clock, &*store, ended.logouts).await
    ))
}
