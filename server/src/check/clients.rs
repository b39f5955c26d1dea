//! What clients have registered, as far as this machine can try it: the addresses that are told of logouts.

use super::report::Report;
use crate::backchannel::BackChannel;
use crate::config::Config;

/// Asks every back-channel address whether it is there. A client refuses what is asked, for it has no token in it: any answer is one.
pub(super) async fn look(report: &mut Report, config: &Config) {
    let Ok(way) = BackChannel::new(config.backchannel_private_addresses) else { return };
    for client in &config.clients {
        let Some(address) = &client.backchannel_logout_uri else { continue };
        let what = format!("backchannel_logout_uri of the client {} answers", client.id);
        match way.knock(address).await {
            Ok(404 | 405) => report
                .warn("backchannel", format!("{what}, and has no page for logouts there: is it {address}?")),
            Ok(status) if status >= 500 => {
                report.warn("backchannel", format!("{what} with {status}: look at the log of that site"));
            }
            Ok(_) => report.tell("backchannel", what, Ok(())),
            Err(why) => {
                let mend = "a logout there is tried again for a day: is the site up, and the address right?";
                report.tell("backchannel", what, Err(format!("{why}; {mend}")));
            }
        }
    }
}
