//! Checks a dashboard of Grafana: the first argument, against what Prometheus reads: the second.
//!
//! What a dashboard must have is from its JSON model in Grafana's documentation and from the schema
//! `dashboard_kind.cue` of grafana/grafana (schema version 39, Grafana 11 and later).

use std::collections::BTreeSet;
use std::{env, fs};

use promql_parser::parser::{self, Expr};
use serde_json::Value;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let mut files = env::args().skip(1).map(fs::read_to_string);
    let mut file = || files.next().ok_or("two files are needed");
    let (dashboard, scraped) = (file()??, file()??);
    let dashboard: Value = serde_json::from_str(&dashboard)?;
    let exported = exported(&scraped);
    whole(&dashboard)?;
    let panels = dashboard["panels"]
        .as_array()
        .ok_or("`panels` is no list")?;
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut expressions = 0;
    for panel in panels {
        let title = panel["title"].as_str().ok_or("a panel has no title")?;
        let failed = |why: &str| format!("panel `{title}`: {why}");
        let id = panel["id"].as_u64().ok_or_else(|| failed("no id"))?;
        if !ids.insert(id) {
            return Err(failed("its id is taken").into());
        }
        place(panel, &mut taken).map_err(|why| failed(&why))?;
        if panel["type"] == "row" {
            continue;
        }
        if panel["type"] != "stat" && panel["type"] != "timeseries" {
            return Err(failed("an unknown type").into());
        }
        source(&panel["datasource"]).map_err(|why| failed(&why))?;
        if !panel["fieldConfig"]["defaults"]["unit"].is_string() || !panel["options"].is_object() {
            return Err(failed("no unit or no options").into());
        }
        let targets = panel["targets"]
            .as_array()
            .ok_or_else(|| failed("no targets"))?;
        let mut references = BTreeSet::new();
        for target in targets {
            source(&target["datasource"]).map_err(|why| failed(&why))?;
            if !references.insert(target["refId"].as_str()) || target["refId"].as_str().is_none() {
                return Err(failed("a target has no refId of its own").into());
            }
            let text = target["expr"].as_str().ok_or_else(|| failed("no expr"))?;
            query(text, &exported).map_err(|why| failed(&why))?;
            expressions += 1;
        }
        if targets.is_empty() {
            return Err(failed("nothing to show").into());
        }
    }
    println!("{} panels, {expressions} expressions", panels.len());
    Ok(())
}

/// What the dashboard itself must have.
fn whole(dashboard: &Value) -> Result<(), Failed> {
    let texts = ["title", "uid", "timezone"];
    if let Some(missing) = texts.iter().find(|key| !dashboard[*key].is_string()) {
        return Err(format!("`{missing}` is no text").into());
    }
    let uid = dashboard["uid"].as_str().unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if uid.is_empty() || uid.len() > 40 || !uid.chars().all(legal) {
        return Err(format!("`{uid}` is no uid").into());
    }
    // A number here is an id of one installation and collides in another.
    if !dashboard["id"].is_null() || dashboard["schemaVersion"].as_u64() < Some(36) {
        return Err("`id` must be null and `schemaVersion` at least 36".into());
    }
    for variable in dashboard["templating"]["list"]
        .as_array()
        .ok_or("no templating")?
    {
        source(&variable["datasource"])?;
        if variable["name"] != "job" || variable["type"] != "query" {
            return Err(format!("an unknown variable: {variable}").into());
        }
    }
    if !dashboard["time"]["from"].is_string() || !dashboard["annotations"]["list"].is_array() {
        return Err("no range of time, or no annotations".into());
    }
    Ok(())
}

/// A panel lies within the grid of 24 columns, and on no other.
fn place(panel: &Value, taken: &mut BTreeSet<(u64, u64)>) -> Result<(), String> {
    let at = |key: &str| {
        let number = panel["gridPos"][key].as_u64();
        number.ok_or(format!("gridPos has no {key}"))
    };
    let (x, y, w, h) = (at("x")?, at("y")?, at("w")?, at("h")?);
    if w == 0 || h == 0 || x + w > 24 {
        return Err("outside of the grid".to_owned());
    }
    let cells = (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y)));
    for cell in cells {
        if !taken.insert(cell) {
            return Err(format!("it lies on another at {cell:?}"));
        }
    }
    Ok(())
}

/// The data source is the one that is provisioned.
fn source(source: &Value) -> Result<(), String> {
    if source["type"] == "prometheus" && source["uid"] == "prometheus" {
        return Ok(());
    }
    Err(format!("another data source: {source}"))
}

/// The names of series, with those that a histogram has.
fn exported(scraped: &str) -> BTreeSet<&str> {
    let lines = scraped.lines().filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split(['{', ' ']).next());
    names.filter(|name| !name.is_empty()).collect()
}

/// An expression is one of PromQL, once Grafana has replaced its variables, and names what there is.
fn query(text: &str, exported: &BTreeSet<&str>) -> Result<(), String> {
    let replaced = text
        .replace("$__rate_interval", "1m")
        .replace("$job", "shop");
    if replaced.contains('$') {
        return Err(format!("an unknown variable in `{text}`"));
    }
    let parsed = parser::parse(&replaced).map_err(|error| format!("{error} in `{text}`"))?;
    let mut names = Vec::new();
    gather(&parsed, &mut names);
    match names.iter().find(|name| !exported.contains(name.as_str())) {
        _ if names.is_empty() => Err(format!("`{text}` names no metric")),
        Some(name) => Err(format!("nobody exports `{name}`")),
        None => Ok(()),
    }
}

fn gather(expression: &Expr, names: &mut Vec<String>) {
    match expression {
        Expr::Aggregate(part) => {
            gather(&part.expr, names);
            if let Some(parameter) = &part.param {
                gather(parameter, names);
            }
        }
        Expr::Unary(part) => gather(&part.expr, names),
        Expr::Binary(part) => {
            gather(&part.lhs, names);
            gather(&part.rhs, names);
        }
        Expr::Paren(part) => gather(&part.expr, names),
        Expr::Subquery(part) => gather(&part.expr, names),
        Expr::VectorSelector(selector) => names.extend(selector.name.clone()),
        Expr::MatrixSelector(selector) => names.extend(selector.vs.name.clone()),
        Expr::Call(call) => call.args.args.iter().for_each(|part| gather(part, names)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}
