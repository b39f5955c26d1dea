//! People who come and go in numbers, in SQLite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::audit::note;
use super::identity::OWNERS_OF_UNIONID;
use super::people::ACCOUNT_OF_SUBJECT;
use super::statement::{Statement, statements};
use crate::clock::Seconds;
use crate::secret::SecretHash;
use crate::store::StoreError;
use crate::store::audit::{By, What};
use crate::store::import::{Arrival, ComingPerson, GoingPerson, Import};

#[async_trait]
impl Import for SqliteStore {
    async fn import_people(
        &self,
        people: Vec<ComingPerson>,
        now: Seconds,
    ) -> Result<Vec<Arrival>, StoreError> {
        let import = self.write.all(move |connection| {
            people.iter().map(|person| import_person(connection, person, now)).collect()
        });
        import.await
    }

    async fn people_after(&self, after: &str, most: u32) -> Result<Vec<GoingPerson>, StoreError> {
        self.read
            .read(|connection| {
                PEOPLE_AFTER.all(connection, params![after, most], |row| {
                    let json: String = row.get(0)?;
                    serde_json::from_str(&json).map_err(|error| StoreError::Row(error.into()))
                })
            })
            .await
    }
}

fn import_person(
    connection: &Connection,
    person: &ComingPerson,
    now: Seconds,
) -> Result<Arrival, StoreError> {
    let ComingPerson { appid, openid, unionid, sub, nickname, .. } = person;
    let owner = |statement: Statement, values: &[&str]| {
        statement.all(connection, rusqlite::params_from_iter(values), |row| Ok(row.get::<_, String>(0)?))
    };
    let mut owners = BTreeSet::new();
    let mut known_unionid = None;
    if let (Some(appid), Some(openid)) = (appid, openid) {
        let known = IDENTITY.first(connection, [appid, openid], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        })?;
        if let Some((owner, unionid)) = known {
            owners.insert(owner);
            known_unionid = Some(unionid);
        }
    }
    if let Some(unionid) = unionid {
        owners.extend(owner(OWNERS_OF_UNIONID, &[unionid])?);
    }
    let unionid_is_known = unionid.is_some() && !owners.is_empty();
    let contacts = [("phone", &person.phone), ("email", &person.email)];
    for (kind, value) in contacts {
        if let Some(value) = value {
            owners.extend(owner(CONTACT_OWNER, &[kind, value])?);
        }
    }
    let mut sub_is_known = false;
    if let Some(sub) = sub {
        let its = owner(ACCOUNT_OF_SUBJECT, &[sub])?;
        sub_is_known = !its.is_empty();
        owners.extend(its);
    }
    let refused = |why: &str| Ok(Arrival::Refused(why.into()));
    if owners.len() > 1 {
        return refused("what it says is of more than one account here");
    }
    if let (Some(Some(known)), Some(unionid)) = (&known_unionid, unionid)
        && known != unionid
    {
        return refused("its openid has another unionid here");
    }
    let owner = owners.pop_first();
    if let Some(sub) = sub {
        if IS_SPENT.first(connection, [SecretHash::of(sub)], |_| Ok(()))?.is_some() {
            return refused("its sub was the one of somebody who was deleted");
        }
        if let Some(owner) = &owner
            && FIRST_SUBJECT_OTHER.first(connection, [owner, sub], |_| Ok(()))?.is_some()
        {
            return refused("its account has another sub here, of an import before");
        }
    }
    let is_new = owner.is_none();
    let id = owner.unwrap_or_else(|| person.new_id.clone());
    if is_new {
        INSERT_ACCOUNT.execute(connection, params![id, nickname.as_deref().unwrap_or_default(), now])?;
    }
    let mut changed = 0;
    if let (Some(appid), Some(openid)) = (appid, openid) {
        match known_unionid {
            None => changed += INSERT_IDENTITY.execute(connection, params![appid, openid, unionid, id])?,
            Some(None) if unionid.is_some() => {
                changed += ADD_UNIONID.execute(connection, params![appid, openid, unionid])?;
            }
            Some(_) => {}
        }
    } else if unionid.is_some() && !unionid_is_known {
        // Known by the unionid alone, until a login tells an openid.
        changed += INSERT_IDENTITY.execute(connection, params!["", unionid, unionid, id])?;
    }
    for (kind, value) in contacts {
        if value.is_some() {
            changed += INSERT_CONTACT.execute(connection, params![kind, value, id, now])?;
        }
    }
    if sub.is_some() && !sub_is_known {
        changed += INSERT_FIRST_SUBJECT.execute(connection, params![id, sub])?;
    }
    if is_new || changed > 0 {
        note(connection, &id, What::Imported, By::Operator, None, now)?;
    }
    Ok(match (is_new, changed) {
        (true, _) => Arrival::Created,
        (false, 0) => Arrival::Known,
        (false, _) => Arrival::Added,
    })
}

statements! {
    IDENTITY = "SELECT account_id, unionid FROM identities WHERE appid = ?1 AND openid = ?2";
    CONTACT_OWNER = "SELECT account_id FROM contacts WHERE kind = ?1 AND value = ?2";
    IS_SPENT = "SELECT 1 FROM spent_subjects WHERE sub_hash = ?1";
    FIRST_SUBJECT_OTHER = "SELECT 1 FROM first_subjects WHERE account_id = ?1 AND sub <> ?2";
    INSERT_ACCOUNT = "INSERT INTO accounts (id, nickname, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)";
    INSERT_IDENTITY = "INSERT INTO identities (appid, openid, unionid, account_id) VALUES (?1, ?2, ?3, ?4)";
    ADD_UNIONID = "UPDATE identities SET unionid = ?3 WHERE appid = ?1 AND openid = ?2";
    INSERT_CONTACT = "INSERT OR IGNORE INTO contacts (kind, value, account_id, verified_at) VALUES (?1, ?2, ?3, ?4)";
    INSERT_FIRST_SUBJECT = "INSERT OR IGNORE INTO first_subjects (account_id, sub) VALUES (?1, ?2)";
    PEOPLE_AFTER = "SELECT json_object('id', id, 'nickname', nickname,
        'sub', coalesce((SELECT sub FROM first_subjects WHERE account_id = accounts.id),
            (SELECT min(sub) FROM subjects WHERE account_id = accounts.id)),
        'identities', json((SELECT json_group_array(json_object('appid', appid, 'openid', openid, 'unionid', unionid))
            FROM identities WHERE account_id = accounts.id)),
        'contacts', json((SELECT json_group_array(json_array(kind, value)) FROM contacts WHERE account_id = accounts.id)))
        FROM accounts WHERE id > ?1 ORDER BY id LIMIT ?2";
}
