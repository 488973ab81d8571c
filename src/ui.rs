//! The only printer and prompter. Status goes to standard error in cargo's form, data to standard
//! output; with `--json` there is one document on standard output and nothing else.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use dialoguer::{Confirm, MultiSelect, theme::ColorfulTheme, theme::SimpleTheme, theme::Theme};

use crate::error::{Error, Result};

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The settings of the output.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Print only errors and data.
    pub quiet: bool,
    /// Print more.
    pub verbose: bool,
    /// Print one JSON document.
    pub json: bool,
    /// Whether questions are allowed.
    pub ask: bool,
    /// When to use colour.
    pub color: Color,
}

impl Settings {
    /// One JSON document, and no questions.
    pub fn json() -> Self {
        Self {
            quiet: false,
            verbose: false,
            json: true,
            ask: false,
            color: Color::Never,
        }
    }
}

/// Prints, and asks questions.
#[derive(Debug)]
pub struct Ui {
    settings: Settings,
    color: bool,
    color_out: bool,
}

const GREEN: &str = "\x1b[1;32m";
const YELLOW: &str = "\x1b[1;33m";
const RED: &str = "\x1b[1;31m";
const CYAN: &str = "\x1b[1;36m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

#[expect(
    clippy::disallowed_methods,
    reason = "whether to colour and to ask is decided by the terminal and the environment"
)]
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl Ui {
    /// Output by these settings and the terminal.
    pub fn new(settings: Settings) -> Self {
        let color = |terminal: bool| match settings.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !is_set("NO_COLOR"),
        };
        Self {
            settings,
            color: color(io::stderr().is_terminal()),
            color_out: color(io::stdout().is_terminal()),
        }
    }

    /// Whether the output is one JSON document.
    pub fn is_json(&self) -> bool {
        self.settings.json
    }

    /// Whether more should be printed.
    pub fn is_verbose(&self) -> bool {
        self.settings.verbose
    }

    /// Whether somebody is there to answer.
    pub fn can_ask(&self) -> bool {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        self.settings.ask && !self.settings.json && terminal && !is_set("CI")
    }

    /// Says what is being done: `      Adding redis to shop`.
    pub fn status(&self, verb: &str, text: &str) {
        self.line(GREEN, verb, text);
    }

    /// Says what the user should know.
    pub fn note(&self, text: &str) {
        self.line(CYAN, "Note", text);
    }

    /// Says what the user should do.
    pub fn warn(&self, verb: &str, text: &str) {
        self.line(YELLOW, verb, text);
    }

    fn line(&self, color: &str, verb: &str, text: &str) {
        if self.settings.quiet || self.settings.json {
            return;
        }
        let text = text.replace('\n', "\n             ");
        let line = match self.color {
            true => format!("{color}{verb:>12}{RESET} {text}\n"),
            false => format!("{verb:>12} {text}\n"),
        };
        self.to_stderr(&line);
    }

    /// Prints a block that is to be read or copied, as it is, to standard error.
    pub fn block(&self, text: &str) {
        if !self.settings.quiet && !self.settings.json {
            self.to_stderr(text);
        }
    }

    /// Prints data to standard output.
    pub fn data(&self, text: &str) {
        // A reader that has gone away, as `head` does, is no failure.
        io::stdout().write_all(text.as_bytes()).ok();
        io::stdout().flush().ok();
    }

    /// Prints a diff to standard output.
    pub fn diff(&self, text: &str) {
        if !self.color_out {
            return self.data(text);
        }
        let mut colored = String::with_capacity(text.len() * 2);
        for line in text.split_inclusive('\n') {
            let color = match line.as_bytes().first() {
                _ if line.starts_with("+++") || line.starts_with("---") => BOLD,
                Some(b'+') => "\x1b[32m",
                Some(b'-') => "\x1b[31m",
                Some(b'@') => "\x1b[36m",
                Some(b'd') => BOLD,
                _ => "",
            };
            let (body, end) = match line.strip_suffix('\n') {
                Some(body) => (body, "\n"),
                None => (line, ""),
            };
            if color.is_empty() {
                colored.push_str(line);
            } else {
                colored.push_str(&format!("{color}{body}{RESET}{end}"));
            }
        }
        self.data(&colored);
    }

    /// Emphasises a word of data.
    pub fn strong(&self, text: &str) -> String {
        match self.color_out {
            true => format!("{BOLD}{text}{RESET}"),
            false => text.to_owned(),
        }
    }

    /// Prints the one JSON document, its keys sorted.
    pub fn document(&self, document: &impl serde::Serialize) {
        let sorted = serde_json::to_value(document).unwrap_or_default();
        let text = serde_json::to_string_pretty(&sorted).unwrap_or_default();
        self.data(&format!("{text}\n"));
    }

    /// Says what went wrong, why, what to do, and whether anything was written.
    pub fn error(&self, error: &Error) {
        let (red, bold, reset) = match self.color {
            true => (RED, BOLD, RESET),
            false => ("", "", ""),
        };
        let mut text = format!("{red}error{reset}{bold}:{reset} {error}\n");
        text.push_str(&match error.written.as_slice() {
            [] => "  nothing was written\n".to_owned(),
            written => format!("  partly written: {}\n", written.join(", ")),
        });
        if !error.hints.is_empty() {
            text.push('\n');
        }
        for hint in &error.hints {
            text.push_str(&format!("{bold}hint:{reset} {hint}\n"));
        }
        self.to_stderr(&text);
    }

    /// Lets the user select from a list.
    ///
    /// # Errors
    ///
    /// The user interrupted, or the terminal is gone.
    pub fn pick(&self, prompt: &str, items: &[String]) -> Result<Vec<usize>> {
        let colored = ColorfulTheme::default();
        let theme: &dyn Theme = if self.color { &colored } else { &SimpleTheme };
        let picked = MultiSelect::with_theme(theme)
            .with_prompt(prompt)
            .items(items)
            .report(false)
            .interact_opt();
        match picked {
            Ok(Some(picked)) => Ok(picked),
            Ok(None) => Err(Error::interrupted()),
            Err(_) => {
                // An interrupted prompt leaves the cursor hidden.
                self.to_stderr("\x1b[?25h");
                Err(Error::interrupted())
            }
        }
    }

    /// Asks a question that is answered by yes or no; no is the default.
    ///
    /// # Errors
    ///
    /// The user interrupted, or the terminal is gone.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let colored = ColorfulTheme::default();
        let theme: &dyn Theme = if self.color { &colored } else { &SimpleTheme };
        let answer = Confirm::with_theme(theme)
            .with_prompt(question)
            .default(false)
            .interact_opt();
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Error::interrupted()),
            Err(_) => {
                self.to_stderr("\x1b[?25h");
                Err(Error::interrupted())
            }
        }
    }

    fn to_stderr(&self, text: &str) {
        io::stderr().write_all(text.as_bytes()).ok();
    }
}

/// Lays rows out in columns; the last may be long.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
