//! One transaction that all parts of a piece of work share, begun when the first of them asks for it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use sqlx::postgres::PgConnection;
use tokio::{
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard},
    time,
};

use super::{Postgres, PostgresError, TRAVEL};

type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// The one transaction of a request, a job or any other piece of work.
///
/// Nothing is sent to the database until somebody asks for the transaction. Dropped without a commit,
/// whether by a panic or because the client has left, it is rolled back.
///
/// ```
/// use /*= crate =*/::/*= module =*/::postgres::{Postgres, PostgresError, UnitOfWork};
///
/// async fn close_shop(postgres: &Postgres) -> Result<(), PostgresError> {
///     let work = UnitOfWork::new(postgres);
///     let mut tx = work.tx().await?;
///     sqlx::query("DELETE FROM shops").execute(&mut *tx).await?;
///     drop(tx);
///     work.commit().await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct UnitOfWork {
    postgres: Postgres,
    transaction: Arc<Mutex<Option<Transaction>>>,
}

impl UnitOfWork {
    /// Prepares a transaction; nothing is sent yet.
    #[must_use]
    pub fn new(postgres: &Postgres) -> Self {
        Self {
            postgres: postgres.clone(),
            transaction: Arc::default(),
        }
    }

    /// Borrows the transaction until the [`Tx`] is dropped, and begins it the first time.
    ///
    /// # Errors
    ///
    /// The database is not configured or not available, or somebody else has the transaction now.
    pub async fn tx(&self) -> Result<Tx, PostgresError> {
        let pool = self.postgres.pool()?;
        let transaction = Arc::clone(&self.transaction).try_lock_owned();
        let mut transaction = transaction.map_err(|_| PostgresError::InUse)?;
        if transaction.is_none() {
            let limit = self.postgres.acquire_timeout + TRAVEL;
            let begun = time::timeout(limit, pool.begin()).await;
            *transaction = Some(begun.map_err(|_| sqlx::Error::PoolTimedOut)??);
        }
        let transaction = OwnedMutexGuard::try_map(transaction, Option::as_mut);
        transaction.map(Tx).map_err(|_| PostgresError::InUse)
    }

    /// Makes everything permanent that was done with the transaction.
    ///
    /// # Errors
    ///
    /// Nothing was made permanent: a statement of the transaction has failed before, a deferred
    /// constraint is violated, or somebody still has a [`Tx`]. Only where the connection is lost on
    /// the way, [`PostgresError::Unavailable`], it may have been.
    pub async fn commit(self) -> Result<(), PostgresError> {
        use sqlx::Executor;

        let Some(mut transaction) = self.take()? else {
            return Ok(());
        };
        let commit = async {
            // After a statement that failed, PostgreSQL answers a commit with success and rolls back.
            // This one it refuses.
            transaction.execute("SELECT 1").await?;
            transaction.commit().await
        };
        let limit = self.postgres.statement_timeout + TRAVEL;
        let committed = time::timeout(limit, commit).await;
        committed.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))?;
        count("committed");
        Ok(())
    }

    /// Undoes everything that was done with the transaction.
    pub async fn rollback(self) {
        // Whoever still has a `Tx` rolls back by dropping it.
        if let Ok(Some(transaction)) = self.take() {
            let limit = self.postgres.statement_timeout + TRAVEL;
            // A connection on which this fails is closed, and the server rolls back by itself.
            time::timeout(limit, transaction.rollback()).await.ok();
            count("rolled back");
        }
    }

    /// The database that it is work on.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    fn take(&self) -> Result<Option<Transaction>, PostgresError> {
        let transaction = self.transaction.try_lock();
        let mut transaction = transaction.map_err(|_| PostgresError::InUse)?;
        Ok(transaction.take())
    }
}

fn count(result: &'static str) {
    ::metrics::counter!("postgres_transactions_total", "result" => result).increment(1);
}

/// The transaction of a piece of work, lent: `&mut *tx` is an executor of `sqlx`.
pub struct Tx(OwnedMappedMutexGuard<Option<Transaction>, Transaction>);

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}
