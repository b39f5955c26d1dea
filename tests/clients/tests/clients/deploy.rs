//! What stands in deploy/: each file is read by the program that it is for, and the proxies are logged in through, as they stand.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use weixin_login_clients::packages;
use weixin_login_clients::site::Site;

use crate::proxies::{House, apache_around, caddy_program, nginx_around};

fn deploy(file: &str) -> PathBuf {
    packages::samples().join("../../deploy").join(file)
}

/// The file, with the ports of this house in the place of its own.
fn on(house: &House, file: &str) -> Result<String> {
    let text = std::fs::read_to_string(deploy(file))?;
    Ok(text
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", house.service))
        .replace("server_name shop.example.com", "server_name localhost")
        .replace("ServerName shop.example.com", "ServerName localhost"))
}

/// Runs a program to its end; what it says is the failure's.
fn succeeds(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(said)
}

#[tokio::test]
async fn nginx_takes_its_file_and_passes_a_login_on() -> Result<()> {
    let house = House::new().await?;
    let text = on(&house, "nginx/weixin-login.conf")?
        .replace("listen 80;", &format!("listen 127.0.0.1:{};", house.port));
    let config = house.file("nginx.conf", &nginx_around(&text))?;
    let arguments = |command: &mut Command| {
        command.args(["-e", "error.log", "-p"]).arg(house.state.path()).arg("-c").arg(&config);
    };
    let mut test = Command::new(packages::nginx()?);
    arguments(&mut test);
    succeeds(test.arg("-t"))?;
    let mut command = Command::new(packages::nginx()?);
    arguments(&mut command);
    let _nginx = Site::start_silent(&mut command, &house.provider, house.port)?;
    house.is_passed_on().await
}

#[tokio::test]
async fn haproxy_takes_its_file_and_passes_a_login_on() -> Result<()> {
    let program = Path::new("/usr/sbin/haproxy");
    ensure!(program.exists(), "HAProxy is missing: apt-get install haproxy");
    let house = House::new().await?;
    let text = on(&house, "haproxy/haproxy.cfg")?
        .replace("bind 127.0.0.1:80", &format!("bind 127.0.0.1:{}", house.port))
        // The service of this test has its health elsewhere.
        .replace("    default-server check port 9090 inter 5s\n", "");
    let config = house.file("haproxy.cfg", &text)?;
    succeeds(Command::new(program).args(["-c", "-f"]).arg(deploy("haproxy/haproxy.cfg")))?;
    let mut command = Command::new(program);
    let _haproxy = Site::start_silent(command.args(["-db", "-f"]).arg(&config), &house.provider, house.port)?;
    house.is_passed_on().await
}

#[tokio::test]
async fn caddy_takes_its_file_and_passes_a_login_on() -> Result<()> {
    let house = House::new().await?;
    let site = format!("http://localhost:{}", house.port);
    let text = on(&house, "caddy/Caddyfile")?.replace("shop.example.com", &site);
    let config = house.file("Caddyfile", &format!("{{\nadmin off\nauto_https off\n}}\n{text}"))?;
    let homes = |command: &mut Command| {
        command.env("XDG_DATA_HOME", house.state.path()).env("XDG_CONFIG_HOME", house.state.path());
    };
    let mut validate = Command::new(caddy_program()?);
    homes(&mut validate);
    succeeds(
        validate.args(["validate", "--adapter", "caddyfile", "--config"]).arg(deploy("caddy/Caddyfile")),
    )?;
    let mut command = Command::new(caddy_program()?);
    homes(&mut command);
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&config);
    command.stderr(std::fs::File::create(house.state.path().join("error.log"))?);
    let _caddy = Site::start_silent(&mut command, &house.provider, house.port)?;
    house.is_passed_on().await
}

#[tokio::test]
async fn apache_takes_its_file_and_passes_a_login_on() -> Result<()> {
    let house = House::new().await?;
    let text = on(&house, "apache/weixin-login.conf")?.replace("*:80", &format!("127.0.0.1:{}", house.port));
    let config = house.file("httpd.conf", &apache_around(&house, &text)?)?;
    // A worker that is not root writes its files here.
    Command::new("chmod").arg("-R").arg("a+rwX").arg(house.state.path()).status()?;
    succeeds(Command::new(packages::apache()?).args(["-t", "-f"]).arg(&config))?;
    let mut command = Command::new(packages::apache()?);
    let _apache = Site::start_silent(command.args(["-X", "-f"]).arg(&config), &house.provider, house.port)?;
    house.is_passed_on().await
}

#[test]
fn systemd_takes_the_unit_and_finds_little_exposed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let unit = std::fs::read_to_string(deploy("systemd/weixin-login.service"))?;
    // The program is not installed where the unit says.
    let unit = unit.replace("/usr/local/bin/weixin-login", "/bin/true");
    let file = folder.path().join("weixin-login.service");
    std::fs::write(&file, unit)?;
    let said = succeeds(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file))?;
    ensure!(!said.contains("weixin-login.service"), "{said}");
    // In tenths: 1.5, where 10 is a service without any hardening.
    let mut security = Command::new("systemd-analyze");
    succeeds(security.args(["security", "--offline=true", "--threshold=15"]).arg(&file))?;
    Ok(())
}

/// Read as YAML, and what is named in several places is one thing. By PyYAML, which Debian's Python of the tests has.
#[test]
fn what_only_its_own_program_could_run_is_read_as_yaml() -> Result<()> {
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let read = |file: &str| -> Result<Vec<Value>> {
        let mut python = Command::new(packages::python()?);
        Ok(serde_json::from_str(&succeeds(python.args(["-c", script]).arg(deploy(file)))?)?)
    };
    let traefik = &read("traefik/traefik.yml")?[0]["http"];
    assert_eq!(traefik["services"]["weixin-login"]["loadBalancer"]["passHostHeader"], true);
    let compose = &read("compose/compose.yaml")?[0];
    for service in ["weixin-login", "emulator", "proxy", "postgres", "redis"] {
        ensure!(compose["services"][service]["image"].is_string(), "compose.yaml has no {service}");
    }
    let manifests = read("kubernetes/weixin-login.yaml")?;
    let kinds: Vec<&str> = manifests.iter().filter_map(|manifest| manifest["kind"].as_str()).collect();
    assert_eq!(kinds, ["ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "Ingress"]);
    let alerts = &read("prometheus/alerts.yml")?[0]["groups"][0]["rules"];
    ensure!(alerts.as_array().is_some_and(|rules| rules.len() > 5), "no alerts: {alerts}");
    Ok(())
}
