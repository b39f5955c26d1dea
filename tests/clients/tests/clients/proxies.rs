//! The proxies of README and docs/operations.md, as they stand there: a person logs in through each, on a port that is not 80 or 443.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use weixin_login_clients::browser::Browser;
use weixin_login_clients::packages;
use weixin_login_clients::provider::{Provider, Registration};
use weixin_login_clients::site::Site;
use weixin_login_servers::free_port;

/// The pages with samples.
const PAGES: [&str; 3] = ["README.md", "README.zh-CN.md", "docs/operations.md"];

/// What stands in a page between fences of this kind, with another port in the place of the service's.
fn sample(page: &str, kind: &str, service: u16) -> Result<String> {
    let text = std::fs::read_to_string(packages::samples().join("../..").join(page))?;
    let (_, rest) =
        text.split_once(&format!("```{kind}\n")).with_context(|| format!("{page} has no {kind}"))?;
    let (block, _) = rest.split_once("```").context("a fence that closes")?;
    Ok(block.replace("127.0.0.1:8080", &format!("127.0.0.1:{service}")))
}

pub struct House {
    pub provider: Provider,
    pub port: u16,
    pub state: tempfile::TempDir,
    pub service: u16,
}

impl House {
    pub async fn new() -> Result<House> {
        let (port, service) = (free_port()?, free_port()?);
        let registration = Registration { public: true, ..Registration::default() };
        let provider =
            Provider::start_behind(&format!("http://localhost:{port}"), service, registration).await?;
        Ok(House { provider, port, state: tempfile::tempdir()?, service })
    }

    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.state.path().join(name);
        std::fs::write(&file, text)?;
        Ok(file)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.state.path().join("error.log")).unwrap_or_default()
    }

    /// Through the proxy: a login, whose Host and path must be right, and the documents of RFC 8414.
    pub async fn is_passed_on(&self) -> Result<()> {
        let at = |path: &str| format!("http://localhost:{}{path}", self.port);
        let browser = Browser::new(&self.provider.emulator)?;
        let session = at("/weixin/session");
        browser
            .open_until(&at("/weixin/login?client_id=site&return_to=%2Fweixin%2Fsession"), &session)
            .await?;
        let page = browser.open(&session).await?;
        assert_eq!(
            (page.status.as_u16(), &page.json()?["nickname"]),
            (200, &"陈锴".into()),
            "{}",
            self.log()
        );
        for name in ["oauth-authorization-server", "openid-configuration"] {
            let metadata = browser.open(&at(&format!("/.well-known/{name}/weixin"))).await?;
            assert_eq!(metadata.json()?["issuer"], self.provider.issuer.as_str(), "{}", self.log());
        }
        Ok(())
    }
}

#[tokio::test]
async fn nginx_as_it_stands_in_the_documentation() -> Result<()> {
    for page in PAGES {
        let house = House::new().await?;
        let sample = sample(page, "nginx", house.service)?;
        let config = house.file("nginx.conf", &nginx(house.port, &sample))?;
        let mut command = Command::new(packages::nginx()?);
        command.args(["-e", "error.log", "-p"]).arg(house.state.path()).arg("-c").arg(&config);
        let _nginx = Site::start_silent(&mut command, &house.provider, house.port)?;
        house.is_passed_on().await.context(page)?;
    }
    Ok(())
}

fn nginx(port: u16, sample: &str) -> String {
    nginx_around(&format!("server {{\nlisten 127.0.0.1:{port};\n{sample}}}\n"))
}

/// A configuration around servers.
pub fn nginx_around(servers: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.iter().map(|kind| format!("{kind}_temp_path {kind};\n")).collect();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\
         {servers}}}\n"
    )
}

#[tokio::test]
async fn apache_as_it_stands_in_the_documentation() -> Result<()> {
    let house = House::new().await?;
    let sample = sample("docs/operations.md", "apache", house.service)?;
    let site = format!("<VirtualHost 127.0.0.1:{}>\n{sample}</VirtualHost>\n", house.port);
    let config = house.file("httpd.conf", &apache_around(&house, &site)?)?;
    // A worker that is not root writes its files here.
    Command::new("chmod").arg("-R").arg("a+rwX").arg(house.state.path()).status()?;
    let mut command = Command::new(packages::apache()?);
    let _apache = Site::start_silent(command.args(["-X", "-f"]).arg(&config), &house.provider, house.port)?;
    house.is_passed_on().await
}

/// A configuration around a site.
pub fn apache_around(house: &House, site: &str) -> Result<String> {
    let state = house.state.path().display();
    let modules: String = ["mpm_event", "authz_core", "proxy", "proxy_http"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    let port = house.port;
    Ok(format!(
        "ServerRoot {state}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {state}/httpd.pid\nErrorLog {state}/error.log\n\
         Mutex file:{state} default\n{modules}User {}\n{site}",
        user()?,
    ))
}

/// Apache gives up root, and must have a user to become; a user who is not root stays.
fn user() -> Result<String> {
    let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?.trim().to_owned();
    Ok(if user == "root" { "www-data".into() } else { user })
}

#[tokio::test]
async fn caddy_as_it_stands_in_the_documentation() -> Result<()> {
    let program = caddy_program()?;
    for page in PAGES {
        let house = House::new().await?;
        let sample = sample(page, "caddyfile", house.service)?;
        // Where there is no TLS and no such name, the site's address is this one.
        let site = format!("http://localhost:{}", house.port);
        let config =
            format!("{{\nadmin off\nauto_https off\n}}\n{}", sample.replace("shop.example.com", &site));
        let config = house.file("Caddyfile", &config)?;
        let mut command = Command::new(program);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&config);
        command.env("XDG_DATA_HOME", house.state.path()).env("XDG_CONFIG_HOME", house.state.path());
        command.stderr(std::fs::File::create(house.state.path().join("error.log"))?);
        let _caddy = Site::start_silent(&mut command, &house.provider, house.port)?;
        house.is_passed_on().await.context(page)?;
    }
    Ok(())
}

/// Where Debian has it.
pub fn caddy_program() -> Result<&'static Path> {
    let program = Path::new("/usr/bin/caddy");
    if !program.exists() {
        bail!("Caddy is missing: apt-get install caddy");
    }
    Ok(program)
}
