//! Container images of one program and nothing else: FROM scratch, as an OCI archive, made by buildah without a daemon, a registry or
//! root's rights. What is built and tried lies in a store of its own below the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{shell, tools};

pub struct Image<'a> {
    /// Also the program's name.
    pub name: &'a str,
    pub version: &'a str,
    /// Linked statically: there is no library in the image.
    pub program: &'a Path,
    /// What the program is told unless a person says otherwise.
    pub arguments: &'a [&'a str],
    /// Where it listens then.
    pub ports: &'a [u16],
    /// Files beside it, and where they are in the image.
    pub files: &'a [(&'a Path, &'a str)],
    /// A folder that the program may write into; the rest of the image can be mounted so that nobody writes there.
    pub data: Option<&'a str>,
}

/// Nobody's number but the program's, as distroless images have it: a file that belongs to root is not its own to change.
pub const USER: &str = "65532:65532";

/// Builds the image, and gives the archive: `podman load --input`, `docker load --input`, or skopeo to a registry.
pub fn build(image: &Image, folder: &Path) -> Result<PathBuf> {
    tools::image_builder()?;
    let Image { name, version, program, arguments, ports, files, data } = image;
    let archive = folder.join(format!("{name}-{version}.oci.tar"));
    let container = shell::output(buildah().args(["from", "scratch"]))?;
    let container = container.trim();
    shell::run(
        buildah().args(["copy", "--quiet", "--chmod=0755", container]).arg(program).arg(format!("/{name}")),
    )?;
    for (file, place) in *files {
        shell::run(buildah().args(["copy", "--quiet", "--chmod=0644", container]).arg(file).arg(place))?;
    }
    if let Some(data) = data {
        folder_in(container, data)?;
    }
    shell::run(
        buildah()
            .args(["config", "--os=linux", "--arch=amd64"])
            .arg(format!("--user={USER}"))
            .args(ports.iter().map(|port| format!("--port={port}")))
            .args(data.iter().map(|data| format!("--volume={data}")))
            .arg(format!("--entrypoint=[\"/{name}\"]"))
            .arg(format!("--cmd={}", serde_json::to_string(arguments)?))
            .arg(container),
    )?;
    // Without a time in it the same program gives the same image.
    shell::run(
        buildah()
            .args(["commit", "--quiet", "--timestamp=0", "--rm", container])
            .arg(reference(&archive, name, version)),
    )?;
    Ok(archive)
}

/// The folder is the program's alone, and those above it are root's.
fn folder_in(container: &str, folder: &str) -> Result<()> {
    let nothing = shell::target().join("images/nothing");
    std::fs::create_dir_all(&nothing)?;
    let above = Path::new(folder).parent().context("a folder is in a folder")?;
    for (place, owner) in [(above, "0:0"), (Path::new(folder), USER)] {
        let mut copy = buildah();
        copy.args(["copy", "--quiet", "--chmod=0755"]).arg(format!("--chown={owner}"));
        shell::run(copy.arg(container).arg(&nothing).arg(place))?;
    }
    Ok(())
}

/// A container of the image, gone when it is dropped.
pub struct Container(String);

impl Container {
    pub fn of(archive: &Path, image: &Image) -> Result<Container> {
        let name = shell::output(buildah().args(["from", "--quiet"]).arg(reference(
            archive,
            image.name,
            image.version,
        )))
        .context("the image that was built cannot be read")?;
        Ok(Container(name.trim().to_owned()))
    }

    /// The program in it, with these arguments, in a changed root and without namespaces: no right of root's is needed, and its port is
    /// this machine's.
    pub fn program(&self, name: &str) -> Command {
        self.program_with(name, &[])
    }

    /// The same with folders of this machine, at the same place in it.
    pub fn program_with(&self, name: &str, folders: &[&Path]) -> Command {
        let mut run = buildah();
        run.args(["run", "--isolation=chroot"]);
        run.args(folders.iter().map(|folder| format!("--volume={0}:{0}", folder.display())));
        run.args([&self.0, "--"]).arg(format!("/{name}"));
        run
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = shell::output(buildah().args(["rm", &self.0]));
    }
}

fn reference(archive: &Path, name: &str, version: &str) -> String {
    format!("oci-archive:{}:{name}:{version}", archive.display())
}

fn buildah() -> Command {
    let store = shell::target().join("images");
    let mut buildah = shell::program("buildah");
    buildah.arg("--root").arg(store.join("root")).arg("--runroot").arg(store.join("run"));
    buildah.args(["--storage-driver=vfs"]);
    buildah
}
