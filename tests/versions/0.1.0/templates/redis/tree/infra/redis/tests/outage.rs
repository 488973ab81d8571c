//! What holds when the line to Redis is cut, hangs, and is mended.

use tokio::{
    io::copy,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::*;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Hanging,
    Cut,
}

/// A line to the test server that can be disturbed.
struct Line {
    settings: RedisSettings,
    state: watch::Sender<State>,
}

impl Line {
    async fn new() -> Self {
        let url = test_url();
        let client = ::redis::Client::open(url.as_str()).unwrap();
        let server = client.get_connection_info().addr().to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let settings = settings(Some(url.replace(&server, &here)));
        let (state, watched) = watch::channel(State::Open);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server.clone(), watched.clone()));
            }
        });
        Self { settings, state }
    }

    fn disturb(&self, state: State) {
        self.state.send_replace(state);
    }

    async fn mend(&self, redis: &Redis) {
        self.disturb(State::Open);
        let healthy = async {
            while redis.health().await != Health::Healthy {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(5), healthy).await.unwrap();
    }
}

/// Carries bytes both ways while the line is open, and keeps them while it hangs.
async fn carry(mut near: TcpStream, server: String, mut state: watch::Receiver<State>) {
    let mut far = TcpStream::connect(server).await.unwrap();
    loop {
        let now = *state.borrow_and_update();
        let (mut from_near, mut to_near) = near.split();
        let (mut from_far, mut to_far) = far.split();
        tokio::select! {
            _ = copy(&mut from_near, &mut to_far), if now == State::Open => return,
            _ = copy(&mut from_far, &mut to_near), if now == State::Open => return,
            _ = state.changed() => {}
            () = std::future::ready(()), if now == State::Cut => return,
        }
    }
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn nothing_stale_is_served_during_or_after_an_outage() {
    let line = Line::new().await;
    let redis = Redis::start(&line.settings).await.unwrap();
    let cache = &redis.cache;
    let tagged = Keep::from(MINUTE).tagged(["tag"]);
    for key in ["kept", "set", "deleted"] {
        cache.set(key, &1, MINUTE).await.unwrap();
    }
    cache.set("tagged", &1, tagged).await.unwrap();

    for (round, state) in [(2, State::Cut), (3, State::Hanging), (4, State::Cut)] {
        line.disturb(state);
        let first = timeout(line.settings.timeout * 2, cache.get::<u64>("kept")).await;
        assert_eq!(
            first.unwrap(),
            None,
            "memory is empty when an outage begins"
        );
        assert!(matches!(redis.health().await, Health::Degraded(_)));
        cache.set("set", &round, MINUTE).await.unwrap();
        cache.set("deleted", &round, MINUTE).await.unwrap();
        cache.delete("deleted").await;
        cache.invalidate_tag("tag").await;
        assert_eq!(cache.get("set").await, Some(round));
        assert_eq!(cache.get::<u64>("deleted").await, None);

        line.mend(&redis).await;
        assert_eq!(cache.get("kept").await, Some(1));
        for key in ["set", "deleted", "tagged"] {
            assert_eq!(cache.get::<u64>(key).await, None, "{key} in round {round}");
        }
        cache.set("set", &(round * 10), MINUTE).await.unwrap();
        assert_eq!(cache.get("set").await, Some(round * 10));
    }
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn a_write_that_hangs_does_not_outlive_a_later_one() {
    let line = Line::new().await;
    let redis = Redis::start(&line.settings).await.unwrap();
    let cache = &redis.cache;
    line.disturb(State::Hanging);
    // The first is under way to Redis, the second reaches memory.
    cache.set("key", &1, MINUTE).await.unwrap();
    cache.set("key", &2, MINUTE).await.unwrap();
    assert_eq!(cache.get("key").await, Some(2));
    line.mend(&redis).await;
    assert_eq!(cache.get::<u64>("key").await, None);
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn a_closed_connection_is_replaced_at_once() {
    let line = Line::new().await;
    let redis = Redis::start(&line.settings).await.unwrap();
    redis.cache.set("key", &1, MINUTE).await.unwrap();
    line.disturb(State::Cut);
    sleep(Duration::from_millis(50)).await;
    line.disturb(State::Open);
    assert_eq!(redis.cache.get::<u64>("key").await, None);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(redis.cache.get("key").await, Some(1));
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn everything_leaves_after_an_outage_with_too_many_changes_to_name() {
    let line = Line::new().await;
    let redis = Redis::start(&line.settings).await.unwrap();
    let cache = &redis.cache;
    for many in [true, false] {
        cache.set("kept", &1, MINUTE).await.unwrap();
        line.disturb(State::Cut);
        if many {
            let values = (0..120_000).map(|n| (n.to_string(), n));
            cache.set_many(values, MINUTE).await.unwrap();
        } else {
            cache.clear("nothing*").await;
        }
        line.mend(&redis).await;
        assert!(!cache.exists("kept").await);
        assert!(!cache.exists("7").await);
    }
}
//% if options.pubsub

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn subscriptions_come_back_after_an_outage() {
    let line = Line::new().await;
    let redis = Redis::start(&line.settings).await.unwrap();
    let channel = messages::channel();
    // More than Redis takes in, one by one, within the time limit.
    let many = (0..20_000).map(|n| {
        let (pubsub, channel) = (redis.pubsub.clone(), format!("{channel}.{n}"));
        async move { pubsub.subscribe::<u64>(&channel).await }
    });
    let _many = join_all(many).await;
    let mut subscription = redis.pubsub.subscribe(&channel).await;
    line.disturb(State::Cut);
    assert!(redis.pubsub.publish(&channel, &1).await.is_err());
    line.mend(&redis).await;
    let publish = async {
        loop {
            redis.pubsub.publish(&channel, &2).await.ok();
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = publish => {}
        message = messages::next(&mut subscription) => assert_eq!(message.value, 2),
    }
}
//% endif
