//! Single flight: of all callers that want the same key at the same time, one works.

use std::{
    collections::HashMap,
    future::Future,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

/// The work under way, by key, with the tags of what its callers want.
pub(super) struct Flights<T>(Mutex<Table<T>>);

type Table<T> = HashMap<String, (Flight<T>, Vec<String>)>;

/// One piece of work. Whoever holds it can tell it from a later one under the same key.
pub(super) type Flight<T> = Arc<OnceCell<T>>;

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Flights<T> {
    /// Shares one outcome among all callers who name the same key until it is there.
    ///
    /// The first caller's `work` runs. If that caller is dropped, another's work takes its place.
    pub(super) async fn join<F>(
        &self,
        key: &str,
        tags: &[String],
        work: impl FnOnce(Flight<T>) -> F,
    ) -> T
    where
        T: Clone,
        F: Future<Output = T>,
    {
        let flight = self.board(key, tags);
        let seat = Seat {
            flights: self,
            key,
            flight,
        };
        let work = || work(Arc::clone(&seat.flight));
        seat.flight.get_or_init(work).await.clone()
    }

    fn board(&self, key: &str, tags: &[String]) -> Flight<T> {
        let mut table = self.table();
        let (flight, listed) = table.entry(key.to_owned()).or_default();
        for tag in tags {
            if !listed.contains(tag) {
                listed.push(tag.clone());
            }
        }
        Arc::clone(flight)
    }

    /// Lets later callers work anew: what is under way is outdated.
    pub(super) fn forget(&self, keys: &[String]) {
        let mut table = self.table();
        if !table.is_empty() {
            keys.iter().for_each(|key| drop(table.remove(key)));
        }
    }

    /// Lets later callers work anew where the key and the tags say that it is outdated.
    pub(super) fn forget_where(&self, outdated: impl Fn(&str, &[String]) -> bool) {
        let mut table = self.table();
        table.retain(|key, (_, tags)| !outdated(key, tags));
    }

    /// Whether a flight was not forgotten.
    pub(super) fn wants(&self, key: &str, flight: &Flight<T>) -> bool {
        let table = self.table();
        table
            .get(key)
            .is_some_and(|(current, _)| Arc::ptr_eq(current, flight))
    }

    fn table(&self) -> MutexGuard<'_, Table<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller's place on a flight. The flight ends with its outcome, or when nobody is left.
struct Seat<'a, T> {
    flights: &'a Flights<T>,
    key: &'a str,
    flight: Flight<T>,
}

impl<T> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        let mut table = self.flights.table();
        // Given up under the lock, so that of several the last one sees that it is.
        let flight = mem::take(&mut self.flight);
        // One count is ours, one is the table's.
        let over = flight.initialized() || Arc::strong_count(&flight) <= 2;
        let listed = table.get(self.key);
        if over && listed.is_some_and(|(listed, _)| Arc::ptr_eq(listed, &flight)) {
            table.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use futures_util::future::join_all;
    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_works_and_all_share_its_outcome() {
        let flights = Flights::default();
        let callers = (0..1_000).map(|caller| {
            flights.join("key", &[], move |_| async move {
                sleep(Duration::from_millis(10)).await;
                caller
            })
        });
        assert_eq!(join_all(callers).await, [0; 1_000]);
        assert_eq!(
            flights.join("key", &[], |_| async { 7 }).await,
            7,
            "an outcome is not kept"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn another_caller_takes_over_when_the_first_is_dropped() {
        let flights = Flights::default();
        let first = timeout(
            Duration::from_millis(10),
            flights.join("key", &[], |_| pending()),
        );
        let second = flights.join("key", &[], |_| async { 2 });
        let (first, second) = tokio::join!(first, second);
        assert!(first.is_err());
        assert_eq!(second, 2);
        assert!(flights.table().is_empty());
    }

    #[tokio::test]
    async fn a_forgotten_flight_is_not_joined() {
        let flights = &Flights::default();
        let tags = ["red".to_owned()];
        let outer = flights.join("key", &tags, |flight| async move {
            flights.forget(&["other".to_owned()]);
            flights.forget_where(|key, tags| key == "other" || tags.is_empty());
            assert!(flights.wants("key", &flight));
            flights.forget_where(|_, tags| tags == ["red"]);
            assert!(!flights.wants("key", &flight));
            Box::pin(flights.join("key", &[], |_| async { 2 })).await
        });
        assert_eq!(outer.await, 2);
    }
}
