//! The thread that serves: its listeners, the one table of routes, and opening and closing the desktop's port.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::{App, HttpServer, web};
use socket2::{Domain, Socket, Type};
use tokio::sync::{mpsc, oneshot};

use crate::namespaces::Worlds;
use crate::products::{cgi_bin, mini_program, wxlogin};
use crate::{avatar, control, desktop, gate, open, phone, service_account, sns};

/// A macro because the types of two apps have no common name.
macro_rules! run {
    ($server:expr, $listener:expr, $tls:expr) => {{
        let server = $server
            .workers(1)
            .tcp_nodelay(true)
            .disable_signals()
            .shutdown_timeout(0)
            // A caller that hangs up ends its call at once, as the log and the dialog expect.
            .h1_allow_half_closed(false)
            .on_connect(gate::keep_wire);
        let server = match $tls {
            None => server.listen($listener),
            Some(tls) => server.listen_rustls_0_23($listener, tls),
        };
        let server = server.expect("a bound listener can be served").run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        handle
    }};
}

/// As many as knock at once before the first is let in.
const BACKLOG: i32 = 4096;

pub(crate) type Commands = mpsc::UnboundedSender<Command>;

pub(crate) enum Command {
    /// Makes that one of the desktop's ports accept connections, and all others refuse them; says when they do.
    Desktop {
        listening: Option<usize>,
        done: oneshot::Sender<io::Result<()>>,
    },
    Stop,
}

/// Bound ports, before anything is served on them.
pub(crate) struct Ports {
    pub plain: TcpListener,
    pub secured: Option<TcpListener>,
    pub desktops: Vec<Socket>,
}

/// The running servers. Dropping it stops them and cuts whatever is still open.
pub(crate) struct Servers {
    commands: Commands,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    pub fn start(worlds: Arc<Worlds>, ports: Ports, tls: Option<rustls::ServerConfig>) -> Servers {
        let (commands, received) = mpsc::unbounded_channel();
        // Only one set of servers is ever started for a world.
        let _ = worlds.first.commands.set(commands.clone());
        let thread = std::thread::Builder::new()
            .name("weixin-emulator".into())
            .spawn(move || System::new().block_on(serve(worlds, ports, tls, received)))
            .expect("a thread can be started");
        Servers { commands, thread: Some(thread) }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    worlds: Arc<Worlds>,
    ports: Ports,
    tls: Option<rustls::ServerConfig>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let worlds = web::Data::from(worlds);
    let mut open_servers = vec![serve_open(worlds.clone(), ports.plain, None)];
    if let (Some(listener), Some(tls)) = (ports.secured, &tls) {
        open_servers.push(serve_open(worlds.clone(), listener, Some(tls.clone())));
    }
    let mut desktops: Vec<_> = ports.desktops.into_iter().map(DesktopPort::Refusing).collect();
    while let Some(Command::Desktop { listening, done }) = commands.recv().await {
        let mut set = Ok(());
        for (place, port) in desktops.iter_mut().enumerate() {
            set = set.and(port.set_listening(listening == Some(place), &worlds, &tls).await);
        }
        // Who asked may have gone away meanwhile.
        let _ = done.send(set);
    }
    for server in open_servers {
        server.stop(false).await;
    }
    for desktop in desktops {
        if let DesktopPort::Listening(server, _) = desktop {
            server.stop(false).await;
        }
    }
}

/// The desktop's port is held also while it refuses connections: another program must not get it meanwhile.
enum DesktopPort {
    Listening(ServerHandle, SocketAddr),
    Refusing(Socket),
    /// Another program took it in the instant between closing and binding again.
    Lost,
}

impl DesktopPort {
    async fn set_listening(
        &mut self,
        listening: bool,
        worlds: &web::Data<Worlds>,
        tls: &Option<rustls::ServerConfig>,
    ) -> io::Result<()> {
        *self = match (std::mem::replace(self, DesktopPort::Lost), listening) {
            (DesktopPort::Refusing(socket), true) => {
                socket.listen(BACKLOG)?;
                let listener = TcpListener::from(socket);
                let address = listener.local_addr()?;
                DesktopPort::Listening(serve_desktop(worlds.clone(), listener, tls.clone()), address)
            }
            (DesktopPort::Listening(server, address), false) => {
                server.stop(false).await;
                DesktopPort::Refusing(bind(address)?)
            }
            (DesktopPort::Lost, _) => return Err(io::ErrorKind::AddrInUse.into()),
            (port, _) => port,
        };
        Ok(())
    }
}

fn serve_open(
    worlds: web::Data<Worlds>,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> ServerHandle {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(worlds.clone())
            .configure(gate::limits)
            .wrap(from_fn(gate::gate))
            .configure(open::routes)
            .configure(phone::routes)
            .configure(service_account::routes)
            .configure(mini_program::routes)
            .configure(sns::routes)
            .configure(cgi_bin::routes)
            .configure(wxlogin::routes)
            .configure(avatar::routes)
            .configure(control::routes)
    });
    run!(server, listener, tls)
}

fn serve_desktop(
    worlds: web::Data<Worlds>,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> ServerHandle {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(worlds.clone())
            .configure(gate::limits)
            .wrap(from_fn(gate::gate))
            .wrap(from_fn(desktop::cors))
            .configure(desktop::routes)
    });
    run!(server, listener, tls)
}

/// Binds without listening: connections are refused, and nobody else gets the port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Else a port that served a moment ago could not be taken again. On Windows the option lets two programs share one.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A listener; port 0 takes a free one.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bind(address)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
