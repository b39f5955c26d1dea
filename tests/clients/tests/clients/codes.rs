//! Codes on their real ways: a mail server of other people's, with STARTTLS and a password, and the samples that hand short messages to two
//! clouds, for which the test stands in.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result, ensure};
use reqwest::Response;
use reqwest::header::{LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;
use weixin_login_clients::packages::{self, samples};
use weixin_login_clients::provider::{CLIENT_ID, Provider, Registration};
use weixin_login_servers::free_port;

const SITE: &str = "http://localhost:1";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// How long a program may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that says what it does, a line at a time.
struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let stdout = child.stdout.take().context("a pipe")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let program = Self { child, lines };
        program.line()?;
        Ok(program)
    }

    fn line(&self) -> Result<String> {
        self.lines.recv_timeout(PATIENCE).context("the program says nothing")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser whose login waits for a contact.
struct Waiting {
    http: reqwest::Client,
    issuer: String,
    page: String,
}

impl Waiting {
    async fn at(provider: &Provider) -> Result<Self> {
        // Nobody listens at the site: that the browser is sent there is enough.
        let follow = Policy::custom(|attempt| {
            if attempt.url().as_str().starts_with(SITE) { attempt.stop() } else { attempt.follow() }
        });
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .no_proxy()
            .redirect(follow)
            .timeout(PATIENCE)
            .build()?;
        let asked = Url::parse_with_params(
            &format!("{}/authorize", provider.issuer),
            [
                ("client_id", CLIENT_ID),
                ("redirect_uri", &format!("{SITE}/callback")),
                ("response_type", "code"),
                ("scope", "openid"),
                ("ui_locales", "zh-CN"),
            ],
        )?;
        let page = http.get(asked).send().await?.text().await?;
        let (_, rest) = page.split_once("<a class=\"button\" href=\"").context("a way to WeChat")?;
        let address = rest.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
        let callback = provider.emulator.code_for(&address)?;
        let waits = http.get(callback).send().await?;
        ensure!(waits.url().path().starts_with("/binding/"), "{}", waits.url());
        Ok(Self { http, issuer: provider.issuer.clone(), page: waits.url().to_string() })
    }

    async fn send(&self, form: &str, name: &str, value: &str) -> Result<Response> {
        let request = self.http.post(format!("{}/{form}", self.page)).header(ORIGIN, &self.issuer);
        request.form(&[(name, value)]).send().await.context("an answer")
    }

    /// The code ends the login: the browser is sent to the site, with a code of the service's.
    async fn ends_with(&self, code: &str) -> Result<()> {
        let answer = self.send("code", "code", code).await?;
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let went = location.unwrap_or_default().to_owned();
        let is_there = went.starts_with(&format!("{SITE}/callback?code="));
        ensure!(is_there, "{went} {} {}", answer.status(), answer.text().await?);
        Ok(())
    }
}

async fn provider(require: &str, senders: impl FnOnce(&Path) -> Result<String>) -> Result<Provider> {
    let registration = Registration {
        redirect_uris: vec![format!("{SITE}/callback")],
        without_pkce: true,
        ..Registration::default()
    };
    let mut failed = Ok(());
    let provider = Provider::start_changed(SITE, registration, |config, folder| match senders(folder) {
        Ok(senders) => {
            let config = config.replacen("\n[weixin]\n", &format!("\n{senders}\n[weixin]\n"), 1);
            config.replacen("name = \"A site\"", &format!("name = \"A site\"\nrequire = [\"{require}\"]"), 1)
        }
        Err(error) => {
            failed = Err(error);
            config
        }
    });
    let provider = provider.await;
    failed?;
    provider
}

#[tokio::test]
async fn a_code_goes_by_email_with_starttls_and_a_password() -> Result<()> {
    let python = packages::python()?;
    let (port, folder) = (free_port()?, tempfile::tempdir()?);
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, own.cert.pem())?;
    std::fs::write(&key, own.signing_key.serialize_pem())?;
    let provider = provider("email", |folder| {
        std::fs::write(folder.join("mail-password"), "secret of the mail server")?;
        Ok(format!(
            "[email]\nhost = \"127.0.0.1\"\nport = {port}\nca_file = \"{}\"\nuser = \"login@shop.example\"\n\
             password_file = \"mail-password\"\nfrom = \"A site <login@shop.example>\"\n",
            cert.display()
        ))
    })
    .await?;
    let waiting = Waiting::at(&provider).await?;
    // It is down: nothing is lost.
    let down = waiting.send("contact", "contact", "chen+site@邮箱.中国").await?;
    assert_eq!(down.status(), 503);
    assert!(down.text().await?.contains("验证码未能发送"));
    let mut server = Command::new(&python);
    server.arg(samples().join("codes/smtp.py")).env("PORT", port.to_string());
    server.env("CERT", &cert).env("KEY", &key);
    // One that does not know us is as good as none.
    {
        let _other = Program::start(server.env("PASSWORD", "another"))?;
        assert_eq!(waiting.send("contact", "contact", "chen+site@邮箱.中国").await?.status(), 503);
    }
    let server = Program::start(server.env("PASSWORD", "secret of the mail server"))?;
    let sent = waiting.send("contact", "contact", "chen+site@邮箱.中国").await?;
    assert_eq!(sent.status(), 200, "{}", sent.text().await?);
    let email: Value = serde_json::from_str(&server.line()?)?;
    let subject = email["subject"].as_str().context("a subject")?;
    let code = subject.split(' ').next().context("a code")?;
    assert_eq!(subject, format!("{code} 是您的A site验证码"));
    assert_eq!(
        [&email["from"], &email["to"], &email["user"], &email["tls"]],
        [
            &json!("login@shop.example"),
            &json!(["chen+site@xn--c0zu34b.xn--fiqs8s"]),
            &json!("login@shop.example"),
            &json!(true)
        ]
    );
    for part in ["text", "html"] {
        let part = email[part].as_str().context("a part")?;
        assert!(part.contains(code) && part.contains("请勿将验证码告诉任何人"), "{part}");
    }
    waiting.ends_with(code).await
}

