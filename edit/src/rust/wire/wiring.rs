//! What is written where an app is served.

/// What is written at the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The path of the module, such as `infra` or `shop::infra`.
    pub module: String,
    /// What happens when the infrastructure does not start.
    pub failure: ErrorHandling,
}

/// What happens to an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorHandling {
    /// `?`, where the function returns an error that fits.
    Propagate,
    /// `.expect(..)`
    Expect,
    /// A panic that clippy's `expect_used` allows.
    Panic,
}

impl ErrorHandling {
    /// What follows on a `Result`; `expectation` says what should have happened.
    #[must_use]
    pub fn suffix(self, expectation: &str) -> String {
        match self {
            Self::Propagate => "?".to_owned(),
            Self::Expect => format!(".expect(\"{expectation}\")"),
            Self::Panic => ".unwrap_or_else(|error| panic!(\"{error}\"))".to_owned(),
        }
    }
}

impl Wiring {
    /// The statement that starts the infrastructure, in the parts that rustfmt puts on lines of
    /// their own.
    #[must_use]
    pub fn start(&self) -> Vec<String> {
        let start = format!("let infra = {}::Infra::start()", self.module);
        let suffix = self.failure.suffix("the infrastructure starts");
        match self.failure {
            ErrorHandling::Propagate => vec![format!("{start}.await{suffix};")],
            // Both are longer than the 60 columns of a chain on one line.
            ErrorHandling::Expect | ErrorHandling::Panic => {
                vec![start, ".await".to_owned(), format!("{suffix};")]
            }
        }
    }
}
