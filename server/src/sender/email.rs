//! Email over SMTP: one message, in text and in HTML, with the code in its subject, where phones show it.

use std::error::Error;
use std::time::Duration;

use askama::Template;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::message::{CodeMessage, Purpose, SendError};
use crate::config::{self, EmailTls};
use crate::text::binding::{ACCOUNT_CODE_FOR, CODE_FOR, EMULATED, IGNORE, SUBJECT, VALID_FOR};
use crate::text::{Language, say};

/// For the whole conversation: the person waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to a mail server. Each message has a connection of its own: codes are few, and one that was idle may be dead.
pub(crate) struct Email {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

#[derive(Template)]
#[template(path = "code_email.html")]
struct CodeEmail<'a> {
    language: Language,
    code: &'a str,
    code_for: &'a str,
    valid_for: &'a str,
    ignore: &'a str,
    emulated: Option<&'a str>,
}

impl Email {
    pub(super) fn new(config: &config::Email) -> Result<Self, SendError> {
        let tls = || -> Result<TlsParameters, SendError> {
            let mut tls = TlsParameters::builder(config.host.clone());
            for certificate in &config.ca {
                tls = tls
                    .add_root_certificate(Certificate::from_pem(certificate).map_err(|error| told(&error))?);
            }
            tls.build_rustls().map_err(|error| told(&error))
        };
        let tls = match config.tls {
            EmailTls::Starttls => Tls::Required(tls()?),
            EmailTls::Tls => Tls::Wrapper(tls()?),
            EmailTls::None => Tls::None,
        };
        let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.clone())
            .port(config.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &config.credentials {
            smtp = smtp.credentials(Credentials::new(user.clone(), password.expose().into()));
        }
        Ok(Self { smtp: smtp.build(), from: config.from.clone() })
    }

    pub(super) async fn send(&self, message: CodeMessage<'_>) -> Result<(), SendError> {
        let message = self.message(&message)?;
        match tokio::time::timeout(PATIENCE, self.smtp.send(message)).await {
            Ok(sent) => sent.map(drop).map_err(|error| told(&error)),
            Err(_) => Err(SendError::Email("it did not take the message in time".into())),
        }
    }

    /// Whether the server is there, and takes user and password.
    pub(super) async fn knock(&self) -> Result<(), SendError> {
        match tokio::time::timeout(PATIENCE, self.smtp.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SendError::Email("it does not go on after the greeting".into())),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(SendError::Email("it did not answer in time".into())),
        }
    }

    fn message(&self, message: &CodeMessage<'_>) -> Result<Message, SendError> {
        let CodeMessage { contact, code, purpose, language, client_name, expires_in, emulator, .. } = message;
        let minutes = (expires_in + 59).div_euclid(60).to_string();
        let of_site = |sentence| say(sentence, *language).replace("{site}", &one_line(client_name));
        let code_for = of_site(match purpose {
            Purpose::Login => CODE_FOR,
            Purpose::Account => ACCOUNT_CODE_FOR,
        });
        let valid_for = say(VALID_FOR, *language).replace("{minutes}", &minutes);
        let ignore = say(IGNORE, *language);
        let emulated = emulator.then(|| say(EMULATED, *language));
        let subject = of_site(SUBJECT).replace("{code}", code);
        let plain = [Some(code_for.as_str()), Some(code), Some(&valid_for), Some(ignore), emulated];
        let plain = plain.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let html = CodeEmail {
            language: *language,
            code,
            code_for: &code_for,
            valid_for: &valid_for,
            ignore,
            emulated,
        };
        let html = html.render().map_err(|error| SendError::Email(error.to_string()))?;
        // It was read by the same parser before. What its refusal says may repeat it.
        let to: Address =
            contact.value().parse().map_err(|_| SendError::Email("the address is not taken".into()))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            // No machine answers one (RFC 3834 §5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ))
            .multipart(MultiPart::alternative_plain_html(plain, html))
            .map_err(|error| SendError::Email(error.to_string()))
    }
}

/// A name in a header.
fn one_line(name: &str) -> String {
    name.split(char::is_control).collect::<Vec<_>>().join(" ")
}

/// What has gone wrong, with its causes. The server's answer may have the address in it: of that the number is enough.
fn told(error: &lettre::transport::smtp::Error) -> SendError {
    if let Some(status) = error.status() {
        return SendError::Email(format!("it answers {status}"));
    }
    if error.is_response() {
        return SendError::Email("its answer is none of SMTP's".into());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    SendError::Email(text)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use protocol::service::ContactKind;

    use super::*;
    use crate::contact::Contact;

    const PERSON: &str = "person@shop.example";

    /// What is said of a mail server that answers so where it is told whom the message is for.
    async fn said_of(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (connection, _) = listener.accept().expect("a connection");
            let (mut lines, mut writer) = (BufReader::new(&connection).lines(), &connection);
            writer.write_all(b"220 here\r\n").expect("it is there");
            while let Some(Ok(line)) = lines.next() {
                let answer = if line.starts_with("RCPT") { answer } else { "250 yes\r\n" };
                if writer.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        });
        let from = "shop@shop.example".parse().expect("an address");
        let (host, tls) = ("127.0.0.1".to_owned(), EmailTls::None);
        let config = config::Email { host, port, tls, ca: Vec::new(), credentials: None, from };
        let message = CodeMessage {
            contact: &Contact::kept(ContactKind::Email, PERSON.into()),
            code: "123456",
            purpose: Purpose::Login,
            language: Language::En,
            client_id: "shop",
            client_name: "Shop",
            expires_in: 600,
            emulator: false,
            now: 0,
        };
        let sent = Email::new(&config).expect("a way").send(message).await;
        server.join().expect("it has ended");
        sent.expect_err("it was not taken").to_string()
    }

    #[tokio::test]
    async fn what_a_mail_server_answers_is_not_repeated() {
        for (answer, said) in [
            ("550 <person@shop.example> is nobody\r\n", "the mail server: it answers 550"),
            ("450 <person@shop.example> later\r\n", "the mail server: it answers 450"),
            ("5x0 <person@shop.example>\r\n", "the mail server: its answer is none of SMTP's"),
            ("<person@shop.example>\r\n", "the mail server: its answer is none of SMTP's"),
        ] {
            assert_eq!(said_of(answer).await, said);
        }
    }
}
