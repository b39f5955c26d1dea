//! The one way to write: a thread that owns the connection, takes whatever waits, and commits it together. However many wait, the
//! disk is waited for once, and nobody is answered before that.
//!
//! A transaction that may write is IMMEDIATE from its beginning: one that only becomes so after it has read is refused at once,
//! without waiting, when another process has written in between.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::checkpoint::Checkpoint;
use super::file::{Access, StoreFile};
use super::statement::Statement;
use crate::store::StoreError;
use crate::times::{timed, verb_of};

/// How long a write waits for those of other processes.
const PATIENCE: Duration = Duration::from_secs(5);
/// After this long SQLite gives its wait up, and it begins anew: its pauses grow, and who writes without a pause would hold
/// off the one that waits longest.
const BUSY_TIMEOUT: Duration = Duration::from_millis(25);
/// So many are committed together at most: the first of them waits for the last.
const TOGETHER: usize = 256;

/// The way to the thread that writes. What was given to it before this goes is still done.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: StoreFile) -> Result<Self, StoreError> {
        let connection = file.connect(Access::Write(BUSY_TIMEOUT))?;
        let (jobs, waiting) = mpsc::channel();
        Checkpoint::leave_the_rest_to(&connection)?;
        let checkpoint = Checkpoint::start(&file)?;
        let connection = Some(connection);
        let mut desk = Desk { file, connection, checkpoint, jobs: waiting, waiting: VecDeque::new() };
        let thread = std::thread::Builder::new().name("store-writer".into());
        let thread = thread.spawn(move || desk.work()).map_err(|error| StoreError::Refused(error.into()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs one statement, or several of which the first that fails has changed nothing yet.
    pub(super) async fn one<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Failing::ChangesNothing, work).await
    }

    /// Runs several statements, of which all are kept or none.
    pub(super) async fn all<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Failing::HalfWay, work).await
    }

    async fn ask<T: Send + 'static, F>(&self, failing: Failing, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        timed("sqlite", verb_of::<F>(), self.ask_now(failing, work)).await
    }

    async fn ask_now<T: Send + 'static>(
        &self,
        failing: Failing,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let asked =
            Asked { work: Some(work), failing, done: None, answer: Some(answer), since: Instant::now() };
        let jobs = self.jobs.as_ref().ok_or_else(given_up)?;
        jobs.send(Box::new(asked)).map_err(|_| given_up())?;
        answered.await.unwrap_or_else(|_| Err(given_up()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // It has said itself what was the matter.
            let _ = thread.join();
        }
    }
}

/// What a failure leaves behind by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
    /// SQLite takes a statement back that fails.
    ChangesNothing,
    /// Those before it are to be taken back too.
    HalfWay,
}

const BEGIN: Statement = Statement("BEGIN IMMEDIATE");
const COMMIT: Statement = Statement("COMMIT");
const ROLLBACK: Statement = Statement("ROLLBACK");
const SAVEPOINT: Statement = Statement("SAVEPOINT job");
const RELEASE: Statement = Statement("RELEASE job");
const ROLLBACK_TO: Statement = Statement("ROLLBACK TO job");

/// Somebody's piece of a transaction.
trait Job: Send {
    /// Whether anybody still wants it.
    fn is_wanted(&self) -> bool;
    fn since(&self) -> Instant;
    fn run(&mut self, connection: &Connection);
    /// Why it failed, if it has.
    fn failure(&self) -> Option<&StoreError>;
    /// Answers: what came of it, if it was committed.
    fn answer(self: Box<Self>, committed: Result<(), &StoreError>);
}

struct Asked<T, W> {
    work: Option<W>,
    failing: Failing,
    done: Option<Result<T, StoreError>>,
    answer: Option<oneshot::Sender<Result<T, StoreError>>>,
    since: Instant,
}

