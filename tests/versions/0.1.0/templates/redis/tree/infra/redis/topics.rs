//% if options.pubsub
//! Who in this process listens to what, and the delivery to them.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ::redis::Msg;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::pattern;

/// Messages that wait for one subscriber; beyond them the newest is dropped.
const BACKLOG: usize = 1_024;

/// What can be listened to; a pattern is written as Redis does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    Channel(String),
    Pattern(String),
}

/// A channel and what was published on it, shared by all subscribers.
pub(super) type Payload = (Arc<str>, Arc<[u8]>);

/// Who listens to what in this process.
#[derive(Default)]
pub(super) struct Topics {
    list: Mutex<List>,
    /// Wakes whoever keeps Redis informed of what is wanted.
    pub(super) changed: tokio::sync::Notify,
}

#[derive(Default)]
struct List {
    revision: u64,
    subscribers: HashMap<Topic, Vec<Subscriber>>,
}

impl Topics {
    /// Adds a subscriber, and gives the revision that has it.
    pub(super) fn join(&self, topic: Topic) -> (u64, mpsc::Receiver<Payload>) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let lags = false;
        let mut list = self.list();
        list.revision += 1;
        let subscribers = list.subscribers.entry(topic).or_default();
        subscribers.push(Subscriber { sender, lags });
        self.changed.notify_one();
        (list.revision, receiver)
    }

    /// Removes those who no longer listen to the topic, and a topic that nobody listens to.
    pub(super) fn leave(&self, topic: &Topic) {
        let mut list = self.list();
        if let Some(subscribers) = list.subscribers.get_mut(topic) {
            subscribers.retain(|subscriber| !subscriber.sender.is_closed());
            if subscribers.is_empty() {
                list.subscribers.remove(topic);
                self.changed.notify_one();
            }
        }
    }

    /// All topics with a subscriber, and the revision of that set.
    pub(super) fn wanted(&self) -> (u64, HashSet<Topic>) {
        let list = self.list();
        (list.revision, list.subscribers.keys().cloned().collect())
    }

    /// Delivers what was published in this process.
    pub(super) fn deliver_to_all(&self, channel: &str, payload: &[u8]) {
        let message: Payload = (channel.into(), payload.into());
        for (topic, subscribers) in &mut self.list().subscribers {
            let listens = match topic {
                Topic::Channel(name) => name == channel,
                Topic::Pattern(pattern) => pattern::matches(pattern, channel),
            };
            if listens {
                deliver(subscribers, &message);
            }
        }
    }

    /// Delivers what Redis has sent, once for each topic that it matches.
    pub(super) fn deliver(&self, message: &Msg) {
        let channel = message.get_channel_name();
        let topic = match message.get_pattern() {
            Ok(Some(pattern)) => Topic::Pattern(pattern),
            _ => Topic::Channel(channel.to_owned()),
        };
        if let Some(subscribers) = self.list().subscribers.get_mut(&topic) {
            let payload = message.get_payload_bytes();
            deliver(subscribers, &(channel.into(), payload.into()));
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Subscriber {
    sender: mpsc::Sender<Payload>,
    /// Whether it has lost a message since it was last up to date.
    lags: bool,
}

fn deliver(subscribers: &mut [Subscriber], message: &Payload) {
    for Subscriber { sender, lags } in subscribers {
        match sender.try_send(message.clone()) {
            Ok(()) => *lags &= sender.capacity() + 1 < BACKLOG,
            Err(TrySendError::Full(_)) => {
                ::metrics::counter!("pubsub_dropped_total").increment(1);
                if !mem::replace(lags, true) {
                    let channel = &message.0;
                    tracing::warn!(%channel, "a subscriber is too slow, messages are dropped");
                }
            }
            // It is about to leave.
            Err(TrySendError::Closed(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_leaves_nothing_behind() {
        let topics = Topics::default();
        let topic = Topic::Channel("channel".to_owned());
        let (_, leaves) = topics.join(topic.clone());
        let (_, mut stays) = topics.join(topic.clone());
        drop(leaves);
        topics.leave(&topic);
        assert_eq!(topics.wanted().1.len(), 1);
        topics.deliver_to_all("channel", b"1");
        assert!(stays.try_recv().is_ok());
        drop(stays);
        topics.leave(&topic);
        assert_eq!(topics.wanted().1.len(), 0);
    }
}
//% endif
