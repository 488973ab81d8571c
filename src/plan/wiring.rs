//! The wiring.
use super::draft::Draft;
impl Draft<'_> {
    pub(super) fn wire(&mut self) {}
}
