//! Jobs in Redis, shared by all processes of the app.
//!
//! All keys of a queue have one hash tag, so that a script may touch them all.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    collections::HashMap,
    time::{Duration, UNIX_EPOCH},
};

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::io::tcp::TcpSettings;
use ::redis::{
    Client, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisResult, Script, ScriptInvocation,
};
use futures_util::StreamExt;
use tokio::sync::Notify;

use super::backend::{self, Claim, Claimed, Counts, Entry, Outcome};
use super::job::{JobStatus, State};
use super::scripts;

/// Commands that may wait to be sent, all tasks together.
const PIPELINE: usize = 1_024;
/// How long sent bytes may stay unconfirmed before a line counts as dead. Linux alone would wait for
/// a quarter of an hour.
#[cfg(target_os = "linux")]
const DEAD_LINE: Duration = Duration::from_secs(5);

pub(super) struct Redis {
    client: Client,
    connection: ConnectionManager,
    ready: String,
    lease: String,
    dead: String,
    /// What the key of a job begins with.
    job: String,
    channel: String,
    enqueue: Script,
    claim: Script,
    beat: Script,
    finish: Script,
    replay: Script,
    remove: Script,
}

/// What `CLAIM` returns.
type Found = (i64, Vec<(String, String, Vec<u8>, String, u32, u32)>);

