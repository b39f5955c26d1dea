//! An attempt, as it is kept: what it is, and how it ended. A store of columns keeps it as [`AttemptColumns`], one of JSON as it is.

use protocol::ids::Product;
use protocol::service::{ErrorCode, Kind, LoginResult};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::clock::Seconds;
use crate::secret::SecretHash;

/// One try, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Its public name.
    pub id: String,
    /// What it is, fixed at its start.
    pub kind: AttemptKind,
    /// Which app of ours WeChat is asked for.
    pub product: Product,
    /// Of WeChat's state.
    pub state_hash: SecretHash,
    /// Of the cookie (our own page) or of the header's secret (the site's page).
    pub secret_hash: SecretHash,
    /// Who is logged in to.
    pub client_id: String,
    /// The language of its pages.
    pub lang: Option<String>,
    /// When it dies.
    pub expires_at: Seconds,
    /// When a callback took it; `None` while it waits.
    pub taken_at: Option<Seconds>,
    /// How it ended, once it has.
    pub end: Option<AttemptEnd>,
}

/// What an attempt is: how it is answered, by what its browser proves to be the one that started it, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptKind {
    /// The service's own page, and a cookie of it.
    Hosted(Destination),
    /// A site's page, which has a secret and an origin.
    Embedded(SitePage),
    /// A scene that the service's own page shows.
    OwnScene(Destination),
    /// A scene that a site's page shows.
    SiteScene(SitePage),
    /// A phone's way through WeChat, and a cookie of it: ends at the question which computer is let in.
    Leg {
        /// The scene that was scanned.
        scene_id: String,
    },
}

/// Where the service's own page ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// At a page of the site: an address that was checked.
    ReturnTo(String),
    /// At a client's redirect_uri, with a code.
    Client(Authorization),
}

/// A site's page that started an attempt, which ends in a message to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePage {
    /// A registered one.
    pub origin: String,
    /// Where the code may be redeemed.
    pub result: LoginResult,
    /// PKCE's S256 challenge.
    pub code_challenge: String,
    /// For an ID token.
    pub nonce: Option<String>,
}

/// A client's authorization request that was proven, and waits for its login: all that is needed to answer it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// Registered for the client, byte for byte.
    pub redirect_uri: String,
    /// Given back as it came.
    pub state: Option<String>,
    /// Space-separated.
    pub scope: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// S256.
    pub code_challenge: Option<String>,
    /// Who the client expects, by the id_token_hint.
    pub expected_sub: Option<String>,
    /// What was read of the request, to begin it anew.
    pub query: String,
}

impl std::fmt::Debug for Authorization {
    // Its state and challenge are the client's alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorization").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// How an attempt ended: kept for those who load its callback again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", from = "String")]
pub enum AttemptEnd {
    /// The person is logged in; of a leg, known.
    Done,
    /// WeChat has said who it is, and the login waits for a contact.
    Waits,
    /// Our own store failed: nobody else is blamed.
    StoreAway,
    /// It gave nothing, for this reason.
    Refused(ErrorCode),
}

impl AttemptKind {
    /// Its kind on the wire; a leg is a hosted attempt.
    pub fn on_the_wire(&self) -> Kind {
        match self {
            Self::Hosted(_) | Self::Leg { .. } => Kind::Hosted,
            Self::Embedded(_) => Kind::Embedded,
            Self::OwnScene(_) | Self::SiteScene(_) => Kind::Scene,
        }
    }

    /// In one word, for counts: a leg is a leg.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Leg { .. } => "leg",
            _ => self.on_the_wire().as_str(),
        }
    }

    /// The attempt that a person would call the login: of a phone's leg its scene, else this one, of this id.
    pub fn login_of<'a>(&'a self, id: &'a str) -> &'a str {
        match self {
            Self::Leg { scene_id } => scene_id,
            _ => id,
        }
    }

    /// Where it ends, if the service's own page shows it.
    pub fn destination(&self) -> Option<&Destination> {
        match self {
            Self::Hosted(destination) | Self::OwnScene(destination) => Some(destination),
            Self::Embedded(_) | Self::SiteScene(_) | Self::Leg { .. } => None,
        }
    }

    /// The page that shows it, if that is a site's.
    pub fn site_page(&self) -> Option<&SitePage> {
        match self {
            Self::Embedded(page) | Self::SiteScene(page) => Some(page),
            Self::Hosted(_) | Self::OwnScene(_) | Self::Leg { .. } => None,
        }
    }
}

const DONE: &str = "done";
const WAITS: &str = "waits";
const STORE_AWAY: &str = "store_away";

