//! Typed settings: one struct a component, read once at start.
//!
//! A variable comes from the environment, else (only in the development [`Stage`]) from `.env`, else
//! it has its default; an empty value counts as unset. Whatever is wrong is reported together, by
//! variable and rule, and a secret is never shown. This module reads variables and nothing else: it
//! opens no connection and starts nothing.
//!
//! Settings of your own are read in the same way:
//!
//! ```no_run
//! use /*= crate =*/::/*= module =*/::settings::{Reader, SettingsError};
//!
//! struct Shop {
//!     name: String,
//!     page_size: u16,
//! }
//!
//! fn load() -> Result<Shop, SettingsError> {
//!     let mut env = Reader::from_environment();
//!     let shop = Shop {
//!         name: env.value("SHOP_NAME", "corner shop".to_owned()),
//!         page_size: env.within("SHOP_PAGE_SIZE", 20, 1..=100),
//!     };
//!     env.finish(shop)
//! }
//! ```

use std::{collections::HashMap, env, fmt, io::Read, ops::RangeInclusive, time::Duration};

use secrecy::SecretString;

#[cfg(test)]
mod tests;

/// Where the app runs.
const STAGE: &str = "ENVIRONMENT";

//% set configured = components|selectattr("env")
/// The settings of the app and of every component.
///
/// `Settings::default()` reads nothing: each component gets its embedded default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ENVIRONMENT`: where the app runs; `development` if unset.
    pub stage: Stage,
    //% for c in configured
    /// /*= c.wire.doc =*/
    pub /*= c.wire.field =*/: /*= c.settings.type =*/,
    //% endfor
}

impl Settings {
    /// Reads the environment and, in development, `.env`.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] lists every variable that breaks its rule, not only the first.
    pub fn load() -> Result<Self, SettingsError> {
        let mut env = Reader::from_environment();
        let settings = Self::read(&mut env);
        env.finish(settings)
    }

    fn read(env: &mut Reader) -> Self {
        //% if configured
        Self {
            stage: env.stage(),
            //% for c in configured
            /*= c.wire.field =*/: /*= c.settings.type =*/::read(env),
            //% endfor
        }
        //% else
        Self { stage: env.stage() }
        //% endif
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::read(&mut Reader::default())
    }
}

/// Where the app runs, which decides what may be left out.
///
/// Only development forgives. Whatever has another name, be it `production` or `staging`, gets its
/// variables from the environment alone and must name a server for all that may not be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage(String);

