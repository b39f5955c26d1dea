//! The thread that serves: its listeners, the one table of routes, and opening and closing the desktop's port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::{App, HttpServer, web};
use socket2::{Domain, Socket, Type};
use tokio::sync::{mpsc, oneshot};

use crate::world::World;
use crate::{avatar, control, desktop, fault, open, phone, service_account, sns};

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
            .on_connect(fault::keep_wire);
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

pub(crate) type Commands = mpsc::UnboundedSender<Command>;

pub(crate) enum Command {
    /// Makes the desktop's port accept or refuse connections, and says when it does.
    Desktop {
        listening: bool,
        done: oneshot::Sender<io::Result<()>>,
    },
    Stop,
}

/// Bound ports, before anything is served on them.
pub(crate) struct Ports {
    pub plain: TcpListener,
    pub secured: Option<TcpListener>,
    pub desktop: Socket,
}

/// The running servers. Dropping it stops them and cuts whatever is still open.
pub(crate) struct Servers {
    commands: Commands,
    thread: Option<JoinHandle<()>>,
}

impl Servers {
    pub fn start(
        world: Arc<World>,
        ports: Ports,
        tls: Option<rustls::ServerConfig>,
        desktop_listens: bool,
    ) -> Servers {
        let (commands, received) = mpsc::unbounded_channel();
        // Only one set of servers is ever started for a world.
        let _ = world.commands.set(commands.clone());
        let thread = std::thread::Builder::new()
            .name("weixin-emulator".into())
            .spawn(move || System::new().block_on(serve(world, ports, tls, desktop_listens, received)))
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
    world: Arc<World>,
    ports: Ports,
    tls: Option<rustls::ServerConfig>,
    desktop_listens: bool,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let world = web::Data::from(world);
    let mut open_servers = vec![serve_open(world.clone(), ports.plain, None)];
    if let (Some(listener), Some(tls)) = (ports.secured, &tls) {
        open_servers.push(serve_open(world.clone(), listener, Some(tls.clone())));
    }
    let mut desktop = DesktopPort::Refusing(ports.desktop);
    if desktop_listens {
        desktop.set_listening(true, &world, &tls).await.expect("a bound socket can listen");
    }
    while let Some(Command::Desktop { listening, done }) = commands.recv().await {
        // Who asked may have gone away meanwhile.
        let _ = done.send(desktop.set_listening(listening, &world, &tls).await);
    }
    for server in open_servers {
        server.stop(false).await;
    }
    if let DesktopPort::Listening(server, _) = desktop {
        server.stop(false).await;
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
        world: &web::Data<World>,
        tls: &Option<rustls::ServerConfig>,
    ) -> io::Result<()> {
        *self = match (std::mem::replace(self, DesktopPort::Lost), listening) {
            (DesktopPort::Refusing(socket), true) => {
                socket.listen(1024)?;
                let listener = TcpListener::from(socket);
                let address = listener.local_addr()?;
                DesktopPort::Listening(serve_desktop(world.clone(), listener, tls.clone()), address)
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
    world: web::Data<World>,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> ServerHandle {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(world.clone())
            .wrap(from_fn(fault::gate))
            .configure(open::routes)
            .configure(phone::routes)
            .configure(service_account::routes)
            .configure(sns::routes)
            .configure(avatar::routes)
            .configure(control::routes)
    });
    run!(server, listener, tls)
}

fn serve_desktop(
    world: web::Data<World>,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> ServerHandle {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(world.clone())
            .wrap(from_fn(fault::gate))
            .wrap(from_fn(desktop::cors))
            .configure(desktop::routes)
    });
    run!(server, listener, tls)
}

/// Binds without listening: connections are refused, and nobody else gets the port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Else a port that served a moment ago could not be taken again.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A listener on loopback; port 0 takes a free one.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(1024)?;
    Ok(socket.into())
}
