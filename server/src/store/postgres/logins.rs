//! The verbs of both stores at once, in PostgreSQL: each one transaction.

use async_trait::async_trait;
use sqlx::postgres::PgPool;

use super::PostgresStore;
use super::json::{read, written};
use super::together::Verb;
use crate::clock::Seconds;
use crate::secret::random_word;
use crate::store::Whole;
use crate::store::contacts::{OnTerms, Terms};
use crate::store::logins::{AT_ONCE, FinishLogin, LoggedIn, RedeemCode, Redemption};
use crate::store::{AttemptEnd, StoreError};

#[async_trait]
impl Whole for PostgresStore {
    async fn finish_login(&self, finish: FinishLogin, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        let place = finish.log_in.person.name().to_owned();
        let finish =
            Finish { place, json: written(&finish)?, new_id: random_word(), new_sub: random_word(), now };
        let logged_in = self.ask(finish).await?;
        logged_in.as_deref().map(read).transpose()
    }

    async fn finish_login_on_terms(
        &self,
        finish: FinishLogin,
        terms: Terms,
        now: Seconds,
    ) -> Result<OnTerms, StoreError> {
        let (json, terms) = (written(&finish)?, written(&terms)?);
        let (new_id, new_sub) = (random_word(), random_word());
        let kept: String = self
            .run(|| {
                sqlx::query_scalar(
                    "SELECT finish_login_on_terms($1::jsonb, $2::jsonb, $3, $4, $5, $6, $7)::text",
                )
                .bind(&json)
                .bind(&terms)
                .bind(&new_id)
                .bind(&new_sub)
                .bind(AT_ONCE)
                .bind(AttemptEnd::Done.as_str())
                .bind(now)
                .fetch_one(&self.pool)
            })
            .await?;
        read(&kept)
    }

    async fn redeem_code(&self, redeem: RedeemCode, now: Seconds) -> Result<Redemption, StoreError> {
        let place = redeem.grant.account_id.clone();
        let redeem = Redeem { place, json: written(&redeem)?, new_sub: random_word(), now };
        let (outcome, grant) = self.ask(redeem).await?;
        match (outcome.as_str(), grant) {
            ("granted", Some(grant)) => Ok(Redemption::Granted(read(&grant)?)),
            ("reused", _) => Ok(Redemption::Reused),
            _ => Ok(Redemption::Refused),
        }
    }
}

/// See [`Whole::finish_login`].
pub(super) struct Finish {
    place: String,
    json: String,
    new_id: String,
    new_sub: String,
    now: Seconds,
}

impl Verb for Finish {
    type Answer = Option<String>;

    const NAME: &'static str = "finish_login";

    fn place(&self) -> &str {
        &self.place
    }

    async fn ask(pool: &PgPool, all: &[Self], patience: &str) -> sqlx::Result<Vec<Option<String>>> {
        sqlx::query_scalar(
            "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $1, true))
             SELECT finish_login(asked.json::jsonb, asked.new_id, asked.new_sub, $6, $7, asked.now)::text
             FROM patience, unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
             AS asked (json, new_id, new_sub, now, nth) ORDER BY asked.nth",
        )
        .bind(patience)
        .bind(all.iter().map(|one| &one.json).collect::<Vec<_>>())
        .bind(all.iter().map(|one| &one.new_id).collect::<Vec<_>>())
        .bind(all.iter().map(|one| &one.new_sub).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.now).collect::<Vec<_>>())
        .bind(AT_ONCE)
        .bind(AttemptEnd::Done.as_str())
        .fetch_all(pool)
        .await
    }
}

/// See [`Whole::redeem_code`].
pub(super) struct Redeem {
    place: String,
    json: String,
    new_sub: String,
    now: Seconds,
}

impl Verb for Redeem {
    type Answer = (String, Option<String>);

    const NAME: &'static str = "redeem_code";

    fn place(&self) -> &str {
        &self.place
    }

    async fn ask(pool: &PgPool, all: &[Self], patience: &str) -> sqlx::Result<Vec<Self::Answer>> {
        sqlx::query_as(
            "WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', $1, true))
             SELECT redeemed.outcome, redeemed.its_grant::text
             FROM patience, unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS asked (json, new_sub, now, nth),
             LATERAL redeem_code(asked.json::jsonb, asked.new_sub, asked.now) AS redeemed ORDER BY asked.nth",
        )
        .bind(patience)
        .bind(all.iter().map(|one| &one.json).collect::<Vec<_>>())
        .bind(all.iter().map(|one| &one.new_sub).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.now).collect::<Vec<_>>())
        .fetch_all(pool)
        .await
    }
}
