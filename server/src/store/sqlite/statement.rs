//! The statements that the store has: each stands in a list, so that a test can ask SQLite how it goes about every one of them.
//! A connection keeps them prepared.

use rusqlite::{Connection, Params, Row};

use crate::store::StoreError;

/// One of the lists' statements.
#[derive(Clone, Copy)]
pub(super) struct Statement(pub(super) &'static str);

/// The statements of a room, by name, and the list of them.
macro_rules! statements {
    ($($(#[$said:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$said])* pub(super) const $name: $crate::store::sqlite::statement::Statement =
            $crate::store::sqlite::statement::Statement($sql);)*
        #[cfg(test)]
        pub(super) const ALL: &[$crate::store::sqlite::statement::Statement] = &[$($name),*];
    };
}
pub(super) use statements;

impl Statement {
    /// Changes rows; gives how many.
    pub(super) fn execute(self, connection: &Connection, values: impl Params) -> Result<u64, StoreError> {
        let changed = connection.prepare_cached(self.0)?.execute(values)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// The first row, if there is one.
    pub(super) fn first<T>(
        self,
        connection: &Connection,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = connection.prepare_cached(self.0)?;
        let changes = !statement.readonly();
        let mut rows = statement.query(values)?;
        let first = rows.next()?.map(read).transpose()?;
        // One that changes rows is done, and its constraints are looked at, when it has no more to give.
        while changes && rows.next()?.is_some() {}
        Ok(first)
    }

    /// Every row.
    pub(super) fn all<T>(
        self,
        connection: &Connection,
        values: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = connection.prepare_cached(self.0)?;
        let mut rows = statement.query(values)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }
}
