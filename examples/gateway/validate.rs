//! [`Check`]: a rule that messages of a route keep to.

use hl7_ack::{AnyHandler, Handler, Received, Rule, Validate};
use serde::Deserialize;

use crate::{
    config::{Accept, Place, Text},
    rules::accept_only,
};

/// A rule: `{ required = ["PID-3.1"] }`, `{ path = "PID-5.1", max_length = 48 }`; see
/// [`hl7_ack::Rule`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// Types, versions and processing IDs; the only rule that is AR and not AE.
    accept: Option<Accept>,
    /// Segments, fields and components that are there.
    required: Option<Vec<Place>>,
    /// Segments that may be there; `Z*` is all that begin with Z.
    segments: Option<Vec<Text>>,
    /// `true`: only characters of the set in MSH-18, and no control characters; see
    /// [`hl7_ack::Rule::characters`].
    #[serde(default)]
    characters: bool,
    /// For what the rules below hold.
    path: Option<Place>,
    /// Most characters of a value.
    max_length: Option<usize>,
    /// Most repetitions of a field.
    max_repetitions: Option<usize>,
    /// Values that may be there, to the letter.
    any_of: Option<Vec<Text>>,
    /// What becomes of a message that breaks it.
    #[serde(default)]
    otherwise: Otherwise,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Otherwise {
    /// It is refused.
    #[default]
    Fail,
    /// It is taken, and the acknowledgment of a store has a warning.
    Report,
}

impl Check {
    /// What is wrong with the rule itself.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault_of_form().map(str::to_owned).or_else(|| self.accept.as_ref()?.fault())
    }

    fn fault_of_form(&self) -> Option<&'static str> {
        let at_path =
            [self.max_length.is_some(), self.max_repetitions.is_some(), self.any_of.is_some()];
        let alone = [
            self.accept.is_some(),
            self.required.is_some(),
            self.segments.is_some(),
            self.characters,
        ];
        let at_path = at_path.iter().filter(|said| **said).count();
        let alone = alone.iter().filter(|said| **said).count();
        if at_path + alone != 1 {
            return Some(
                "a rule is one of accept, required, segments, characters, max_length, \
                 max_repetitions and any_of",
            );
        }
        let required = self.required.as_ref().is_some_and(Vec::is_empty);
        let lists = [self.segments.as_ref(), self.any_of.as_ref()];
        if required || lists.into_iter().flatten().any(Vec::is_empty) {
            return Some("the rule's list is empty");
        }
        match &self.path {
            None if at_path == 1 => Some("the rule says of no path that it holds there"),
            Some(_) if alone == 1 => Some("the rule holds everywhere; leave `path` out"),
            Some(path) if path.0.field().is_none() => Some("the rule is about a field or below"),
            _ => None,
        }
    }

    fn rules(&self) -> Vec<Rule> {
        let texts = |texts: &[Text]| -> Vec<_> {
            texts.iter().map(|text| text.as_str().to_owned()).collect()
        };
        let mut rules = Vec::new();
        if let Some(accept) = &self.accept {
            rules.push(Rule::accept(accept_only(accept)));
        }
        for path in self.required.iter().flatten() {
            rules.push(Rule::required(path.0));
        }
        if let Some(ids) = &self.segments {
            rules.push(Rule::segments(texts(ids)));
        }
        if self.characters {
            rules.push(Rule::characters());
        }
        if let Some(path) = &self.path {
            rules.extend(self.max_length.map(|most| Rule::max_length(path.0, most)));
            rules.extend(self.max_repetitions.map(|most| Rule::max_repetitions(path.0, most)));
            let values = self.any_of.as_ref();
            rules.extend(values.map(|values| Rule::any_of(path.0, texts(values))));
        }
        match self.otherwise {
            Otherwise::Fail => rules,
            Otherwise::Report => rules.into_iter().map(Rule::only_report).collect(),
        }
    }
}

