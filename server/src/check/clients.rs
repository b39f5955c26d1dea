//! What clients have registered, as far as this machine can try it: the addresses that are told of logouts and of what becomes of people,
//! and whether the service's cookies are theirs.

use url::{Host, Url};

use super::report::Report;
use crate::backchannel::BackChannel;
use crate::config::Config;
use crate::sender::Senders;
use crate::webhooks::Webhooks;

/// Asks every address whether it is there. A client refuses what is asked, for it has no token in it and no signature: any answer is one.
pub(super) async fn look(report: &mut Report, config: &Config) {
    for client in &config.clients {
        for origin in &client.origins {
            if is_another_site(config.public_url.origin(), origin) {
                report.warn("cookies", elsewhere(&client.id, origin));
            }
        }
    }
    if let Ok(way) = BackChannel::new(config.backchannel_private_addresses) {
        for client in &config.clients {
            let Some(address) = &client.backchannel_logout_uri else { continue };
            let what = format!("backchannel_logout_uri of the client {} answers", client.id);
            let knocked = way
                .knock(address)
                .await
                .map_err(|why| format!("{why}; a logout there is tried again for a day"));
            told(report, "backchannel", what, address, knocked);
        }
    }
    if let Ok(way) = Webhooks::new(config.webhook_private_addresses) {
        for client in &config.clients {
            let Some(webhook) = &client.webhook else { continue };
            let what = format!("webhook_url of the client {} answers", client.id);
            let knocked = way.knock(&webhook.url).await;
            let knocked = knocked.map_err(|why| format!("{why}; an event is tried again for three days"));
            signed(report, "webhook", what, &webhook.url, knocked);
        }
    }
    senders(report, config).await;
}

/// The ways on which codes go to people whom clients ask for a contact.
async fn senders(report: &mut Report, config: &Config) {
    let senders = match Senders::new(config) {
        Ok(senders) => senders,
        Err(error) => return report.tell("email", "codes can be sent", Err(error.to_string())),
    };
    if let Some(email) = &config.email
        && let Some(knocked) = senders.knock_email().await
    {
        let what = format!("the mail server {}:{} takes what it is told of [email]", email.host, email.port);
        let mend = "look at host, port, tls, user and password_file of [email]";
        report.tell("email", what, knocked.map_err(|error| format!("{error}: {mend}")));
    }
    if let Some(sms) = &config.sms
        && let Some(knocked) = senders.knock_sms().await
    {
        signed(report, "sms", "the url of [sms] answers".into(), &sms.url, knocked);
    }
}

/// Whoever takes what nobody has signed takes it from anybody.
fn signed(
    report: &mut Report,
    check: &'static str,
    what: String,
    address: &str,
    knocked: Result<u16, String>,
) {
    if matches!(knocked, Ok(200..300)) {
        let why = "takes what nobody has signed: does it compare webhook-signature?";
        return report.warn(check, format!("{what}, and {why}"));
    }
    told(report, check, what, address, knocked);
}

fn told(report: &mut Report, check: &'static str, what: String, address: &str, knocked: Result<u16, String>) {
    match knocked {
        Ok(404 | 405) => {
            report.warn(check, format!("{what}, and has no page for that there: is it {address}?"))
        }
        Ok(status @ 300..400) => {
            let mend = "no redirect is followed, so write the address that it leads to";
            report.tell(check, what, Err(format!("it sends elsewhere, with {status}: {mend}")));
        }
        Ok(status @ 500..) => {
            report.warn(check, format!("{what} with {status}: look at the log of that site"));
        }
        Ok(_) => report.tell(check, what, Ok(())),
        Err(why) => report.tell(check, what, Err(format!("{why}: is the site up, and the address right?"))),
    }
}

fn elsewhere(client: &str, origin: &str) -> String {
    format!(
        "{origin} of the client {client} is another site than public_url: browsers keep the service's cookies from its pages, which get codes and know of no session. Redeem those codes in its backend, or give the service a name below its domain"
    )
}

/// Whether browsers take the two for different sites for sure: they have no two last labels in common. What ends in `com.cn` for both may
/// still be two sites, and is said to be none of it.
fn is_another_site(ours: &str, theirs: &str) -> bool {
    let host = |origin: &str| Url::parse(origin).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let (Some(ours), Some(theirs)) = (host(ours), host(theirs)) else { return false };
    let (Host::Domain(our_name), Host::Domain(their_name)) = (&ours, &theirs) else { return ours != theirs };
    let last_two = |name: &str| name.rsplit('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    last_two(our_name) != last_two(their_name)
}
