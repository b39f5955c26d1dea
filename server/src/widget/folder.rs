//! The built widget, in a folder, where it may be built anew while the service runs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use actix_web::http::header::EntityTag;

use super::file::{File, etag_of};

/// When a file was changed, how long it was then, and its tag.
type Known = (SystemTime, usize, EntityTag);

static ETAGS: LazyLock<Mutex<HashMap<PathBuf, Known>>> = LazyLock::new(Mutex::default);

/// A file of the built widget.
pub(super) async fn read(folder: &Path, name: &str) -> Option<File> {
    let path = folder.join(name);
    let changed = tokio::fs::metadata(&path).await.and_then(|file| file.modified()).ok()?;
    let bytes = tokio::fs::read(&path).await.ok()?;
    let mut etags = ETAGS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = etags.get(&path).filter(|known| (known.0, known.1) == (changed, bytes.len()));
    let etag = known.map_or_else(|| etag_of(&bytes), |known| known.2.clone());
    etags.insert(path, (changed, bytes.len(), etag.clone()));
    Some(File { bytes: Cow::Owned(bytes), etag })
}
