//% if options.redis
//! What instances tell each other, and what this one knows of the others.
//!
//! Each counts the changes of its rooms and tells them with their number, and every second the last
//! number. Who has missed one asks, and is told everything anew. So nothing has to be kept in Redis, and
//! all agree again a moment after an outage.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::message::{ClientId, Member, Target};

/// How long an instance that says nothing counts as there.
const SILENCE: Duration = Duration::from_secs(5);

/// What one instance tells the others.
#[derive(Serialize, Deserialize)]
pub(super) struct Letter<'a> {
    pub(super) from: u64,
    #[serde(borrow)]
    pub(super) news: News<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum News<'a> {
    /// A message, which follows in the next line.
    #[serde(borrow)]
    Send(Target<'a>),
    Disconnect {
        client: ClientId,
        reason: String,
    },
    Changed {
        number: u64,
        change: Happened,
    },
    /// The number of the last change.
    Alive(u64),
    /// Wants to hear who is where.
    Ask,
    Present {
        number: u64,
        rooms: Vec<(String, Vec<Member>)>,
    },
}

/// A change of who is in which room.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Happened {
    Joined(String, Member),
    Left(String, ClientId),
    Gone(ClientId),
}

/// Who is where on the other instances.
#[derive(Default)]
pub(super) struct Peers(HashMap<u64, Peer>);

struct Peer {
    number: u64,
    heard: Instant,
    rooms: HashMap<String, BTreeMap<ClientId, String>>,
}

impl Peers {
    /// Notes that something has happened, unless something before it was missed.
    pub(super) fn change(&mut self, from: u64, number: u64, change: Happened) {
        let known = |peer: &&mut Peer| number == peer.number + 1;
        let Some(peer) = self.heard(from).filter(known) else {
            return;
        };
        peer.number = number;
        match change {
            Happened::Joined(room, Member { id, name }) => {
                peer.rooms.entry(room).or_default().insert(id, name);
            }
            Happened::Left(room, id) => {
                if let Some(members) = peer.rooms.get_mut(&room) {
                    members.remove(&id);
                }
            }
            Happened::Gone(id) => {
                for members in peer.rooms.values_mut() {
                    members.remove(&id);
                }
            }
        }
        peer.rooms.retain(|_, members| !members.is_empty());
    }

    /// Notes that an instance lives. False if a change was missed.
    pub(super) fn alive(&mut self, from: u64, number: u64) -> bool {
        self.0.retain(|_, peer| peer.heard.elapsed() < SILENCE);
        self.heard(from).is_some_and(|peer| peer.number >= number)
    }

    /// Replaces all that is known of an instance.
    pub(super) fn present(&mut self, from: u64, number: u64, rooms: Vec<(String, Vec<Member>)>) {
        let members = |members: Vec<Member>| {
            let members = members.into_iter();
            members.map(|Member { id, name }| (id, name)).collect()
        };
        let rooms = rooms.into_iter();
        let peer = Peer {
            number,
            heard: Instant::now(),
            rooms: rooms.map(|(room, list)| (room, members(list))).collect(),
        };
        self.0.insert(from, peer);
    }

    /// Adds those who are in a room.
    pub(super) fn members(&self, room: &str, members: &mut Vec<Member>) {
        let peers = self.0.values();
        for peer in peers.filter(|peer| peer.heard.elapsed() < SILENCE) {
            for (&id, name) in peer.rooms.get(room).into_iter().flatten() {
                let name = name.clone();
                members.push(Member { id, name });
            }
        }
    }

    fn heard(&mut self, from: u64) -> Option<&mut Peer> {
        let peer = self.0.get_mut(&from)?;
        peer.heard = Instant::now();
        Some(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u64) -> Member {
        let id = ClientId {
            instance: 1,
            number,
        };
        let name = format!("client {number}");
        Member { id, name }
    }

    fn joined(number: u64) -> Happened {
        Happened::Joined("room".to_owned(), member(number))
    }

    fn members(peers: &Peers) -> Vec<Member> {
        let mut members = Vec::new();
        peers.members("room", &mut members);
        members
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_is_missed_is_noticed() {
        let mut peers = Peers::default();
        assert!(!peers.alive(1, 0), "nothing is known of it yet");
        peers.present(1, 1, vec![("room".to_owned(), vec![member(1)])]);
        peers.change(1, 1, joined(1));
        peers.change(1, 2, joined(2));
        assert!(peers.alive(1, 2));
        assert_eq!(members(&peers), [member(1), member(2)]);

        peers.change(1, 4, joined(4));
        assert!(!peers.alive(1, 4));
        peers.present(1, 4, vec![("room".to_owned(), vec![member(4)])]);
        assert!(peers.alive(1, 4));
        peers.change(1, 5, joined(5));
        peers.change(1, 6, Happened::Left("room".to_owned(), member(4).id));
        assert_eq!(members(&peers), [member(5)]);
        peers.change(1, 7, Happened::Gone(member(5).id));
        assert_eq!(members(&peers), []);
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_is_silent_has_nobody() {
        let mut peers = Peers::default();
        peers.present(1, 1, vec![("room".to_owned(), vec![member(1)])]);
        tokio::time::advance(SILENCE / 2).await;
        assert!(peers.alive(1, 1));
        tokio::time::advance(SILENCE / 2).await;
        assert_eq!(members(&peers), [member(1)]);
        tokio::time::advance(SILENCE).await;
        assert_eq!(members(&peers), []);
        assert!(!peers.alive(1, 1), "it has to be told anew");
    }
}
//% endif
