//! What is read from a manifest.

use indoc::indoc;

use super::*;

#[test]
fn a_manifest_is_read() {
    let text = indoc! {r#"
        [package]
        name = "shop"
        edition.workspace = true
        rust-version = "1.80"
        autobins = false
        [lib]
        path = "mod.rs"
        [[bin]]
        name = "shop"
        path = "app.rs"
        [workspace]
        members = ["."]
        [workspace.dependencies]
        redis = "1"
        [workspace.package]
        edition = "2024"
        [features]
        default = ["a"]
        a = ["b/x"]
        [dependencies]
        b = { version = "=1.2", optional = true, features = ["y"] }
        c = { package = "real", git = "u" }
        d.workspace = true
        [target.'cfg(unix)'.dev-dependencies]
        e = { path = "e" }
        [lints]
        workspace = true
        [lints.clippy]
        unwrap_used = "deny"
        panic = { level = "forbid", priority = 1 }
        all = "warn"
    "#};
    let manifest = read(text).unwrap();
    let package = manifest.package.unwrap();
    assert_eq!(package.name, "shop");
    assert!(package.edition_inherited && package.edition.is_none() && !package.autobins);
    assert_eq!(package.rust_version.as_deref(), Some("1.80"));
    assert_eq!(manifest.library.unwrap().path.as_deref(), Some("mod.rs"));
    assert_eq!(manifest.binaries[0].path.as_deref(), Some("app.rs"));
    let workspace = manifest.workspace.unwrap();
    assert_eq!(workspace.members, ["."]);
    assert_eq!(workspace.edition.as_deref(), Some("2024"));
    assert_eq!(manifest.features, ["a", "default"]);
    assert_eq!(manifest.denied_clippy_lints, ["unwrap_used", "panic"]);
    assert!(manifest.lints_inherited);
    let brief: Vec<_> = manifest
        .dependencies
        .iter()
        .map(|d| (&*d.key, &*d.package, d.section.clone(), d.line))
        .collect();
    assert_eq!(
        brief,
        [
            ("b", "b", Section::Normal, 21),
            ("c", "real", Section::Normal, 22),
            ("d", "d", Section::Normal, 23),
            ("e", "e", Section::Target("cfg(unix)".to_owned()), 25),
            ("redis", "redis", Section::Workspace, 14),
        ]
    );
    let b = &manifest.dependencies[0];
    assert_eq!(b.requirement.as_deref(), Some("=1.2"));
    assert!(b.optional && b.on_by_default && b.features == ["y"]);
    assert!(manifest.dependencies[2].workspace);
}

#[test]
fn a_manifest_with_values_of_odd_types_is_still_read() {
    let text =
        "bin = 1\nlib = \"x\"\n[package]\nname = 3\n[dependencies]\na = 1\n[features]\nx = 2\n";
    let manifest = read(text).unwrap();
    assert_eq!(manifest.package.unwrap().name, "");
    assert_eq!(manifest.dependencies[0].requirement, None);
}
