//! What is written together, and what becomes of it when one of them fails, panics or has nobody any more who waits for it.

#![allow(clippy::unwrap_used)]

use std::sync::mpsc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{TOGETHER, Writer};
use crate::store::StoreError;
use crate::store::sqlite::file::StoreFile;
use crate::store::sqlite::statement::Statement;

const INSERT: Statement = Statement("INSERT INTO rows (n) VALUES (?1)");

/// A writer to a file of its own, and somebody else's connection to it.
fn writer() -> (TempDir, Writer, Connection) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE rows (n INTEGER PRIMARY KEY)").unwrap();
    (folder, Writer::start(StoreFile::new(&path)).unwrap(), other)
}

fn rows(other: &Connection) -> Vec<i64> {
    let mut rows = other.prepare("SELECT n FROM rows ORDER BY n").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Keeps the writer from going on until the sender goes: whatever is asked for meanwhile waits.
async fn held(writer: &Writer) -> (impl Future<Output = Result<(), StoreError>>, mpsc::Sender<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (says, begun) = tokio::sync::oneshot::channel();
    let hold = writer.one(move |_| {
        let _ = says.send(());
        let _ = held.recv();
        Ok(())
    });
    let mut hold = Box::pin(hold);
    // Polled once, it is in the queue.
    assert!(futures_util::poll!(&mut hold).is_pending());
    begun.await.unwrap();
    (hold, release)
}

fn insert(writer: &Writer, n: i64) -> impl Future<Output = Result<u64, StoreError>> {
    writer.one(move |connection| INSERT.execute(connection, [n]))
}

/// How many commits are in the log: the frames that say how large the database is after them (file format, §4.1).
fn commits(folder: &TempDir) -> usize {
    const HEADER: usize = 32;
    const FRAME: usize = 24 + 4096;
    let log = std::fs::read(folder.path().join("rows.db-wal")).unwrap();
    log[HEADER..].chunks_exact(FRAME).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn whatever_waits_is_kept_by_one_commit_and_is_not_there_before() {
    let (folder, writer, other) = writer();
    let before = commits(&folder);
    let (hold, release) = held(&writer).await;
    let waiting = futures_util::future::join_all((0..100).map(|n| insert(&writer, n)));
    let look = async {
        assert_eq!(rows(&other), [0_i64; 0]);
        drop(release);
    };
    let (answers, held, ()) = tokio::join!(waiting, hold, look);
    held.unwrap();
    answers.into_iter().for_each(|answer| assert_eq!(answer.unwrap(), 1));
    assert_eq!(rows(&other), (0..100).collect::<Vec<_>>());
    assert_eq!(commits(&folder) - before, 1);
}

#[tokio::test]
async fn more_than_go_together_go_one_after_the_other() {
    let (_folder, writer, other) = writer();
    let many = i64::try_from(TOGETHER * 3).unwrap();
    let (hold, release) = held(&writer).await;
    let waiting = futures_util::future::join_all((0..many).map(|n| insert(&writer, n)));
    let (answers, held, ()) = tokio::join!(waiting, hold, async { drop(release) });
    held.unwrap();
    answers.into_iter().for_each(|answer| assert_eq!(answer.unwrap(), 1));
    assert_eq!(rows(&other), (0..many).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_that_fails_half_way_or_panics_takes_nobody_else_along() {
    let (_folder, writer, other) = writer();
    let (hold, release) = held(&writer).await;
    let half_way = writer.all(|connection| {
        INSERT.execute(connection, [10])?;
        INSERT.execute(connection, [1])
    });
    let panics = writer.all(|connection| {
        INSERT.execute(connection, [11])?;
        // What a mistake of ours would do.
        assert!(connection.is_autocommit(), "this test panics here");
        Ok(())
    });
    let all =
        async { tokio::join!(insert(&writer, 1), half_way, panics, insert(&writer, 1), insert(&writer, 2)) };
    let ((first, half_way, panics, again, last), held, ()) = tokio::join!(all, hold, async { drop(release) });
    held.unwrap();
    assert_eq!((first.unwrap(), last.unwrap()), (1, 1));
    assert!(half_way.unwrap_err().is_duplicate());
    assert!(again.unwrap_err().is_duplicate());
    assert!(matches!(panics, Err(StoreError::Refused(_))));
    assert_eq!(rows(&other), [1, 2]);
    assert_eq!(insert(&writer, 3).await.unwrap(), 1);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun_and_what_is_asked_for_is_done_before_the_end() {
    let (_folder, writer, other) = writer();
    let (hold, release) = held(&writer).await;
    let mut given_up = Box::pin(insert(&writer, 1));
    let mut wanted = Box::pin(insert(&writer, 2));
    assert!(futures_util::poll!(&mut given_up).is_pending());
    assert!(futures_util::poll!(&mut wanted).is_pending());
    drop(given_up);
    drop(release);
    hold.await.unwrap();
    wanted.await.unwrap();
    drop(writer);
    assert_eq!(rows(&other), [2]);
}

#[tokio::test]
async fn a_full_database_keeps_nothing_that_was_not_acknowledged_and_goes_on_when_there_is_room() {
    let (_folder, writer, other) = writer();
    let pages = |most: u32| {
        writer.one(move |connection| {
            Ok(connection
                .query_row(&format!("PRAGMA max_page_count = {most}"), [], |row| row.get::<_, u32>(0))?)
        })
    };
    pages(2).await.unwrap();
    let many = 2000;
    let answers = futures_util::future::join_all((0..many).map(|n| insert(&writer, n))).await;
    let kept: Vec<i64> =
        (0..many).zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(n, _)| n).collect();
    assert!(kept.len() < 2000);
    assert!(
        answers
            .iter()
            .flat_map(|answer| answer.as_ref().err())
            .all(|error| matches!(error, StoreError::NotWritable(_)))
    );
    assert_eq!(rows(&other), kept);
    pages(1000).await.unwrap();
    insert(&writer, many).await.unwrap();
}

#[tokio::test]
async fn the_log_begins_anew_though_somebody_writes_all_the_time() {
    const PAGES: u64 = 20_000;
    let (folder, writer, other) = writer();
    other.execute_batch("CREATE TABLE pages (page BLOB)").unwrap();
    for _ in 0..PAGES / 40 {
        let page = Statement("INSERT INTO pages (page) VALUES (zeroblob(4000))");
        let pages =
            writer.one(move |connection| (0..40).try_for_each(|_| page.execute(connection, []).map(drop)));
        pages.await.unwrap();
    }
    let length = |name| std::fs::metadata(folder.path().join(name)).unwrap().len() / 4096;
    let log = length("rows.db-wal");
    assert!(log < PAGES / 2, "{log} pages, and {} in the file", length("rows.db"));
}
