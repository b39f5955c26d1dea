//! The built widget, inside the program.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use actix_web::http::header::EntityTag;

use super::file::{File, etag_of};

static FILES: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));
/// Of each file, in their order.
static ETAGS: LazyLock<Vec<EntityTag>> =
    LazyLock::new(|| FILES.iter().map(|(_, bytes)| etag_of(bytes)).collect());

/// A file of the built widget.
pub(super) async fn read(_: &Path, name: &str) -> Option<File> {
    let mut files = FILES.iter().zip(ETAGS.iter());
    let ((_, bytes), etag) = files.find(|((known, _), _)| *known == name)?;
    Some(File { bytes: Cow::Borrowed(*bytes), etag: etag.clone() })
}
