//! The template engine: minijinja with its own filters, in a syntax that leaves a template a valid file
//! of its format, and the functions and filters for Rust and versions.

use minijinja::{Environment, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Kwargs};

use serde::de::DeserializeOwned;

use crate::{
    catalog::manifest::{EnvKind, EnvRow},
    error::Result,
};

/// What statements, expressions and comments begin with, the first two at the start of a line.
const MARKS: [&str; 5] = ["//%", "#%", "/*%", "/*=", "/*~"];

/// Whether a text has anything to render. Cheaper than parsing it as a template.
pub(super) fn has_template_syntax(template: &str) -> bool {
    MARKS.iter().any(|mark| template.contains(mark))
}

/// An environment for the template of a file: line statements begin with `//%`, in YAML with `#%`,
/// so that a template is a valid file of its format.
pub(super) fn environment(path: &str) -> Result<Environment<'static>> {
    let is_yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let syntax = SyntaxConfig::builder()
        .block_delimiters("/*%", "%*/")
        .variable_delimiters("/*=", "=*/")
        .comment_delimiters("/*~", "~*/")
        .line_statement_prefix(if is_yaml { "#%" } else { "//%" })
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| super::template_error("syntax", "", &error))?;
    let mut environment = Environment::new();
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_function("version_at_least", version_at_least);
    environment.add_filter("literal", |value: String, kind: Value| {
        literal(&value, read(kind)?)
    });
    environment.add_filter("rust_type", |row: Value| Ok(rust_type(&read(row)?)));
    environment.add_filter("bounded", |row: Value| bounded(&read(row)?));
    Ok(environment)
}

/// A value of a template as the type that it was made of.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, minijinja::Error> {
    T::deserialize(value)
}

/// Whether a version is this one or later. A crate that is not there will come in its newest.
fn version_at_least(version: Value, least: &str, _: Kwargs) -> bool {
    let Some(version) = version.as_str() else {
        return true;
    };
    let parts = |text: &str| -> Vec<u64> {
        let numbers = text
            .split(['.', '-', '+'])
            .map_while(|part| part.parse().ok());
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.resize(3, 0);
        numbers
    };
    parts(version) >= parts(least)
}

/// The type of the field for a row of variables.
fn rust_type(row: &EnvRow) -> String {
    let name = match row.kind {
        EnvKind::Secret => "SecretString",
        EnvKind::Text => "String",
        EnvKind::Duration => "Duration",
        EnvKind::Bool => "bool",
        EnvKind::U16 => "u16",
        EnvKind::U64 => "u64",
        EnvKind::F64 => "f64",
    };
    match row.may_be_unset() {
        true => format!("Option<{name}>"),
        false => name.to_owned(),
    }
}

/// A value of a variable as an expression of Rust.
fn literal(value: &str, kind: EnvKind) -> Result<String, minijinja::Error> {
    let wrong = |what: &str| {
        let why = format!("`{value}` is not {what}");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, why)
    };
    let number = |text: &str| -> Result<u64, minijinja::Error> {
        text.parse().map_err(|_| wrong("a whole number"))
    };
    Ok(match kind {
        EnvKind::Text => format!("{value:?}.to_owned()"),
        EnvKind::Secret => format!("{value:?}.to_owned().into()"),
        EnvKind::Bool => value.to_owned(),
        EnvKind::U16 | EnvKind::U64 => grouped(number(value)?),
        EnvKind::F64 => match value.parse::<f64>() {
            Ok(number) if number.is_finite() => format!("{number:?}"),
            _ => return Err(wrong("a number")),
        },
        EnvKind::Duration => {
            let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let amount = number(digits)?;
            let (unit, factor) = match &value[digits.len()..] {
                "ms" => ("millis", 1),
                "" | "s" => ("secs", 1),
                "m" => ("secs", 60),
                "h" => ("secs", 3_600),
                "d" => ("secs", 86_400),
                _ => return Err(wrong("a time such as `30s`")),
            };
            let amount = amount
                .checked_mul(factor)
                .ok_or_else(|| wrong("a time that fits"))?;
            format!("Duration::from_{unit}({})", grouped(amount))
        }
    })
}

/// Digits in groups of three from five digits on, as clippy likes long literals.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// The arguments of a bounded setting: its name, default and range.
fn bounded(row: &EnvRow) -> Result<String, minijinja::Error> {
    let part = |text: &Option<String>| literal(text.as_deref().unwrap_or_default(), row.kind);
    Ok(format!(
        "\"{}\", {}, {}..={}",
        row.name,
        part(&row.default)?,
        part(&row.min)?,
        part(&row.max)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_is_no_empty_list() {
        let environment = environment("a.rs").unwrap();
        for template in [
            "/*= nothing|length =*/",
            "//% for x in nothing|reverse\n//% endfor\n",
            "//% for x in nothing|selectattr(\"a.b\")\n//% endfor\n",
            "/*= none|length =*/",
        ] {
            let rendered = environment.render_str(template, ());
            assert!(rendered.is_err(), "{template}: {rendered:?}");
        }
        let context = minijinja::context! { list => ["ab", "c"] };
        let template = "/*% for x in list|reverse %*//*= x|length =*//*% endfor %*/";
        assert_eq!(environment.render_str(template, context).unwrap(), "12");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let at_least = |version: &str, least| {
            let options = Kwargs::from_iter(Vec::<(&str, Value)>::new());
            version_at_least(Value::from(version), least, options)
        };
        assert!(at_least("0.10.1", "0.8"));
        assert!(!at_least("0.7.9", "0.8"));
        assert!(at_least("1.0.0-rc.1", "1"));
    }

    #[test]
    fn literals_are_what_a_reader_would_write() {
        let literal = |value, kind| literal(value, kind).unwrap();
        assert_eq!(
            literal("500ms", EnvKind::Duration),
            "Duration::from_millis(500)"
        );
        assert_eq!(
            literal("30d", EnvKind::Duration),
            "Duration::from_secs(2_592_000)"
        );
        assert_eq!(literal("65536", EnvKind::U64), "65_536");
        assert_eq!(literal("1", EnvKind::F64), "1.0");
        assert_eq!(literal("/a\"b", EnvKind::Text), r#""/a\"b".to_owned()"#);
    }
}
