//! [`Rooms`]: everybody who is connected, and the rooms they are in.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    borrow::Cow,
    fmt,
    hash::{BuildHasher, RandomState},
    //% if framework == "actix-web"
    sync::{Arc, Weak},
    //% else
    sync::Arc,
    //% endif
    time::{Duration, SystemTime},
};

//% if options.redis
use secrecy::ExposeSecret;
//% endif
use tokio::{sync::watch, time};

//% if options.redis
use super::link::Link;
//% endif
use super::message::{ClientId, Member, Message, Target};
use super::origin::{self, Origins};
use super::outbox::{Close, Outbox, SlowClient};
use super::registry::Registry;
//% if options.demo and framework != "none"
use crate::/*= module =*/::settings::Stage;
//% endif
use crate::/*= module =*/::settings::WebsocketSettings;

type Health = crate::/*= module =*/::Health;

/// Bytes that the name of a client may have.
const LONGEST_NAME: usize = 256;
/// The longest that [`Rooms::shutdown`] waits for the clients to say goodbye.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// Everybody who is connected, and the rooms they are in. Clones are cheap and the same.
///
/// Sending never waits. The messages of one task arrive in their order; a client that has gone gets
/// nothing, and one that is too slow what `WS_SLOW_CLIENT` says.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    /// Told apart from other instances, and from the one before a restart.
    instance: u64,
    registry: Arc<Registry>,
    door: watch::Sender<Door>,
    limits: Limits,
    origins: Origins,
    //% if options.demo and framework != "none"
    demo: bool,
    //% endif
    //% if options.redis
    link: Option<Link>,
    //% endif
}

#[derive(Default)]
struct Door {
    /// Connections that are admitted and not yet over.
    inside: u64,
    closed: bool,
}

/// What a connection may do and cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) heartbeat: Duration,
    /// Bytes.
    pub(super) message: usize,
    connections: u64,
    queue: usize,
    slow: SlowClient,
}

