//! Where codes go in these tests: a webhook for short messages that checks what it gets by Standard Webhooks' own rules, and a
//! mailbox. A real one, with STARTTLS and a password, is in tests/clients.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::mailbox::Mailbox;

const SECRET: &[u8; 32] = b"a secret of thirty-two bytes....";

/// One try of the service's to hand a message over.
#[derive(Debug, Clone)]
pub struct Try {
    pub id: String,
    pub body: Value,
}

#[derive(Default)]
struct Kept {
    tries: Vec<Try>,
    /// What is answered next; 200 where nothing is said.
    answers: VecDeque<u16>,
}

/// What has come.
pub struct Inbox {
    kept: Arc<Mutex<Kept>>,
    sms_port: u16,
    mailbox: Mailbox,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Inbox {
    pub fn open() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let (started, starting) = mpsc::channel();
        let given = kept.clone();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new().app_data(web::Data::from(given.clone())).default_service(web::to(took))
                });
                let server = server.workers(1).disable_signals().shutdown_timeout(0);
                let server = server.bind("127.0.0.1:0").expect("it is an inbox");
                let port = server.addrs()[0].port();
                let server = server.run();
                started.send((server.handle(), port)).expect("it is an inbox");
                server.await.expect("it is an inbox");
            });
        });
        let (server, sms_port) = starting.recv().expect("it is an inbox");
        Self { kept, sms_port, mailbox: Mailbox::open(), server, thread: Some(thread) }
    }

    /// The configuration with these senders, where this client requires this.
    pub fn configured(&self, config: &str, data: &Path, client: &str, require: &str) -> String {
        let secret = data.join("sms-secret");
        std::fs::write(&secret, format!("whsec_{}\n", STANDARD.encode(SECRET))).expect("it is an inbox");
        let senders = format!(
            "[sms]\nurl = \"http://127.0.0.1:{}/sms\"\nsecret_file = \"{}\"\n\n\
             [email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"Shop <login@shop.example>\"\n\n[weixin]\n",
            self.sms_port,
            secret.display(),
            self.mailbox.port,
        );
        let config = config.replacen("[weixin]\n", &senders, 1);
        config.replacen(
            &format!("id = \"{client}\"\n"),
            &format!("id = \"{client}\"\nrequire = {require}\n"),
            1,
        )
    }

    /// The next tries are answered so.
    pub fn answer(&self, statuses: &[u16]) {
        self.kept.lock().expect("it is an inbox").answers.extend(statuses);
    }

    /// Every try.
    pub fn tries(&self) -> Vec<Try> {
        self.kept.lock().expect("it is an inbox").tries.clone()
    }

    /// The code in the newest short message.
    pub fn sms_code(&self) -> String {
        self.tries().last().expect("it is an inbox").body["data"]["code"]
            .as_str()
            .expect("it is an inbox")
            .to_owned()
    }

    /// The code in the newest email.
    pub fn email_code(&self) -> String {
        let email = self.emails().pop().expect("it is an inbox");
        let subject = email.lines().find_map(|line| line.strip_prefix("Subject: "));
        subject.and_then(|subject| subject.get(..6)).expect("it is an inbox").to_owned()
    }

    /// Every email, as it was sent.
    pub fn emails(&self) -> Vec<String> {
        self.mailbox.emails()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn took(kept: web::Data<Mutex<Kept>>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).expect("it is an inbox").to_str().expect("it is an inbox").to_owned()
    };
    let (id, at, signature) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    assert_eq!(header("idempotency-key"), id);
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", &body].concat();
    let tag =
        STANDARD.decode(signature.strip_prefix("v1,").expect("it is an inbox")).expect("it is an inbox");
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), &signed, &tag).expect("it is an inbox");
    let mut kept = kept.lock().expect("it is an inbox");
    kept.tries.push(Try { id, body: serde_json::from_slice(&body).expect("it is an inbox") });
    HttpResponse::build(kept.answers.pop_front().unwrap_or(200).try_into().expect("it is an inbox")).finish()
}
