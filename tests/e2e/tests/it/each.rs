//! One body, a test for each engine.

/// `chromium Chromium: body body; firefox Firefox: body;` makes `chromium::body`, `firefox::body`, … of functions that take an
/// `Engine`.
macro_rules! in_engines {
    ($($module:ident $engine:ident: $($body:ident)*;)*) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $body() {
                super::$body(weixin_login_e2e::browser::Engine::$engine).await;
            })*
        })*
    };
}

pub(crate) use in_engines;
