//! Workers that the tool generates, killed, stopped and restarted, and the Redis under them.
//!
//! Every test starts a server of its own and drives processes (`tests/generated/queue_probe.rs`) over
//! it. What backends keep to without that is in the generated tests themselves.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;
#[path = "queue/process.rs"]
mod process;
#[path = "queue/settings.rs"]
mod settings;

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::redis::{PATIENCE, Server};
use process::{App, LEASE, Trace, traces};

/// What a busy machine may add to any time.
const SLACK: Duration = Duration::from_millis(700);
/// Keeps what it has confirmed, whatever happens to it.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap()
}

fn now() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
}

fn ids(traces: &[Trace]) -> BTreeSet<&str> {
    traces.iter().map(|trace| trace.id.as_str()).collect()
}

/// Waits until so many jobs have begun, and returns what they left.
#[track_caller]
fn begun(server: &Server, count: usize) -> Vec<Trace> {
    let from = Instant::now();
    loop {
        let begun = traces(server, "begun");
        if begun.len() >= count {
            return begun;
        }
        assert!(from.elapsed() < PATIENCE, "{begun:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Numbers that only look random, so that a failure comes again.
struct Chance(u64);

impl Chance {
    fn next(&mut self, range: std::ops::Range<u64>) -> u64 {
        // Knuth's linear congruential generator (MMIX).
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        range.start + (self.0 >> 33) % (range.end - range.start)
    }
}

#[test]
#[ignore = "needs redis-server"]
fn ten_thousand_jobs_are_done_while_workers_are_killed_at_random() {
    const JOBS: usize = 10_000;
    const WORKERS: usize = 4;
    let server = Server::start(&[]);
    let mut boss = App::start(&server);
    boss.expect(&format!("fill {JOBS} 50"), "ok");
    let mut workers: Vec<App> = (0..WORKERS).map(|_| App::working(&server)).collect();
    let mut chance = Chance(0x5eed);
    let (begun, mut kills) = (Instant::now(), 0);
    while boss.ask("counts") != "0 0 0" {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{}",
            boss.ask("counts")
        );
        thread::sleep(Duration::from_millis(chance.next(50..400)));
        let victim = usize::try_from(chance.next(0..4)).unwrap();
        workers.swap_remove(victim).kill();
        workers.push(App::working(&server));
        kills += 1;
    }
    let took = begun.elapsed();
    let ended = traces(&server, "ended");
    println!("{kills} kills, {} executions, {took:?}", ended.len());
    assert!(kills > 10, "{kills}");
    assert_eq!(ids(&ended).len(), JOBS);
    // A killed worker loses what ran there, 20 jobs at most; the rest runs once.
    assert!(ended.len() <= JOBS + kills * 20, "{}", ended.len());
}

#[test]
#[ignore = "needs redis-server"]
fn orphans_are_restarted_within_one_lease() {
    let server = Server::start(&[]);
    let mut victim = App::working(&server);
    victim.expect("fill 10 3000", "ok");
    begun(&server, 10);
    let mut heir = App::working(&server);
    thread::sleep(LEASE);
    let killed = now();
    victim.kill();
    let again = begun(&server, 20).split_off(10);
    for orphan in again {
        assert_eq!((orphan.process, orphan.attempt), (heir.id(), 2));
        let after = Duration::from_millis(orphan.time.saturating_sub(killed));
        assert!(after <= LEASE + SLACK, "restarted after {after:?}");
        // No sooner than the last heartbeat allows, which came at most a third of a lease before.
        assert!(after + SLACK >= LEASE * 2 / 3, "restarted after {after:?}");
    }
    heir.wait_for("counts", PATIENCE, |counts| counts == "0 0 0");
    let ended = traces(&server, "ended");
    assert_eq!((ended.len(), ids(&ended).len()), (10, 10));
}

#[test]
#[ignore = "needs redis-server"]
fn a_hundred_thousand_due_jobs_at_start_are_no_problem() {
    const JOBS: u64 = 100_000;
    let server = Server::start(&[]);
    let mut boss = App::start(&server);
    boss.expect(&format!("idle {JOBS}"), "ok");
    boss.expect("counts", &format!("{JOBS} 0 0"));
    let begun = Instant::now();
    let settings = [("QUEUE_RESULT_TTL", "0"), ("QUEUE_MAX_JOBS", "100")];
    let mut worker = App::start_with(&server, &settings);
    worker.expect("work", "ok");
    let limit = Duration::from_secs(90);
    worker.wait_for("ran", limit, |ran| ran.parse::<u64>().unwrap() >= JOBS);
    println!("{JOBS} jobs in {:?}, not optimised", begun.elapsed());
    worker.wait_for("counts", PATIENCE, |counts| counts == "0 0 0");
    worker.expect("ran", &JOBS.to_string());
    // Nothing is left of them.
    assert_eq!(server.ask(&["dbsize"]), ":0");
}

#[test]
#[ignore = "needs redis-server"]
fn a_job_longer_than_its_lease_runs_once_while_its_worker_lives() {
    let server = Server::start(&[]);
    let mut workers = [App::working(&server), App::working(&server)];
    workers[0].expect("fill 30 4000", "ok");
    workers[0].wait_for("counts", PATIENCE, |counts| counts == "0 0 0");
    let ended = traces(&server, "ended");
    assert_eq!((ended.len(), ids(&ended).len()), (30, 30));
    assert!(ended.iter().all(|trace| trace.attempt == 1), "{ended:?}");
}

#[test]
#[ignore = "needs redis-server"]
fn a_worker_that_hung_cannot_finish_what_another_took_over() {
    let server = Server::start(&[]);
    let mut hung = App::working(&server);
    hung.expect("put job 2500", "true");
    begun(&server, 1);
    hung.stop();
    let mut heir = App::working(&server);
    let takeover = begun(&server, 2)[1].clone();
    assert_eq!((takeover.process, takeover.attempt), (heir.id(), 2));
    // Its sleep is over by now, and that of the other is not.
    thread::sleep(Duration::from_millis(1_800));
    hung.resume();
    thread::sleep(LEASE / 2);
    let running = hung.ask("status job");
    assert!(running.starts_with("Running 2 None"), "{running}");
    let done = format!("Done 2 Some({}) None", heir.id());
    heir.wait_for("status job", PATIENCE, |status| status == done);
    thread::sleep(LEASE);
    hung.expect("status job", &done);
    // It works on with other jobs.
    heir.kill();
    hung.expect("put next 0", "true");
    let done = format!("Done 1 Some({}) None", hung.id());
    hung.wait_for("status next", PATIENCE, |status| status == done);
}

#[test]
#[ignore = "needs redis-server"]
fn a_worker_restarts_under_its_old_name_at_once() {
    let server = Server::start(&[]);
    let mut boss = App::start(&server);
    for (turn, graceful) in [true, false, true].into_iter().enumerate() {
        let worker = App::working(&server);
        boss.expect(&format!("put {turn} 0"), "true");
        boss.wait_for(
            &format!("status {turn}"),
            Duration::from_secs(1),
            |status| status.starts_with("Done 1"),
        );
        if graceful {
            worker.terminate();
        } else {
            worker.kill();
        }
    }
}

#[test]
#[ignore = "needs redis-server"]
fn an_idle_worker_starts_a_job_within_a_second() {
    let server = Server::start(&[]);
    let mut boss = App::start(&server);
    let _worker = App::working(&server);
    for (turn, idle) in [3_000, 700, 0, 0].into_iter().enumerate() {
        thread::sleep(Duration::from_millis(idle));
        let sent = now();
        boss.expect(&format!("put {turn} 0"), "true");
        let took = begun(&server, turn + 1)[turn].time.saturating_sub(sent);
        println!("after {idle} ms of idling: begun within {took} ms");
        assert!(took < 1_000, "{took} ms");
    }
}

#[test]
#[ignore = "needs redis-server"]
fn redis_is_killed_and_restarted_in_the_middle() {
    const JOBS: usize = 2_000;
    let mut server = Server::start(&DURABLE);
    let mut workers = [App::start(&server), App::start(&server)];
    workers[0].expect(&format!("fill {JOBS} 50"), "ok");
    for worker in &mut workers {
        worker.expect("work", "ok");
    }
    for pause in [600, 1_500] {
        thread::sleep(Duration::from_millis(500));
        server.kill();
        let health = workers[0].ask("health");
        assert!(health.starts_with("Unhealthy"), "{health}");
        thread::sleep(Duration::from_millis(pause));
        server.restart();
    }
    let limit = Duration::from_secs(40);
    workers[0].wait_for("health", PATIENCE, |health| health == "Healthy");
    workers[0].wait_for("counts", limit, |counts| counts == "0 0 0");
    let ended = traces(&server, "ended");
    println!("{} executions of {JOBS} jobs", ended.len());
    assert_eq!(ids(&ended).len(), JOBS);
    // What ran when the server went away may have run again.
    assert!(ended.len() <= JOBS + 2 * 2 * 20, "{}", ended.len());
    // An idle worker that lost its connection is told of new jobs again.
    let sent = Instant::now();
    workers[1].expect("put last 0", "true");
    workers[1].wait_for("status last", PATIENCE, |status| status.starts_with("Done"));
    let took = sent.elapsed();
    assert!(took < Duration::from_millis(1_000), "{took:?}");
}

#[test]
#[ignore = "needs redis-server"]
fn a_tick_fires_once_over_three_instances_whichever_of_them_dies() {
    let server = Server::start(&[]);
    let mut instances: Vec<App> = (0..3).map(|_| App::start(&server)).collect();
    for instance in &mut instances {
        instance.expect("work cron", "ok");
    }
    thread::sleep(Duration::from_millis(3_000));
    // Whoever has enqueued the last tick is among these in the end.
    for _ in 0..2 {
        instances.remove(0).kill();
        thread::sleep(Duration::from_millis(3_000));
    }
    let mut ticks = BTreeMap::<u64, usize>::new();
    for trace in traces(&server, "ended") {
        let tick = trace.id.strip_prefix("cron:second:").unwrap();
        *ticks.entry(tick.parse().unwrap()).or_default() += 1;
    }
    println!("{} ticks", ticks.len());
    assert!(ticks.len() >= 8, "{ticks:?}");
    assert!(ticks.values().all(|times| *times == 1), "{ticks:?}");
    let (first, last) = (ticks.keys().next().unwrap(), ticks.keys().last().unwrap());
    assert_eq!(
        last - first + 1,
        u64::try_from(ticks.len()).unwrap(),
        "{ticks:?}"
    );
}

#[test]
#[ignore = "needs redis-server"]
fn a_unique_id_is_held_under_a_hundred_concurrent_enqueues() {
    let server = Server::start(&[]);
    let mut callers: Vec<App> = (0..4).map(|_| App::start(&server)).collect();
    for turn in 0..20 {
        for caller in &mut callers {
            caller.send(&format!("herd id:{turn} 25"));
        }
        let new = callers
            .iter()
            .map(|caller| caller.answer().parse::<u32>().unwrap());
        assert_eq!(new.sum::<u32>(), 1);
    }
    callers[0].expect("counts", "20 0 0");
    // It is held after the job is done, too.
    callers[0].expect("work", "ok");
    callers[0].wait_for("counts", PATIENCE, |counts| counts == "0 0 0");
    callers[1].expect("herd id:0 100", "0");
}

#[test]
#[ignore = "needs redis-server"]
fn a_poisoned_job_ends_among_the_dead_letters_and_can_be_replayed() {
    let server = Server::start(&[]);
    let settings = [("QUEUE_MAX_RETRIES", "2")];
    let mut boss = App::start_with(&server, &settings);
    boss.expect("poison bad", "true");
    for _ in 0..3 {
        let mut worker = App::start_with(&server, &settings);
        // It may end before it has answered.
        worker.send("work");
        assert!(!worker.ended().success(), "the job ends its process");
    }
    let mut worker = App::start_with(&server, &settings);
    worker.expect("work", "ok");
    let dead = "Dead 3 None Some(\"its worker was lost\")";
    boss.wait_for("status bad", LEASE + PATIENCE, |status| status == dead);
    boss.expect("counts", "0 0 1");
    boss.expect("put good 0", "true");
    boss.wait_for("status good", PATIENCE, |status| {
        status.starts_with("Done 1")
    });
    boss.expect("replay good", "false");

    assert_eq!(server.ask(&["set", "cured", "1"]), "+OK");
    boss.expect("replay bad", "true");
    boss.wait_for("status bad", PATIENCE, |status| {
        status.starts_with("Done 4")
    });
    boss.expect("counts", "0 0 0");
}

#[test]
#[ignore = "needs redis-server"]
fn a_terminated_worker_finishes_what_it_can_and_gives_the_rest_back() {
    let server = Server::start(&[]);
    // What comes sooner than that was given back.
    let settings = [("QUEUE_LEASE", "60s"), ("QUEUE_SHUTDOWN_LIMIT", "1s")];
    let mut leaving = App::start_with(&server, &settings);
    leaving.expect("work", "ok");
    leaving.expect("put short 700", "true");
    leaving.expect("put long 2500", "true");
    begun(&server, 2);
    let mut heir = App::start_with(&server, &settings);
    heir.expect("work", "ok");
    let took = leaving.terminate();
    assert!(took < Duration::from_secs(1) + SLACK, "{took:?}");
    let status = heir.ask("status short");
    assert!(status.starts_with("Done 1"), "{status}");
    let again = begun(&server, 3)[2].clone();
    assert_eq!((again.id.as_str(), again.process), ("long", heir.id()));
    let done = format!("Done 2 Some({}) None", heir.id());
    heir.wait_for("status long", PATIENCE, |status| status == done);
}
