//! What strangers send, changed at random: requests to every route through the public door, and configurations. Nothing may panic, hang or
//! be answered as a fault of the service's own.
//!
//! It begins with what is kept in `corpus/` and `configurations/`, each as it is and then changed some times over, always in the same
//! ways: that is the plain run. `cargo xtask fuzz --minutes N` goes on for so long with ways of its own, and keeps what it finds there.

#![allow(clippy::unwrap_used, dead_code, missing_docs, reason = "the harness is another test's")]

mod change;
#[path = "../it/harness.rs"]
mod harness;
#[path = "../swept/store.rs"]
mod named_store;
mod request;
#[path = "../swept/clock.rs"]
mod swept_clock;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::device::Device;
use protocol::fast_login::{Authorize, CheckLogin, Ready, Redirect};
use protocol::ids::{AppId, AuthorizationCode, State};
use protocol::json::unwrapped;
use protocol::language::Language;
use protocol::qrconnect::{PostedStatus, ScanStatus, read_page};
use protocol::service::SceneEvent;
use protocol::sns::{AccessTokenAnswer, UserInfo};
use serde_json::Value;

use weixin_login::config::Config;

use self::change::{Seed, fuzz};
use self::harness::House;
use self::request::Request;

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_strangers_break_nothing() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(panic);
    }));
    let house = House::with(|config| {
        let config = config.replacen(
            "redirect_uris = []",
            "redirect_uris = [\"https://shop.example.test/callback\"]\npost_logout_redirect_uris = [\"https://shop.example.test/\"]",
            1,
        );
        let many = ["starts", "answers", "token_requests", "failed_authentications", "client_starts", "client_token_requests"];
        let limits: String = many.iter().map(|limit| format!("{limit}_per_minute = 1000000000\n")).collect();
        format!("{config}\n[limits]\n{limits}")
    })
    .await;
    let address = house.address;
    // Somebody who is logged in: what is behind that door is tried too.
    let mut inside = house.visitor();
    let callback = harness::allowed(&house, &inside.start_hosted().await);
    assert_eq!(inside.open(&callback).await.status, 303);
    let living: Vec<String> = inside.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let living = living.join("; ");
    let tried = tokio::task::spawn_blocking(move || {
        fuzz("corpus", |seed: &Seed| {
            let request = Request::parse(seed.text()).changed(seed).inside(&living);
            let status = request.send(address)?;
            if PANICS.load(Ordering::Relaxed) > 0 {
                return Err("something panicked".into());
            }
            if status >= 500 {
                return Err(format!("answered with {status}"));
            }
            Ok(())
        })
    });
    tried.await.unwrap();
    // It still does what it is for.
    let mut visitor = house.visitor();
    let callback = harness::allowed(&house, &visitor.start_hosted().await);
    assert_eq!(visitor.open(&callback).await.status, 303);
}

#[test]
fn no_configuration_breaks_the_program_or_prints_a_secret() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    // The same, as what signs webhooks is written.
    const SIGNER: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let folder = tempfile::tempdir().unwrap();
    let [secret, signer] = [("secret", SECRET), ("signer", SIGNER)].map(|(name, text)| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    });
    let is_told = |said: &str| said.contains(SECRET) || said.contains(&SIGNER[6..]);
    fuzz("configurations", |seed: &Seed| {
        let text = seed.text().replace("FILE_OF_SECRET", &secret).replace("FILE_OF_SIGNER", &signer);
        let text = seed.change(&text.replace("SECRET", SECRET));
        // The environment has the last word, and is written by hand too.
        let words = [
            ("WEIXIN_LOGIN_CLIENTS", "clients"),
            ("WEIXIN_LOGIN_STORE", "store = "),
            ("WEIXIN_LOGIN_EMAIL", "[email]"),
        ];
        let variable = words.into_iter().find_map(|(name, word)| {
            let (_, rest) =
                text.split_once(word).filter(|_| seed.part.is_some_and(|part| part.index(2) == 0))?;
            Some((name.into(), rest.lines().next().unwrap_or_default().into()))
        });
        match Config::parse(&text, variable.into_iter(), Path::new("/nonexistent")) {
            Ok(config) if is_told(&format!("{config:?}")) => Err("a configuration prints a secret".into()),
            Err(error) if is_told(&error.to_string()) => Err(format!("a refusal prints a secret: {error}")),
            _ => Ok(()),
        }
    });
}

/// What WeChat, its program on this computer, its frame and the pages of sites say: each reader takes whatever text there is.
#[test]
fn words_of_weixin_and_of_pages_break_no_reader() {
    fuzz("../../../protocol/samples", |seed: &Seed| {
        let text = seed.change(seed.text());
        let _ = AccessTokenAnswer::read::<Value>(&text);
        let _ = UserInfo::read::<Value>(&text);
        let _ = read_page(&text);
        let _ = Ready::read::<Value>(&text);
        let _ = CheckLogin::read::<Value>(&text);
        let _ = Authorize::read::<Value>(&text);
        let _ = Redirect::read::<Value>(&text);
        let _ = PostedStatus::read::<Value>(&text);
        let _ = ScanStatus::read::<Value>(&text);
        let _ = unwrapped::<Value>(&text);
        let _ = Language::parse(&text);
        let _ = Device::of(&text);
        let _ = SceneEvent::parse(&text);
        let _ = State::parse(text.clone());
        let _ = AuthorizationCode::parse(text.clone());
        let _ = AppId::parse(text);
        Ok(())
    });
}