impl AttemptEnd {
    /// The word in the store, and in what is counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => DONE,
            Self::Waits => WAITS,
            Self::StoreAway => STORE_AWAY,
            Self::Refused(code) => code.as_str(),
        }
    }

    /// Reads that word. One of another version of this program says at least that the attempt is over.
    pub fn parse(word: &str) -> Self {
        match word {
            DONE => Self::Done,
            WAITS => Self::Waits,
            STORE_AWAY => Self::StoreAway,
            code => Self::Refused(ErrorCode::parse(code).unwrap_or(ErrorCode::AttemptUsed)),
        }
    }
}

impl From<AttemptEnd> for &'static str {
    fn from(end: AttemptEnd) -> Self {
        end.as_str()
    }
}

impl From<String> for AttemptEnd {
    fn from(word: String) -> Self {
        Self::parse(&word)
    }
}

/// An attempt in the columns of a database: the one mapping between the two. The columns are those of the first schema, so that two
/// adjacent versions of the service may share them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptColumns {
    /// [`AttemptRow::id`].
    pub id: String,
    /// [`Kind`]'s word.
    pub kind: String,
    /// [`Product`]'s word.
    pub product: String,
    /// Of a leg.
    pub scene_id: Option<String>,
    /// 32 bytes.
    pub state_hash: Vec<u8>,
    /// 32 bytes.
    pub secret_hash: Vec<u8>,
    /// [`AttemptRow::client_id`].
    pub client_id: String,
    /// Of a site's page.
    pub origin: Option<String>,
    /// Of a site's page: [`LoginResult`]'s word.
    pub result: Option<String>,
    /// Of a site's page.
    pub code_challenge: Option<String>,
    /// Of a site's page.
    pub nonce: Option<String>,
    /// Of the service's own page.
    pub return_to: Option<String>,
    /// Of the service's own page: an [`Authorization`] as JSON.
    pub authorization: Option<String>,
    /// [`AttemptRow::lang`].
    pub lang: Option<String>,
    /// [`AttemptRow::expires_at`].
    pub expires_at: Seconds,
    /// [`AttemptRow::taken_at`].
    pub taken_at: Option<Seconds>,
    /// [`AttemptEnd`]'s word.
    pub outcome: Option<String>,
}

impl From<&AttemptRow> for AttemptColumns {
    fn from(row: &AttemptRow) -> Self {
        let mut columns = Self {
            id: row.id.clone(),
            kind: row.kind.on_the_wire().as_str().into(),
            product: row.product.as_str().into(),
            state_hash: row.state_hash.as_bytes().into(),
            secret_hash: row.secret_hash.as_bytes().into(),
            client_id: row.client_id.clone(),
            lang: row.lang.clone(),
            expires_at: row.expires_at,
            taken_at: row.taken_at,
            outcome: row.end.map(|end| end.as_str().into()),
            ..Self::default()
        };
        match &row.kind {
            AttemptKind::Hosted(destination) | AttemptKind::OwnScene(destination) => match destination {
                Destination::ReturnTo(address) => columns.return_to = Some(address.clone()),
                Destination::Client(authorization) => {
                    columns.authorization =
                        Some(serde_json::to_string(authorization).expect("texts are JSON"));
                }
            },
            AttemptKind::Embedded(page) | AttemptKind::SiteScene(page) => {
                columns.origin = Some(page.origin.clone());
                columns.result = Some(page.result.as_str().into());
                columns.code_challenge = Some(page.code_challenge.clone());
                columns.nonce = page.nonce.clone();
            }
            AttemptKind::Leg { scene_id } => columns.scene_id = Some(scene_id.clone()),
        }
        columns
    }
}

impl TryFrom<AttemptColumns> for AttemptRow {
    type Error = StoreError;

