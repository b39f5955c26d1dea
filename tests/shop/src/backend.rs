//! What the shop's own backend does with a login: it asks the service who this is, and answers or refuses.
//!
//! The browser's word counts for nothing here; the cookie goes to the service, and the service's word counts.

use actix_web::http::header as actix_header;
use actix_web::{HttpRequest, HttpResponse, web};
use reqwest::Method;
use reqwest::header::{ACCEPT, COOKIE, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::PREFIX;
use crate::proxy::Service;

/// The part of `GET /weixin/session` that the shop cares for.
#[derive(Debug, Deserialize, Serialize)]
struct Customer {
    /// Who it is, for ever: the key of the shop's own customer table.
    sub: String,
    #[serde(default)]
    nickname: Option<String>,
    #[serde(default)]
    picture: Option<String>,
}

/// Why the shop does not know who this is.
enum Nobody {
    SignedOut,
    /// The service is away, or said what a login service does not say.
    NotToldWhy,
}

/// `GET /api/me`: 200 and the customer, or 401.
pub async fn me(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    match customer(&request, &service).await {
        Ok(customer) => private(HttpResponse::Ok()).json(json!({ "signed_in": true, "customer": customer })),
        Err(nobody) => nobody.answer(),
    }
}

/// `GET /api/orders`: 200 and what this customer has ordered, or 401. Something that only a signed-in customer may see.
pub async fn orders(request: HttpRequest, service: web::Data<Service>) -> HttpResponse {
    match customer(&request, &service).await {
        Ok(customer) => private(HttpResponse::Ok()).json(json!({
            "customer": customer.sub,
            "orders": [
                { "number": "C-1042", "tea": { "zh": "明前龙井", "en": "Early spring Longjing" }, "grams": 100 },
                { "number": "C-1038", "tea": { "zh": "凤凰单丛", "en": "Phoenix Dancong" }, "grams": 50 },
            ],
        })),
        Err(nobody) => nobody.answer(),
    }
}

/// Asks the service, as Nginx's auth_request would, with the visitor's cookie and nothing else of the visitor's.
async fn customer(request: &HttpRequest, service: &Service) -> Result<Customer, Nobody> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for cookie in request.headers().get_all(actix_header::COOKIE) {
        if let Ok(cookie) = HeaderValue::from_bytes(cookie.as_bytes()) {
            headers.append(COOKIE, cookie);
        }
    }
    let answer = service
        .ask(request, Method::GET, &format!("{PREFIX}/session"), headers, None)
        .await
        .map_err(|_| Nobody::NotToldWhy)?;
    match answer.status().as_u16() {
        200 => answer.json().await.map_err(|_| Nobody::NotToldWhy),
        401 => Err(Nobody::SignedOut),
        _ => Err(Nobody::NotToldWhy),
    }
}

impl Nobody {
    fn answer(&self) -> HttpResponse {
        match self {
            Nobody::SignedOut => private(HttpResponse::Unauthorized()).json(json!({ "signed_in": false })),
            Nobody::NotToldWhy => private(HttpResponse::BadGateway())
                .json(json!({ "error": "the login service does not answer" })),
        }
    }
}

fn private(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((actix_header::CACHE_CONTROL, "no-store"));
    response.insert_header((actix_header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}
