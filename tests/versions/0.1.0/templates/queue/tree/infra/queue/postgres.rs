//% if options.postgres
//! Jobs in a table of PostgreSQL, which is made when it is first needed.
//!
//! The clock is that of the server. Workers skip rows that others are about to take.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    collections::HashSet,
    future::Future,
    io,
    time::{Duration, UNIX_EPOCH},
};

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::{Error, Row};
use tokio::sync::{Notify, OnceCell};
use tokio::time;

use super::backend::{self, Claim, Claimed, Counts, Entry, Outcome};
use super::job::{JobStatus, State};

/// Connections of a process: statements are short, so that a few are enough for many jobs.
const CONNECTIONS: u32 = 8;

/// The lock keeps processes that start together from making the table twice. `at` is when a job is
/// due, its lease ends, its result expires, or it died, by its state: 0 waiting, 1 running, 2 done,
/// 3 dead.
const TABLE: &str = "
SELECT pg_advisory_xact_lock(5211716530);
CREATE TABLE IF NOT EXISTS queue_jobs (
    queue text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    payload bytea NOT NULL,
    headers text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    last integer NOT NULL,
    state smallint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    error text,
    output bytea,
    PRIMARY KEY (queue, id)
);
CREATE INDEX IF NOT EXISTS queue_jobs_by_time ON queue_jobs (queue, state, at, id);";

/// A done job whose result has expired is as good as none. Sorted, so that two batches with the same
/// ids do not wait for each other.
const ENQUEUE: &str = "
INSERT INTO queue_jobs AS known (queue, id, name, payload, headers, last, at)
SELECT DISTINCT ON (id) $1, id, name, payload, headers, last, now() + delay * interval '1 ms'
FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::int[], $7::bigint[])
    AS new (id, name, payload, headers, last, delay)
ORDER BY id
ON CONFLICT (queue, id) DO UPDATE SET
    (name, payload, headers, last, at) =
        (excluded.name, excluded.payload, excluded.headers, excluded.last, excluded.at),
    (attempt, state, since, error, output) = (0, 0, now(), NULL, NULL)
WHERE known.state = 2 AND known.at <= now()
RETURNING id";

const EXPIRE: &str = "
UPDATE queue_jobs SET
    state = CASE WHEN attempt >= last THEN 3 ELSE 0 END, at = now(), since = now(), error = $2
WHERE queue = $1 AND id IN (
    SELECT id FROM queue_jobs WHERE queue = $1 AND state = 1 AND at <= now()
    ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
)";