/// All rules of a route.
pub(crate) fn rules<'a>(checks: impl Iterator<Item = &'a Check>) -> impl Iterator<Item = Rule> {
    checks.flat_map(Check::rules)
}

/// Hands to `handler` what keeps to the rules; what does not is answered, logged and counted here.
pub(crate) fn around(validate: Validate, route: &'static str, handler: AnyHandler) -> AnyHandler {
    let counter = |outcome: &'static str| {
        let labels = [("route", route), ("outcome", outcome)];
        metrics::counter!("hl7_gateway_broken_rules_total", &labels)
    };
    let (failed, reported) = (counter("failed"), counter("reported"));
    AnyHandler::new(move |received: Received| {
        let outcome = validate.check(&received.message.as_message());
        let is_accepted = outcome.is_accepted();
        let broken = outcome.faults().len();
        if broken > 0 {
            let first = outcome.faults().iter().find_map(|fault| fault.locations().first());
            let at = first.map(ToString::to_string).unwrap_or_default();
            let counted = if is_accepted { &reported } else { &failed };
            counted.increment(1);
            tracing::info!(route, broken, at, refused = !is_accepted, "broken rules");
        }
        let handler = handler.clone();
        async move {
            match is_accepted {
                true => handler.handle(received).await,
                false => outcome.into(),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use hl7_parse::Message;

    use super::*;

    #[test]
    fn a_rule_is_one_thing_with_the_path_that_it_needs() {
        for (rule, is_good) in [
            (r#"required = ["PID", "PID-3.1"]"#, true),
            (r#"segments = ["MSH", "PID"]"#, true),
            (r#"accept = { types = ["ADT^*"] }"#, true),
            ("characters = true", true),
            ("characters = false", false),
            ("path = \"PID-5.1\"\nmax_length = 48", true),
            ("path = \"PID-3\"\nmax_repetitions = 1", true),
            ("path = \"MSH-3.1\"\nany_of = [\"HIS\"]", true),
            ("max_length = 48", false),
            ("required = []", false),
            ("segments = []", false),
            ("path = \"MSH-3.1\"\nany_of = []", false),
            ("accept = { types = [] }", false),
            ("accept = { types = [\"ADT_A01\"] }", false),
            ("path = \"PID\"\nmax_length = 48", false),
            ("path = \"PID-3\"\nrequired = [\"PID\"]", false),
            ("path = \"PID-3\"", false),
            ("path = \"PID-3\"\nmax_length = 1\nmax_repetitions = 1", false),
        ] {
            let read: Check = toml::from_str(rule).expect(rule);
            assert_eq!(read.fault().is_none(), is_good, "{rule}: {:?}", read.fault());
        }
    }

    #[test]
    fn each_rule_is_held_against_the_message() {
        let message = b"MSH|^~\\&|HIS|||||1|ADT^A01|7|P|2.5\rPID|||1~2||L\0NGNAME\r";
        let message = Message::parse(message).expect("HL7");
        for (rule, broken) in [
            (r#"required = ["PID-3.1", "PID-5.1"]"#, 0),
            (r#"required = ["PV1", "PID-7"]"#, 2),
            (r#"segments = ["MSH"]"#, 1),
            ("characters = true", 1),
            (r#"accept = { types = ["ORU^*"], versions = ["2.4"] }"#, 2),
            ("path = \"PID-5.1\"\nmax_length = 7", 1),
            ("path = \"PID-3\"\nmax_repetitions = 1", 1),
            ("path = \"MSH-3.1\"\nany_of = [\"HIS\"]", 0),
            ("path = \"MSH-3.1\"\nany_of = [\"LIS\"]", 1),
        ] {
            for (end, fails) in [("", broken > 0), ("\notherwise = \"report\"", false)] {
                let text = format!("{rule}{end}");
                let read: Check = toml::from_str(&text).expect(&text);
                let outcome = Validate::new(rules([read].iter())).check(&message);
                assert_eq!(outcome.faults().len(), broken, "{text}");
                assert_eq!(!outcome.is_accepted(), fails, "{text}");
            }
        }
    }
}