impl Rooms {
    //% if options.redis
    /// Starts on this process alone, or shares the rooms over Redis whether it answers or not.
    //% else
    /// Starts without any connection.
    //% endif
    ///
    /// # Errors
    ///
    //% if options.redis
    /// `WS_REDIS_URL`, `WS_ORIGINS` or `WS_SLOW_CLIENT` has no valid form.
    //% else
    /// `WS_ORIGINS` or `WS_SLOW_CLIENT` has no valid form.
    //% endif
    //% if options.demo and framework != "none"
    pub async fn start(settings: &WebsocketSettings, stage: &Stage) -> Result<Self, StartError> {
    //% else
    pub async fn start(settings: &WebsocketSettings) -> Result<Self, StartError> {
    //% endif
        let origins = settings.origins.as_deref().map(Origins::parse);
        let origins = origins.transpose().map_err(StartError::Origins)?;
        let slow = settings.slow_client.parse();
        let limits = Limits {
            heartbeat: settings.heartbeat_interval,
            message: usize::try_from(settings.max_message_size).unwrap_or(usize::MAX),
            connections: settings.max_connections,
            queue: usize::from(settings.send_queue),
            slow: slow.map_err(StartError::SlowClient)?,
        };
        // Unlike a counter, it differs between instances; unlike a process id, also between hosts.
        let instance = RandomState::new().hash_one((SystemTime::now(), std::process::id()));
        //% if options.redis
        let (registry, link) = match &settings.redis_url {
            None => (Arc::default(), None),
            Some(url) => {
                let (url, prefix) = (url.expose_secret(), &settings.redis_prefix);
                let (registry, link) = Link::start(url, prefix, instance)?;
                // A Redis that is away is found out now, and no early message is lost without need.
                link.established().await;
                (registry, Some(link))
            }
        };
        //% endif
        let inner = Arc::new(Inner {
            instance,
            //% if options.redis
            registry,
            //% else
            registry: Arc::default(),
            //% endif
            door: watch::Sender::default(),
            limits,
            origins: origins.unwrap_or_default(),
            //% if options.demo and framework != "none"
            demo: stage.is_development(),
            //% endif
            //% if options.redis
            link,
            //% endif
        });
        //% if framework == "actix-web"
        let (door, weak) = (inner.door.subscribe(), Arc::downgrade(&inner));
        tokio::spawn(end_when_told(door, weak));
        //% endif
        Ok(Self(inner))
    }

    /// Sends to one client, on whichever instance it is.
    pub fn send(&self, client: ClientId, message: impl Into<Message>) {
        self.deliver(&Target::Client(client), &message.into());
    }

    /// Sends to everybody who is connected.
    pub fn broadcast(&self, message: impl Into<Message>) {
        self.deliver(&Target::Everybody, &message.into());
    }

    /// Sends to everybody in a room.
    pub fn send_to_room(&self, room: &str, message: impl Into<Message>) {
        self.send_to_room_except(room, &[], message);
    }

    /// Sends to everybody in a room but these.
    pub fn send_to_room_except(
        &self,
        room: &str,
        except: &[ClientId],
        message: impl Into<Message>,
    ) {
        let (name, except) = (Cow::Borrowed(room), Cow::Borrowed(except));
        self.deliver(&Target::Room { name, except }, &message.into());
    }

    //% if options.redis
    fn deliver(&self, target: &Target<'_>, message: &Message) {
        let here = matches!(target, Target::Client(id) if id.instance == self.0.instance);
        if let Some(link) = self.0.link.as_ref().filter(|_| !here) {
            link.send(target, message);
        }
        self.0.registry.deliver(target, &message.0);
    }
    //% else
    fn deliver(&self, target: &Target<'_>, message: &Message) {
        self.0.registry.deliver(target, &message.0);
    }
    //% endif

    /// Ends the connection of a client with code 1008 and a reason, of which 123 bytes are shown.
    pub fn disconnect(&self, client: ClientId, reason: &str) {
        //% if options.redis
        let elsewhere = client.instance != self.0.instance;
        if let Some(link) = self.0.link.as_ref().filter(|_| elsewhere) {
            link.disconnect(client, reason);
        }
        //% endif
        self.0.registry.end(client, Close::by_the_app(reason));
    }

    //% if options.redis
    /// Who is in a room, by id, on all instances.
    ///
    /// What happens on another instance is seen here a moment later; an instance that is silent for
    /// five seconds, or is behind a Redis that is away, has nobody.
    //% else
    /// Who is in a room, by id.
    //% endif
    pub fn members(&self, room: &str) -> Vec<Member> {
        let mut members = self.0.registry.members(room);
        //% if options.redis
        if let Some(link) = &self.0.link {
            link.members(room, &mut members);
        }
        //% endif
        members.sort_unstable();
        members
    }

    /// How many clients are connected to this instance.
    pub fn count(&self) -> usize {
        self.0.registry.count()
    }

    //% if options.redis
    /// Degraded while Redis is away: then a message reaches the clients of this instance only.
    pub async fn health(&self) -> Health {
        let complaint = self.0.link.as_ref().and_then(Link::complaint);
        complaint.map_or(Health::Healthy, Health::Degraded)
    }
    //% else
    /// Always healthy: there is nothing that could be away.
    pub async fn health(&self) -> Health {
        Health::Healthy
    }
    //% endif

    /// Accepts nobody any more and ends every connection with code 1001, after what waits for it.
    ///
    /// Returns when all have ended, at the latest after ten seconds.
    pub async fn shutdown(&self) {
        self.0.door.send_modify(|door| door.closed = true);
        self.0.registry.end_all(&Close::SHUTDOWN);
        let mut door = self.0.door.subscribe();
        let over = door.wait_for(|door| door.inside == 0);
        if time::timeout(SHUTDOWN_LIMIT, over).await.is_err() {
            let left = self.0.door.borrow().inside;
            tracing::warn!(left, "websocket connections did not end in time");
        }
    }

    /// Whether a page may connect, by the values of `Origin` and `Host` in its request.
    pub(super) fn allow<'a>(
        &self,
        origins: impl Iterator<Item = Option<&'a str>>,
        hosts: impl Iterator<Item = Option<&'a str>>,
        authority: Option<&str>,
    ) -> bool {
        match (origin::only(origins), origin::only(hosts)) {
            (Ok(origin), Ok(host)) => self.0.origins.allow(origin, host.or(authority)),
            _ => false,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.limits
    }
    //% if options.demo and framework != "none"

    pub(super) fn has_demo(&self) -> bool {
        self.0.demo
    }
    //% endif

    /// Keeps a place for a connection, from before its upgrade to its end.
    pub(super) fn admit(&self, name: String) -> Result<Place, Refused> {
        if name.len() > LONGEST_NAME {
            return Err(Refused::NameTooLong);
        }
        let mut refused = None;
        self.0.door.send_if_modified(|door| {
            if door.closed {
                refused = Some(Refused::Stopping);
            } else if door.inside >= self.0.limits.connections {
                refused = Some(Refused::Full);
            } else {
                door.inside += 1;
            }
            door.inside == 1
        });
        let (rooms, name) = (self.clone(), name.into());
        match refused {
            Some(refused) => Err(refused),
            None => Ok(Place { rooms, name }),
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.0.registry
    }
}

//% if framework == "actix-web"
/// Ends the connections when the process is asked to stop: the server waits for them, up to half a
/// minute, and only then is [`Rooms::shutdown`] called by the app.
///
/// Not before somebody is connected, for who listens to Ctrl-C takes it from the process.
async fn end_when_told(mut door: watch::Receiver<Door>, inner: Weak<Inner>) {
    if door.wait_for(|door| door.inside > 0).await.is_err() {
        return;
    }
    drop(door);
    crate::/*= module =*/::shutdown_signal().await;
    if let Some(inner) = inner.upgrade() {
        Rooms(inner).shutdown().await;
    }
}

//% endif
impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rooms = f.debug_struct("Rooms");
        rooms.field("count", &self.count()).finish_non_exhaustive()
    }
}

