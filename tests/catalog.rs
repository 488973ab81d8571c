//! The components and the test components have no faults.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

#[test]
fn components_and_test_components_have_no_faults() {
    let faults = common::catalog().faults();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
