//! How an emulator starts: on which ports, and under which addresses the pages and the API are then found.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::scenario::{Scenario, ScenarioError};
use crate::servers::{self, Ports};
use crate::tls;
use crate::world::Addresses;

/// The ports that Tencent's own page tries, in its order.
const REAL_DESKTOP_PORTS: [u16; 6] = [14013, 14014, 14015, 13013, 13014, 13015];

/// How an emulator starts. The default has free ports on loopback, plain http and the default scenario.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The address to listen on; loopback when left out. The desktop service and TLS listen there, too.
    pub listen: Option<IpAddr>,
    /// The port of everything but the desktop service; 0 takes a free one.
    pub port: u16,
    /// The port of the desktop service; 0 takes a free one, since a person's own WeChat may hold 14013.
    pub desktop_port: u16,
    /// Further ports that the desktop client may listen on: WeChat's own page tries six. Only one listens at a time.
    pub more_desktop_ports: Vec<u16>,
    /// Serve https under WeChat's real names as well, with an own certificate authority.
    pub tls: bool,
    /// The port of https; 0 takes a free one. Clients with WeChat's addresses built in ask for 443.
    pub tls_port: u16,
    /// The folder that keeps the certificate authority; made anew at each start when left out.
    pub ca_dir: Option<PathBuf>,
    /// With `tls`: the addresses carry the ports too, for a browser that can be told where a name is, but not which port.
    pub ports_in_addresses: bool,
    /// Where browsers and servers find what listens on `port`, such as `http://weixin:8080`; without it the address it listens on.
    pub public_url: Option<String>,
    /// Where browsers find the desktop service.
    pub desktop_public_url: Option<String>,
    /// Hosts that every app may redirect to, besides those of the scenario.
    pub callback_domains: Vec<String>,
    /// Who exists.
    pub scenario: Scenario,
    /// Where the site under test is: a link on the control page.
    pub site_url: Option<String>,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or may not be used, or no interface has the address.
    #[error("{}", in_words(*address, source))]
    Address {
        /// The one that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The address that others shall use is none.
    #[error(
        "{option} is {value:?}: it must be an http or https address without query, fragment and trailing slash"
    )]
    Url {
        /// Which option.
        option: &'static str,
        /// What it was.
        value: String,
    },
    /// The scenario contradicts itself.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The certificates could not be made.
    #[error("the certificates cannot be made: {0}")]
    Certificates(Box<dyn std::error::Error + Send + Sync>),
}

fn in_words(address: SocketAddr, source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {} of {} is taken by another program: choose another one, or 0 for a free one",
            address.port(),
            address.ip()
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "no interface of this machine has the address {}: 127.0.0.1 is this machine alone, 0.0.0.0 all its interfaces",
            address.ip()
        ),
        io::ErrorKind::PermissionDenied => format!(
            "port {} of {} may not be used: ports below 1024 are root's on many systems; take a higher one, or 0 for a free one",
            address.port(),
            address.ip()
        ),
        _ => format!("{address} cannot be listened on: {source}"),
    }
}

/// What has been bound.
pub(crate) struct Bound {
    pub ports: Ports,
    plain: SocketAddr,
    /// Where the pages are; https in TLS mode.
    pub open: SocketAddr,
    pub desktops: Vec<SocketAddr>,
}

impl Options {
    pub(crate) fn checked_scenario(&self) -> Result<Scenario, StartError> {
        let mut scenario = self.scenario.clone();
        for app in &mut scenario.apps {
            app.callback_domains.extend(self.callback_domains.iter().cloned());
        }
        scenario.check()?;
        for (option, value) in
            [("public-url", &self.public_url), ("desktop-public-url", &self.desktop_public_url)]
        {
            if let Some(value) = value
                && !is_base_url(value)
            {
                return Err(StartError::Url { option, value: value.clone() });
            }
        }
        Ok(scenario)
    }

    pub(crate) fn authority(&self) -> Result<Option<tls::Authority>, StartError> {
        let made = match (&self.ca_dir, self.tls) {
            (_, false) => return Ok(None),
            (None, true) => tls::Authority::new(),
            (Some(folder), true) => tls::Authority::kept_in(folder),
        };
        made.map(Some).map_err(StartError::Certificates)
    }

    pub(crate) fn bind(&self) -> Result<Bound, StartError> {
        let at = |port| SocketAddr::new(self.listen.unwrap_or(Ipv4Addr::LOCALHOST.into()), port);
        let failed = |port| move |source| StartError::Address { address: at(port), source };
        let listen = |port| servers::listen(at(port)).map_err(failed(port));
        let plain = listen(self.port)?;
        let secured = if self.tls { Some(listen(self.tls_port)?) } else { None };
        let mut desktops = Vec::new();
        for &port in std::iter::once(&self.desktop_port).chain(&self.more_desktop_ports) {
            desktops.push(servers::bind(at(port)).map_err(failed(port))?);
        }
        let address = |socket: &socket2::Socket| {
            let address = socket.local_addr().map_err(failed(self.desktop_port))?;
            Ok(address.as_socket().expect("an IP socket has an IP address"))
        };
        let plain_address = plain.local_addr().map_err(failed(self.port))?;
        let open = secured.as_ref().unwrap_or(&plain).local_addr().map_err(failed(self.tls_port))?;
        let addresses = desktops.iter().map(address).collect::<Result<Vec<_>, StartError>>()?;
        Ok(Bound {
            ports: Ports { plain, secured, desktops },
            plain: reachable(plain_address),
            open: reachable(open),
            desktops: addresses.into_iter().map(reachable).collect(),
        })
    }

    pub(crate) fn addresses(&self, bound: &Bound) -> Addresses {
        let control = self.public_url.clone().unwrap_or_else(|| format!("http://{}", bound.plain));
        let site = self.site_url.clone();
        let path = url::Url::parse(&control).map(|url| url.path().trim_end_matches('/').to_owned());
        let path = path.unwrap_or_default();
        if !self.tls {
            let desktops = bound.desktops.iter().enumerate().map(|(place, address)| {
                match (&self.desktop_public_url, place) {
                    (Some(url), 0) => url.clone(),
                    _ => format!("http://{address}"),
                }
            });
            return Addresses {
                open: control.clone(),
                long_poll: control.clone(),
                api: control.clone(),
                desktops: desktops.collect(),
                avatars: control.clone(),
                media: control.clone(),
                path,
                control,
                site,
            };
        }
        // The port of https goes without saying, as everywhere.
        let open = match bound.open.port() {
            port if self.ports_in_addresses && port != 443 => format!(":{port}"),
            _ => String::new(),
        };
        let real = REAL_DESKTOP_PORTS.into_iter();
        let desktops = real.zip(&bound.desktops).map(|(real, bound)| {
            let port = if self.ports_in_addresses { bound.port() } else { real };
            format!("https://localhost.weixin.qq.com:{port}")
        });
        Addresses {
            open: format!("https://open.weixin.qq.com{open}"),
            long_poll: format!("https://lp.open.weixin.qq.com{open}"),
            api: format!("https://api.weixin.qq.com{open}"),
            desktops: desktops.collect(),
            avatars: format!("https://thirdwx.qlogo.cn{open}"),
            media: format!("https://mp.weixin.qq.com{open}"),
            path: String::new(),
            control,
            site,
        }
    }
}

/// All interfaces are none to connect to: loopback is among them.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

fn is_base_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && !text.ends_with('/')
    })
}
