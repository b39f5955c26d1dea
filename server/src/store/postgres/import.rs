//! People who come and go in numbers, in PostgreSQL.

use async_trait::async_trait;

use super::PostgresStore;
use super::json::{read, written};
use crate::clock::Seconds;
use crate::store::StoreError;
use crate::store::import::{Arrival, ComingPerson, GoingPerson, Import};

#[async_trait]
impl Import for PostgresStore {
    async fn import_people(
        &self,
        people: Vec<ComingPerson>,
        now: Seconds,
    ) -> Result<Vec<Arrival>, StoreError> {
        let json = written(&people)?;
        let arrivals: Vec<String> = self
            .run(|| {
                sqlx::query_scalar("SELECT import_people($1::jsonb, $2)")
                    .bind(&json)
                    .bind(now)
                    .fetch_one(&self.pool)
            })
            .await?;
        Ok(arrivals.into_iter().map(Arrival::from).collect())
    }

    async fn people_after(&self, after: &str, most: u32) -> Result<Vec<GoingPerson>, StoreError> {
        let rows: Vec<String> = self
            .run(|| {
                sqlx::query_scalar(
                    "SELECT jsonb_build_object('id', id, 'nickname', nickname,
                         'sub', coalesce((SELECT sub FROM first_subjects WHERE account_id = accounts.id),
                             (SELECT min(sub) FROM subjects WHERE account_id = accounts.id)),
                         'identities', (SELECT coalesce(jsonb_agg(
                             jsonb_build_object('appid', appid, 'openid', openid, 'unionid', unionid)
                             ORDER BY appid, openid), '[]') FROM identities WHERE account_id = accounts.id),
                         'contacts', (SELECT coalesce(jsonb_agg(jsonb_build_array(kind, value) ORDER BY kind, value), '[]')
                             FROM contacts WHERE account_id = accounts.id))::text
                     FROM accounts WHERE id > $1 ORDER BY id LIMIT $2",
                )
                .bind(after)
                .bind(i64::from(most))
                .fetch_all(&self.pool)
            })
            .await?;
        rows.iter().map(|json| read(json)).collect()
    }
}
