//! The verbs of both stores at once, in PostgreSQL: each one transaction.

use async_trait::async_trait;

use super::PostgresStore;
use super::json::{read, written};
use crate::clock::Seconds;
use crate::secret::random_word;
use crate::store::Whole;
use crate::store::contacts::{OnTerms, Terms};
use crate::store::logins::{AT_ONCE, FinishLogin, LoggedIn, RedeemCode, Redemption};
use crate::store::{AttemptEnd, StoreError};

#[async_trait]
impl Whole for PostgresStore {
    async fn finish_login(&self, finish: FinishLogin, now: Seconds) -> Result<Option<LoggedIn>, StoreError> {
        let (json, new_id, new_sub) = (written(&finish)?, random_word(), random_word());
        let logged_in: Option<String> = self
            .run(|| {
                sqlx::query_scalar("SELECT finish_login($1::jsonb, $2, $3, $4, $5, $6)::text")
                    .bind(&json)
                    .bind(&new_id)
                    .bind(&new_sub)
                    .bind(AT_ONCE)
                    .bind(AttemptEnd::Done.as_str())
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
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
        let (json, new_sub) = (written(&redeem)?, random_word());
        let (outcome, grant): (String, Option<String>) = self
            .run(|| {
                sqlx::query_as("SELECT outcome, its_grant::text FROM redeem_code($1::jsonb, $2, $3)")
                    .bind(&json)
                    .bind(&new_sub)
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
        match (outcome.as_str(), grant) {
            ("granted", Some(grant)) => Ok(Redemption::Granted(read(&grant)?)),
            ("reused", _) => Ok(Redemption::Reused),
            _ => Ok(Redemption::Refused),
        }
    }
}
