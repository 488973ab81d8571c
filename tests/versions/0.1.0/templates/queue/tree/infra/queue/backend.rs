//! Where jobs are kept: what every backend can do, and which one a URL names.
//!
//! A claimed job is leased: its worker extends the lease by heartbeats, and a lease that runs out
//! gives the job to another worker. The number of the attempt, which only grows, is the fencing
//! token: nobody can extend or finish an attempt that another has followed.

use std::time::Duration;

use ::redis::Client;
//% if options.nats
use async_nats::ServerAddr;
//% endif
//% if options.postgres
use sqlx::postgres::PgConnectOptions;
//% endif
use tokio::sync::Notify;

//% if options.nats
use super::nats::Nats;
//% endif
//% if options.postgres
use super::postgres::Postgres;
//% endif
use super::redis::{self, Redis};
use super::{job::JobStatus, memory::Memory};
use crate::/*= module =*/::queue::QueueError;
use crate::/*= module =*/::settings::QueueSettings;

/// Expired leases that one claim ends at most: a bound on what one operation does.
pub(super) const EXPIRED: usize = 200;

/// A job on its way in.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) payload: Vec<u8>,
    /// The trace it belongs to, as JSON; empty if there is none.
    pub(super) headers: String,
    /// How many attempts it has.
    pub(super) attempts: u32,
    pub(super) delay: Duration,
}

/// A job that this worker has to run now.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) payload: Vec<u8>,
    pub(super) headers: String,
    /// Which attempt this is: the fencing token.
    pub(super) attempt: u32,
    /// The attempt after which it is dead.
    pub(super) last: u32,
}

/// What a claim has brought.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) jobs: Vec<Claimed>,
    /// Without jobs: how soon one is due or a lease ends, as far as is known.
    pub(super) next: Option<Duration>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Remembered for as long as `keep`; zero forgets it at once.
    Done {
        output: Vec<u8>,
        keep: Duration,
    },
    Retry {
        error: String,
        delay: Duration,
    },
    Dead {
        error: String,
    },
    /// Not run to its end, through no fault of its own: the attempt does not count.
    GivenBack,
}

/// How many jobs there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that wait, those for later included.
    pub waiting: u64,
    /// Jobs that a worker has.
    pub running: u64,
    /// Dead letters.
    pub dead: u64,
}

/// Where jobs are kept, as a URL says. Parsing it opens nothing.
pub(super) enum Server {
    Memory,
    Redis(Box<Client>),
    //% if options.postgres
    Postgres(Box<PgConnectOptions>),
    //% endif
    //% if options.nats
    Nats(Vec<ServerAddr>),
    //% endif
}

impl Server {
    /// # Errors
    ///
    /// The URL is none, or of a kind that was not generated. The message shows nothing of it: it may
    /// hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, QueueError> {
        let wrong = |why| Err(QueueError::Url(why));
        let redis = |url| match redis::client(url) {
            Ok(client) => Ok(Self::Redis(Box::new(client))),
            Err(_) => wrong("is not one of Redis"),
        };
        match url.split(':').next().unwrap_or_default() {
            "memory" => Ok(Self::Memory),
            //% if options.tls
            "rediss" | "valkeys" => redis(url),
            //% else
            "rediss" | "valkeys" => {
                wrong("needs an option: `infra add queue --set queue.tls=true`")
            }
            //% endif
            "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => redis(url),
            //% if options.postgres
            "postgres" | "postgresql" => match url.parse() {
                Ok(options) => Ok(Self::Postgres(Box::new(options))),
                Err(_) => wrong("is not one of PostgreSQL"),
            },
            //% else
            "postgres" | "postgresql" => {
                wrong("needs an option: `infra add queue --set queue.postgres=true`")
            }
            //% endif
            //% if options.nats
            "nats" | "tls" => {
                let addresses = url.split(',').map(str::parse).collect();
                let addresses: Result<Vec<ServerAddr>, _> = addresses;
                addresses.map_or_else(|_| wrong("is not one of NATS"), |all| Ok(Self::Nats(all)))
            }
            //% else
            "nats" | "tls" => wrong("needs an option: `infra add queue --set queue.nats=true`"),
            //% endif
            _ => wrong("is neither `memory` nor one of a server that keeps jobs"),
        }
    }

    /// Prepares the connections. They open when they are first used, so that a server that is away
    /// does not keep the app from starting.
    pub(super) fn open(self, settings: &QueueSettings) -> Result<Backend, QueueError> {
        let (name, limit) = (settings.name.as_str(), settings.timeout);
        Ok(match self {
            Self::Memory => Backend::Memory(Memory::default()),
            Self::Redis(client) => {
                let redis = Redis::new(*client, name, limit).map_err(QueueError::server)?;
                Backend::Redis(Box::new(redis))
            }
            //% if options.postgres
            Self::Postgres(options) => Backend::Postgres(Postgres::new(*options, name, limit)),
            //% endif
            //% if options.nats
            Self::Nats(addresses) => Backend::Nats(Box::new(Nats::new(addresses, settings))),
            //% endif
        })
    }
}

