//! The scenarios, as data. The same one is put to the service and to a peer wherever the peer has it.

use crate::scenario::{STEP, Scenario, Step, Stream, Take};

/// `bench` and its secret, for HTTP Basic.
const BASIC: (&str, &str) = ("authorization", "Basic YmVuY2g6YmVuY2gtc2VjcmV0LTAxMjM0NTY3ODk=");
const SITE: (&str, &str) = ("origin", "https://shop.example.test");
const OWN: (&str, &str) = ("origin", "https://login.example.test");

/// Opens the page, comes back from WeChat, and is logged in: start → callback → exchange → session.
pub const HOSTED: Scenario = Scenario {
    name: "hosted session",
    before: &[],
    steps: &[
        Step {
            name: "start",
            path: "/login?return_to=%2Forders%3Fpage%3D2&client_id=shop",
            take: &[("state", Take::Attempt("state"))],
            ..STEP
        },
        CALLBACK,
        SESSION,
    ],
};

const CALLBACK: Step =
    Step { name: "callback", path: "/callback?code={code}&state={state}", status: 303, ..STEP };
const SESSION: Step = Step { name: "session", path: "/session?client_id=shop", ..STEP };

const AUTHORIZE: Step = Step {
    name: "authorize",
    path: concat!(
        "/authorize?client_id=bench&redirect_uri=https%3A%2F%2Fbench.example.test%2Fcallback&response_type=code",
        "&scope=openid%20profile&state={n}&nonce={n}&code_challenge_method=S256",
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    ),
    take: &[("state", Take::Attempt("state"))],
    ..STEP
};
const REDEEM: Step = Step {
    name: "token",
    method: "POST",
    path: "/token",
    headers: &[BASIC],
    body: concat!(
        "grant_type=authorization_code&code={granted}&redirect_uri=https%3A%2F%2Fbench.example.test%2Fcallback",
        "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    ),
    take: &[("access_token", Take::Json("/access_token"))],
    ..STEP
};

/// OpenID Connect: authorize → callback → token → userinfo.
pub const OIDC: Scenario = Scenario {
    name: "OpenID Connect",
    before: &[],
    steps: &[
        AUTHORIZE,
        Step { take: &[("granted", Take::Query("code"))], ..CALLBACK },
        REDEEM,
        Step {
            name: "userinfo",
            path: "/userinfo",
            headers: &[("authorization", "Bearer {access_token}")],
            ..STEP
        },
    ],
};

/// A site's backend renews its tokens.
pub const REFRESH: Scenario = Scenario {
    name: "refresh",
    before: &[
        Step {
            path: concat!(
                "/authorize?client_id=bench&redirect_uri=https%3A%2F%2Fbench.example.test%2Fcallback&response_type=code",
                "&scope=openid%20offline_access&state={n}&nonce={n}&prompt=consent&code_challenge_method=S256",
                "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            ),
            ..AUTHORIZE
        },
        Step { take: &[("granted", Take::Query("code"))], ..CALLBACK },
        Step { take: &[("refresh_token", Take::Json("/refresh_token"))], ..REDEEM },
    ],
    steps: &[Step {
        name: "refresh",
        method: "POST",
        path: "/token",
        headers: &[BASIC],
        body: "grant_type=refresh_token&refresh_token={refresh_token}",
        take: &[("refresh_token", Take::Json("/refresh_token"))],
        ..STEP
    }],
};

const START_EMBEDDED: Step = Step {
    name: "start",
    method: "POST",
    path: "/login",
    headers: &[SITE],
    body: r#"{"client_id":"shop","result":"session","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#,
    status: 201,
    take: &[("id", Take::Json("/id")), ("secret", Take::Json("/secret")), ("state", Take::Json("/state"))],
    ..STEP
};
const REDEEM_SESSION: Step = Step {
    name: "session",
    method: "POST",
    path: "/session",
    headers: &[SITE, ("sec-fetch-site", "same-site")],
    body: r#"{"code":"{granted}","code_verifier":"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}"#,
    ..STEP
};

/// A page of the site starts, answers and redeems, and is never left.
pub const EMBEDDED: Scenario = Scenario {
    name: "embedded",
    before: &[],
    steps: &[
        START_EMBEDDED,
        Step {
            name: "callback",
            method: "POST",
            path: "/login/{id}/callback",
            headers: &[SITE, ("weixin-login-secret", "{secret}")],
            body: r#"{"code":"{code}","state":"{state}"}"#,
            take: &[("granted", Take::Json("/code"))],
            ..STEP
        },
        REDEEM_SESSION,
    ],
};

/// A scene begins: the computer shows its QR code.
pub const START_SCENE: Step = Step {
    name: "start",
    body: r#"{"client_id":"kiosk","result":"session","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#,
    take: &[
        ("id", Take::Json("/id")),
        ("secret", Take::Json("/secret")),
        ("scene_state", Take::Json("/state")),
        ("number", Take::Json("/scene/number")),
    ],
    ..START_EMBEDDED
};
/// The computer listens.
pub const LISTEN: Step = Step {
    name: "events",
    path: "/login/{id}/events",
    headers: &[SITE, ("weixin-login-secret", "{secret}"), ("accept", "text/event-stream")],
    stream: Stream::Open,
    ..STEP
};
/// A phone scans, and taps.
pub const SCAN: Step = Step {
    name: "scan",
    method: "POST",
    path: "/scan/{id}",
    headers: &[OWN],
    status: 303,
    take: &[("state", Take::Query("state"))],
    ..STEP
};

/// The site's own QR code: a computer that listens, a phone that scans and enters the number.
pub const SCENE: Scenario = Scenario {
    name: "scene with events",
    before: &[],
    steps: &[
        START_SCENE,
        LISTEN,
        SCAN,
        Step { name: "phone's callback", ..CALLBACK },
        Step {
            name: "number",
            method: "POST",
            path: "/scan/{id}/confirm",
            headers: &[OWN],
            body: "number={number}&answer=confirm",
            ..STEP
        },
        Step { name: "heard", stream: Stream::Hear("approved"), ..STEP },
        Step {
            name: "finish",
            method: "POST",
            path: "/login/{id}/finish",
            headers: &[SITE, ("weixin-login-secret", "{secret}")],
            body: r#"{"state":"{scene_state}"}"#,
            take: &[("granted", Take::Json("/code"))],
            ..STEP
        },
        REDEEM_SESSION,
    ],
};

/// Begins, and goes away: what pending attempts are made of.
pub const ABANDONED: Scenario = Scenario { name: "start alone", before: &[], steps: &[START_EMBEDDED] };

/// oidc-provider's own way through the same: it has a redirect more before and after the login.
pub const OIDC_PROVIDER: Scenario = Scenario {
    name: "OpenID Connect",
    before: &[],
    steps: &[
        Step {
            path: concat!(
                "/auth?client_id=bench&redirect_uri=https%3A%2F%2Fbench.example.test%2Fcallback&response_type=code",
                "&scope=openid%20profile&state={n}&nonce={n}&code_challenge_method=S256",
                "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            ),
            status: 303,
            take: &[("next", Take::Path)],
            ..AUTHORIZE
        },
        Step { name: "login page", path: "{next}", take: &[("state", Take::Attempt("state"))], ..STEP },
        Step { take: &[("next", Take::Path)], ..CALLBACK },
        Step {
            name: "resume",
            path: "{next}",
            status: 303,
            take: &[("granted", Take::Query("code"))],
            ..STEP
        },
        REDEEM,
        Step {
            name: "userinfo",
            path: "/me",
            headers: &[("authorization", "Bearer {access_token}")],
            ..STEP
        },
    ],
};
