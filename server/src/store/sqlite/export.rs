//! All rows of some tables as JSON, for another store. Read as they stood at one moment.

use std::path::Path;

use tokio::sync::mpsc::Sender;

use super::file::{Access, StoreFile};
use crate::store::StoreError;

/// Sends the rows of each table with these columns, so many at once as a JSON array: the table, how many, the array. Bytes are as
/// PostgreSQL reads them: `\x` and hex. For a thread that may wait.
pub(in crate::store) fn rows_as_json(
    file: &Path,
    tables: &[(String, Vec<String>)],
    piece: usize,
    send: &Sender<(String, i64, String)>,
) -> Result<(), StoreError> {
    let mut connection = StoreFile::new(file).connect(Access::Read)?;
    let transaction = connection.transaction()?;
    for (table, columns) in tables {
        let members: Vec<String> = columns
            .iter()
            .map(|column| {
                // In brackets, since SQLite takes a column that is not there for a text where it stands in quotation marks.
                format!(
                    r"'{column}', CASE typeof([{column}]) WHEN 'blob' THEN '\x' || hex([{column}]) ELSE [{column}] END"
                )
            })
            .collect();
        let mut statement =
            transaction.prepare(&format!("SELECT json_object({}) FROM {table}", members.join(", ")))?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            waiting.push(row.get::<_, String>(0)?);
            if waiting.len() == piece && !sent(table, &mut waiting, send) {
                return Ok(());
            }
        }
        if !waiting.is_empty() && !sent(table, &mut waiting, send) {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether anybody still listens.
fn sent(table: &str, waiting: &mut Vec<String>, send: &Sender<(String, i64, String)>) -> bool {
    let rows = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
    let json = format!("[{}]", waiting.join(","));
    waiting.clear();
    send.blocking_send((table.to_owned(), rows, json)).is_ok()
}
