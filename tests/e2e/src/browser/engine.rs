//! The three engines: the programs that drive each by WebDriver, started on free ports, and gone with their [`Running`].

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Which browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// Chromium, by chromedriver.
    #[default]
    Chromium,
    /// Firefox ESR, by geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser, by WebKitWebDriver, on a screen of its own.
    WebKit,
}

/// How often a driver is started at most.
const STARTS: usize = 5;

/// Between two looks whether a driver listens.
const LISTENS_AGAIN: Duration = Duration::from_millis(10);

/// A WebDriver program with every browser that it starts.
pub(super) struct Running {
    /// Where it speaks WebDriver.
    pub address: String,
    // The driver goes before the screen that its browser draws on.
    _driver: Group,
    screen: Option<Screen>,
}

impl Running {
    pub fn start(engine: Engine, headless: bool, proxy: Option<SocketAddr>) -> Self {
        // A free port may be taken by another test before the driver has it: it ends then, and is started once more.
        let started = (0..STARTS).find_map(|_| Self::try_start(engine, headless, proxy));
        started.unwrap_or_else(|| panic!("the driver of {engine:?} did not start"))
    }

    fn try_start(engine: Engine, headless: bool, proxy: Option<SocketAddr>) -> Option<Self> {
        let screen = (engine == Engine::WebKit || !headless).then(Screen::start);
        let mut command = match engine {
            Engine::Chromium => Command::new("chromedriver"),
            Engine::Firefox => Command::new("geckodriver"),
            Engine::WebKit => Command::new("WebKitWebDriver"),
        };
        if let Some(screen) = &screen {
            command.env("DISPLAY", &screen.name);
        }
        let port = match engine {
            Engine::Chromium => 0,
            Engine::Firefox | Engine::WebKit => free_port(),
        };
        command.arg(format!("--port={port}"));
        if engine == Engine::Firefox {
            // Several run at once, and its other port is a fixed one.
            command.arg("--websocket-port=0");
            // Its questions are asked in its own windows, not in pages.
            command.arg("--allow-system-access");
        }
        if engine == Engine::WebKit {
            // Its sandbox needs rights that a container does not have; the pages are our own.
            command.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1").env("LIBGL_ALWAYS_SOFTWARE", "1");
        }
        if let (Engine::WebKit, Some(proxy)) = (engine, proxy) {
            // What WebDriver says of proxies does not reach this browser.
            command.env("https_proxy", format!("http://{proxy}"));
        }
        let mut driver = Group::start(command.stdout(Stdio::piped()));
        let output = BufReader::new(driver.0.stdout.take().expect("its output"));
        let mut lines = output.lines();
        let port = match engine {
            // The others say nothing, or nothing that helps.
            Engine::Chromium => lines.by_ref().map_while(Result::ok).find_map(|line| {
                line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
            })?,
            Engine::Firefox | Engine::WebKit => until_it_listens(port, &mut driver.0)?,
        };
        // Read on, or the driver would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { address: format!("http://127.0.0.1:{port}"), _driver: driver, screen })
    }

    /// The screen that a browser with a window draws on, as `DISPLAY` says it.
    pub fn screen(&self) -> Option<&str> {
        self.screen.as_ref().map(|screen| screen.name.as_str())
    }
}

/// WebKitGTK's own browser, which is on no path.
pub(super) fn mini_browser() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib").flatten().map(|entry| entry.path());
    folders
        .chain([PathBuf::from("/usr/lib")])
        .flat_map(|folder| {
            ["4.1", "6.0", "4.0"].map(|version| folder.join(format!("webkit2gtk-{version}/MiniBrowser")))
        })
        .find(|file| file.exists())
        .expect("MiniBrowser is there: `cargo xtask test` installs webkit2gtk-driver")
}

/// An X server that draws into memory.
struct Screen {
    name: String,
    _server: Group,
}

impl Screen {
    fn start() -> Self {
        let mut command = Command::new("Xvfb");
        // It takes a free display, and says which when it can be used.
        command.args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]);
        let mut server = Group::start(command.stdout(Stdio::piped()));
        let mut number = String::new();
        let output = server.0.stdout.as_mut().expect("its output");
        BufReader::new(output).read_line(&mut number).expect("Xvfb says its display");
        Self { name: format!(":{}", number.trim()), _server: server }
    }
}

/// A program in a process group of its own, with all that it starts.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_owned();
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn();
        Self(
            child.unwrap_or_else(|error| {
                panic!("{}: {error}; `cargo xtask test` installs it", name.display())
            }),
        )
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// The port, once the driver listens; `None` when it has ended instead.
fn until_it_listens(port: u16, driver: &mut Child) -> Option<u16> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < deadline, "the driver never listened on port {port}");
        if driver.try_wait().is_ok_and(|ended| ended.is_some()) {
            return None;
        }
        std::thread::park_timeout(LISTENS_AGAIN);
    }
    Some(port)
}
