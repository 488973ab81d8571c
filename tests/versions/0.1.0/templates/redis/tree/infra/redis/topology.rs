//% if options.topology == "any"
//! More than one server: the master behind sentinels, or a cluster.

use std::{
    fmt, io,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ::redis::aio::{ConnectionLike, ConnectionManager, MultiplexedConnection};
use ::redis::cluster::{ClusterClient, ClusterConfig};
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use ::redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use ::redis::{
    AsyncConnectionConfig, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo, Pipeline,
    RedisError, RedisFuture, RedisResult, TlsMode, Value,
};
use tokio::sync::Mutex;

use super::connection;

/// A multiplexed connection that connects when first used and reconnects by itself.
///
/// Cloning is cheap and every clone shares the same sockets. Commands that block (`BLPOP`,
/// `XREAD BLOCK`) need a connection of their own: they would outlast the time limit.
#[derive(Clone)]
pub struct Connection(Link);

#[derive(Clone)]
enum Link {
    Server(ConnectionManager),
    Sentinel(Arc<Master>),
    Cluster(ClusterConnection),
    Node(ClusterConnection, String, u16),
}

impl From<ConnectionManager> for Connection {
    fn from(manager: ConnectionManager) -> Self {
        Self(Link::Server(manager))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection to each node that keys are spread over: every master of a cluster, or just one.
    pub(super) async fn masters(&self) -> RedisResult<Vec<Self>> {
        let Link::Cluster(cluster) = &self.0 else {
            return Ok(vec![self.clone()]);
        };
        let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let ping = ::redis::cmd("PING");
        let answers = cluster.clone().route_command(ping, masters).await?;
        let answers = Vec::<(String, Value)>::from_redis_value(answers)?;
        let master = |(node, _): (String, Value)| {
            let (host, port) = node.rsplit_once(':')?;
            let port = port.parse().ok()?;
            Some(Self(Link::Node(cluster.clone(), host.to_owned(), port)))
        };
        Ok(answers.into_iter().filter_map(master).collect())
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.0 {
            Link::Server(manager) => manager.req_packed_command(command),
            Link::Cluster(cluster) => cluster.req_packed_command(command),
            Link::Node(cluster, host, port) => {
                let (host, port) = (host.clone(), *port);
                let node = SingleNodeRoutingInfo::ByAddress { host, port };
                let node = RoutingInfo::SingleNode(node);
                Box::pin(cluster.route_command(command.clone(), node))
            }
            Link::Sentinel(master) => Box::pin(async move {
                let mut connection = master.connection().await?;
                master.checked(connection.req_packed_command(command).await)
            }),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.0 {
            Link::Server(manager) => manager.req_packed_commands(commands, offset, count),
            Link::Cluster(cluster) | Link::Node(cluster, ..) => {
                cluster.req_packed_commands(commands, offset, count)
            }
            Link::Sentinel(master) => Box::pin(async move {
                let mut connection = master.connection().await?;
                let answers = connection.req_packed_commands(commands, offset, count);
                master.checked(answers.await)
            }),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.0 {
            Link::Server(manager) => manager.get_db(),
            Link::Cluster(cluster) | Link::Node(cluster, ..) => cluster.get_db(),
            Link::Sentinel(master) => master.db,
        }
    }
}

/// The nodes of a cluster, any of which knows the others.
pub(super) struct Cluster(Vec<ConnectionInfo>);

impl Cluster {
    pub(super) fn parse(scheme: &str, rest: &str) -> RedisResult<Self> {
        Members::parse(rest, 6_379).nodes(scheme).map(Self)
    }

    pub(super) fn connect(&self, limit: Duration) -> RedisResult<Connection> {
        let config = ClusterConfig::new()
            .set_connection_timeout(limit)
            .set_response_timeout(limit);
        let client = ClusterClient::builder(self.0.clone()).retries(1).build()?;
        let cluster = client.get_pending_async_connection_with_config(config);
        Ok(Connection(Link::Cluster(cluster)))
    }
    //% if options.pubsub

    /// Each node hears everything that is published on any of them.
    pub(super) async fn subscriber(&self) -> RedisResult<::redis::aio::PubSub> {
        let mut refused = connection::invalid("it names no node");
        for node in &self.0 {
            match connection::client(node.clone())?.get_async_pubsub().await {
                Ok(subscriber) => return Ok(subscriber),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
    //% endif
}

/// The sentinels and the name of what they watch.
pub(super) struct Sentinel {
    nodes: Vec<ConnectionInfo>,
    service: String,
    db: i64,
    tls: bool,
}

impl Sentinel {
    pub(super) fn parse(scheme: &str, rest: &str) -> RedisResult<Self> {
        let members = Members::parse(rest, 26_379);
        let (service, db) = members.path.split_once('/').unwrap_or((members.path, "0"));
        let service = Some(service).filter(|name| !name.is_empty());
        let no_number = |_| connection::invalid("its database is not a number");
        Ok(Self {
            nodes: members.nodes(scheme)?,
            service: service.unwrap_or("mymaster").to_owned(),
            db: db.parse().map_err(no_number)?,
            tls: matches!(scheme, "rediss" | "valkeys"),
        })
    }

    fn client(&self) -> RedisResult<SentinelClient> {
        let sentinels = self.nodes.iter().map(|node| node.addr().clone());
        let service = self.service.as_str();
        let mut builder =
            SentinelClientBuilder::new(sentinels, service, SentinelServerType::Master)?
                .set_client_to_redis_db(self.db)
                .set_client_to_redis_tcp_settings(connection::tcp());
        let login = self.nodes.first().map(ConnectionInfo::redis_settings);
        if let Some(username) = login.and_then(|login| login.username()) {
            builder = builder.set_client_to_redis_username(username);
        }
        if let Some(password) = login.and_then(|login| login.password()) {
            builder = builder.set_client_to_redis_password(password);
        }
        if self.tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        builder.build()
    }

    pub(super) fn connect(&self, limit: Duration) -> RedisResult<Connection> {
        // A master that is silent counts as gone, so each answer has a limit.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(Some(limit));
        Ok(Connection(Link::Sentinel(Arc::new(Master {
            sentinels: Mutex::new(self.client()?),
            config,
            limit,
            connection: RwLock::default(),
            db: self.db,
        }))))
    }
    //% if options.pubsub

    pub(super) async fn subscriber(&self) -> RedisResult<::redis::aio::PubSub> {
        let master = self.client()?.async_get_client().await?;
        master.get_async_pubsub().await
    }
    //% endif
}

/// The master that the sentinels name, asked for again whenever the last one fails.
struct Master {
    sentinels: Mutex<SentinelClient>,
    config: AsyncConnectionConfig,
    limit: Duration,
    connection: RwLock<Option<MultiplexedConnection>>,
    db: i64,
}

impl Master {
    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        if let Some(connection) = self.known() {
            return Ok(connection);
        }
        // The wait for another task that asks counts too, or many tasks would wait one by one.
        let ask = async {
            let mut sentinels = self.sentinels.lock().await;
            // That task may have found it.
            if let Some(connection) = self.known() {
                return Ok(connection);
            }
            let connection = sentinels.get_async_connection_with_config(&self.config);
            let connection = connection.await?;
            self.remember(Some(connection.clone()));
            Ok(connection)
        };
        super::within(self.limit, ask).await
    }

    fn known(&self) -> Option<MultiplexedConnection> {
        let connection = self.connection.read();
        connection.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, master: Option<MultiplexedConnection>) {
        let connection = self.connection.write();
        *connection.unwrap_or_else(PoisonError::into_inner) = master;
    }

    /// Forgets a master that is gone, or that has become a replica.
    fn checked<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        let demoted = |error: &RedisError| error.code() == Some("READONLY");
        let demoted = answer.as_ref().is_err_and(demoted);
        if demoted || answer.as_ref().is_err_and(RedisError::is_io_error) {
            self.remember(None);
        }
        if demoted {
            // Not a refusal: what was to change is noted and removed from the next master.
            return Err(io::Error::other("the master has become a replica").into());
        }
        answer
    }
}

/// The part of a URL behind the scheme: `[user:password@]host[:port],..[/path]`.
struct Members<'a> {
    login: &'a str,
    hosts: &'a str,
    port: u16,
    path: &'a str,
}

impl<'a> Members<'a> {
    /// `port` is that of members which leave it out.
    fn parse(rest: &'a str, port: u16) -> Self {
        let (login, rest) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        Self {
            login,
            hosts,
            port,
            path,
        }
    }

    fn nodes(&self, scheme: &str) -> RedisResult<Vec<ConnectionInfo>> {
        let node = |host: &str| {
            // A colon inside brackets belongs to an IPv6 address.
            let has_port = host.rfind(':') > host.rfind(']');
            let port = match has_port {
                true => String::new(),
                false => format!(":{}", self.port),
            };
            let url = format!("{scheme}://{}{host}{port}", self.login);
            let node = url.into_connection_info()?;
            Ok(node.set_tcp_settings(connection::tcp()))
        };
        self.hosts.split(',').map(node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(rest: &str, port: u16) -> Vec<String> {
        let nodes = Members::parse(rest, port).nodes("redis").unwrap();
        nodes.iter().map(|node| node.addr().to_string()).collect()
    }

    #[test]
    fn members_may_leave_out_their_port() {
        assert_eq!(addresses("a,b:7001", 6_379), ["a:6379", "b:7001"]);
        assert_eq!(addresses("[::1]", 26_379), ["::1:26379"]);
        let rest = "user:p%40ss@a:1,b:2/mymaster/3";
        assert_eq!(addresses(rest, 26_379), ["a:1", "b:2"]);
    }

    #[test]
    fn sentinels_name_a_service_and_a_database() {
        for (rest, service, db) in [
            ("a,b/shop/3", "shop", 3),
            ("a/shop", "shop", 0),
            ("a", "mymaster", 0),
        ] {
            let sentinel = Sentinel::parse("redis", rest).unwrap();
            assert_eq!((sentinel.service.as_str(), sentinel.db), (service, db));
        }
    }
}
//% endif