impl<T: Send, W: FnOnce(&Connection) -> Result<T, StoreError> + Send> Job for Asked<T, W> {
    fn is_wanted(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    fn since(&self) -> Instant {
        self.since
    }

    fn run(&mut self, connection: &Connection) {
        let Some(work) = self.work.take() else { return };
        // Whoever asked hears that it was given up; the others go on.
        let done = catch_unwind(AssertUnwindSafe(|| match self.failing {
            Failing::ChangesNothing => work(connection),
            Failing::HalfWay => {
                SAVEPOINT.execute(connection, [])?;
                work(connection)
            }
        }));
        let done = done.unwrap_or_else(|_| Err(given_up()));
        if self.failing == Failing::HalfWay && !connection.is_autocommit() {
            let ended = match &done {
                Ok(_) => RELEASE.execute(connection, []),
                Err(_) => ROLLBACK_TO.execute(connection, []).and_then(|_| RELEASE.execute(connection, [])),
            };
            self.done = Some(ended.and(done));
        } else {
            self.done = Some(done);
        }
    }

    fn failure(&self) -> Option<&StoreError> {
        self.done.as_ref().and_then(|done| done.as_ref().err())
    }

    fn answer(mut self: Box<Self>, committed: Result<(), &StoreError>) {
        let Some(answer) = self.answer.take() else { return };
        let done = match (committed, self.done) {
            // What failed by itself has its own reason.
            (_, Some(Err(error))) => Err(error),
            (Err(error), _) => Err(error.again()),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(given_up()),
        };
        // Whoever asked may be gone.
        let _ = answer.send(done);
    }
}

fn given_up() -> StoreError {
    StoreError::Refused("the thread that writes has given this up: the log has said why".into())
}

/// Where the thread works.
struct Desk {
    file: StoreFile,
    /// `None` after it has failed in a way that another one may not.
    connection: Option<Connection>,
    checkpoint: Checkpoint,
    jobs: mpsc::Receiver<Box<dyn Job>>,
    /// Those that were taken from the channel and have not begun.
    waiting: VecDeque<Box<dyn Job>>,
}

impl Desk {
    /// Until nobody can ask any more, and all who have are answered.
    fn work(&mut self) {
        loop {
            if self.waiting.is_empty() {
                match self.jobs.recv() {
                    Ok(job) => self.waiting.push_back(job),
                    Err(mpsc::RecvError) => return,
                }
            }
            match self.begin() {
                Ok(Some(connection)) => self.commit_together(connection),
                // Nobody wants anything any more.
                Ok(None) => {}
                Err(error) => self.waiting.drain(..).for_each(|job| job.answer(Err(&error))),
            }
        }
    }

    /// A transaction, as soon as nobody else writes. Whoever has waited too long meanwhile is told so.
    fn begin(&mut self) -> Result<Option<Connection>, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = self.file.connect(Access::Write(BUSY_TIMEOUT))?;
                Checkpoint::leave_the_rest_to(&connection)?;
                connection
            }
        };
        loop {
            self.waiting.retain(|job| job.is_wanted());
            if self.waiting.is_empty() {
                self.connection = Some(connection);
                return Ok(None);
            }
            match BEGIN.execute(&connection, []) {
                Ok(_) => return Ok(Some(connection)),
                Err(StoreError::TimedOut(cause)) => self.go_on_waiting(&StoreError::TimedOut(cause)),
                Err(error) => return Err(error),
            }
        }
    }

    fn go_on_waiting(&mut self, error: &StoreError) {
        self.waiting.extend(self.jobs.try_iter());
        let (late, waiting): (VecDeque<_>, _) =
            self.waiting.drain(..).partition(|job| job.since().elapsed() >= PATIENCE);
        self.waiting = waiting;
        late.into_iter().for_each(|job| job.answer(Err(error)));
    }

    /// Runs what waits, and what comes meanwhile, commits it, and answers.
    fn commit_together(&mut self, connection: Connection) {
        let mut done = Vec::new();
        let mut taken_back = None;
        while done.len() < TOGETHER && taken_back.is_none() {
            let Some(mut job) = self.waiting.pop_front().or_else(|| self.jobs.try_recv().ok()) else { break };
            if !job.is_wanted() {
                continue;
            }
            job.run(&connection);
            if connection.is_autocommit() {
                // SQLite takes a whole transaction back by itself where the disk is full.
                taken_back = Some(job.failure().map_or_else(given_up, StoreError::again));
            }
            done.push(job);
        }
        let committed = taken_back.map_or_else(|| commit(&connection), Err);
        // A connection that can neither commit nor take back goes.
        let is_good = connection.is_autocommit() || ROLLBACK.execute(&connection, []).is_ok();
        for job in done {
            job.answer(committed.as_ref().copied());
        }
        if is_good {
            self.checkpoint.look(&connection);
            self.connection = Some(connection);
        }
    }
}

fn commit(connection: &Connection) -> Result<(), StoreError> {
    let since = Instant::now();
    loop {
        match COMMIT.execute(connection, []) {
            Err(StoreError::TimedOut(_)) if since.elapsed() < PATIENCE => {}
            done => return done.map(drop),
        }
    }
}
