//! TBD.
use super::*;
/// .
pub fn undo(_: &str, _: &Edit) -> Result<String, Kept> {
    Err(Kept::Gone)
}
/// .
pub fn state(_: &str, _: &Edit) -> Result<(), Kept> {
    Err(Kept::Gone)
}
/// .
pub fn is_declared(_: &str, _: &str) -> Option<usize> {
    None
}
/// .
pub fn is_wired(_: &str) -> bool {
    false
}
