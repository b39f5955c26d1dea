//! Hears how far a scene has come: server-sent events, read by fetch, since an EventSource sends no header of ours. Where streams
//! are cut or held back on the way, it asks again and again instead. What comes of the news `flow` decides.

use protocol::cut;
use protocol::service::{SceneEvent, SceneNews, StartedLogin};
use wasm_bindgen::JsValue;
use web_sys::RequestCredentials;

use crate::http::{self, Call, Chunks, Limit};
use crate::json::BrowserJson;
use crate::task;

/// A stream says something at once; one that does not is held back somewhere.
const BEGINS_WITHIN: u32 = 5_000;
/// Then it says something every 15 s. A connection that a network has forgotten is silent for ever.
const SILENT_AFTER: u32 = 35_000;
/// After so many streams that were held back it is asked without them.
const HELD_BACK: u32 = 2;
/// Between two questions, in milliseconds.
const AGAIN_AFTER: u32 = 1_500;
/// Where the service asks to be left in peace, twice as long at each turn, and no longer than this.
const LONGEST_PAUSE: u32 = 60_000;

/// Tells each news once, until the last one.
pub async fn hear(address: String, started: &StartedLogin, told: &dyn Fn(SceneEvent)) {
    let mut heard = Heard { told, word: None, id: None };
    let credentials =
        if started.secret.is_some() { RequestCredentials::Omit } else { RequestCredentials::SameOrigin };
    let call =
        Call { address, body: None, secret: started.secret.clone(), credentials, limit: BEGINS_WITHIN };
    let mut held_back = 0;
    let mut pause = AGAIN_AFTER;
    loop {
        let asked = if held_back < HELD_BACK {
            stream(&call, &mut heard, &mut held_back).await
        } else {
            question(&call, &mut heard).await
        };
        match asked {
            Asked::Over => return,
            Asked::Again => pause = AGAIN_AFTER,
            Asked::TooOften => pause = (pause * 2).min(LONGEST_PAUSE),
        }
        task::pause(pause).await;
    }
}

/// What is to be done after a question.
enum Asked {
    Over,
    Again,
    TooOften,
}

struct Heard<'a> {
    told: &'a dyn Fn(SceneEvent),
    word: Option<SceneEvent>,
    id: Option<String>,
}

impl Heard<'_> {
    /// Whether nothing comes after it.
    fn tell(&mut self, event: SceneEvent) -> bool {
        if self.word != Some(event) {
            self.word = Some(event);
            (self.told)(event);
        }
        event.is_last()
    }
}

/// What the status alone says; `None` where the body is to be read.
fn refused(status: u16, heard: &mut Heard<'_>) -> Option<Asked> {
    match status {
        200 => None,
        // A scene that the service does not know is over.
        400 => {
            heard.tell(SceneEvent::Expired);
            Some(Asked::Over)
        }
        401 | 403 | 429 => Some(Asked::TooOften),
        _ => Some(Asked::Again),
    }
}

async fn stream(call: &Call, heard: &mut Heard<'_>, held_back: &mut u32) -> Asked {
    let Ok(mut limit) = Limit::new(call.limit) else { return Asked::Again };
    let read = read_stream(call, &mut limit, heard, held_back).await;
    match read {
        Ok(asked) => asked,
        Err(_) => {
            if limit.is_over() {
                *held_back += 1;
            }
            Asked::Again
        }
    }
}

async fn read_stream(
    call: &Call,
    limit: &mut Limit,
    heard: &mut Heard<'_>,
    held_back: &mut u32,
) -> Result<Asked, JsValue> {
    let response = http::send(call, limit, "text/event-stream", heard.id.as_deref()).await?;
    if let Some(asked) = refused(response.status(), heard) {
        return Ok(asked);
    }
    *held_back += 1;
    let mut lines = Lines::default();
    if let Some(mut chunks) = Chunks::of(&response)? {
        // What a stream says in all has no end.
        while let Some(chunk) = chunks.next(&mut u32::MAX.clone()).await? {
            limit.again(SILENT_AFTER);
            *held_back = 0;
            if !lines.push(&chunk) {
                break;
            }
            while let Some(event) = lines.next() {
                if let Some(id) = event.id {
                    heard.id = Some(id);
                }
                if event.name.and_then(|name| SceneEvent::parse(&name)).is_some_and(|news| heard.tell(news)) {
                    return Ok(Asked::Over);
                }
            }
        }
    }
    Ok(Asked::Again)
}

async fn question(call: &Call, heard: &mut Heard<'_>) -> Asked {
    let Ok(answer) = http::call(call).await else { return Asked::Again };
    if let Some(asked) = refused(answer.status, heard) {
        return asked;
    }
    match SceneNews::read::<BrowserJson>(&answer.body) {
        Some(news) if heard.tell(news.event) => Asked::Over,
        _ => Asked::Again,
    }
}

/// One of a stream's events.
#[derive(Debug, Default, PartialEq, Eq)]
struct StreamEvent {
    id: Option<String>,
    name: Option<String>,
}

/// Cuts a stream into events, wherever its pieces end (HTML, "Server-sent events").
#[derive(Default)]
struct Lines(String);

/// An event is a line or two.
const LONGEST_EVENT: usize = 4096;

impl Lines {
    /// Takes the next piece. False where it is no stream of events.
    fn push(&mut self, piece: &str) -> bool {
        let mut rest = piece;
        while !rest.is_empty() {
            let (part, after) = cut(rest, b'\r');
            self.0.push_str(part);
            rest = after;
        }
        self.0.len() <= LONGEST_EVENT
    }

    /// The next whole event.
    fn next(&mut self) -> Option<StreamEvent> {
        let end = self.0.as_bytes().windows(2).position(|two| two == b"\n\n")?;
        let come = std::mem::take(&mut self.0);
        let (mut lines, rest) = come.split_at_checked(end + 2)?;
        self.0.push_str(rest);
        let mut event = StreamEvent::default();
        while !lines.is_empty() {
            let (line, after) = cut(lines, b'\n');
            lines = after;
            if let Some(id) = field(line, "id:") {
                event.id = Some(id.into());
            }
            if let Some(name) = field(line, "event:") {
                event.name = Some(name.into());
            }
        }
        Some(event)
    }
}

/// What a line gives to a field; one space after its colon is none of it.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_EVENT, Lines, StreamEvent};

    fn events(pieces: &[&str]) -> Vec<StreamEvent> {
        let mut lines = Lines::default();
        let mut events = Vec::new();
        for piece in pieces {
            assert!(lines.push(piece), "{piece}");
            while let Some(event) = lines.next() {
                events.push(event);
            }
        }
        events
    }

    fn event(id: &str, name: &str) -> StreamEvent {
        StreamEvent { id: Some(id.into()), name: Some(name.into()) }
    }

    #[test]
    fn events_are_found_wherever_the_pieces_end() {
        let whole = ": hello\n\nid: 0\nevent: waiting\ndata: {}\n\nid: 1\nevent:scanned\ndata: {}\n\n";
        let expected = [StreamEvent::default(), event("0", "waiting"), event("1", "scanned")];
        assert_eq!(events(&[whole]), expected);
        for at in 1..whole.len() {
            assert_eq!(events(&[&whole[..at], &whole[at..]]), expected, "{at}");
        }
    }

    #[test]
    fn lines_may_end_as_windows_ends_them() {
        assert_eq!(events(&["id: 1\r\nevent: scanned\r", "\n\r\n"]), [event("1", "scanned")]);
    }

    #[test]
    fn what_never_ends_is_no_event() {
        assert!(!Lines::default().push(&"a".repeat(LONGEST_EVENT + 1)));
    }
}
