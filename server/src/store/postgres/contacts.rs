//! Contacts in PostgreSQL.

use async_trait::async_trait;
use protocol::service::ContactKind;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::json::{read, written};
use super::{PostgresStore, text};
use crate::clock::Seconds;
use crate::secret::random_word;
use crate::store::StoreError;
use crate::store::contacts::{Bound, ContactRow, Contacts, OnTerms, ProvenContact, Terms};
use crate::store::logins::{AT_ONCE, LogIn};

#[async_trait]
impl Contacts for PostgresStore {
    async fn contacts_of_account(&self, account_id: &str) -> Result<Vec<ContactRow>, StoreError> {
        let rows = self
            .run(|| {
                sqlx::query(
                    "SELECT * FROM contacts WHERE account_id = $1 ORDER BY verified_at DESC, kind, value",
                )
                .bind(text(account_id))
                .fetch_all(&self.pool)
            })
            .await?;
        rows.iter().map(contact).collect()
    }

    async fn contact(&self, kind: ContactKind, value: &str) -> Result<Option<ContactRow>, StoreError> {
        let row = self
            .run(|| {
                sqlx::query("SELECT * FROM contacts WHERE kind = $1 AND value = $2")
                    .bind(kind.as_str())
                    .bind(text(value))
                    .fetch_optional(&self.pool)
            })
            .await?;
        row.map(|row| contact(&row)).transpose()
    }

    async fn log_in_on_terms(&self, login: LogIn, terms: Terms, now: Seconds) -> Result<OnTerms, StoreError> {
        let (json, terms) = (written(&login)?, written(&terms)?);
        let (new_id, new_sub) = (random_word(), random_word());
        let kept: String = self
            .run(|| {
                sqlx::query_scalar("SELECT log_in_on_terms($1::jsonb, $2::jsonb, $3, $4, $5, $6)::text")
                    .bind(&json)
                    .bind(&terms)
                    .bind(&new_id)
                    .bind(&new_sub)
                    .bind(AT_ONCE)
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
        read(&kept)
    }

    async fn bind_contact(
        &self,
        account_id: &str,
        contact: &ProvenContact,
        replaces: Option<&str>,
        now: Seconds,
    ) -> Result<Bound, StoreError> {
        let bound: String = self
            .run(|| {
                sqlx::query_scalar("SELECT bind_contact($1, $2, $3, $4, $5, $6)")
                    .bind(text(account_id))
                    .bind(contact.kind.as_str())
                    .bind(text(&contact.value))
                    .bind(contact.take)
                    .bind(replaces.map(text))
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
        match bound.as_str() {
            "kept" => Ok(Bound::Kept),
            "taken" => Ok(Bound::Taken),
            "no_account" => Ok(Bound::NoAccount),
            _ => Err(StoreError::row("a contact is bound in no way that is known")),
        }
    }

    async fn unbind_contact(
        &self,
        account_id: &str,
        kind: ContactKind,
        value: &str,
        now: Seconds,
    ) -> Result<bool, StoreError> {
        self.run(|| {
            sqlx::query_scalar("SELECT unbind_contact($1, $2, $3, $4)")
                .bind(text(account_id))
                .bind(kind.as_str())
                .bind(text(value))
                .bind(now)
                .fetch_one(&self.pool)
        })
        .await
    }
}

fn contact(row: &PgRow) -> Result<ContactRow, StoreError> {
    Ok(ContactRow {
        kind: ContactKind::parse(row.try_get("kind")?).ok_or(StoreError::row("a contact is of no kind"))?,
        value: row.try_get("value")?,
        account_id: row.try_get("account_id")?,
        verified_at: row.try_get("verified_at")?,
    })
}
