//! `res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js`: a script with the same interface as Tencent's, in our own words, so that a
//! site with `new WxLogin({…})` can be tested offline. What it reads and how it builds the frame's address is documented by that script.

use actix_web::{HttpResponse, web};

use crate::namespaces::Here;

const SCRIPT: &str = include_str!("../../pages/wxLogin.js");

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/connect/{language}/htmledition/js/wxLogin.js", web::get().to(script));
}

async fn script(world: Here) -> HttpResponse {
    let open = serde_json::Value::from(world.addresses.open.as_str()).to_string();
    HttpResponse::Ok()
        .content_type("application/javascript")
        .insert_header(("Cache-Control", "max-age=600"))
        .body(SCRIPT.replace("\"https://open.weixin.qq.com\"", &open))
}
