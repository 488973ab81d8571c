//! What a crate root denies.

use super::*;

#[test]
fn lints_that_a_crate_denies_are_read() {
    let text = r#"
#![deny(clippy::unwrap_used, unsafe_code)]
#![warn(clippy::panic)]
#![cfg_attr(not(test), forbid(clippy::expect_used), warn(clippy::x))]
fn f() {}
"#;
    assert_eq!(
        denied_clippy_lints(text).unwrap(),
        ["unwrap_used", "expect_used"]
    );
}
