//! From a consumed attempt to an identity: the only room that knows the AppSecret and asks api.weixin.qq.com.
//!
//! A code is exchanged once and never again, whatever happens: WeChat counts a request that it answered too late. WeChat's
//! calls carry the secret in the query, so errors lose their address before they go anywhere.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::ids::{AuthorizationCode, ErrCode, OpenId, Product, UnionId};
use protocol::service::ErrorCode;
use protocol::sns::{ACCESS_TOKEN_PATH, AccessTokenAnswer, Meaning, Refused, USERINFO_PATH, UserInfo};
use serde_json::Value;

use crate::attempt::ConsumedAttempt;
use crate::avatars;
use crate::config::{App, Weixin};
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::outbound;

/// How long WeChat may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer than any answer of WeChat's; what is longer is none.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What WeChat says of the person, proven by a code that came back to the browser which had asked for it.
///
/// Only [`Exchange::identity`] makes one. Not `Clone`: one login, one identity.
#[derive(Debug)]
pub struct WeixinIdentity {
    appid: String,
    openid: OpenId,
    unionid: Option<UnionId>,
    nickname: String,
    picture: Option<String>,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// WeChat's own word.
    #[error("WeChat answers errcode {errcode}")]
    ErrCode {
        /// Which of our apps asked.
        product: Product,
        /// WeChat's number.
        errcode: ErrCode,
    },
    /// WeChat refuses the access token that it has just given: the number is the one for a wrong secret, and no secret was sent.
    #[error("WeChat refuses its own access token with errcode {0}")]
    TokenRefused(ErrCode),
    /// No answer in time, no connection, or a connection that was cut.
    #[error("WeChat cannot be reached: {0}")]
    Unreachable(reqwest::Error),
    /// Something that WeChat never says: HTML, half an answer, ten megabytes.
    #[error("WeChat's answer (status {status}) is not understood")]
    NotUnderstood {
        /// HTTP's.
        status: u16,
    },
    /// The attempt was begun with an app that is no longer configured.
    #[error("there is no {} any more", .0.as_str())]
    NoApp(Product),
    /// A snapshot page's virtual person: nobody to log in.
    #[error("WeChat shows a virtual person")]
    VirtualPerson,
}

/// The way to api.weixin.qq.com.
pub struct Exchange {
    http: reqwest::Client,
    weixin: Weixin,
    metrics: Arc<Metrics>,
}

impl Exchange {
    /// Makes the HTTP client once: it keeps its connections.
    pub fn new(weixin: &Weixin, metrics: Arc<Metrics>) -> Result<Self, reqwest::Error> {
        let http = outbound::through(PATIENCE, weixin.proxy.as_ref())?.build()?;
        Ok(Self { http, weixin: weixin.clone(), metrics })
    }

    /// Spends the code: who is the person that agreed in this attempt?
    pub async fn identity(
        &self,
        attempt: &ConsumedAttempt,
        code: AuthorizationCode,
    ) -> Result<WeixinIdentity, ExchangeError> {
        let product = attempt.row().product;
        let App { appid, secret } = self.app(product)?;
        let answer = self
            .get(
                product,
                ACCESS_TOKEN_PATH,
                &[
                    ("appid", appid.as_str()),
                    ("secret", secret.expose()),
                    ("code", code.as_str()),
                    ("grant_type", "authorization_code"),
                ],
                AccessTokenAnswer::read::<Value>,
            )
            .await?;
        if answer.is_snapshotuser {
            return Err(ExchangeError::VirtualPerson);
        }
        let userinfo = self
            .get(
                product,
                USERINFO_PATH,
                &[
                    ("access_token", answer.access_token.as_str()),
                    ("openid", answer.openid.as_str()),
                    ("lang", "zh_CN"),
                ],
                UserInfo::read::<Value>,
            )
            .await
            .map_err(of_userinfo)?;
        if userinfo.openid != answer.openid {
            return Err(ExchangeError::NotUnderstood { status: 200 });
        }
        Ok(WeixinIdentity {
            appid: appid.as_str().into(),
            openid: answer.openid,
            unionid: answer.unionid.or(userinfo.unionid),
            picture: avatars::allowed(&self.weixin, &userinfo.headimgurl),
            nickname: userinfo.nickname,
        })
    }

    fn app(&self, product: Product) -> Result<&App, ExchangeError> {
        self.weixin.app(product).ok_or(ExchangeError::NoApp(product))
    }

    async fn get<T>(
        &self,
        product: Product,
        path: &'static str,
        query: &[(&str, &str)],
        read: impl Fn(&str) -> Result<T, Refused>,
    ) -> Result<T, ExchangeError> {
        let begun = Instant::now();
        let answer = self.ask(product, path, query, read).await;
        let errcode = answer.as_ref().err().map_or("0".into(), ExchangeError::counted);
        self.metrics.weixin_called(path, errcode, begun.elapsed());
        answer
    }

    async fn ask<T>(
        &self,
        product: Product,
        path: &str,
        query: &[(&str, &str)],
        read: impl Fn(&str) -> Result<T, Refused>,
    ) -> Result<T, ExchangeError> {
        let unreachable = |error: reqwest::Error| ExchangeError::Unreachable(error.without_url());
        let response = self
            .http
            .get(format!("{}{path}", self.weixin.api_url))
            .query(query)
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = outbound::body(response, LONGEST_ANSWER).await.map_err(unreachable)?;
        let body = body.ok_or(ExchangeError::NotUnderstood { status })?;
        // WeChat answers 200 for failures too: the status proves nothing, the errcode in the body does.
        read(&body).map_err(|refused| match refused {
            Refused::ErrCode(errcode) => ExchangeError::ErrCode { product, errcode },
            Refused::NotUnderstood => ExchangeError::NotUnderstood { status },
        })
    }

