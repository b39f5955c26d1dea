//! Everything that can go wrong on the way: faults that are set per call, and the gate that every request passes, where they
//! strike and where it is logged. How the desktop client misbehaves by itself is in `desktop`.

use std::any::Any;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::stream;
use serde::{Deserialize, Serialize};

use crate::requests::{Outcome, RequestRecord};
use crate::world::World;
use crate::{desktop, open, sns};

/// What a request to WeChat is for: the name faults are set under and requests are logged under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `/connect/qrconnect`, the page with the QR code.
    QrPage,
    /// `/connect/qrcode/{uuid}`, its image.
    QrImage,
    /// `/connect/l/qrconnect`, its long poll.
    LongPoll,
    /// `/connect/confirm`, what the phone opens.
    Confirm,
    /// `/connect/oauth2/authorize`, the service account's page.
    ServiceAccount,
    /// `/api/check-login` of the desktop client.
    CheckLogin,
    /// `/api/authorize` of the desktop client.
    Authorize,
    /// `/sns/oauth2/access_token`.
    AccessToken,
    /// `/sns/oauth2/refresh_token`.
    RefreshToken,
    /// `/sns/userinfo`.
    UserInfo,
    /// `/sns/auth`.
    Auth,
    /// `/mmopen/…`, an avatar's image.
    Avatar,
    /// Anything else that was asked for.
    Other,
}

impl Call {
    /// Every call a fault can be set on.
    pub const ALL: [Call; 12] = [
        Call::QrPage,
        Call::QrImage,
        Call::LongPoll,
        Call::Confirm,
        Call::ServiceAccount,
        Call::CheckLogin,
        Call::Authorize,
        Call::AccessToken,
        Call::RefreshToken,
        Call::UserInfo,
        Call::Auth,
        Call::Avatar,
    ];

    fn of(path: &str) -> Call {
        match path {
            "/connect/qrconnect" => Call::QrPage,
            "/connect/l/qrconnect" => Call::LongPoll,
            "/connect/confirm" => Call::Confirm,
            "/connect/oauth2/authorize" => Call::ServiceAccount,
            "/api/check-login" => Call::CheckLogin,
            "/api/authorize" => Call::Authorize,
            "/sns/oauth2/access_token" => Call::AccessToken,
            "/sns/oauth2/refresh_token" => Call::RefreshToken,
            "/sns/userinfo" => Call::UserInfo,
            "/sns/auth" => Call::Auth,
            _ if path.starts_with("/connect/qrcode/") => Call::QrImage,
            _ if path.starts_with("/mmopen/") => Call::Avatar,
            _ => Call::Other,
        }
    }
}

/// One way for a call to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answered as usual, but only after this long by the emulator's clock.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// Not answered until the faults are cleared; then as usual.
    Hang,
    /// This HTTP status, with a gateway's HTML.
    Status {
        /// Such as 502.
        status: u16,
    },
    /// The connection is closed before anything happens and without a byte of answer.
    Cut,
    /// The call takes effect and then the connection is closed: the answer is lost.
    LoseAnswer,
    /// Status 200 and a page of HTML where data belongs.
    Html,
    /// Status 200 and ten megabytes.
    Huge,
    /// WeChat's own way to fail: status 200 and this errcode.
    Errcode {
        /// Such as -1 or 45011.
        errcode: i64,
    },
}

/// A fault that is set on a call.
#[derive(Clone, Debug, Serialize)]
pub struct FaultRule {
    /// The call it strikes.
    pub call: Call,
    /// What happens.
    pub fault: Fault,
    /// How many calls it still strikes; `None`: all, until the faults are cleared.
    pub times: Option<u32>,
}

#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<FaultRule>,
    /// Counts the times the faults were cleared: a hanging call waits for the next.
    cleared: u64,
}

impl Faults {
    /// Sets what happens to a call next, in place of what was set before.
    pub fn set(&mut self, call: Call, fault: Fault, times: Option<u32>) {
        self.rules.retain(|rule| rule.call != call);
        if times != Some(0) {
            self.rules.push(FaultRule { call, fault, times });
        }
    }

    pub fn clear(&mut self) {
        self.rules.clear();
        self.cleared += 1;
    }

    pub fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    fn take(&mut self, call: Call) -> Option<Fault> {
        let rule = self.rules.iter_mut().find(|rule| rule.call == call)?;
        let fault = rule.fault;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        self.rules.retain(|rule| rule.times != Some(0));
        Some(fault)
    }
}

/// A second handle on a connection's socket, to close it under the server's feet.
struct Wire(std::net::TcpStream);

