//! From an address to a store.

use std::sync::Arc;

use super::{Address, Lasting, PostgresStore, SqliteStore, Store, StoreError};

impl Store {
    /// Opens the store, makes it where there is none, and brings it to this version: for the service, and for nobody else.
    pub async fn open(address: &Address) -> Result<Self, StoreError> {
        Ok(match address {
            Address::Sqlite(file) => Self::whole(Arc::new(SqliteStore::open(file).await?)),
            Address::Postgres(address) => {
                let store = PostgresStore::open(address).await?;
                let channel = Some(store.channel());
                let mut store = Self::whole(Arc::new(store));
                store.channel = channel;
                store
            }
        })
    }
}

/// Opens what a service of this version has made: for commands beside it, which change nothing but what they say.
pub async fn open_existing(address: &Address) -> Result<Arc<dyn Lasting>, StoreError> {
    Ok(match address {
        Address::Sqlite(file) => Arc::new(SqliteStore::open_existing(file).await?),
        Address::Postgres(address) => Arc::new(PostgresStore::open_existing(address).await?),
    })
}
