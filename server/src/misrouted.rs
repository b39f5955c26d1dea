//! What a proxy in front has got wrong, for the operator's log: each mistake once, for a proxy makes it with every request.

use std::sync::Once;

use actix_web::HttpRequest;

use crate::config::PublicUrl;

/// A request under another name than ours.
pub(crate) fn other_host(public_url: &PublicUrl, host: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "a request came for the host {host:?}, and public_url is {}: such requests get 421. A proxy in front must pass on the Host that \
             the browser asked for (nginx: proxy_set_header Host $http_host); this is said once",
            public_url.as_str()
        );
    });
}

/// A path that no route has: one of ours, when a proxy has taken away the path of `public_url`, or has put it there once more.
pub(crate) fn unknown_path(public_url: &PublicUrl, request: &HttpRequest) {
    static STRIPPED: Once = Once::new();
    static DOUBLED: Once = Once::new();
    let (prefix, path) = (public_url.path(), request.path());
    // The front page is asked for by whoever looks whether anybody is there.
    if prefix.is_empty() || path == "/" {
        return;
    }
    let is_route = |path: &str| request.resource_map().has_resource(path);
    if is_route(&format!("{prefix}{path}")) {
        STRIPPED.call_once(|| {
            tracing::warn!(
                "a request for {path:?} came without {prefix}, the path of public_url: a proxy in front must pass the path on as it is (nginx: \
                 proxy_pass with no path behind the port); this is said once"
            );
        });
    } else if let Some(once) = path.strip_prefix(prefix)
        && once.starts_with(prefix)
        && is_route(once)
    {
        DOUBLED.call_once(|| {
            tracing::warn!(
                "a request for {path:?} came with {prefix}, the path of public_url, twice: a proxy in front must pass the path on as it is; this \
                 is said once"
            );
        });
    }
}
