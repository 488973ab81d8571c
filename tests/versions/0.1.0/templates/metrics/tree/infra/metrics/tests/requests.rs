//% if framework != "none"
//! Requests are counted, timed and forgotten, however they end.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{super::requests, web, *};

fn in_progress(infra: &Infra, path: &str) -> f64 {
    let reading = Reading::of(infra);
    let value = reading.number(requests::IN_PROGRESS, &[("path", path)]);
    value.unwrap_or(0.0)
}

async fn wait_until_in_progress(infra: &Infra, path: &str, wanted: f64) {
    let reached = async {
        while (in_progress(infra, path) - wanted).abs() > 0.5 {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limit = Duration::from_secs(10);
    assert!(time::timeout(limit, reached).await.is_ok(), "{path}");
}

#[tokio::test]
async fn requests_are_counted_and_timed_by_route() {
    let infra = Infra::for_tests().await.unwrap();
    let app = web::app(&infra, "counted").await;
    for path in ["/counted/1", "/counted/2", "/counted/fail"] {
        web::send(&app, "GET", path, &[]).await;
    }
    let reading = Reading::of(&infra);
    let template = format!("/counted/{}", web::PARAMETER);
    let route = ("path", template.as_str());
    let answered = [("method", "GET"), route, ("status", "200")];
    assert_eq!(reading.number(requests::TOTAL, &answered), Some(2.0));
    let failed = [("path", "/counted/fail"), ("status", "502")];
    assert_eq!(reading.number(requests::TOTAL, &failed), Some(1.0));
    let timed = reading.buckets(requests::DURATION, &[route]);
    assert!(timed.len() > 10, "{timed:?}");
    assert!(
        timed.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
        "{timed:?}"
    );
    assert_eq!(timed.last(), Some(&(f64::INFINITY, 2.0)));
    assert_eq!(in_progress(&infra, &template), 0.0);
}

#[tokio::test]
async fn a_request_in_progress_ends_also_without_a_response() {
    let infra = Infra::for_tests().await.unwrap();
    let app = web::app(&infra, "aborted").await;
    tokio::select! {
        answer = web::send(&app, "PATCH", "/aborted/wait", &[]) => panic!("{answer:?}"),
        () = wait_until_in_progress(&infra, "/aborted/wait", 1.0) => {}
    }
    let panic = web::send(&app, "PATCH", "/aborted/panic", &[]);
    assert!(unless_it_panics(panic).await.is_none());
    let reading = Reading::of(&infra);
    for path in ["/aborted/wait", "/aborted/panic"] {
        let labels = [("path", path), ("status", "aborted")];
        assert_eq!(reading.number(requests::TOTAL, &labels), Some(1.0));
        let labels = [("method", "PATCH"), ("path", path)];
        assert_eq!(reading.number(requests::IN_PROGRESS, &labels), Some(0.0));
    }
}

#[tokio::test]
async fn a_request_in_progress_ends_with_its_connection() {
    const CLIENTS: usize = 50;

    let infra = Infra::for_tests().await.unwrap();
    let (address, server) = web::serve(&infra, "dropped").await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = TcpStream::connect(address).await.unwrap();
        //% if framework == "actix-web"
        // Otherwise the server goes on: a client may still read after it has written all.
        client.set_zero_linger().unwrap();
        //% endif
        let request = b"GET /dropped/wait HTTP/1.1\r\nhost: shop\r\n\r\n";
        client.write_all(request).await.unwrap();
        clients.push(client);
    }
    wait_until_in_progress(&infra, "/dropped/wait", 50.0).await;
    drop(clients);
    wait_until_in_progress(&infra, "/dropped/wait", 0.0).await;
    web::stop(server).await;
}

#[tokio::test]
async fn random_paths_and_methods_leave_few_series() {
    const REQUESTS: u32 = 100_000;

    let infra = Infra::for_tests().await.unwrap();
    let app = web::app(&infra, "random").await;
    let (mut chance, mut matching) = (0x5eed_u32, 0);
    for _ in 0..REQUESTS {
        // Knuth's linear congruential generator (Numerical Recipes).
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let path = match chance % 3 {
            0 => {
                matching += 1;
                format!("/random/{chance}")
            }
            1 => format!("/nowhere/{chance}"),
            _ => format!("/{chance}?{chance}"),
        };
        let method = format!("M{chance}");
        web::send(&app, &method, &path, &[]).await;
    }
    let reading = Reading::of(&infra);
    let of_clients = reading
        .samples(requests::TOTAL)
        .filter(|sample| label_of(sample, "method") == "_OTHER");
    let mut series: Vec<_> = of_clients
        .map(|sample| (label_of(sample, "path"), label_of(sample, "status")))
        .collect();
    series.sort_unstable();
    let pair = |path: &str, status: &str| (path.to_owned(), status.to_owned());
    let template = format!("/random/{}", web::PARAMETER);
    let random = pair(&template, "200");
    assert_eq!(series, [random, pair(requests::UNMATCHED, "404")]);
    let count = |path: &str| {
        let labels = [("method", "_OTHER"), ("path", path)];
        reading.number(requests::TOTAL, &labels).unwrap()
    };
    assert_eq!(count(&template), f64::from(matching));
    // Other tests send some too.
    assert!(count(requests::UNMATCHED) >= f64::from(REQUESTS - matching));
}
//% endif
