//! What of the local service's answer may be shown. The nickname may, as text; the avatar's address is checked here.

use alloc::string::String;

use protocol::cut;

/// Gives the address that an avatar may be loaded from, or `None` for the drawn one.
///
/// Only `https` on a qlogo.cn host; `http` there is raised to `https`. An emulator's own avatars, below `open_url`, are
/// taken where the service says that it points at one.
pub fn avatar(headimgurl: &str, open_url: &str, emulator: bool) -> Option<String> {
    if emulator && headimgurl.strip_prefix(open_url).is_some_and(|rest| rest.starts_with('/')) {
        return Some(headimgurl.into());
    }
    let rest = headimgurl.strip_prefix("https://").or_else(|| headimgurl.strip_prefix("http://"))?;
    let (host, path) = cut(rest, b'/');
    // No user, port or escape gets past this set, so what is before the first slash is the host.
    let plain = host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
    if !plain || !host.ends_with(".qlogo.cn") || path.is_empty() {
        return None;
    }
    let mut address = String::from("https://");
    address.push_str(rest);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::avatar;

    #[test]
    fn only_avatars_of_qlogo_hosts_are_loaded_and_only_by_https() {
        let table = [
            (
                "https://thirdwx.qlogo.cn/mmopen/vi_32/A/132",
                Some("https://thirdwx.qlogo.cn/mmopen/vi_32/A/132"),
            ),
            ("http://wx.qlogo.cn/mmopen/A/0", Some("https://wx.qlogo.cn/mmopen/A/0")),
            ("", None),
            ("https://qlogo.cn/a", None),
            ("https://evilqlogo.cn/a", None),
            ("https://thirdwx.qlogo.cn.evil.example/a", None),
            ("https://thirdwx.qlogo.cn@evil.example/a", None),
            ("https://evil.example\\.qlogo.cn/a", None),
            ("https://evil.example#.qlogo.cn/a", None),
            ("https://evil.example?.qlogo.cn/a", None),
            ("https://thirdwx.qlogo.cn:8443/a", None),
            ("https://thirdwx.qlogo.cn", None),
            ("//thirdwx.qlogo.cn/a", None),
            ("javascript:alert(1)//.qlogo.cn/", None),
            ("data:image/svg+xml,<svg/>", None),
            ("http://127.0.0.1:9/avatar/1", None),
        ];
        for (given, taken) in table {
            assert_eq!(avatar(given, "http://127.0.0.1:9", false).as_deref(), taken, "{given}");
        }
    }

    #[test]
    fn an_emulators_own_avatars_are_loaded_where_the_service_points_at_one() {
        let open_url = "http://127.0.0.1:9";
        assert_eq!(
            avatar("http://127.0.0.1:9/avatar/1", open_url, true).as_deref(),
            Some("http://127.0.0.1:9/avatar/1")
        );
        assert_eq!(avatar("http://127.0.0.1:99/avatar/1", open_url, true), None);
        assert_eq!(avatar("http://127.0.0.1:9@evil.example/1", open_url, true), None);
    }
}
