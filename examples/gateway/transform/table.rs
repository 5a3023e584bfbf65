//! [`Codes`]: a table of codes, from a file.

use std::{collections::HashMap, fs, path::Path};

/// What codes become.
pub(super) type Codes = HashMap<String, String>;

/// Most rows of a table.
const MAX_ROWS: usize = 1_000_000;

/// Reads a file as [`parse`] does.
pub(super) fn read(path: &Path) -> Result<Codes, String> {
    let error = |why: String| format!("the table {}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
    parse(&text).map_err(error)
}

/// Reads a table of codes: two columns, parted by a tab or, without one, by a comma. Empty lines
/// and those that begin with `#` are passed over.
pub(super) fn parse(text: &str) -> Result<Codes, String> {
    let mut codes = Codes::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let columns = line.split_once('\t').or_else(|| line.split_once(','));
        let fault = |why: &str| Err(format!("line {}: {why}", at + 1));
        let Some((from, to)) = columns else {
            return fault("two columns are expected, parted by a tab or a comma");
        };
        if codes.insert(from.trim().to_owned(), to.trim().to_owned()).is_some() {
            return fault("the code is there already");
        }
        if codes.len() > MAX_ROWS {
            return fault("there are more than 1,000,000 codes");
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_two_columns_and_no_code_twice() {
        for (text, fault) in [
            ("A,B\nC\n", "line 2: two columns are expected, parted by a tab or a comma"),
            ("A,B\n# C\nA\tC\n", "line 3: the code is there already"),
        ] {
            assert_eq!(parse(text), Err(fault.to_owned()), "{text}");
        }
    }
}
