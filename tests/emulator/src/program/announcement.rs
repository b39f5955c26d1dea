//! What the program says when it is ready: one line of JSON for other programs, and some words for people.

use serde_json::json;
use weixin_emulator::{AppKind, Emulator, Options};

#[expect(clippy::print_stdout, reason = "the one line that other programs read")]
pub fn announce(emulator: &Emulator, options: &Options) {
    let mut line = json!({
        "open_url": emulator.open_url(),
        "api_url": emulator.api_url(),
        "desktop_url": emulator.desktop_url(),
        "desktop_urls": emulator.desktop_urls(),
        "control_url": emulator.control_url(),
    });
    for (kind, before) in [
        (AppKind::Website, ""),
        (AppKind::ServiceAccount, "service_account_"),
        (AppKind::MiniProgram, "mini_program_"),
    ] {
        if let Some(app) = options.scenario.apps.iter().find(|app| app.kind == kind) {
            line[format!("{before}appid")] = app.appid.as_str().into();
            line[format!("{before}secret")] = app.secret.as_str().into();
        }
    }
    if let (Some(pem), Some(hash)) = (emulator.ca_pem(), emulator.ca_spki_sha256_base64()) {
        line["open_address"] = emulator.open_address().to_string().into();
        line["desktop_address"] = emulator.desktop_address().to_string().into();
        line["ca_pem"] = pem.clone().into();
        let kept = match &options.ca_dir {
            None => "is made anew at each start; --ca-dir keeps one".to_owned(),
            Some(folder) => weixin_emulator::certificate_authority_file(folder).display().to_string(),
        };
        eprintln!(
            "The certificate authority ({kept}), in PEM:\n{pem}\n\
             Chromium trusts it and finds the names with\n  \
             --ignore-certificate-errors-spki-list={hash} --user-data-dir=$(mktemp -d) \
             --host-resolver-rules=\"{}\"\n\
             Node.js, Python, Java, Go, curl: weixin-emulator env --for PROGRAM --ca-dir DIR --tls {} --desktop {}",
            emulator.host_resolver_rules(),
            emulator.open_address(),
            emulator.desktop_address(),
        );
    }
    eprintln!(
        "You hold the phone at {}/ and see there what arrives. This is not WeChat.",
        emulator.control_url()
    );
    println!("{line}");
}
