//! A mail server of the least that SMTP is, which keeps what it gets. A real one, with STARTTLS and a password, is in tests/clients.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A mail server, and what has come.
pub struct Mailbox {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    emails: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    /// Opens one. It ends with the test's process: it waits for connections, and holds nothing.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let emails = Arc::new(Mutex::new(Vec::new()));
        let kept = emails.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || converse(&connection, &kept));
            }
        });
        Self { port, emails }
    }

    /// Every email, as it was sent.
    pub fn emails(&self) -> Vec<String> {
        self.emails.lock().expect("no panic").clone()
    }
}

/// RFC 5321, as much as a polite client needs.
fn converse(connection: &TcpStream, kept: &Mutex<Vec<String>>) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes()).ok();
    say("220 here")?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.get(..4)?.to_ascii_uppercase().as_str() {
            "DATA" => {
                say("354 go on")?;
                let mut email = String::new();
                while !email.ends_with("\r\n.\r\n") {
                    reader.read_line(&mut email).ok().filter(|read| *read > 0)?;
                }
                kept.lock().expect("no panic").push(email);
                say("250 kept")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 yes")?,
        };
    }
}