const CLAIM: &str = "
WITH due AS (
    SELECT id, at FROM queue_jobs WHERE queue = $1 AND state = 0 AND at <= now()
    ORDER BY at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE queue_jobs AS job SET
    state = 1, attempt = attempt + 1, at = now() + $3 * interval '1 ms', since = now()
FROM due WHERE job.queue = $1 AND job.id = due.id
RETURNING job.id, name, payload, headers, attempt, last, due.at::text AS due";

const FORGET: &str = "
DELETE FROM queue_jobs WHERE queue = $1 AND id IN (
    SELECT id FROM queue_jobs WHERE queue = $1 AND state = 2 AND at <= now()
    ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
)";

/// The milliseconds until a job is due or a lease ends.
const NEXT: &str = "
SELECT (extract(epoch FROM min(at) - now()) * 1000)::bigint FROM (
    (SELECT at FROM queue_jobs WHERE queue = $1 AND state = 0 ORDER BY at LIMIT 1)
    UNION ALL
    (SELECT at FROM queue_jobs WHERE queue = $1 AND state = 1 ORDER BY at LIMIT 1)
) AS next";

const BEAT: &str = "
UPDATE queue_jobs AS job SET at = now() + $4 * interval '1 ms'
FROM unnest($2::text[], $3::int[]) AS run (id, attempt)
WHERE job.queue = $1 AND job.id = run.id AND job.attempt = run.attempt AND state = 1
RETURNING job.id";

/// Where an attempt is still ours.
const DROP: &str =
    "DELETE FROM queue_jobs WHERE queue = $1 AND id = $2 AND state = 1 AND attempt = $3";

const FINISH: &str = "
UPDATE queue_jobs SET
    state = $4, at = now() + $5 * interval '1 ms', since = now(), last = last + $6,
    error = CASE WHEN $4 = 2 THEN NULL ELSE coalesce($7, error) END, output = $8,
    payload = CASE WHEN $4 = 2 THEN ''::bytea ELSE payload END
WHERE queue = $1 AND id = $2 AND state = 1 AND attempt = $3";

const STATUS: &str = "
SELECT id, name, state, attempt, (extract(epoch FROM since) * 1000)::bigint AS since, error, output
FROM queue_jobs WHERE queue = $1 AND id = $2 AND (state <> 2 OR at > now())";

const DEAD: &str = "
SELECT id, name, state, attempt, (extract(epoch FROM since) * 1000)::bigint AS since, error, output
FROM queue_jobs WHERE queue = $1 AND state = 3 ORDER BY at, id LIMIT $2";

const REPLAY: &str = "
UPDATE queue_jobs SET state = 0, at = now(), since = now(), last = attempt + $3
WHERE queue = $1 AND id = $2 AND state = 3";

const REMOVE: &str = "DELETE FROM queue_jobs WHERE queue = $1 AND id = $2 AND state <> 1";

const COUNTS: &str = "SELECT state, count(*) FROM queue_jobs WHERE queue = $1 GROUP BY state";

/// Tells the workers of all processes, once the transaction is committed.
const NEWS: &str = "SELECT pg_notify('queue_jobs', $1)";

pub(super) struct Postgres {
    pool: PgPool,
    name: String,
    limit: Duration,
    table: OnceCell<()>,
}

impl Postgres {
    /// Prepares a pool, which connects when it is first used. `limit` bounds every operation.
    pub(super) fn new(options: PgConnectOptions, name: &str, limit: Duration) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(limit);
        Self {
            pool: pool.connect_lazy_with(options),
            name: name.to_owned(),
            limit,
            table: OnceCell::new(),
        }
    }

    /// Waits for an operation no longer than the limit, once there is a table.
    async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let all = async {
            let table = self.table.get_or_try_init(|| async {
                sqlx::raw_sql(TABLE).execute(&self.pool).await.map(drop)
            });
            table.await?;
            operation.await
        };
        let late = |_| Err(Error::Io(io::ErrorKind::TimedOut.into()));
        time::timeout(self.limit, all).await.unwrap_or_else(late)
    }

    pub(super) async fn enqueue(&self, entries: &[Entry]) -> Result<Vec<bool>, Error> {
        let texts = |text: fn(&Entry) -> &str| entries.iter().map(text).collect::<Vec<_>>();
        let payloads: Vec<&[u8]> = entries.iter().map(|entry| &entry.payload[..]).collect();
        let attempts: Vec<i32> = entries.iter().map(|entry| signed(entry.attempts)).collect();
        let delays: Vec<i64> = entries.iter().map(|entry| millis(entry.delay)).collect();
        let insert = sqlx::query_scalar(ENQUEUE)
            .bind(&self.name)
            .bind(texts(|entry| &entry.id))
            .bind(texts(|entry| &entry.name))
            .bind(payloads)
            .bind(texts(|entry| &entry.headers))
            .bind(attempts)
            .bind(delays);
        let mut new: HashSet<String> = self
            .within(async {
                let new: Vec<String> = insert.fetch_all(&self.pool).await?;
                if !new.is_empty() {
                    let news = sqlx::query(NEWS).bind(&self.name);
                    news.execute(&self.pool).await?;
                }
                Ok(new.into_iter().collect())
            })
            .await?;
        Ok(entries.iter().map(|entry| new.remove(&entry.id)).collect())
    }

    pub(super) async fn claim(&self, limit: usize, lease: Duration) -> Result<Claim, Error> {
        let at_most = i64::try_from(backend::EXPIRED).unwrap_or(i64::MAX);
        self.within(async {
            let expire = sqlx::query(EXPIRE).bind(&self.name).bind(super::LOST);
            expire.bind(at_most).execute(&self.pool).await?;
            let claim = sqlx::query(CLAIM).bind(&self.name);
            let claim = claim.bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let mut rows = claim.bind(millis(lease)).fetch_all(&self.pool).await?;
            if rows.is_empty() {
                let forget = sqlx::query(FORGET).bind(&self.name).bind(at_most);
                forget.execute(&self.pool).await?;
                let next = sqlx::query_scalar(NEXT).bind(&self.name);
                let next: Option<i64> = next.fetch_one(&self.pool).await?;
                let next = next.map(|next| u64::try_from(next).unwrap_or(0));
                return Ok(Claim {
                    next: next.map(Duration::from_millis),
                    ..Claim::default()
                });
            }
            rows.sort_by_cached_key(|row| {
                let key = |column| row.try_get::<String, _>(column).unwrap_or_default();
                (key("due"), key("id"))
            });
            let jobs: Result<_, Error> = rows.iter().map(claimed).collect();
            Ok(Claim {
                jobs: jobs?,
                next: None,
            })
        })
        .await
    }

    pub(super) async fn beat(
        &self,
        runs: &[(String, u32)],
        lease: Duration,
    ) -> Result<Vec<String>, Error> {
        let ids: Vec<&str> = runs.iter().map(|(id, _)| id.as_str()).collect();
        let attempts: Vec<i32> = runs.iter().map(|(_, attempt)| signed(*attempt)).collect();
        let beat = sqlx::query_scalar(BEAT)
            .bind(&self.name)
            .bind(&ids)
            .bind(attempts)
            .bind(millis(lease));
        let ours: Vec<String> = self.within(beat.fetch_all(&self.pool)).await?;
        let ours: HashSet<&str> = ours.iter().map(String::as_str).collect();
        let lost = ids.into_iter().filter(|id| !ours.contains(id));
        Ok(lost.map(str::to_owned).collect())
    }

    pub(super) async fn finish(
        &self,
        id: &str,
        attempt: u32,
        outcome: &Outcome,
    ) -> Result<bool, Error> {
        let (state, span, more) = match outcome {
            Outcome::Done { keep, .. } if keep.is_zero() => {
                let forget = sqlx::query(DROP).bind(&self.name).bind(id);
                return self.changes(forget.bind(signed(attempt))).await;
            }
            Outcome::Done { keep, .. } => (2_i16, *keep, 0),
            Outcome::Retry { delay, .. } => (0, *delay, 0),
            Outcome::Dead { .. } => (3, Duration::ZERO, 0),
            Outcome::GivenBack => (0, Duration::ZERO, 1),
        };
        let (error, output) = match outcome {
            Outcome::Done { output, .. } => (None, Some(output)),
            Outcome::Retry { error, .. } | Outcome::Dead { error } => (Some(error), None),
            Outcome::GivenBack => (None, None),
        };
        let finish = sqlx::query(FINISH)
            .bind(&self.name)
            .bind(id)
            .bind(signed(attempt))
            .bind(state)
            .bind(millis(span))
            .bind(more)
            // PostgreSQL has no text with a zero in it.
            .bind(error.map(|error| error.replace('\0', "\u{fffd}")))
            .bind(output);
        let finished = self.changes(finish).await?;
        if finished && more == 1 {
            let news = sqlx::query(NEWS).bind(&self.name);
            self.within(news.execute(&self.pool)).await?;
        }
        Ok(finished)
    }

    /// Runs a statement, and says whether it has changed a row.
    async fn changes(
        &self,
        statement: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<bool, Error> {
        let done = self.within(statement.execute(&self.pool)).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(super) async fn status(&self, id: &str) -> Result<Option<JobStatus>, Error> {
        let row = sqlx::query(STATUS).bind(&self.name).bind(id);
        let row = self.within(row.fetch_optional(&self.pool)).await?;
        row.as_ref().map(status).transpose()
    }

    pub(super) async fn dead_letters(&self, limit: usize) -> Result<Vec<JobStatus>, Error> {
        let rows = sqlx::query(DEAD).bind(&self.name);
        let rows = rows.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.within(rows.fetch_all(&self.pool)).await?;
        rows.iter().map(status).collect()
    }

    pub(super) async fn replay(&self, id: &str, attempts: u32) -> Result<bool, Error> {
        let replay = sqlx::query(REPLAY).bind(&self.name).bind(id);
        let replayed = self.changes(replay.bind(signed(attempts))).await?;
        let news = sqlx::query(NEWS).bind(&self.name);
        self.within(news.execute(&self.pool)).await?;
        Ok(replayed)
    }

    pub(super) async fn remove(&self, id: &str) -> Result<bool, Error> {
        self.changes(sqlx::query(REMOVE).bind(&self.name).bind(id))
            .await
    }

    pub(super) async fn counts(&self) -> Result<Counts, Error> {
        let counts = sqlx::query_as(COUNTS).bind(&self.name);
        let counts: Vec<(i16, i64)> = self.within(counts.fetch_all(&self.pool)).await?;
        let count = |state| {
            let of_state = counts.iter().find(|(known, _)| *known == state);
            of_state.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
        };
        Ok(Counts {
            waiting: count(0),
            running: count(1),
            dead: count(3),
        })
    }

    /// A server that answers keeps its jobs; a standby only shows them.
    pub(super) async fn complaint(&self) -> Result<Option<String>, Error> {
        let standby = sqlx::query_scalar("SELECT pg_is_in_recovery()");
        let standby: bool = self.within(standby.fetch_one(&self.pool)).await?;
        Ok(standby.then(|| "postgres is a standby, which takes no jobs".to_owned()))
    }

    pub(super) async fn listen(&self, wake: &Notify) -> Result<(), Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("queue_jobs").await?;
        // What came before is not told again.
        wake.notify_one();
        loop {
            if listener.recv().await?.payload() == self.name {
                wake.notify_one();
            }
        }
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn claimed(row: &PgRow) -> Result<Claimed, Error> {
    Ok(Claimed {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        payload: row.try_get("payload")?,
        headers: row.try_get("headers")?,
        attempt: unsigned(row.try_get("attempt")?),
        last: unsigned(row.try_get("last")?),
    })
}

fn status(row: &PgRow) -> Result<JobStatus, Error> {
    let since = u64::try_from(row.try_get::<i64, _>("since")?).unwrap_or(0);
    Ok(JobStatus {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        state: match row.try_get::<i16, _>("state")? {
            0 => State::Waiting,
            1 => State::Running,
            2 => State::Done,
            _ => State::Dead,
        },
        attempt: unsigned(row.try_get("attempt")?),
        since: UNIX_EPOCH + Duration::from_millis(since),
        error: row.try_get("error")?,
        output: row.try_get("output")?,
    })
}
//% endif
