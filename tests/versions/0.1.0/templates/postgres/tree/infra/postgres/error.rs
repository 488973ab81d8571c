//! What goes wrong with a database that has been reached, sorted by who can do something about it.

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// `DATABASE_URL` is not set.
    #[error("the database is not configured: DATABASE_URL is not set")]
    NotConfigured,
    //% if framework != "none"
    /// `Infra::wire` was not called on the app of the handler.
    #[error("the app is not wired to the infrastructure")]
    NotWired,
    //% endif
    /// No connection could be had in time, or the one in use was lost. It may work again soon.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The statement took longer than `DATABASE_STATEMENT_TIMEOUT`.
    #[error("a statement took longer than the database lets it")]
    TimedOut(#[source] sqlx::Error),
    /// Another transaction was in the way (serialization failure, deadlock): trying again may help.
    #[error("another transaction was in the way")]
    Conflict(#[source] sqlx::Error),
    /// The transaction is asked for while another part of the work still has it, or is to be committed
    /// while somebody still uses it.
    #[error("the transaction is in use elsewhere")]
    InUse,
    /// Anything else, such as a violated constraint or a row that is not there.
    #[error("the database refused a statement")]
    Query(#[source] sqlx::Error),
}

impl From<sqlx::Error> for PostgresError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls};

        let database = error.as_database_error();
        let code = database.and_then(|error| error.code());
        // The codes are in appendix A of PostgreSQL's manual.
        match code.as_deref() {
            Some("57014") => Self::TimedOut(error),
            Some("40001" | "40P01") => Self::Conflict(error),
            Some("53300" | "57P01" | "57P02" | "57P03") => Self::Unavailable(error),
            Some(code) if code.starts_with("08") => Self::Unavailable(error),
            None if matches!(error, Io(_) | PoolClosed | PoolTimedOut | Tls(_)) => {
                Self::Unavailable(error)
            }
            _ => Self::Query(error),
        }
    }
}
//% if framework != "none"

impl PostgresError {
    /// The status of the answer, and its name.
    pub(super) fn status(&self) -> (u16, &'static str) {
        match self {
            Self::NotConfigured | Self::Unavailable(_) | Self::Conflict(_) => {
                (503, "Service Unavailable")
            }
            Self::TimedOut(_) => (504, "Gateway Timeout"),
            Self::NotWired | Self::InUse | Self::Query(_) => (500, "Internal Server Error"),
        }
    }

    /// Whether the same request may work in a moment.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }

    /// A problem of RFC 9457 that tells a client what it can do about it, and the log what happened.
    pub(super) fn problem(&self) -> String {
        let (status, title) = self.status();
        let cause = std::error::Error::source(self).map(ToString::to_string);
        tracing::error!(cause, status, "{self}");
        let kind = r#""type":"about:blank""#;
        format!(r#"{{{kind},"title":"{title}","status":{status},"detail":"{self}"}}"#)
    }
}
//% endif