impl Redis {
    /// Prepares a connection, which opens when it is first used. `limit` bounds every answer.
    pub(super) fn new(client: Client, name: &str, limit: Duration) -> RedisResult<Self> {
        //% if options.tls
        // Redis picks no provider itself. An error means that the app has installed one.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().ok();
        //% endif
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_pipeline_buffer_size(PIPELINE)
            .set_connection_timeout(Some(limit))
            .set_response_timeout(Some(limit));
        let key = |part: &str| format!("{{queue:{name}}}:{part}");
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client.clone(), config)?,
            client,
            ready: key("ready"),
            lease: key("lease"),
            dead: key("dead"),
            job: key("job:"),
            channel: key("wake"),
            enqueue: scripts::script(scripts::ENQUEUE),
            claim: scripts::script(scripts::CLAIM),
            beat: scripts::script(scripts::BEAT),
            finish: scripts::script(scripts::FINISH),
            replay: scripts::script(scripts::REPLAY),
            remove: scripts::script(scripts::REMOVE),
        })
    }

    fn keys<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(&self.ready)
            .key(&self.job)
            .key(&self.lease)
            .key(&self.dead);
        call
    }

    /// Runs a script, and once more where the connection turns out to be gone: an idle one may have
    /// been closed long ago. No script does harm when it runs twice; jobs of a lost claim come back
    /// with the end of their lease.
    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> RedisResult<T> {
        let mut connection = self.connection.clone();
        match call.invoke_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() => call.invoke_async(&mut connection).await,
            answer => answer,
        }
    }

    pub(super) async fn enqueue(&self, entries: &[Entry]) -> RedisResult<Vec<bool>> {
        let mut call = self.keys(&self.enqueue);
        call.arg(&self.channel);
        for entry in entries {
            call.arg(&entry.id).arg(&entry.name).arg(&entry.payload[..]);
            call.arg(&entry.headers).arg(entry.attempts);
            call.arg(millis(entry.delay));
        }
        self.run(&call).await
    }

    pub(super) async fn claim(&self, limit: usize, lease: Duration) -> RedisResult<Claim> {
        let mut call = self.keys(&self.claim);
        call.arg(limit)
            .arg(millis(lease))
            .arg(backend::EXPIRED)
            .arg(super::LOST);
        let (pause, found): Found = self.run(&call).await?;
        let job = |(id, name, payload, headers, attempt, last)| Claimed {
            id,
            name,
            payload,
            headers,
            attempt,
            last,
        };
        Ok(Claim {
            jobs: found.into_iter().map(job).collect(),
            next: u64::try_from(pause).ok().map(Duration::from_millis),
        })
    }

    pub(super) async fn beat(
        &self,
        runs: &[(String, u32)],
        lease: Duration,
    ) -> RedisResult<Vec<String>> {
        let mut call = self.keys(&self.beat);
        call.arg(millis(lease));
        for (id, attempt) in runs {
            call.arg(id).arg(attempt);
        }
        self.run(&call).await
    }

    pub(super) async fn finish(
        &self,
        id: &str,
        attempt: u32,
        outcome: &Outcome,
    ) -> RedisResult<bool> {
        let mut call = self.keys(&self.finish);
        call.arg(&self.channel).arg(id).arg(attempt);
        match outcome {
            Outcome::Done { output, keep } => {
                call.arg("done").arg(&output[..]).arg(millis(*keep));
            }
            Outcome::Retry { error, delay } => {
                call.arg("retry").arg(error).arg(millis(*delay));
            }
            Outcome::Dead { error } => {
                call.arg("dead").arg(error).arg(0);
            }
            Outcome::GivenBack => {
                call.arg("back").arg("").arg(0);
            }
        }
        self.run(&call).await
    }

    pub(super) async fn status(&self, id: &str) -> RedisResult<Option<JobStatus>> {
        Ok(self.look_up(&[id.to_owned()]).await?.pop())
    }

    pub(super) async fn dead_letters(&self, limit: usize) -> RedisResult<Vec<JobStatus>> {
        let mut range = ::redis::cmd("ZRANGE");
        range.arg(&self.dead).arg(0).arg(limit.saturating_sub(1));
        let ids: Vec<String> = range.query_async(&mut self.connection.clone()).await?;
        self.look_up(&ids).await
    }

    /// What is known of those of these jobs that are known.
    async fn look_up(&self, ids: &[String]) -> RedisResult<Vec<JobStatus>> {
        let mut pipeline = ::redis::pipe();
        for id in ids {
            pipeline.cmd("HGETALL").arg(format!("{}{id}", self.job));
        }
        let found: Vec<HashMap<String, Vec<u8>>> = match ids {
            [] => Vec::new(),
            _ => pipeline.query_async(&mut self.connection.clone()).await?,
        };
        let known = ids
            .iter()
            .zip(found)
            .filter(|(_, fields)| !fields.is_empty());
        let status = known.map(|(id, fields)| status(id, fields));
        status.collect()
    }

    pub(super) async fn replay(&self, id: &str, attempts: u32) -> RedisResult<bool> {
        let mut call = self.keys(&self.replay);
        call.arg(&self.channel).arg(id).arg(attempts);
        self.run(&call).await
    }

    pub(super) async fn remove(&self, id: &str) -> RedisResult<bool> {
        self.run(self.keys(&self.remove).arg(id)).await
    }

    pub(super) async fn counts(&self) -> RedisResult<Counts> {
        let mut pipeline = ::redis::pipe();
        for key in [&self.ready, &self.lease, &self.dead] {
            pipeline.cmd("ZCARD").arg(key);
        }
        let counts: (u64, u64, u64) = pipeline.query_async(&mut self.connection.clone()).await?;
        let (waiting, running, dead) = counts;
        Ok(Counts {
            waiting,
            running,
            dead,
        })
    }

    /// Redis may drop keys when its memory is full, or forget all of them when it restarts.
    pub(super) async fn complaint(&self) -> RedisResult<Option<String>> {
        let mut redis = self.connection.clone();
        let mut info = ::redis::cmd("INFO");
        let info: String = info.arg("memory").query_async(&mut redis).await?;
        let policy = field(&info, "maxmemory_policy").unwrap_or("noeviction");
        if policy != "noeviction" {
            return Ok(Some(format!(
                "redis may drop jobs when its memory is full: set `maxmemory-policy` to `noeviction`, it is `{policy}`"
            )));
        }
        let mut info = ::redis::cmd("INFO");
        let info: String = info.arg("persistence").query_async(&mut redis).await?;
        if field(&info, "aof_enabled") == Some("1") {
            return Ok(None);
        }
        // Hosted servers refuse to show their settings: what cannot be known is no complaint.
        let mut save = ::redis::cmd("CONFIG");
        let save = save.arg("GET").arg("save").query_async(&mut redis).await;
        let save: HashMap<String, String> = save.unwrap_or_default();
        let forgets = save.get("save").is_some_and(String::is_empty);
        let why = "redis forgets all jobs when it restarts: set `appendonly yes`";
        Ok(forgets.then(|| why.to_owned()))
    }

    pub(super) async fn listen(&self, wake: &Notify) -> RedisResult<()> {
        let mut subscription = self.client.get_async_pubsub().await?;
        subscription.subscribe(&self.channel).await?;
        let mut messages = subscription.into_on_message();
        // What came before is not told again.
        wake.notify_one();
        while messages.next().await.is_some() {
            wake.notify_one();
        }
        Ok(())
    }
}

/// A client of the server at a URL. Opens nothing.
pub(super) fn client(url: &str) -> RedisResult<Client> {
    let settings = TcpSettings::default();
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(DEAD_LINE);
    Client::open(url.into_connection_info()?.set_tcp_settings(settings))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A line `name:value` of `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(key, value)| (key == name).then_some(value.trim()))
}

fn status(id: &str, mut fields: HashMap<String, Vec<u8>>) -> RedisResult<JobStatus> {
    let mut text = |name: &str| {
        let bytes = fields.remove(name)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let state = match text("state").as_deref() {
        Some("waiting") => State::Waiting,
        Some("running") => State::Running,
        Some("done") => State::Done,
        Some("dead") => State::Dead,
        _ => return Err((ErrorKind::UnexpectedReturnType, "not a job of this queue").into()),
    };
    Ok(JobStatus {
        id: id.to_owned(),
        name: text("name").unwrap_or_default(),
        state,
        attempt: number(text("attempt"))
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(0),
        since: UNIX_EPOCH + Duration::from_millis(number(text("since")).unwrap_or(0)),
        error: text("error"),
        output: fields.remove("output"),
    })
}
