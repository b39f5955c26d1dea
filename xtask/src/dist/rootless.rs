//! A container image as somebody without root's rights runs it: by podman, without a daemon, on a port of this machine.
//!
//! Where all this is run by root, as in a container of continuous integration, a user is made for it, who goes when it is over. Some
//! machines give their users no containers: that is said, and fails nothing, since the image is right all the same.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::image::Image;
use super::tried::{Running, is_well};
use crate::{shell, tools};

/// Who runs it, where this machine's only user is root.
const USER: &str = "weixin-rootless";

/// What a machine has elsewhere and a bare one may lack, in a file system tree of the command's own, behind which the machine stays as
/// it is: control groups of one version, and the device for networks open to users. `$0` is the user's home.
const AS_ELSEWHERE: &str = r#"
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    [ -e "$0/tun" ] || mknod -m 666 "$0/tun" c 10 200
    [ ! -e /dev/net/tun ] || mount --bind "$0/tun" /dev/net/tun
    exec "$@"
"#;

/// Loads the archive, runs it with a published port, and asks it through that.
pub fn check(archive: &Path, image: &Image) -> Result<()> {
    tools::rootless_containers()?;
    let person = Person::new()?;
    if let Some(word) = person.what_is_refused() {
        println!("the image was NOT run without root's rights: {word}");
        return Ok(());
    }
    let mut load = person.podman();
    load.arg("load").stdin(File::open(archive)?);
    shell::run(&mut load)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut run = person.podman();
    run.args(["run", "--rm", "--cgroups=disabled"]);
    let inside = image.ports.first().context("the image listens nowhere")?;
    run.arg(format!("--publish=127.0.0.1:{port}:{inside}"));
    run.arg(format!("localhost/{}:{}", image.name, image.version));
    println!("   $ {}", shell::described(&run));
    let _running = Running::announced(run.stderr(Stdio::null()))?;
    is_well(&format!("127.0.0.1:{port}"))?;
    println!("the image serves without root's rights, through a published port");
    Ok(())
}

/// An ordinary user, with a place for images.
struct Person {
    /// Whether this user was made here.
    made: bool,
    home: PathBuf,
}

impl Person {
    fn new() -> Result<Person> {
        let made = shell::output(shell::program("id").arg("-u"))?.trim() == "0";
        let home = std::env::temp_dir().join(format!("{USER}-{}", std::process::id()));
        if made {
            // A run that was killed may have left its own.
            let _ = shell::output(shell::program("userdel").arg(USER));
            let shell = ["--create-home", "--shell=/usr/sbin/nologin", "--home-dir"];
            shell::run(shell::program("useradd").args(shell).arg(&home).arg(USER))?;
        } else {
            fs::create_dir_all(&home)?;
        }
        let person = Person { made, home };
        let mut run = shell::program("install");
        run.args(["--directory", "--mode=700"]);
        if made {
            run.args(["--owner", USER, "--group", USER]);
        }
        shell::output(run.arg(person.home.join("run"))).context("a home of one's own")?;
        Ok(person)
    }

    /// A program, as this user, at home.
    fn command(&self, program: &str) -> Command {
        let mut command = shell::program(if self.made { "unshare" } else { "env" });
        if self.made {
            command.args(["--mount", "--propagation=private", "sh", "-ec", AS_ELSEWHERE]).arg(&self.home);
            command.args(["setpriv", "--init-groups", "--inh-caps=-all"]);
            command.arg(format!("--reuid={USER}")).arg(format!("--regid={USER}")).arg("env");
        }
        command.arg(format!("HOME={}", self.home.display()));
        command.arg(format!("XDG_RUNTIME_DIR={}", self.home.join("run").display()));
        command.arg(program).current_dir(&self.home);
        command
    }

    fn podman(&self) -> Command {
        let mut podman = self.command("podman");
        podman.args(["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--runtime=crun"]);
        podman
    }

    /// What of that this machine does not give to its users.
    fn what_is_refused(&self) -> Option<String> {
        if !self.made && Path::new("/sys/fs/cgroup/unified").exists() {
            return Some("control groups of both versions at once are more than crun takes".into());
        }
        // Namespaces, and the numbers of users in them.
        if let Err(error) = shell::output(self.podman().args(["unshare", "true"])) {
            return Some(format!("users get no namespaces here: {error:#}"));
        }
        // By this device a published port is made.
        let tun = ["-r", "/dev/net/tun", "-a", "-w", "/dev/net/tun"];
        let refused = shell::output(self.command("test").args(tun)).is_err();
        refused.then(|| "/dev/net/tun is root's alone here: `chmod 666 /dev/net/tun`, as udev has it".into())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // podman leaves a process behind that keeps the user's namespace.
        let _ = shell::output(self.podman().args(["system", "migrate"]));
        if self.made {
            let _ = shell::output(shell::program("userdel").arg(USER));
        }
        let _ = fs::remove_dir_all(&self.home);
    }
}