    /// Asks WeChat about a code that nobody has: it looks at appid and secret first, so 40029 means that both are right.
    pub async fn try_credentials(&self, product: Product) -> Result<(), ExchangeError> {
        let App { appid, secret } = self.app(product)?;
        let query = [
            ("appid", appid.as_str()),
            ("secret", secret.expose()),
            ("code", "weixin-login-check"),
            ("grant_type", "authorization_code"),
        ];
        match self.get(product, ACCESS_TOKEN_PATH, &query, AccessTokenAnswer::read::<Value>).await {
            Err(ExchangeError::ErrCode { errcode, .. }) if errcode.meaning() == Meaning::CodeSpent => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}

/// 40001 means the secret where a secret is sent, and the access token elsewhere.
fn of_userinfo(error: ExchangeError) -> ExchangeError {
    match error {
        ExchangeError::ErrCode { errcode, .. } if errcode.meaning() == Meaning::WrongSecret => {
            ExchangeError::TokenRefused(errcode)
        }
        error => error,
    }
}

impl WeixinIdentity {
    /// Which app of WeChat's.
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// The person there.
    pub fn openid(&self) -> &str {
        self.openid.as_str()
    }

    /// The person in all apps of one open-platform account.
    pub fn unionid(&self) -> Option<&str> {
        self.unionid.as_ref().map(UnionId::as_str)
    }

    /// As the person wrote it: hostile text.
    pub fn nickname(&self) -> &str {
        &self.nickname
    }

    /// An https address at one of WeChat's hosts.
    pub fn picture(&self) -> Option<&str> {
        self.picture.as_deref()
    }
}

impl ExchangeError {
    /// The stable word for a failed exchange.
    pub fn code(&self) -> ErrorCode {
        match self {
            ExchangeError::ErrCode { errcode, .. } => match errcode.meaning() {
                Meaning::Busy => ErrorCode::TemporarilyUnavailable,
                Meaning::CodeSpent | Meaning::PersonGone => ErrorCode::CodeSpent,
                Meaning::WrongSecret
                | Meaning::WrongAppid
                | Meaning::NoRight
                | Meaning::MissingParameter(_) => ErrorCode::Misconfigured,
                Meaning::Unknown => ErrorCode::ServerError,
            },
            // A new login gets a new one.
            ExchangeError::TokenRefused(_) => ErrorCode::CodeSpent,
            ExchangeError::Unreachable(_) | ExchangeError::NotUnderstood { .. } => {
                ErrorCode::TemporarilyUnavailable
            }
            ExchangeError::NoApp(_) => ErrorCode::Misconfigured,
            ExchangeError::VirtualPerson => ErrorCode::VirtualPerson,
        }
    }

    /// For counts. A number that is not documented is none of a few: who answers in WeChat's place could send millions.
    fn counted(&self) -> Cow<'static, str> {
        match self {
            ExchangeError::ErrCode { errcode, .. } if errcode.meaning() == Meaning::Unknown => {
                "undocumented".into()
            }
            ExchangeError::ErrCode { errcode, .. } | ExchangeError::TokenRefused(errcode) => {
                errcode.to_string().into()
            }
            ExchangeError::Unreachable(_) => "unreachable".into(),
            _ => "not_understood".into(),
        }
    }

    /// One sentence for the operator: what happened, and which setting it is where it is one.
    pub fn log(&self) {
        let Self::ErrCode { product, errcode } = self else {
            tracing::warn!(error = %self, "a code was not exchanged");
            return;
        };
        let table = product.as_str();
        match errcode.meaning() {
            Meaning::Busy => tracing::warn!(%errcode, "WeChat is busy, or this app's quota is spent"),
            Meaning::CodeSpent => {
                tracing::info!(%errcode, "WeChat no longer takes a code: used, expired or made up")
            }
            Meaning::PersonGone => tracing::info!(%errcode, "WeChat no longer tells about this person"),
            Meaning::WrongSecret => {
                tracing::error!(%errcode, "WeChat refuses the app's secret: look at weixin.{table}.secret_file");
            }
            Meaning::WrongAppid => {
                tracing::error!(%errcode, "WeChat refuses the appid: look at weixin.{table}.appid")
            }
            Meaning::MissingParameter(parameter) => {
                tracing::error!(%errcode, parameter, "WeChat misses a parameter: this is ours to mend, please report it");
            }
            Meaning::NoRight => {
                tracing::error!(%errcode, "the app may not ask this: weixin.website must be a website app with 微信登录 granted, weixin.service_account a certified service account");
            }
            Meaning::Unknown => tracing::error!(%errcode, "WeChat answers an errcode that is not documented"),
        }
    }
}

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        error.log();
        match error.code() {
            code @ ErrorCode::CodeSpent => Self::new(code, "WeChat no longer takes this code; start again"),
            code @ ErrorCode::VirtualPerson => {
                Self::new(code, "WeChat showed a virtual person; tap to log in")
            }
            code @ ErrorCode::TemporarilyUnavailable => {
                Self::new(code, "WeChat is busy or cannot be reached; try again")
            }
            code => Self::new(code, "the service is not set up rightly; its log says what"),
        }
    }
}
