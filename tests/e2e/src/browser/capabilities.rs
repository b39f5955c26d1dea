//! What [`BrowserOptions`] are to each engine: its switches, preferences and capabilities.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::prelude::*;
use url::Url;

use super::BrowserOptions;
use super::engine::{Engine, mini_browser};

/// For a browser with this profile, and, where it finds no names itself, this proxy.
pub(super) fn of(options: &BrowserOptions, profile: &Path, proxy: Option<SocketAddr>) -> Capabilities {
    match options.engine {
        Engine::Chromium => chromium(options, profile),
        Engine::Firefox => firefox(options, proxy),
        Engine::WebKit => webkit(options),
    }
}

fn chromium(options: &BrowserOptions, profile: &Path) -> Capabilities {
    let mut preferences = options.preferences.clone().unwrap_or_default();
    if let Some((origin, allowed)) = &options.said_before {
        // What the browser writes when a person presses Allow or Block.
        let said = json!({ "last_modified": "13439682166247476", "setting": if *allowed { 1 } else { 2 } });
        let port = if Url::parse(origin).is_ok_and(|url| url.port().is_none()) { ":443" } else { "" };
        preferences["profile"]["content_settings"]["exceptions"] = json!({
            "has_migrated_local_network_access": true,
            "loopback_network": { format!("{origin}{port},*"): said },
        });
    }
    if !preferences.is_null() {
        let folder = profile.join("Default");
        std::fs::create_dir_all(&folder).expect("the profile's folder");
        std::fs::write(folder.join("Preferences"), preferences.to_string()).expect("the preferences");
    }
    let mut capabilities = DesiredCapabilities::chrome();
    let fixed = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let mut own = vec![
        format!("--user-data-dir={}", profile.display()),
        format!("--lang={}", options.language),
        format!("--accept-lang={}", options.language),
        format!("--window-size={},{}", options.window.0, options.window.1),
    ];
    if options.headless {
        own.push("--headless=new".into());
    }
    if let Some(user_agent) = &options.user_agent {
        own.push(format!("--user-agent={user_agent}"));
    }
    if !options.names.is_empty() {
        let rules: Vec<_> =
            options.names.iter().map(|(name, address)| format!("MAP {name} {address}")).collect();
        own.push(format!("--host-resolver-rules={}", rules.join(", ")));
    }
    if !options.public.is_empty() {
        let public: Vec<_> = options.public.iter().map(|address| format!("{address}=public")).collect();
        own.push(format!("--ip-address-space-overrides={}", public.join(",")));
    }
    let switches = options.switches.iter().cloned();
    for switch in fixed.into_iter().map(str::to_owned).chain(own).chain(switches) {
        capabilities.add_arg(&switch).expect("a switch");
    }
    capabilities.into()
}

fn firefox(options: &BrowserOptions, proxy: Option<SocketAddr>) -> Capabilities {
    let mut capabilities = DesiredCapabilities::firefox();
    if options.headless {
        capabilities.set_headless().expect("a switch");
    }
    let mut preferences = FirefoxPreferences::new();
    preferences.set("intl.accept_languages", options.language.as_str()).expect("a preference");
    if let Some(proxy) = proxy {
        preferences.set("network.proxy.type", 1).expect("a preference");
        preferences.set("network.proxy.ssl", proxy.ip().to_string()).expect("a preference");
        preferences.set("network.proxy.ssl_port", proxy.port()).expect("a preference");
    } else {
        let names: Vec<_> = options.names.iter().filter_map(|(name, _)| name.split(':').next()).collect();
        preferences.set("network.dns.localDomains", names.join(",")).expect("a preference");
    }
    capabilities.accept_insecure_certs(true).expect("a capability");
    if let Some(user_agent) = &options.user_agent {
        preferences.set("general.useragent.override", user_agent.as_str()).expect("a preference");
    }
    let public: Vec<_> = options.public.iter().map(SocketAddr::to_string).collect();
    preferences.set("network.lna.address_space.public.override", public.join(",")).expect("a preference");
    capabilities.set_preferences(preferences).expect("the preferences");
    capabilities.into()
}

fn webkit(options: &BrowserOptions) -> Capabilities {
    let mut arguments = vec!["--automation".to_owned()];
    if let Some(user_agent) = &options.user_agent {
        arguments.push(format!("--user-agent={user_agent}"));
    }
    let capabilities = json!({
        "acceptInsecureCerts": true,
        "webkitgtk:browserOptions": { "binary": mini_browser(), "args": arguments },
    });
    capabilities.as_object().cloned().expect("an object").into()
}
