//! A file of the built widget, from wherever it is.

use std::borrow::Cow;

use actix_web::http::header::EntityTag;

use crate::secret::SecretHash;

/// A file of the built widget, and what names its content.
pub(super) struct File {
    pub(super) bytes: Cow<'static, [u8]>,
    pub(super) etag: EntityTag,
}

/// The same for the same content, on every node.
pub(super) fn etag_of(bytes: &[u8]) -> EntityTag {
    EntityTag::new_strong(SecretHash::of_bytes(bytes).hex())
}