/// Keeps that handle with each connection.
pub(crate) fn keep_wire(connection: &dyn Any, data: &mut Extensions) {
    let plain = connection.downcast_ref::<TcpStream>();
    let secured = connection
        .downcast_ref::<actix_tls::accept::rustls_0_23::TlsStream<TcpStream>>()
        .map(|stream| stream.get_ref().0);
    if let Some(stream) = plain.or(secured)
        && let Ok(socket) = stream.as_fd().try_clone_to_owned()
    {
        data.insert(Wire(socket.into()));
    }
}

/// Its entry in the log, for handlers that have more to say about a request.
#[derive(Clone, Copy)]
pub(crate) struct LogEntry(pub u64);

/// Marks the request as gone when its future is dropped unanswered.
struct Departure<'a> {
    world: &'a World,
    order: u64,
    answered: bool,
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.world.change(|state, _| state.log.lose(self.order));
        }
    }
}

/// What every request passes on its way in and out.
pub(crate) async fn gate(
    world: web::Data<World>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path();
    if path == "/" || path.starts_with("/control") {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let call = Call::of(path);
    let order = world.change(|state, _| state.log.arrive(describe(&request, call)));
    request.extensions_mut().insert(LogEntry(order));
    let mut departure = Departure { world: &world, order, answered: false };
    let preflight = request.method() == Method::OPTIONS;
    let fault = if preflight { None } else { world.change(|state, _| state.faults.take(call)) };
    let response = pass(&world, call, fault, request, next).await?;
    let status = response.status().as_u16();
    tracing::info!(%status, "{} {}", response.request().method(), response.request().path());
    world.change(|state, _| state.log.answer(order, status));
    departure.answered = true;
    Ok(response)
}

async fn pass(
    world: &World,
    call: Call,
    fault: Option<Fault>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answer = match fault {
        None => return Ok(next.call(request).await?.map_into_boxed_body()),
        Some(Fault::Delay { millis }) => {
            world.sleep(Duration::from_millis(millis)).await;
            return Ok(next.call(request).await?.map_into_boxed_body());
        }
        Some(Fault::Hang) => {
            let cleared = world.read(|state, _| state.faults.cleared);
            world.wait(Duration::MAX / 4, |state, _| (state.faults.cleared != cleared).then_some(())).await;
            return Ok(next.call(request).await?.map_into_boxed_body());
        }
        Some(Fault::Cut) => return cut(request.conn_data::<Wire>()).await,
        Some(Fault::LoseAnswer) => {
            let response = next.call(request).await?;
            return cut(response.request().conn_data::<Wire>()).await;
        }
        Some(Fault::Status { status }) => {
            gateway_page(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        Some(Fault::Html) => gateway_page(StatusCode::OK),
        Some(Fault::Huge) => huge("text/plain"),
        Some(Fault::Errcode { errcode }) => match call {
            Call::CheckLogin | Call::Authorize => desktop::errcode_answer(call, errcode),
            Call::LongPoll => open::poll_answer(request.query_string(), errcode, ""),
            _ => sns::errcode_answer(errcode),
        },
    };
    Ok(request.into_response(answer))
}

fn describe(request: &ServiceRequest, call: Call) -> RequestRecord {
    let header = |name: header::HeaderName| {
        request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    RequestRecord {
        order: 0,
        call,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        body: String::new(),
        origin: header(header::ORIGIN),
        user_agent: header(header::USER_AGENT),
        outcome: Outcome::InFlight,
    }
}

/// Closes the connection. The server then notices and drops this future with it.
async fn cut<T>(wire: Option<&Wire>) -> T {
    if let Some(Wire(socket)) = wire {
        // A connection that is gone already is as cut as one can be.
        let _ = socket.shutdown(Shutdown::Both);
    }
    std::future::pending().await
}

fn gateway_page(status: StatusCode) -> HttpResponse {
    let title = status.canonical_reason().unwrap_or("Error");
    HttpResponse::build(status).content_type("text/html").body(format!(
        "<html>\r\n<head><title>{0} {title}</title></head>\r\n<body>\r\n<center><h1>{0} {title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        status.as_u16()
    ))
}

/// Ten megabytes, sent piece by piece so that the emulator itself stays small.
pub(crate) fn huge(content_type: &str) -> HttpResponse {
    let piece = web::Bytes::from(vec![b'x'; 64 * 1024]);
    let pieces = stream::iter((0..160).map(move |_| Ok::<_, Error>(piece.clone())));
    HttpResponse::Ok().content_type(content_type).streaming(pieces)
}