/// What a cloud was asked.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Stands in for a cloud's API: refuses the first request, takes the others.
fn cloud(refusal: Value, taken: Value) -> Result<(u16, Asked)> {
    let (asked, port) = (Asked::default(), free_port()?);
    let (keep, refusal, taken) = (asked.clone(), Arc::new(refusal), Arc::new(taken));
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let (keep, refusal, taken) = (keep.clone(), refusal.clone(), taken.clone());
                App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                    let header =
                        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
                    let action = header("x-tc-action").or(header("x-acs-action")).unwrap_or_default();
                    let authorization = header("authorization").unwrap_or_default();
                    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
                    let query: Value = query.map(|(name, value)| (name.into_owned(), json!(value))).collect();
                    let body = serde_json::from_slice(&body).unwrap_or(query);
                    let mut kept = keep.lock().expect("no panic");
                    kept.push((format!("{action} {authorization}"), body));
                    let answer = if kept.len() == 1 { &refusal } else { &taken };
                    let answer = HttpResponse::Ok().json(&**answer);
                    async move { answer }
                }))
            });
            server.workers(1).bind(("127.0.0.1", port))?.run().await
        })
    });
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
    Ok((port, asked))
}

/// A login by phone, through this sample: what the cloud was asked, and the code that it was given.
async fn log_in_by(
    sample: &mut Command,
    cloud: u16,
    asked: Asked,
    code: impl Fn(&Value) -> String,
) -> Result<Vec<(String, Value)>> {
    let port = free_port()?;
    let sample = sample.env("WEBHOOK_SECRET", SECRET).env("SIGN_NAME", "山茶").env("PORT", port.to_string());
    let _sample = Program::start(sample.env("API", format!("http://127.0.0.1:{cloud}")))?;
    // Whoever does not know the secret sends nothing.
    let stranger = reqwest::Client::builder().no_proxy().build()?.post(format!("http://127.0.0.1:{port}/"));
    let stranger = stranger.header("webhook-id", "msg_1").header("webhook-timestamp", "1").body("{}");
    assert_eq!(stranger.send().await?.status(), 401);
    let provider = provider("phone", |folder| {
        std::fs::write(folder.join("sms-secret"), SECRET)?;
        Ok(format!("[sms]\nurl = \"http://127.0.0.1:{port}/\"\nsecret_file = \"sms-secret\"\n"))
    })
    .await?;
    let waiting = Waiting::at(&provider).await?;
    // The cloud refuses the first try; the second one has the same id and goes.
    let sent = waiting.send("contact", "contact", "138 0013 8000").await?;
    assert_eq!(sent.status(), 200, "{}", sent.text().await?);
    let asked = asked.lock().expect("no panic").clone();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].1, asked[1].1);
    waiting.ends_with(&code(&asked[1].1)).await?;
    Ok(asked)
}

#[tokio::test]
async fn the_sample_for_tencent_cloud_sends_the_code() -> Result<()> {
    let refusal = json!({ "Response": { "Error": { "Code": "InternalError", "Message": "later" } } });
    let taken = json!({ "Response": { "SendStatusSet": [{ "Code": "Ok", "Message": "send success" }] } });
    let (port, asked) = cloud(refusal, taken)?;
    let mut sample = Command::new("node");
    sample.arg(samples().join("../../docs/sms/tencent.mjs"));
    sample
        .env("SECRET_ID", "id")
        .env("SECRET_KEY", "key")
        .env("SDK_APP_ID", "1400")
        .env("TEMPLATE_ID", "449");
    let code = |body: &Value| body["TemplateParamSet"][0].as_str().unwrap_or_default().to_owned();
    let asked = log_in_by(&mut sample, port, asked, code).await?;
    let (said, body) = &asked[1];
    assert!(said.starts_with("SendSms TC3-HMAC-SHA256 Credential=id/"), "{said}");
    let code = &body["TemplateParamSet"][0];
    assert_eq!(
        *body,
        json!({ "PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400", "SignName": "山茶",
            "TemplateId": "449", "TemplateParamSet": [code, "10"] })
    );
    Ok(())
}

#[tokio::test]
async fn the_sample_for_alibaba_cloud_sends_the_code() -> Result<()> {
    let refusal = json!({ "Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "later" });
    let (port, asked) = cloud(refusal, json!({ "Code": "OK", "Message": "OK" }))?;
    let mut sample = Command::new("python3");
    sample.arg(samples().join("../../docs/sms/aliyun.py"));
    sample.env("ACCESS_KEY_ID", "id").env("ACCESS_KEY_SECRET", "key").env("TEMPLATE_CODE", "SMS_1");
    let code = |query: &Value| {
        let said: Value =
            serde_json::from_str(query["TemplateParam"].as_str().unwrap_or_default()).unwrap_or_default();
        said["code"].as_str().unwrap_or_default().to_owned()
    };
    let asked = log_in_by(&mut sample, port, asked, code).await?;
    let (said, query) = &asked[1];
    assert!(
        said.starts_with("SendSms ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host;x-acs-action;"),
        "{said}"
    );
    assert_eq!(
        *query,
        json!({ "PhoneNumbers": "13800138000", "SignName": "山茶", "TemplateCode": "SMS_1",
            "TemplateParam": query["TemplateParam"] })
    );
    Ok(())
}
