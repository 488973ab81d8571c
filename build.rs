//! Rebuilds when a template changes: `include_dir!` does not notice new files.

fn main() {
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=base");
}
