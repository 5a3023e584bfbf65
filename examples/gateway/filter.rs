//! [`Rule`]: passes on only messages that have, or have not, certain values.

use hl7_ack::{AnyHandler, ErrorCode, Handler, Outcome, Received, Reply};
use hl7_parse::Message;
use serde::Deserialize;

use crate::config::{Filtered, Place, Text};

/// What a message must be to be passed on: `{ path = "PV1-2", any_of = ["I", "O"] }`.
///
/// The value is that at the path, decoded and compared to the letter; one that is missing is
/// empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) path: Place,
    any_of: Option<Vec<Text>>,
    none_of: Option<Vec<Text>>,
    valued: Option<bool>,
}

impl Rule {
    /// What is wrong with the rule itself.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.any_of.as_ref().is_some_and(Vec::is_empty) {
            return Some("an empty list passes nothing on");
        }
        let said = [self.any_of.is_some(), self.none_of.is_some(), self.valued.is_some()];
        if said.iter().filter(|said| **said).count() != 1 {
            return Some("a filter has one of any_of, none_of and valued");
        }
        self.path.0.field().is_none().then_some("a filter looks at a field or below")
    }

    fn holds(&self, message: &Message<'_>) -> bool {
        let element = message.get(&self.path.0);
        let value = element.decode();
        let lists = |values: &[Text]| values.iter().any(|listed| listed.as_str() == value);
        self.any_of.as_ref().is_none_or(|values| lists(values))
            && self.none_of.as_ref().is_none_or(|values| !lists(values))
            && self.valued.is_none_or(|valued| element.is_valued() == valued)
    }
}

/// Hands to `handler` what all rules let pass; the rest is answered, logged and counted here.
pub(crate) fn around(
    rules: Vec<Rule>,
    filtered: Filtered,
    route: &'static str,
    handler: AnyHandler,
) -> AnyHandler {
    let held_back = metrics::counter!("hl7_gateway_filtered_total", "route" => route);
    AnyHandler::new(move |received: Received| {
        let failed = rules.iter().find(|rule| !rule.holds(&received.message.as_message()));
        let failed = failed.map(|rule| rule.path.0);
        let (handler, held_back) = (handler.clone(), held_back.clone());
        async move {
            let Some(path) = failed else { return handler.handle(received).await };
            tracing::info!(route, %path, "filtered, not passed on");
            held_back.increment(1);
            Reply::from(match filtered {
                Filtered::Accept => Outcome::accepted(),
                Filtered::Reject => {
                    Outcome::rejected(ErrorCode::APPLICATION_ERROR, "not taken by this receiver")
                        .at(path)
                }
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_by_the_value_at_its_path() {
        let message = Message::parse(b"MSH|^~\\&|A\rPV1|1|I|A \\T\\ E^2||\"\"\r").expect("HL7");
        for (rule, expected) in [
            (r#"path = "PV1-2"; any_of = ["I", "O"]"#, true),
            (r#"path = "PV1-2"; any_of = ["i"]"#, false),
            (r#"path = "PV1-2"; none_of = ["I"]"#, false),
            (r#"path = "PV1-2"; none_of = ["O"]"#, true),
            (r#"path = "PV1-3.1"; any_of = ["A & E"]"#, true),
            (r#"path = "PV1-4"; valued = false"#, true),
            (r#"path = "PV1-4"; valued = true"#, false),
            (r#"path = "PV1-5"; valued = true"#, true),
            (r#"path = "ZZZ-1"; any_of = [""]"#, true),
            (r#"path = "ZZZ-1"; valued = true"#, false),
        ] {
            let read: Rule = toml::from_str(&rule.replace("; ", "\n")).expect(rule);
            assert_eq!(read.fault(), None, "{rule}");
            assert_eq!(read.holds(&message), expected, "{rule}");
        }
    }

    #[test]
    fn a_rule_says_one_thing_of_a_field() {
        for rule in [
            r#"path = "PV1-2""#,
            "path = \"PV1-2\"\nany_of = [\"I\"]\nvalued = true",
            "path = \"PV1-2\"\nany_of = []",
            "path = \"PV1\"\nvalued = true",
        ] {
            let read: Rule = toml::from_str(rule).expect(rule);
            assert!(read.fault().is_some(), "{rule}");
        }
    }
}