/// The place of one connection, which is free again when this is dropped.
pub(super) struct Place {
    pub(super) rooms: Rooms,
    pub(super) name: Arc<str>,
}

impl Place {
    /// Registers the client under a new id.
    pub(super) fn take(&self) -> (ClientId, Arc<Outbox>) {
        let inner = &*self.rooms.0;
        let outbox = Arc::new(Outbox::new(inner.limits.queue, inner.limits.slow));
        let (name, queue) = (Arc::clone(&self.name), Arc::clone(&outbox));
        let id = inner.registry.insert(inner.instance, name, queue);
        if inner.door.borrow().closed {
            // The upgrade took longer than the app lives.
            inner.registry.end(id, Close::SHUTDOWN);
        }
        (id, outbox)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.rooms.0.door.send_modify(|door| door.inside -= 1);
    }
}

/// A connection is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// So many are connected as `WS_MAX_CONNECTIONS` allows.
    #[error("too many connections")]
    Full,
    /// The app is stopping.
    #[error("the server stops")]
    Stopping,
    /// The name of the client has more than 256 bytes.
    #[error("the name is too long")]
    NameTooLong,
}

/// A client may not enter a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// The name of the room has more than 256 bytes.
    #[error("the name of the room is too long")]
    NameTooLong,
    /// The client is in 256 rooms already.
    #[error("in too many rooms")]
    TooMany,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `WS_ORIGINS` is no list of origins.
    #[error("WS_ORIGINS: {0}")]
    Origins(String),
    /// `WS_SLOW_CLIENT` is no policy.
    #[error("WS_SLOW_CLIENT {0}")]
    SlowClient(&'static str),
    //% if options.redis
    /// `WS_REDIS_URL` is not the URL of a Redis.
    #[error("WS_REDIS_URL: {0}")]
    Redis(#[from] ::redis::RedisError),
    //% endif
}
