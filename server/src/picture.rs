//! What kind of picture some bytes are, as the first of them say: whatever a file is called, and whatever a server says of it.

/// A picture of dots: the ending of its name, and its content type. `None`: something else, an SVG among it, which is a program.
pub(crate) fn kind_of(content: &[u8]) -> Option<(&'static str, &'static str)> {
    match content {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(("png", "image/png")),
        [0xff, 0xd8, 0xff, ..] => Some(("jpg", "image/jpeg")),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(("webp", "image/webp")),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(("gif", "image/gif")),
        _ => None,
    }
}
