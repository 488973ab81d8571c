//% if options.topology == "any"
//! Opening connections to a single server, the master behind sentinels, or a cluster.
//!
//! | URL | is |
//! |---|---|
//! | `redis://[user:password@]host[:port][/db]` | one server; `unix://` a socket |
//! | `redis+sentinel://[user:password@]host[:port],..[/service[/db]]` | the master that the sentinels name |
//! | `redis+cluster://[user:password@]host[:port],..` | a cluster, found from any of its nodes |
//!
//! `rediss` in place of `redis` uses TLS; `-` may stand for `+`. Behind sentinels, user and password
//! are those of the master; the sentinels themselves are asked without.
//% else
//! Opening connections to one server, by its URL: `redis://[user:password@]host[:port][/db]`.
//!
//! `rediss://` uses TLS, `unix://` is a socket.
//% endif

use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::io::tcp::TcpSettings;
use ::redis::{Client, ErrorKind, IntoConnectionInfo, RedisError, RedisResult};

//% if options.topology == "any"
pub use super::topology::Connection;
use super::topology::{Cluster, Sentinel};

//% else
/// A multiplexed connection that connects when first used and reconnects by itself.
///
/// Cloning is cheap and every clone shares the same socket. Commands that block (`BLPOP`,
/// `XREAD BLOCK`) need a connection of their own: they would outlast the time limit.
pub type Connection = ConnectionManager;

//% endif
/// Commands that may wait to be sent, all tasks together; the default of 50 makes busy tasks wait.
const PIPELINE: usize = 1_024;
/// How long sent bytes may stay unconfirmed before a line counts as dead. Linux alone would wait for
/// a quarter of an hour.
#[cfg(target_os = "linux")]
const DEAD_LINE: Duration = Duration::from_secs(5);

/// Where Redis is. Parsing its URL opens nothing.
//% if options.topology == "any"
pub(super) enum Server {
    Single(Client),
    Sentinel(Sentinel),
    Cluster(Cluster),
}
//% else
pub(super) struct Server(Client);
//% endif

impl Server {
    /// # Errors
    ///
    /// The URL has none of the forms above. The message does not show it: it may hold a password.
    pub(super) fn parse(url: &str) -> RedisResult<Self> {
        //% if options.topology == "any"
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| invalid("it has no scheme"))?;
        let (scheme, topology) = scheme.split_once(['+', '-']).unwrap_or((scheme, ""));
        //% else
        let scheme = url.split("://").next().unwrap_or_default();
        if scheme.contains("sentinel") || scheme.contains("cluster") {
            return Err(invalid(
                "sentinels and clusters need the option `topology`: add redis again with `--set redis.topology=any`",
            ));
        }
        //% endif
        if matches!(scheme, "rediss" | "valkeys") {
            //% if options.tls
            // Redis picks no provider itself. An error means that the app has installed one.
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            provider.install_default().ok();
            //% else
            return Err(invalid(
                "`rediss://` needs the option `tls`: add redis again with `--set redis.tls=true`",
            ));
            //% endif
        }
        //% if options.topology == "any"
        Ok(match topology {
            "sentinel" => Self::Sentinel(Sentinel::parse(scheme, rest)?),
            "cluster" => Self::Cluster(Cluster::parse(scheme, rest)?),
            _ => Self::Single(client(url)?),
        })
        //% else
        client(url).map(Self)
        //% endif
    }

    /// Prepares a connection without opening it. `limit` bounds connecting, `answer` each answer.
    pub(super) fn connect(
        &self,
        limit: Duration,
        answer: Option<Duration>,
    ) -> RedisResult<Connection> {
        //% if options.topology == "any"
        let client = match self {
            Self::Single(client) => client,
            Self::Sentinel(sentinel) => return sentinel.connect(limit),
            Self::Cluster(cluster) => return cluster.connect(limit),
        };
        //% endif
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_pipeline_buffer_size(PIPELINE)
            .set_connection_timeout(Some(limit))
            .set_response_timeout(answer);
        //% if options.topology == "any"
        ConnectionManager::new_lazy_with_config(client.clone(), config).map(Connection::from)
        //% else
        ConnectionManager::new_lazy_with_config(self.0.clone(), config)
        //% endif
    }
    //% if options.pubsub

    /// Opens a connection of its own for subscriptions.
    pub(super) async fn subscriber(&self) -> RedisResult<::redis::aio::PubSub> {
        //% if options.topology == "any"
        match self {
            Self::Single(client) => client.get_async_pubsub().await,
            Self::Sentinel(sentinel) => sentinel.subscriber().await,
            Self::Cluster(cluster) => cluster.subscriber().await,
        }
        //% else
        self.0.get_async_pubsub().await
        //% endif
    }
    //% endif
}

/// A client of one server.
pub(super) fn client(address: impl IntoConnectionInfo) -> RedisResult<Client> {
    Client::open(address.into_connection_info()?.set_tcp_settings(tcp()))
}

pub(super) fn tcp() -> TcpSettings {
    let settings = TcpSettings::default();
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(DEAD_LINE);
    settings
}

pub(super) fn invalid(why: &'static str) -> RedisError {
    let kind = ErrorKind::InvalidClientConfig;
    (kind, "the Redis URL is not valid", why.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let error = Server::parse(url).err();
        error.map_or_else(|| panic!("{url} is accepted"), |error| error.to_string())
    }

    #[tokio::test]
    async fn every_form_is_accepted_without_a_server() {
        let limit = Duration::from_secs(1);
        for url in [
            "redis://127.0.0.1:1",
            "redis://user:p%40ss@[::1]:7000/2",
            "valkey://127.0.0.1:1",
            "unix:///tmp/redis.sock",
            //% if options.tls
            "rediss://127.0.0.1:1/2",
            //% endif
            //% if options.topology == "any"
            "redis+sentinel://a,b/mymaster/1",
            "redis-sentinel://a",
            "redis+cluster://:secret@a,b:7001",
            //% endif
        ] {
            let server = Server::parse(url).unwrap();
            assert!(server.connect(limit, Some(limit)).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused_without_naming_its_password() {
        for url in [
            "localhost",
            "http://:hunter2@a",
            "redis://root:hunter2@host:port",
            "redis+sentinel://:hunter2@a/m/x",
            "redis+cluster://",
        ] {
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
    }
    //% if not options.tls

    #[test]
    fn tls_is_refused_with_the_option_that_brings_it() {
        assert!(refusal("rediss://:hunter2@a").contains("--set redis.tls=true"));
    }
    //% endif
    //% if options.topology != "any"

    #[test]
    fn other_topologies_are_refused_with_the_option_that_brings_them() {
        assert!(refusal("redis+cluster://a,b").contains("--set redis.topology=any"));
    }
    //% endif
}
