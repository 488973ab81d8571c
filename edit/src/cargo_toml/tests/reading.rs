//! What is read from a manifest.

use super::*;

#[test]
fn a_manifest_is_read() {
    let text = "[package]\nname = \"shop\"\nedition.workspace = true\nrust-version = \"1.80\"\n\
                default-run = \"shop\"\nautobins = false\nlinks = \"z\"\n[lib]\npath = \"mod.rs\"\n\
                [[bin]]\nname = \"shop\"\npath = \"app.rs\"\n[workspace]\nmembers = [\".\"]\n\
                resolver = \"3\"\n[workspace.dependencies]\nredis = \"1\"\n[workspace.package]\n\
                edition = \"2024\"\n[features]\ndefault = [\"a\"]\na = [\"b/x\"]\n[dependencies]\n\
                b = { version = \"=1.2\", optional = true, default-features = false, features = [\"y\"] }\n\
                c = { package = \"real\", git = \"u\" }\nd.workspace = true\n\
                [target.'cfg(unix)'.dev-dependencies]\ne = { path = \"e\" }\n\
                [lints]\nworkspace = true\n[lints.clippy]\nunwrap_used = \"deny\"\n\
                panic = { level = \"forbid\", priority = 1 }\nall = \"warn\"\n";
    let manifest = read(text).unwrap();
    let package = manifest.package.unwrap();
    assert_eq!(package.name, "shop");
    assert!(package.edition_inherited && package.edition.is_none() && !package.autobins);
    assert_eq!(package.rust_version.as_deref(), Some("1.80"));
    assert_eq!(package.default_run.as_deref(), Some("shop"));
    assert_eq!(package.links.as_deref(), Some("z"));
    assert_eq!(manifest.library.unwrap().path.as_deref(), Some("mod.rs"));
    assert_eq!(manifest.binaries[0].path.as_deref(), Some("app.rs"));
    let workspace = manifest.workspace.unwrap();
    assert_eq!(workspace.members, ["."]);
    assert_eq!(workspace.resolver.as_deref(), Some("3"));
    assert_eq!(workspace.edition.as_deref(), Some("2024"));
    assert_eq!(manifest.features, ["a", "default"]);
    assert_eq!(manifest.denied_clippy_lints, ["unwrap_used", "panic"]);
    assert!(manifest.lints_inherited);
    let brief: Vec<_> = manifest
        .dependencies
        .iter()
        .map(|d| (&*d.key, &*d.package, d.section.clone(), d.origin, d.line))
        .collect();
    assert_eq!(
        brief,
        [
            ("b", "b", Section::Normal, Origin::Registry, 24),
            ("c", "real", Section::Normal, Origin::Git, 25),
            ("d", "d", Section::Normal, Origin::Registry, 26),
            (
                "e",
                "e",
                Section::Target("cfg(unix)".to_owned()),
                Origin::Path,
                28
            ),
            ("redis", "redis", Section::Workspace, Origin::Registry, 17),
        ]
    );
    let b = &manifest.dependencies[0];
    assert_eq!(b.requirement.as_deref(), Some("=1.2"));
    assert!(b.optional && b.on_by_default && !b.default_features && b.features == ["y"]);
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
