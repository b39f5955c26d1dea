//! WeChat's side of website login on this machine: the QR page with its long poll, the phone, the desktop client's local
//! service, `/sns/*` and the service account's authorize page. This is the library for tests; `main.rs` is the program.
//!
//! It knows nothing of the crate that speaks WeChat's protocol for the widget and the server: its answers are written out
//! here from WeChat's documents, else a wrong field name would agree with itself.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use weixin_emulator::{Call, Emulator, Fault, Options};
//!
//! let weixin = Emulator::start(Options::default()).await?;
//! let redirect_url = weixin.code_for(&format!(
//!     "{}/connect/qrconnect?appid={}&redirect_uri=http%3A%2F%2Flocalhost%2Fcallback&response_type=code&scope=snsapi_login&state=s",
//!     weixin.open_url(),
//!     weixin_emulator::DEFAULT_APPID,
//! ))?;
//! weixin.fault_times(Call::AccessToken, Fault::Errcode { errcode: -1 }, 1);
//! # let _ = redirect_url; Ok(()) }
//! ```

mod avatar;
mod control;
mod desktop;
mod fault;
mod gate;
mod namespaces;
mod open;
mod options;
mod page;
mod phone;
mod products;
mod query;
mod requests;
mod ring;
mod scenario;
mod servers;
mod service_account;
mod sns;
mod tls;
mod world;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use control::Message;
pub use desktop::{Cors, DesktopMode, Dialog, DialogAnswer};
pub use fault::{Call, Fault, FaultRule};
pub use options::{Options, StartError};
pub use requests::{Outcome, RequestRecord};
pub use scenario::{
    App, AppKind, Auto, AutoAnswer, Autos, DEFAULT_APPID, DEFAULT_MINI_PROGRAM_APPID,
    DEFAULT_MINI_PROGRAM_SECRET, DEFAULT_PERSON, DEFAULT_SECRET, DEFAULT_SERVICE_ACCOUNT_APPID,
    DEFAULT_SERVICE_ACCOUNT_SECRET, Person, PushTarget, Scenario, ScenarioError, Strict,
};
pub use world::{Refusal, TicketError};

use namespaces::Worlds;
use servers::Servers;
use world::{Addresses, World};

/// A running emulator. Dropping it stops its servers and cuts what is still open.
///
/// In plain mode every address is `http://127.0.0.1:PORT`. In TLS mode the addresses carry WeChat's real names; map them to
/// [`open_address`](Emulator::open_address) and [`desktop_address`](Emulator::desktop_address), a browser by
/// [`host_resolver_rules`](Emulator::host_resolver_rules). [`control_url`](Emulator::control_url) is plain http in both, and
/// answers `/sns/*` too, for a service that cannot map names.
pub struct Emulator {
    world: Arc<World>,
    authority: Option<tls::Authority>,
    open_address: SocketAddr,
    desktop_addresses: Vec<SocketAddr>,
    // Last: the servers end before the world they serve.
    _servers: Servers,
}

impl Emulator {
    /// Starts the servers on a thread of their own: any async runtime, or none, may hold the emulator.
    pub async fn start(options: Options) -> Result<Emulator, StartError> {
        let scenario = options.checked_scenario()?;
        let bound = options.bind()?;
        let authority = options.authority()?;
        let tls_config = authority
            .as_ref()
            .map(tls::Authority::server_config)
            .transpose()
            .map_err(StartError::Certificates)?;
        let (open_address, desktop_addresses) = (bound.open, bound.desktops.clone());
        let mode = scenario.desktop_mode;
        let world = Arc::new(World::new(scenario, options.addresses(&bound)));
        let servers = Servers::start(Arc::new(Worlds::new(world.clone())), bound.ports, tls_config);
        // Returns when the port accepts, so that nobody meets a refusal right after the start.
        let _ = world.set_desktop(mode).await;
        Ok(Emulator { world, authority, open_address, desktop_addresses, _servers: servers })
    }

    /// Base URL of the pages: `https://open.weixin.qq.com` at home. No trailing slash, like the others.
    pub fn open_url(&self) -> String {
        self.world.addresses.open.clone()
    }

    /// Base URL of `/sns/*`: `https://api.weixin.qq.com` at home.
    pub fn api_url(&self) -> String {
        self.world.addresses.api.clone()
    }

    /// Base URL of the desktop client's service: `https://localhost.weixin.qq.com:14013` at home.
    pub fn desktop_url(&self) -> String {
        self.world.addresses.desktops.first().cloned().unwrap_or_default()
    }

    /// Base URLs of all ports that the desktop client may listen on, in the order WeChat's page tries them.
    pub fn desktop_urls(&self) -> Vec<String> {
        self.world.addresses.desktops.clone()
    }

    /// Base URL of the control page, always plain http on loopback.
    pub fn control_url(&self) -> String {
        self.world.addresses.control.clone()
    }

    /// Where the pages and `/sns/*` are really served; https in TLS mode.
    pub fn open_address(&self) -> SocketAddr {
        self.open_address
    }

