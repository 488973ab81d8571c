//! Who is connected to this instance, and in which rooms.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::message::{ClientId, Member, Target};
use super::outbox::{Close, End, Outbox, Put};
use super::{RoomError, Text};

/// Bytes that the name of a room may have.
const LONGEST_NAME: usize = 256;
/// Rooms that one client may be in.
const MOST_ROOMS: usize = 256;

/// Who is connected, and in which rooms.
#[derive(Default)]
pub(super) struct Registry(RwLock<Lists>);

#[derive(Default)]
struct Lists {
    /// The number of the last client.
    last: u64,
    clients: BTreeMap<ClientId, Entry>,
    /// Rooms exist as long as somebody is in them. Their members are in the order in which they came:
    /// those are near each other in memory, which a broadcast to thousands gains by.
    rooms: HashMap<Arc<str>, BTreeMap<ClientId, Arc<Outbox>>>,
    //% if options.redis
    /// Counts the changes of rooms.
    revision: u64,
    tell: Option<Tell>,
    //% endif
}

struct Entry {
    name: Arc<str>,
    outbox: Arc<Outbox>,
    rooms: HashSet<Arc<str>>,
}
//% if options.redis

/// A change of who is in which room, as it happened.
pub(super) enum Change<'a> {
    Joined(&'a str, Member),
    Left(&'a str, ClientId),
    Gone(ClientId),
}

/// Hears of each change, with its number, before the next one happens.
pub(super) type Tell = Box<dyn Fn(u64, Change<'_>) + Send + Sync>;
//% endif

impl Registry {
    //% if options.redis
    /// With somebody who hears of the changes.
    pub(super) fn telling(tell: Tell) -> Self {
        let tell = Some(tell);
        Self(RwLock::new(Lists {
            tell,
            ..Lists::default()
        }))
    }

    //% endif
    /// Adds a client under the next id of this instance.
    pub(super) fn insert(&self, instance: u64, name: Arc<str>, outbox: Arc<Outbox>) -> ClientId {
        let entry = Entry {
            name,
            outbox,
            rooms: HashSet::new(),
        };
        let mut lists = self.write();
        lists.last += 1;
        let number = lists.last;
        let id = ClientId { instance, number };
        lists.clients.insert(id, entry);
        ::metrics::gauge!("websocket_connections").increment(1);
        id
    }

    /// Forgets a client.
    pub(super) fn remove(&self, id: ClientId) {
        let mut lists = self.write();
        let Some(entry) = lists.clients.remove(&id) else {
            return;
        };
        ::metrics::gauge!("websocket_connections").decrement(1);
        for room in &entry.rooms {
            lists.take_out(room, id);
        }
        //% if options.redis
        if !entry.rooms.is_empty() {
            lists.changed(Change::Gone(id));
        }
        //% endif
    }

    /// Lets a client into a room; it may be there already.
    pub(super) fn join(&self, id: ClientId, room: &str) -> Result<(), RoomError> {
        if room.len() > LONGEST_NAME {
            return Err(RoomError::NameTooLong);
        }
        let mut lists = self.write();
        let lists = &mut *lists;
        let Some(entry) = lists.clients.get_mut(&id) else {
            // It is about to end, and enters no room any more.
            return Ok(());
        };
        if entry.rooms.contains(room) {
            return Ok(());
        }
        if entry.rooms.len() >= MOST_ROOMS {
            return Err(RoomError::TooMany);
        }
        let known = lists.rooms.get_key_value(room);
        let shared: Arc<str> = known.map_or_else(|| room.into(), |(name, _)| Arc::clone(name));
        entry.rooms.insert(Arc::clone(&shared));
        let members = lists.rooms.entry(shared).or_default();
        members.insert(id, Arc::clone(&entry.outbox));
        //% if options.redis
        let name = entry.name.as_ref().to_owned();
        lists.changed(Change::Joined(room, Member { id, name }));
        //% endif
        Ok(())
    }

    /// Takes a client out of a room, if it is there.
    pub(super) fn leave(&self, id: ClientId, room: &str) {
        let mut lists = self.write();
        let entry = lists.clients.get_mut(&id);
        if entry.is_some_and(|entry| entry.rooms.remove(room)) {
            lists.take_out(room, id);
            //% if options.redis
            lists.changed(Change::Left(room, id));
            //% endif
        }
    }

    /// Puts a message into the queues of all clients here that it is for.
    pub(super) fn deliver(&self, target: &Target<'_>, text: &Text) {
        let lists = self.read();
        let mut count = Count::default();
        match target {
            Target::Everybody => {
                for entry in lists.clients.values() {
                    count.add(entry.outbox.put(text));
                }
            }
            Target::Client(id) => {
                if let Some(entry) = lists.clients.get(id) {
                    count.add(entry.outbox.put(text));
                }
            }
            Target::Room { name, except } => {
                for (id, outbox) in lists.rooms.get(name.as_ref()).into_iter().flatten() {
                    if !except.contains(id) {
                        count.add(outbox.put(text));
                    }
                }
            }
        }
        count.report();
    }

    /// Ends the connection of one client.
    pub(super) fn end(&self, id: ClientId, close: Close) {
        if let Some(entry) = self.read().clients.get(&id) {
            entry.outbox.end(End::Farewell(close));
        }
    }

    /// Ends all connections.
    pub(super) fn end_all(&self, close: &Close) {
        for entry in self.read().clients.values() {
            entry.outbox.end(End::Farewell(close.clone()));
        }
    }

    /// The clients of this instance that are in a room.
    pub(super) fn members(&self, room: &str) -> Vec<Member> {
        let lists = self.read();
        let members = lists.rooms.get(room).into_iter().flatten();
        members.filter_map(|(id, _)| lists.member(*id)).collect()
    }

    /// How many clients are connected.
    pub(super) fn count(&self) -> usize {
        self.read().clients.len()
    }
    //% if options.redis

    /// The number of the last change.
    pub(super) fn revision(&self) -> u64 {
        self.read().revision
    }

    /// Who is in which room after the last change, and its number.
    pub(super) fn snapshot(&self) -> (u64, Vec<(String, Vec<Member>)>) {
        let lists = self.read();
        let room = |(name, members): (&Arc<str>, &BTreeMap<ClientId, Arc<Outbox>>)| {
            let members = members.keys().filter_map(|id| lists.member(*id));
            (name.as_ref().to_owned(), members.collect())
        };
        (lists.revision, lists.rooms.iter().map(room).collect())
    }
    //% endif

    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Lists> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    //% if options.redis
    fn changed(&mut self, change: Change<'_>) {
        self.revision += 1;
        if let Some(tell) = &self.tell {
            tell(self.revision, change);
        }
    }

    //% endif
    fn take_out(&mut self, room: &str, id: ClientId) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(&id);
            if members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    fn member(&self, id: ClientId) -> Option<Member> {
        let name = self.clients.get(&id)?.name.as_ref().to_owned();
        Some(Member { id, name })
    }
}

/// What became of the copies of one message.
#[derive(Default)]
struct Count {
    queued: u64,
    dropped: u64,
}

impl Count {
    fn add(&mut self, put: Put) {
        self.queued += u64::from(put != Put::Refused);
        self.dropped += u64::from(put == Put::Replaced);
    }

    fn report(&self) {
        ::metrics::counter!("websocket_messages_sent_total").increment(self.queued);
        if self.dropped > 0 {
            ::metrics::counter!("websocket_messages_dropped_total").increment(self.dropped);
        }
    }
}
