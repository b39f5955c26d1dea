//! `/mmopen/…`, the avatars: a small landscape in colours of the person's own, drawn as SVG.

use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/mmopen/vi_32/{person}/{size}", web::get().to(avatar));
}

async fn avatar(path: web::Path<(String, String)>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header(("Cache-Control", "max-age=3600"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .body(draw(&path.0))
}

fn draw(person: &str) -> String {
    let seed = Sha256::digest(person);
    let hue = u32::from(seed[0]) * 360 / 256;
    let warm = (hue + 40) % 360;
    let deep = (hue + 200) % 360;
    let sun = 34 + u32::from(seed[1]) % 64;
    let peak = 40 + u32::from(seed[2]) % 52;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132" width="132" height="132"><defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="hsl({hue} 62% 72%)"/><stop offset="1" stop-color="hsl({warm} 85% 86%)"/></linearGradient></defs><rect width="132" height="132" fill="url(#s)"/><circle cx="{sun}" cy="48" r="17" fill="hsl({warm} 95% 96%)"/><path d="M-4 104 {peak} 54l26 30 18-16 58 40v30H-4z" fill="hsl({deep} 34% 52%)"/><path d="M-4 116c28-22 52-22 74-8s44 10 66-6v36H-4z" fill="hsl({deep} 38% 36%)"/></svg>"##
    )
}
