//! Filling the HTML files in `pages/`. Their style and script stand inside the answer, so that a page is one request as
//! quick as the real one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// Says on every page what this is.
const BANNER: &str = r#"<div class="emulator-banner" role="note">模拟器 · Not WeChat</div>"#;

const BASE_CSS: &str = include_str!("../pages/base.css");

/// A page from its template, whose `{{name}}` places take the values as they are: text must come escaped.
pub(crate) fn page(template: &str, values: &[(&str, &str)]) -> HttpResponse {
    let fixed = [("banner", BANNER), ("base_css", BASE_CSS)];
    let find = |name: &str| {
        let value = values.iter().chain(&fixed).find(|(key, _)| *key == name);
        value.unwrap_or_else(|| panic!("the template asks for {name:?}")).1
    };
    let mut html = String::with_capacity(template.len() + 8192);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a template closes its places");
        html.push_str(before);
        html.push_str(find(name));
        rest = after;
    }
    html.push_str(rest);
    HttpResponse::build(StatusCode::OK)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .body(html)
}

/// WeChat's error page: what is wrong, and its number where there is one.
pub(crate) fn error_page(title: &str, detail: &str) -> HttpResponse {
    page(include_str!("../pages/error.html"), &[("title", &escape(title)), ("detail", &escape(detail))])
}

/// Text for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// JSON for the inside of a script element.
pub(crate) fn script_json(value: &serde_json::Value) -> String {
    value.to_string().replace('<', "\\u003c")
}