    /// Where the desktop client's service is really served; https in TLS mode.
    pub fn desktop_address(&self) -> SocketAddr {
        self.desktop_addresses[0]
    }

    /// The real names, as `name:port`, and where each is served here (TLS mode).
    pub fn names(&self) -> Vec<(String, SocketAddr)> {
        let Addresses { open, long_poll, api, desktops, avatars, media, .. } = &self.world.addresses;
        let name = |address: &str| {
            let name = address.trim_start_matches("https://");
            if name.contains(':') { name.to_owned() } else { format!("{name}:443") }
        };
        let beside = |host: &str| name(&avatars.replace("thirdwx.qlogo.cn", host));
        let mut names: Vec<_> =
            [open, long_poll, api, media, avatars].map(|address| (name(address), self.open_address)).into();
        names.extend(["wx.qlogo.cn", "res.wx.qq.com"].map(|host| (beside(host), self.open_address)));
        names.extend(desktops.iter().map(|address| name(address)).zip(self.desktop_addresses.clone()));
        names
    }

    /// The value of Chromium's `--host-resolver-rules` that leads [`names`](Emulator::names) here.
    pub fn host_resolver_rules(&self) -> String {
        let rules: Vec<_> =
            self.names().iter().map(|(name, address)| format!("MAP {name} {address}")).collect();
        rules.join(", ")
    }

    /// The certificate authority to trust, as PEM; `None` in plain mode.
    pub fn ca_pem(&self) -> Option<String> {
        self.authority.as_ref().map(tls::Authority::pem)
    }

    /// The value for Chromium's `--ignore-certificate-errors-spki-list`; `None` in plain mode.
    pub fn ca_spki_sha256_base64(&self) -> Option<&str> {
        self.authority.as_ref().map(tls::Authority::spki_sha256)
    }

    /// A certificate for other servers of a test: the chain with the CA, and the key, both PEM. `None` in plain mode or for
    /// names that no certificate can carry.
    pub fn issue(&self, names: &[&str]) -> Option<(String, String)> {
        self.authority.as_ref()?.issue_pem(names).ok()
    }

    /// Changes how the desktop client behaves. When this returns its port accepts or refuses connections accordingly; it
    /// fails only when another program took the port meanwhile.
    pub async fn set_desktop(&self, mode: DesktopMode) -> io::Result<()> {
        self.world.set_desktop(mode).await
    }

    /// Moves the desktop client to another of its ports, counted from 0; the others refuse connections.
    ///
    /// # Panics
    /// When it has no such port: see [`Options::more_desktop_ports`].
    pub async fn set_desktop_port(&self, place: usize) -> io::Result<()> {
        assert!(place < self.desktop_addresses.len(), "the desktop has the ports that its options name");
        let mode = self.world.change(|state, _| {
            state.desktop.port = place;
            state.desktop.mode
        });
        self.world.set_desktop(mode).await
    }

    /// Changes which web origins may read the desktop client's answers.
    pub fn set_cors(&self, cors: Cors) {
        self.world.change(|state, _| state.desktop.cors = cors);
    }

    /// Adds a person, or changes the one of that id, and puts phone and desktop into their hands.
    ///
    /// # Panics
    /// When the id is not made of `[a-z0-9-]`.
    pub fn set_person(&self, person: Person) {
        person.check().expect("a person with a usable id");
        self.world.put_person(person.clone());
        self.world.change(|state, _| {
            state.phone.person = person.clone();
            state.desktop.person = person;
        });
    }

    /// Puts the phone alone into this known person's hands; `false` when nobody has the id.
    pub fn set_phone_person(&self, id: &str) -> bool {
        self.world
            .change(|state, _| state.person(id).cloned().map(|person| state.phone.person = person).is_some())
    }

    /// Logs this known person in on the desktop; `false` when nobody has the id.
    pub fn set_desktop_person(&self, id: &str) -> bool {
        self.world.change(|state, _| {
            state.person(id).cloned().map(|person| state.desktop.person = person).is_some()
        })
    }

    /// Whether the phone's WeChat shows snapshot pages, with a virtual person, to sites that ask for userinfo untapped.
    pub fn set_snapshot(&self, snapshot: bool) {
        self.world.change(|state, _| state.phone.snapshot = snapshot);
    }

    /// Registers an app, or changes the one of that appid.
    ///
    /// # Panics
    /// When the appid or a callback domain is not well-formed.
    pub fn set_app(&self, app: App) {
        app.check().expect("a well-formed app");
        self.world.put_app(app);
    }

    /// Makes every further request of this kind go wrong, until [`clear_faults`](Emulator::clear_faults).
    pub fn fault(&self, call: Call, fault: Fault) {
        self.world.change(|state, _| state.faults.set(call, fault, None));
    }

    /// Makes the next `times` requests of this kind go wrong.
    pub fn fault_times(&self, call: Call, fault: Fault, times: u32) {
        self.world.change(|state, _| state.faults.set(call, fault, Some(times)));
    }

