//! A command line over a generated package `shop` with queue, for tests that kill, stop and restart
//! workers and servers.
//!
//! It reads one command a line from stdin and answers each with one line on stdout. The first line of
//! output, `started`, comes before any command; the end of stdin and SIGTERM shut it down, with
//! `stopped` as its last line. Settings come from the environment (`QUEUE_URL`, ..).
//!
//! | command | answer |
//! |---|---|
//! | `work`, `work cron` | `ok`, once a worker runs; with `cron`, also a schedule of every second |
//! | `fill COUNT MILLIS` | `ok`, once so many jobs are enqueued that take this long |
//! | `idle COUNT` | `ok`, once so many jobs are enqueued that do nothing |
//! | `put ID MILLIS`, `poison ID` | whether it is new |
//! | `herd ID COUNT` | how many of so many enqueues at once were new |
//! | `status ID` | state, attempt, output and error as `Debug` shows them |
//! | `counts` | waiting, running, dead |
//! | `ran` | how many jobs have ended in this process |
//! | `replay ID` | whether it was dead |
//! | `health` | the health of the queue as `Debug` shows it |
//!
//! Jobs leave lines `ID ATTEMPT PID MILLIS` in the lists `begun` and `ended` of the Redis of
//! `QUEUE_URL`, MILLIS being the time since 1970. A poisoned job ends its process unless there is a
//! key `cured`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use serde::{Deserialize, Serialize};
use shop::infra::queue::{Context, Failure, Job, NewJob, Queue, Worker};
use shop::infra::{Infra, shutdown_signal};
use tokio::sync::{OnceCell, mpsc};

type Failed = Box<dyn std::error::Error + Send + Sync>;

static RAN: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize, Deserialize)]
struct Sleep {
    millis: u64,
}

impl Job for Sleep {
    const NAME: &'static str = "sleep";
    type Output = u32;

    async fn run(self, context: Context) -> Result<u32, Failure> {
        leave("begun", &context).await?;
        tokio::time::sleep(Duration::from_millis(self.millis)).await;
        leave("ended", &context).await?;
        RAN.fetch_add(1, SeqCst);
        Ok(std::process::id())
    }
}

#[derive(Serialize, Deserialize)]
struct Nothing;

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    type Output = ();

    async fn run(self, _: Context) -> Result<(), Failure> {
        RAN.fetch_add(1, SeqCst);
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Poison;

impl Job for Poison {
    const NAME: &'static str = "poison";
    type Output = ();

    async fn run(self, context: Context) -> Result<(), Failure> {
        leave("begun", &context).await?;
        let cured: bool = connection().await?.exists("cured").await?;
        if !cured {
            std::process::abort();
        }
        Ok(())
    }
}

/// The server that the tests look at.
async fn connection() -> Result<ConnectionManager, Failed> {
    static CONNECTION: OnceCell<ConnectionManager> = OnceCell::const_new();
    let connect = || async {
        let client = redis::Client::open(std::env::var("QUEUE_URL")?)?;
        Ok::<_, Failed>(ConnectionManager::new_lazy_with_config(client, Default::default())?)
    };
    Ok(CONNECTION.get_or_try_init(connect).await?.clone())
}

async fn leave(list: &str, context: &Context) -> Result<(), Failed> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let (id, attempt, process) = (&context.id, context.attempt, std::process::id());
    let line = format!("{id} {attempt} {process} {now}");
    Ok(connection().await?.rpush(list, line).await?)
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("error")
        .init();
    let infra = Infra::start().await?;
    println!("started");
    let (sender, mut lines) = mpsc::channel(100);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        lines.try_for_each(|line| sender.blocking_send(line))
    });
    let mut stop = std::pin::pin!(shutdown_signal());
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = &mut stop => None,
        };
        let Some(line) = line else { break };
        let words: Vec<&str> = line.split(' ').collect();
        println!("{}", operate(&infra, &words).await?);
    }
    infra.shutdown().await;
    println!("stopped");
    Ok(())
}

async fn operate(infra: &Arc<Infra>, words: &[&str]) -> Result<String, Failed> {
    let queue = &infra.queue;
    Ok(match *words {
        ["work", ref cron @ ..] => {
            let worker = Worker::new(infra);
            let worker = worker.job::<Sleep>().job::<Nothing>().job::<Poison>();
            match cron {
                ["cron"] => worker.cron("second", "* * * * * *", &Sleep { millis: 0 }).start()?,
                _ => worker.start()?,
            }
            "ok".to_owned()
        }
        ["fill", count, millis] => {
            let job = Sleep {
                millis: millis.parse()?,
            };
            fill(queue, count.parse()?, NewJob::from(&job)).await?
        }
        ["idle", count] => fill(queue, count.parse()?, NewJob::from(&Nothing)).await?,
        ["put", id, millis] => {
            let millis = millis.parse()?;
            put(queue, NewJob::from(&Sleep { millis }).unique(id)).await?
        }
        ["poison", id] => put(queue, NewJob::from(&Poison).unique(id)).await?,
        ["herd", id, count] => herd(queue, id, count.parse()?).await?.to_string(),
        ["status", id] => match queue.status(id).await? {
            Some(status) => {
                let output = status.output::<Sleep>().unwrap_or_default();
                let error = status.error;
                format!("{:?} {} {output:?} {error:?}", status.state, status.attempt)
            }
            None => "None".to_owned(),
        },
        ["counts"] => {
            let counts = queue.counts().await?;
            format!("{} {} {}", counts.waiting, counts.running, counts.dead)
        }
        ["ran"] => RAN.load(SeqCst).to_string(),
        ["replay", id] => queue.replay(id).await?.to_string(),
        ["health"] => format!("{:?}", queue.health().await),
        _ => return Err(format!("no such command: {words:?}").into()),
    })
}

async fn fill(queue: &Queue, count: usize, job: NewJob) -> Result<String, Failed> {
    let jobs = std::iter::repeat_n(job, count);
    queue.enqueue_many(jobs).await?;
    Ok("ok".to_owned())
}

async fn put(queue: &Queue, job: NewJob) -> Result<String, Failed> {
    Ok(queue.enqueue(job).await?.is_new.to_string())
}

async fn herd(queue: &Queue, id: &str, count: usize) -> Result<usize, Failed> {
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (queue, job) = (queue.clone(), NewJob::from(&Nothing).unique(id));
        callers.spawn(async move { queue.enqueue(job).await.map(|enqueued| enqueued.is_new) });
    }
    let mut new = 0;
    while let Some(caller) = callers.join_next().await {
        new += usize::from(caller??);
    }
    Ok(new)
}
