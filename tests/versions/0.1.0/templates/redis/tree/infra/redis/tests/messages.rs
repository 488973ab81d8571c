//% if options.pubsub
//! What holds for messages.

use futures_util::StreamExt;

use super::*;

everywhere! {
    messages_reach_channels_and_patterns
    a_slow_subscriber_delays_nobody
}

pub(super) fn channel() -> String {
    format!("test.{:x}", RandomState::new().hash_one(0))
}

pub(super) async fn next(subscription: &mut Subscription<u64>) -> Message<u64> {
    let message = timeout(Duration::from_secs(5), subscription.next()).await;
    message.unwrap().unwrap()
}

async fn messages_reach_channels_and_patterns(Redis { pubsub, .. }: Redis) {
    let channel = channel();
    let mut exact = pubsub.subscribe(&channel).await;
    let mut again = pubsub.subscribe(&channel).await;
    let mut pattern = pubsub.subscribe_pattern(&format!("{channel}*")).await;
    pubsub.publish(&channel, "not a number").await.unwrap();
    pubsub.publish(&channel, &1_u64).await.unwrap();
    let message = Message {
        channel: channel.clone(),
        value: 1,
    };
    for subscription in [&mut exact, &mut again, &mut pattern] {
        assert_eq!(next(subscription).await, message);
    }
    drop(exact);
    pubsub.publish(&channel, &2_u64).await.unwrap();
    assert_eq!(next(&mut again).await.value, 2);
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn a_dropped_subscription_ends_on_the_server_too() {
    let redis = on_server().await;
    let channel = channel();
    let subscription = redis.pubsub.subscribe::<u64>(&channel).await;
    let mut raw = redis.cache.redis().unwrap();
    let mut count = async || {
        let mut command = ::redis::cmd("PUBSUB");
        let counts = command.arg("NUMSUB").arg(&channel).query_async(&mut raw);
        let (_, count): (String, u64) = counts.await.unwrap();
        count
    };
    assert_eq!(count().await, 1);
    drop(subscription);
    let gone = async { while count().await > 0 {} };
    timeout(Duration::from_secs(5), gone).await.unwrap();
}

async fn a_slow_subscriber_delays_nobody(Redis { pubsub, .. }: Redis) {
    let channel = channel();
    let mut slow = pubsub.subscribe(&channel).await;
    let mut quick = pubsub.subscribe(&channel).await;
    for n in 0..1_500 {
        pubsub.publish(&channel, &n).await.unwrap();
        assert_eq!(next(&mut quick).await.value, n);
    }
    for n in 0..1_024 {
        assert_eq!(next(&mut slow).await.value, n);
    }
    pubsub.publish(&channel, &7_u64).await.unwrap();
    assert_eq!(next(&mut slow).await.value, 7);
}
//% endif