    fn try_from(columns: AttemptColumns) -> Result<Self, StoreError> {
        let hash =
            |bytes: &[u8]| SecretHash::from_row(bytes).ok_or(StoreError::row("a hash is not 32 bytes long"));
        let (state_hash, secret_hash) = (hash(&columns.state_hash)?, hash(&columns.secret_hash)?);
        let product = Product::parse(&columns.product).ok_or(StoreError::row("an attempt is of no app"))?;
        let word = Kind::parse(&columns.kind).ok_or(StoreError::row("an attempt is of no kind"))?;
        let kind = match (word, columns.scene_id, columns.origin) {
            (Kind::Hosted, Some(scene_id), _) => AttemptKind::Leg { scene_id },
            (Kind::Embedded | Kind::Scene, _, Some(origin)) => {
                let result = columns.result.as_deref().and_then(LoginResult::parse);
                let page = SitePage {
                    origin,
                    result: result.ok_or(StoreError::row("an attempt is for no place"))?,
                    code_challenge: columns
                        .code_challenge
                        .ok_or(StoreError::row("a site's attempt has no challenge"))?,
                    nonce: columns.nonce,
                };
                if word == Kind::Scene { AttemptKind::SiteScene(page) } else { AttemptKind::Embedded(page) }
            }
            (Kind::Hosted | Kind::Scene, None, _) | (Kind::Scene, Some(_), None) => {
                let destination = match (columns.authorization, columns.return_to) {
                    (Some(authorization), _) => Destination::Client(
                        serde_json::from_str(&authorization)
                            .map_err(|_| StoreError::row("an attempt's authorization is not read"))?,
                    ),
                    (None, Some(address)) => Destination::ReturnTo(address),
                    (None, None) => return Err(StoreError::row("an attempt ends nowhere")),
                };
                if word == Kind::Scene {
                    AttemptKind::OwnScene(destination)
                } else {
                    AttemptKind::Hosted(destination)
                }
            }
            (Kind::Embedded, _, None) => return Err(StoreError::row("a site's attempt has no origin")),
        };
        Ok(Self {
            id: columns.id,
            kind,
            product,
            state_hash,
            secret_hash,
            client_id: columns.client_id,
            lang: columns.lang,
            expires_at: columns.expires_at,
            taken_at: columns.taken_at,
            end: columns.outcome.map(AttemptEnd::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<AttemptRow> {
        let return_to = Destination::ReturnTo("https://shop.example/orders?page=2".into());
        let client = Destination::Client(Authorization {
            redirect_uri: "https://rp.example/callback".into(),
            state: Some("\u{5fae}\"".into()),
            scope: "openid".into(),
            nonce: None,
            code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into()),
            expected_sub: Some("sub".into()),
            query: "client_id=rp".into(),
        });
        let page = |nonce: Option<&str>, result| SitePage {
            origin: "https://shop.example".into(),
            result,
            code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
            nonce: nonce.map(Into::into),
        };
        let kinds = [
            (AttemptKind::Hosted(return_to.clone()), Product::Website, None),
            (AttemptKind::Hosted(client.clone()), Product::ServiceAccount, Some(AttemptEnd::Done)),
            (AttemptKind::OwnScene(return_to), Product::ServiceAccount, Some(AttemptEnd::StoreAway)),
            (AttemptKind::OwnScene(client), Product::ServiceAccount, None),
            (AttemptKind::Embedded(page(Some("n"), LoginResult::Code)), Product::Website, None),
            (AttemptKind::SiteScene(page(None, LoginResult::Session)), Product::ServiceAccount, None),
            (
                AttemptKind::Leg { scene_id: "scene".into() },
                Product::ServiceAccount,
                Some(AttemptEnd::Refused(ErrorCode::AccessDenied)),
            ),
        ];
        let row = |(kind, product, end)| AttemptRow {
            id: "id".into(),
            kind,
            product,
            state_hash: SecretHash::of("state"),
            secret_hash: SecretHash::of("secret"),
            client_id: "shop".into(),
            lang: Some("zh-CN".into()),
            expires_at: 600,
            taken_at: Some(60),
            end,
        };
        kinds.into_iter().map(row).collect()
    }

    #[test]
    fn every_kind_comes_back_from_columns_and_from_json() {
        for row in rows() {
            assert_eq!(AttemptRow::try_from(AttemptColumns::from(&row)).expect("a row"), row);
            let json = serde_json::to_string(&row).expect("JSON");
            assert_eq!(serde_json::from_str::<AttemptRow>(&json).expect("a row"), row, "{json}");
        }
    }

    /// What the version before has written, and what no version writes.
    #[test]
    fn columns_say_what_they_always_said_or_are_no_attempt() {
        let columns = AttemptColumns {
            id: "id".into(),
            kind: "hosted".into(),
            product: "website".into(),
            state_hash: SecretHash::of("state").as_bytes().into(),
            secret_hash: SecretHash::of("secret").as_bytes().into(),
            client_id: "rp".into(),
            authorization: Some(
                r#"{"redirect_uri":"https://rp.example/","state":null,"scope":"openid","nonce":null,"code_challenge":null,"expected_sub":null,"query":"client_id=rp"}"#.into(),
            ),
            expires_at: 600,
            outcome: Some("a word of tomorrow".into()),
            ..AttemptColumns::default()
        };
        let row = AttemptRow::try_from(columns.clone()).expect("a row");
        assert!(matches!(row.kind, AttemptKind::Hosted(Destination::Client(_))), "{row:?}");
        assert_eq!(row.end, Some(AttemptEnd::Refused(ErrorCode::AttemptUsed)));
        let broken: [fn(&mut AttemptColumns); 7] = [
            |columns| columns.kind = "popup".into(),
            |columns| columns.product = "mini_program".into(),
            |columns| columns.state_hash.truncate(31),
            |columns| columns.authorization = Some("{}".into()),
            |columns| columns.authorization = None,
            |columns| columns.kind = "embedded".into(),
            |columns| {
                columns.kind = "embedded".into();
                columns.origin = Some("https://shop.example".into());
                columns.result = Some("cookie".into());
            },
        ];
        for change in broken {
            let mut columns = columns.clone();
            change(&mut columns);
            assert!(AttemptRow::try_from(columns.clone()).is_err(), "{columns:?}");
        }
    }
}