    /// Ends all faults; calls that hang go on as usual.
    pub fn clear_faults(&self) {
        self.world.change(|state, _| state.faults.clear());
    }

    /// Moves the emulator's clock, which runs by itself too: QR codes, codes, tokens, delays and held polls obey it.
    pub fn advance(&self, time: Duration) {
        self.world.advance(time);
    }

    /// Where a service hands over short messages for the phone, as its webhook.
    pub fn sms_url(&self) -> String {
        format!("{}/control/sms", self.world.addresses.control)
    }

    /// The short messages that have come, the newest first.
    pub fn messages(&self) -> Vec<Message> {
        self.world.read(|state, _| state.messages.iter().cloned().collect())
    }

    /// The uuid of the newest QR code that waits for a scan.
    pub fn waiting_qr(&self) -> Option<String> {
        self.world.read(|state, now| state.newest_waiting(now))
    }

    /// Waits, by the wall clock, until a QR code waits for a scan.
    pub async fn wait_for_qr(&self, timeout: Duration) -> Option<String> {
        self.wait(timeout, |state, now| state.newest_waiting(now)).await
    }

    /// Another person scans, with a phone of their own.
    pub fn scan_as(&self, uuid: &str, person: Person) -> Result<(), TicketError> {
        self.world.scan_as(uuid, person)
    }

    /// What phone and desktop do by themselves from now on.
    pub fn set_auto(&self, auto: Autos) {
        self.world.change(|state, _| {
            state.phone.auto = auto.phone;
            state.desktop.auto = auto.desktop;
        });
    }

    /// What is refused although widely used libraries do it.
    pub fn set_strict(&self, strict: Strict) {
        self.world.change(|state, _| state.strict = strict);
    }

    /// Begins anew with this scenario, or the one it started with. Whoever waits for something of the old world hears that it
    /// is gone.
    pub async fn reset(&self, scenario: Option<Scenario>) -> io::Result<()> {
        self.world.reset(scenario).await
    }

    /// The phone scans.
    pub fn scan(&self, uuid: &str) -> Result<(), TicketError> {
        self.world.scan(uuid)
    }

    /// The person on the phone allows; the page gets its code.
    pub fn allow(&self, uuid: &str) -> Result<(), TicketError> {
        self.world.allow(uuid)
    }

    /// The person on the phone cancels; the page says so and waits for another scan, the site hears nothing.
    pub fn cancel(&self, uuid: &str) -> Result<(), TicketError> {
        self.world.cancel(uuid)
    }

    /// The person on the phone refuses and the site is told: the page goes to redirect_uri with a state and no code.
    pub fn deny(&self, uuid: &str) -> Result<(), TicketError> {
        self.world.deny(uuid)
    }

    /// Waits, by the wall clock, until a dialog stands on the desktop.
    pub async fn wait_for_dialog(&self, timeout: Duration) -> Option<Dialog> {
        self.wait(timeout, |state, _| state.desktop.open_dialog().cloned()).await
    }

    /// Answers the desktop's dialog that has waited longest; `false` when there is none.
    pub fn answer_dialog(&self, answer: DialogAnswer) -> bool {
        self.world.change(|state, _| state.desktop.answer_dialog(answer))
    }

    /// Plays one of the two authorize pages through without a browser: the person who holds the phone allows, and this is
    /// the address, code and state in it, that the browser would be sent to.
    pub fn code_for(&self, authorize_url: &str) -> Result<String, Refusal> {
        self.world.code_for(authorize_url)
    }

    /// Every request so far, in order, without those of the control API.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.world.read(|state, _| state.log.all().cloned().collect())
    }

    /// Waits, by the wall clock, until a request like this has come.
    pub async fn wait_for_request(
        &self,
        timeout: Duration,
        like: impl Fn(&RequestRecord) -> bool,
    ) -> Option<RequestRecord> {
        self.wait(timeout, |state, _| state.log.all().find(|record| like(record)).cloned()).await
    }

    /// How many access_token calls have named this code, whatever became of them.
    pub fn exchanges(&self, code: &str) -> u32 {
        self.world.read(|state, _| state.grants.exchanges(code))
    }

    /// Takes back all WeChat tokens given out so far, as a changed password does.
    pub fn revoke_tokens(&self) {
        self.world.change(|state, _| state.grants.revoke_tokens());
    }

    async fn wait<T>(
        &self,
        timeout: Duration,
        look: impl FnMut(&world::State, Duration) -> Option<T>,
    ) -> Option<T> {
        let forever = Duration::MAX / 4;
        tokio::time::timeout(timeout, self.world.wait(forever, look)).await.ok().flatten()
    }
}

/// The certificate authority that a folder keeps, as PEM; made when it keeps none.
pub fn certificate_authority(folder: &Path) -> Result<String, StartError> {
    tls::Authority::kept_in(folder).map(|authority| authority.pem()).map_err(StartError::Certificates)
}

/// The file in that folder that holds it, to be trusted by other programs.
pub fn certificate_authority_file(folder: &Path) -> std::path::PathBuf {
    tls::ca_file(folder)
}
