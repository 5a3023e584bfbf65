//! Composite types: which accessor is which component, at which level, of which version.

mod bills;
mod codes;
mod headers;
mod levels;
mod people;
mod quantities;
mod queries;

use hl7_parse::{
    Path,
    value::{Raw, ValueError},
};

/// `c1^c2^..^c30`: each component is its number.
fn numbered() -> Vec<u8> {
    let components: Vec<_> = (1..=30).map(|n| format!("c{n}")).collect();
    components.join("^").into_bytes()
}

/// What `read` found in which component: that of a form is out of form, and says where.
fn place<T>(read: Result<Option<T>, ValueError>) -> String {
    let error = read.err().map(|error| error.at(Path::new("ZZZ-1")));
    let component = error.and_then(|error| error.path()?.component());
    component.map_or_else(|| "no error".to_owned(), |component| format!("c{component}"))
}

fn text(raw: Raw<'_>) -> String {
    raw.decode().into_owned()
}

/// Every accessor, in the order of the standard, gives its component.
fn assert_in_order(found: &[String], first: usize) {
    for (n, found) in (first..).zip(found) {
        assert_eq!(*found, format!("c{n}"), "component {n} of {}", found.len());
    }
}
