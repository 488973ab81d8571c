//! Sentinels and a cluster.

use std::fs;

use crate::{
    app::{App, FAST, FIRST},
    common::redis::{self, Server},
};

#[test]
#[ignore = "needs redis-server"]
fn sentinels_lead_to_the_replica_that_takes_over() {
    let mut master = Server::start(&["--repl-diskless-sync-delay", "0"]);
    let port = master.port.to_string();
    let replica = Server::start(&["--replicaof", &format!("127.0.0.1 {port}")]);
    replica.wait_for(&["info", "replication"], |info| {
        info.contains("master_link_status:up")
    });
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("sentinel.conf");
    let text = format!(
        "sentinel monitor mymaster 127.0.0.1 {port} 1\nsentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 3000\n"
    );
    fs::write(&settings, text).unwrap();
    let sentinel = Server::start(&[settings.to_str().unwrap(), "--sentinel"]);
    sentinel.wait_for(&["sentinel", "replicas", "mymaster"], |replicas| {
        replicas.contains(&replica.address())
    });

    let url = format!("redis+sentinel://{}/mymaster", sentinel.address());
    let mut app = App::start(&url);
    app.expect("set k 1", "true");
    assert_eq!(master.ask(&["exists", "shop:k"]), ":1");
    replica.wait_for(&["exists", "shop:k"], |count| count == ":1");
    app.expect("sub news", "ok");
    master.kill();
    app.expect_within(FIRST, "set k 2", "true");
    app.expect_within(FAST, "get k", "Some(\"2\")");

    // The sentinel decides when.
    app.expect("healthy", "Healthy");
    assert!(replica.ask(&["role"]).contains("master"));
    app.expect("get k", "None");
    app.expect("set k 3", "true");
    app.expect("get k", "Some(\"3\")");
    assert_eq!(replica.ask(&["exists", "shop:k"]), ":1");
    replica.wait_for(&["pubsub", "numpat"], |count| count == ":1");
    app.expect("pub news hello", "ok");
    app.expect("next", "Some(\"hello\")");
}

#[test]
#[ignore = "needs redis-server"]
fn a_cluster_is_used_as_a_whole() {
    let nodes = cluster();
    let addresses: Vec<String> = nodes.iter().map(Server::address).collect();
    let mut app = App::start(&format!("redis+cluster://{}", addresses[..2].join(",")));
    let sizes = || nodes.each_ref().map(|node| node.ask(&["dbsize"]));
    app.expect("many 1000", "1000");
    let held = sizes().map(|size| size[1..].parse::<u32>().unwrap());
    assert_eq!(held.iter().sum::<u32>(), 1_000);
    assert!(held.iter().all(|&held| held > 200), "{held:?}");
    app.expect("clear m:1*", "111");
    app.expect("clear *", "889");
    assert_eq!(sizes(), [":0"; 3]);

    app.expect("tag x 1 red", "true");
    app.expect("tag y 2 red", "true");
    app.expect("set z 3", "true");
    app.expect("get x", "Some(\"1\")");
    app.expect("untag red", "()");
    app.expect("get x", "None");
    app.expect("get y", "None");
    app.expect("get z", "Some(\"3\")");

    let mut other = App::start(&format!("redis+cluster://{}", addresses[2]));
    app.expect("sub news.*", "ok");
    other.expect("pub news.a hello", "ok");
    app.expect("next", "Some(\"hello\")");
}

/// Three nodes that share the slots.
fn cluster() -> [Server; 3] {
    let nodes = [(0, 5460), (5461, 10_922), (10_923, 16_383)].map(|(first, last): (u32, u32)| {
        // The port for talking among themselves would be 10,000 higher, where others may be.
        let bus = redis::port().to_string();
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let node = Server::start(&[&options[..], &["--cluster-port", &bus]].concat());
        let (first, last) = (first.to_string(), last.to_string());
        let slots = ["cluster", "addslotsrange", &first, &last];
        assert_eq!(node.ask(&slots), "+OK");
        let epoch = [
            "cluster",
            "set-config-epoch",
            &(u32::from(node.port)).to_string(),
        ];
        assert_eq!(node.ask(&epoch), "+OK");
        (node, bus)
    });
    for (node, bus) in &nodes[1..] {
        let meet = ["cluster", "meet", "127.0.0.1", &node.port.to_string(), bus];
        assert_eq!(nodes[0].0.ask(&meet), "+OK");
    }
    for (node, _) in &nodes {
        node.wait_for(&["cluster", "info"], |info| {
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        });
    }
    nodes.map(|(node, _)| node)
}