impl Stage {
    /// Whether this is a developer's machine.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.0 == "development"
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//% for c in configured
/// /*= c.wire.doc =*/
#[derive(Clone, Debug)]
pub struct /*= c.settings.type =*/ {
    //% for row in c.env
    /// `/*= row.name =*/`: /*= row.doc =*/
    pub /*= row.field =*/: /*= row|rust_type =*/,
    //% endfor
}

impl /*= c.settings.type =*/ {
    fn read(env: &mut Reader) -> Self {
        //% for row in c.env|selectattr("renamed-from")
        //% for old in row["renamed-from"]
        //% if old|length + row.name|length <= 54
        env.renamed("/*= old =*/", "/*= row.name =*/");
        //% else
        env.renamed(
            "/*= old =*/",
            "/*= row.name =*/",
        );
        //% endif
        //% endfor
        //% endfor
        //% for row in c.env|selectattr("check")
        //% if row.name|length + row.check|length <= 49
        env.check("/*= row.name =*/", super::/*= row.check =*/);
        //% else
        env.check(
            "/*= row.name =*/",
            super::/*= row.check =*/,
        );
        //% endif
        //% endfor
        Self {
            //% for row in c.env
            //% if row.required and row.required == "production"
            /*= row.field =*/: env.required("/*= row.name =*/"),
            //% elif row.optional
            /*= row.field =*/: env.optional("/*= row.name =*/"),
            //% elif not row.min
            /*= row.field =*/: env.value("/*= row.name =*/", /*= row.default|literal(row.kind) =*/),
            //% elif row|bounded|length <= 60
            /*= row.field =*/: env.within(/*= row|bounded =*/),
            //% else
            /*= row.field =*/: env.within(
                "/*= row.name =*/",
                /*= row.default|literal(row.kind) =*/,
                /*= row.min|literal(row.kind) =*/..=/*= row.max|literal(row.kind) =*/,
            ),
            //% endif
            //% endfor
        }
    }
}

//% endfor
/// Reads variables, falls back to defaults and remembers what was wrong.
///
/// The default reader knows no variable at all.
#[derive(Default)]
pub struct Reader {
    variables: HashMap<String, String>,
    problems: Vec<String>,
}

impl Reader {
    /// Knows the environment and, in development, the nearest `.env`.
    pub fn from_environment() -> Self {
        let environment = env::vars_os().filter_map(|(name, value)| {
            // What is not UTF-8 matters only if somebody asks for it: a text then shows `\u{fffd}`.
            Some((
                name.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        });
        let mut reader = Self {
            variables: environment.collect(),
            ..Self::default()
        };
        if reader.stage().is_development() {
            match dotenvy::dotenv_iter() {
                Ok(lines) => reader.read_dotenv(lines),
                Err(error) if error.not_found() => {}
                Err(_) => reader.problems.push(".env: cannot be read".to_owned()),
            }
        }
        reader
    }

    /// Where the app runs.
    pub fn stage(&self) -> Stage {
        let stage = self.text(STAGE).unwrap_or("development");
        Stage(stage.to_ascii_lowercase())
    }

    fn read_dotenv<R: Read>(&mut self, lines: dotenvy::Iter<R>) {
        for (index, line) in lines.enumerate() {
            if let Ok((name, value)) = line {
                self.variables.entry(name).or_insert(value);
            } else {
                // The error itself quotes the line, which may hold a secret.
                let problem = format!(".env: entry {} is not `NAME=value`", index + 1);
                self.problems.push(problem);
            }
        }
        if !self.stage().is_development() {
            // The file is for developers: a stage that it names would come too late to skip it.
            let problem = format!("{STAGE}: must come from the environment, not from .env");
            self.problems.push(problem);
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.variables.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }

    //% if has_renamed
    /// Takes the value of the variable `old`, the earlier name of `name`, where only that is set, and
    /// logs a warning.
    pub fn renamed(&mut self, old: &str, name: &str) {
        if self.text(name).is_some() || self.text(old).is_none() {
            return;
        }
        if let Some(value) = self.variables.remove(old) {
            tracing::warn!(old, name, "a variable has a new name; set that one");
            self.variables.insert(name.to_owned(), value);
        }
    }

    //% endif
    /// Reads a variable that may be unset.
    pub fn optional<T: Setting>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = T::parse(text);
        if value.is_none() {
            let shown = if T::SECRET {
                String::new()
            } else {
                format!(", got `{text}`")
            };
            self.problems
                .push(format!("{name}: must be {}{shown}", T::KIND));
        }
        value
    }

    /// Reads a variable that may be unset in development only.
    pub fn required<T: Setting>(&mut self, name: &str) -> Option<T> {
        let stage = self.stage();
        if self.text(name).is_none() && !stage.is_development() {
            let problem = format!("{name}: must be set in {stage}");
            self.problems.push(problem);
        }
        self.optional(name)
    }

    /// Reads a variable that has a default.
    pub fn value<T: Setting>(&mut self, name: &str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// Reads a variable that has a default and bounds.
    pub fn within<T>(&mut self, name: &str, default: T, bounds: RangeInclusive<T>) -> T
    where
        T: Setting + PartialOrd + fmt::Debug,
    {
        let value = self.value(name, default);
        if !bounds.contains(&value) {
            let (from, to) = (bounds.start(), bounds.end());
            self.problems.push(format!(
                "{name}: must be from {from:?} to {to:?}, got {value:?}"
            ));
        }
        value
    }

    /// Lets a function say what is wrong with a variable that is set. It must not show a secret.
    pub fn check<E>(&mut self, name: &str, check: impl FnOnce(&str) -> Result<(), E>)
    where
        E: fmt::Display,
    {
        if let Some(Err(error)) = self.text(name).map(check) {
            self.problems.push(format!("{name}: {error}"));
        }
    }

    /// Hands `settings` over if everything that was read kept its rule.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] with everything that did not.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError(self.problems))
        }
    }
}

/// A type that a variable can have.
pub trait Setting: Sized {
    /// What a value looks like, for messages: `a whole number`.
    const KIND: &'static str;
    /// Whether a value must never be shown.
    const SECRET: bool = false;

    /// Reads a value; the text is trimmed and not empty.
    fn parse(text: &str) -> Option<Self>;
}

impl Setting for String {
    const KIND: &'static str = "text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Setting for SecretString {
    const KIND: &'static str = "text";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned().into())
    }
}

impl Setting for bool {
    const KIND: &'static str = "`true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl Setting for u16 {
    const KIND: &'static str = "a whole number up to 65535";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u64 {
    const KIND: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

//% if "f64" in kinds
impl Setting for f64 {
    const KIND: &'static str = "a number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.is_finite())
    }
}

//% endif
impl Setting for Duration {
    const KIND: &'static str = "a time such as `300` (seconds), `500ms`, `30s`, `5m`, `2h` or `7d`";

    fn parse(text: &str) -> Option<Self> {
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let seconds = match unit.trim() {
            "ms" => return Some(Self::from_millis(number)),
            "" | "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        number.checked_mul(seconds).map(Self::from_secs)
    }
}

/// Every setting that breaks its rule.
#[derive(Clone, Debug)]
pub struct SettingsError(Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings are not valid")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for SettingsError {}
