pub(crate) async fn list() -> &'static str {
    "tea"
}
