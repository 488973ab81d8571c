//! `[[when]]` tables joined with the manifest they stand in.

/// Merges tables deeply; lists are joined, everything else is replaced. A version alone and a table
/// are the same dependency.
pub(crate) fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (Some(toml::Value::Array(old)), toml::Value::Array(new)) => old.extend(new),
            (Some(version @ toml::Value::String(_)), toml::Value::Table(mut new)) => {
                new.entry("version").or_insert_with(|| version.clone());
                *version = toml::Value::Table(new);
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_when_table_joins_lists_and_turns_a_version_into_a_table() {
        let mut into: toml::Table = toml::from_str("a = '1'\nlist = [1]\n[t]\nx = 1").unwrap();
        let from = toml::from_str("a = { features = ['f'] }\nlist = [2]\n[t]\ny = 2").unwrap();
        merge(&mut into, from);
        let wanted: toml::Table = toml::from_str(
            "a = { features = ['f'], version = '1' }\nlist = [1, 2]\n[t]\nx = 1\ny = 2",
        )
        .unwrap();
        assert_eq!(into, wanted);
    }
}