pub(super) enum Backend {
    Memory(Memory),
    Redis(Box<Redis>),
    //% if options.postgres
    Postgres(Postgres),
    //% endif
    //% if options.nats
    Nats(Box<Nats>),
    //% endif
}

/// Calls the method of the backend there is.
macro_rules! ask {
    ($backend:expr, $method:ident($($argument:expr),*)) => {
        match $backend {
            Backend::Memory(memory) => Ok(memory.$method($($argument),*)),
            Backend::Redis(redis) => redis.$method($($argument),*).await.map_err(QueueError::server),
            //% if options.postgres
            Backend::Postgres(postgres) => {
                postgres.$method($($argument),*).await.map_err(QueueError::server)
            }
            //% endif
            //% if options.nats
            Backend::Nats(nats) => nats.$method($($argument),*).await.map_err(QueueError::server),
            //% endif
        }
    };
}

impl Backend {
    /// Takes jobs in, and says of each whether it is new.
    pub(super) async fn enqueue(&self, entries: &[Entry]) -> Result<Vec<bool>, QueueError> {
        ask!(self, enqueue(entries))
    }

    /// Ends the leases that have run out, then leases up to `limit` of the jobs that are due.
    pub(super) async fn claim(&self, limit: usize, lease: Duration) -> Result<Claim, QueueError> {
        ask!(self, claim(limit, lease))
    }

    /// Extends the leases of these attempts, and returns the ids of those that are no longer ours.
    pub(super) async fn beat(
        &self,
        runs: &[(String, u32)],
        lease: Duration,
    ) -> Result<Vec<String>, QueueError> {
        ask!(self, beat(runs, lease))
    }

    /// Ends an attempt; `false` if it was no longer ours to end.
    pub(super) async fn finish(
        &self,
        id: &str,
        attempt: u32,
        outcome: &Outcome,
    ) -> Result<bool, QueueError> {
        ask!(self, finish(id, attempt, outcome))
    }

    pub(super) async fn status(&self, id: &str) -> Result<Option<JobStatus>, QueueError> {
        ask!(self, status(id))
    }

    /// The dead letters, those that died first coming first.
    pub(super) async fn dead_letters(&self, limit: usize) -> Result<Vec<JobStatus>, QueueError> {
        ask!(self, dead_letters(limit))
    }

    /// Gives a dead job so many further attempts; `false` if there is no such dead job.
    pub(super) async fn replay(&self, id: &str, attempts: u32) -> Result<bool, QueueError> {
        ask!(self, replay(id, attempts))
    }

    /// Forgets a job that is not running; `false` if there is none.
    pub(super) async fn remove(&self, id: &str) -> Result<bool, QueueError> {
        ask!(self, remove(id))
    }

    pub(super) async fn counts(&self) -> Result<Counts, QueueError> {
        ask!(self, counts())
    }

    /// What makes the server a poor keeper of jobs, if it answers.
    pub(super) async fn complaint(&self) -> Result<Option<String>, QueueError> {
        ask!(self, complaint())
    }

    /// Passes on the server's news of jobs that are due, until the connection ends.
    pub(super) async fn listen(&self, wake: &Notify) -> Result<(), QueueError> {
        match self {
            // Whoever enqueues in this process wakes its workers without that.
            Self::Memory(_) => std::future::pending().await,
            Self::Redis(redis) => redis.listen(wake).await.map_err(QueueError::server),
            //% if options.postgres
            Self::Postgres(postgres) => postgres.listen(wake).await.map_err(QueueError::server),
            //% endif
            //% if options.nats
            Self::Nats(nats) => nats.listen(wake).await.map_err(QueueError::server),
            //% endif
        }
    }
}
