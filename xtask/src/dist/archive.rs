//! Files in one archive, the same bytes for the same files, whoever packs them and when.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;

use crate::shell;

/// What would else be of this machine and this moment.
const SAME: &[&str] = &[
    "--sort=name",
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=a=rX,u+w",
    "--use-compress-program=gzip --no-name",
];

/// Packs what has these names in a folder.
pub fn pack(archive: &Path, folder: &Path, names: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<()> {
    let mut tar = shell::program("tar");
    tar.args(SAME).arg("--create").arg("--file").arg(archive).arg("--directory").arg(folder).args(names);
    shell::run(&mut tar)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let packed = |mode: u32| {
            let (file, archive) = (folder.path().join("inner/file"), folder.path().join("packed.tar.gz"));
            fs::create_dir_all(folder.path().join("inner")).expect("a folder");
            fs::write(&file, "the same").expect("a file");
            fs::set_permissions(&file, Permissions::from_mode(mode)).expect("its own");
            pack(&archive, folder.path(), ["inner"]).expect("an archive");
            fs::read(&archive).expect("an archive")
        };
        assert_eq!(packed(0o600), packed(0o644));
    }
}
