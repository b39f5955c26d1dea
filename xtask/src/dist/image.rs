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
    pub port: u16,
}

/// Builds the image, and gives the archive: `podman load --input`, `docker load --input`, or skopeo to a registry.
pub fn build(image: &Image, folder: &Path) -> Result<PathBuf> {
    tools::image_builder()?;
    let Image { name, version, program, arguments, port } = image;
    let archive = folder.join(format!("{name}-{version}.oci.tar"));
    let container = shell::output(buildah().args(["from", "scratch"]))?;
    let container = container.trim();
    shell::run(
        buildah().args(["copy", "--quiet", "--chmod=0755", container]).arg(program).arg(format!("/{name}")),
    )?;
    shell::run(
        buildah()
            .args(["config", "--user=65534:65534", "--os=linux", "--arch=amd64"])
            .arg(format!("--port={port}"))
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
        let mut run = buildah();
        run.args(["run", "--isolation=chroot", &self.0, "--"]).arg(format!("/{name}"));
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
