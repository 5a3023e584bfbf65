//! [`Transform`]: changes each message by a list of steps, one after the other.
//!
//! A step sees what the one before has left, so that nothing comes back that was taken out. A step
//! for a segment that the message does not have does nothing.

mod table;

use std::{path::Path as File, sync::Arc};

use hl7_ack::{AnyHandler, ErrorCode, Handler, Outcome, Received, Reply};
use hl7_parse::{Editor, Message, OwnedMessage, Path, Target};
use serde::Deserialize;

use self::table::Codes;
use crate::config::{Place, Text};

/// One change: `{ set = { path = "MSH-5", value = "EHR" } }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Step {
    /// Puts a text into an element; with `each`, into every one that the path can mean.
    Set {
        path: Place,
        value: Text,
        #[serde(default)]
        each: bool,
    },
    /// Empties an element, or each.
    Clear {
        path: Place,
        #[serde(default)]
        each: bool,
    },
    /// Copies an element as it stands; an empty one empties the other.
    Copy { from: Place, to: Place },
    /// Leaves only these, in every segment and repetition, and of the header what an exchange
    /// needs: [`HEADER`].
    KeepOnly(Vec<Place>),
    /// Makes one trigger event (MSH-9.2, EVN-1) of another; other events stay.
    RenameEvent { from: String, to: String },
    /// Replaces codes by a table, in every segment and repetition that the path can mean.
    MapCodes {
        path: Place,
        /// A file of two columns, parted by tab or comma: the code, and what takes its place.
        table: Text,
        #[serde(default)]
        otherwise: Otherwise,
    },
}

/// What becomes of a code that is not in the table.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Otherwise {
    /// AE with 103 to the sender: a wrong code is worse than none.
    #[default]
    Refuse,
    Keep,
    Clear,
}

/// Always stays: without these the far side can neither sort nor acknowledge the message.
const HEADER: [Path; 6] = [
    Path::new("MSH-7"),
    Path::new("MSH-9"),
    Path::new("MSH-10"),
    Path::new("MSH-11"),
    Path::new("MSH-15"),
    Path::new("MSH-16"),
];

const EVENT: Path = Path::new("MSH-9.2");
const EVENT_TYPE: Path = Path::new("EVN-1");

impl Step {
    /// What is wrong with the step itself.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let written = match self {
            Self::Set { path, .. } | Self::Clear { path, .. } | Self::MapCodes { path, .. } => path,
            Self::Copy { from, to } => match from.0.field() {
                Some(_) => to,
                None => return Some("a copy is of a field or below"),
            },
            Self::KeepOnly(_) => return None,
            Self::RenameEvent { from, to } => {
                let empty = from.is_empty() || to.is_empty();
                return empty.then_some("an event has a name");
            }
        };
        let Some(field) = written.0.field() else {
            return Some("a step changes a field or below");
        };
        match (written.0.segment(), field) {
            ("MSH", 1 | 2) => Some("MSH-1 and MSH-2 say how to read the rest and stay"),
            ("MSH", 10) => Some("MSH-10 stays: the acknowledgment is known by it"),
            _ => None,
        }
    }
}

/// The steps, each with its table, which is empty where it has none.
#[derive(Clone, Debug)]
pub(crate) struct Transform {
    steps: Arc<[(Step, Codes)]>,
}

impl Transform {
    /// Reads the tables; relative paths begin at `folder`.
    pub(crate) fn new(steps: Vec<Step>, folder: &File) -> Result<Self, String> {
        let with_table = |step: Step| {
            let codes = match &step {
                Step::MapCodes { table, .. } => table::read(&folder.join(table.as_str()))?,
                _ => Codes::new(),
            };
            Ok((step, codes))
        };
        Ok(Self { steps: steps.into_iter().map(with_table).collect::<Result<_, String>>()? })
    }

    /// Hands the changed message to `handler`, or says why there is none.
    pub(crate) fn around(self, route: &'static str, handler: AnyHandler) -> AnyHandler {
        AnyHandler::new(move |received: Received| {
            let changed = self.apply(&received.message);
            let handler = handler.clone();
            async move {
                match changed {
                    Ok(message) => handler.handle(Received::new(message, received.peer)).await,
                    Err(outcome) => {
                        let path =
                            outcome.faults().first().and_then(|fault| fault.locations().first());
                        let path = path.map(Path::to_string).unwrap_or_default();
                        tracing::warn!(route, path, "not transformed, not passed on");
                        Reply::from(outcome)
                    }
                }
            }
        })
    }

    fn apply(&self, message: &OwnedMessage) -> Result<OwnedMessage, Outcome> {
        let mut message = message.clone();
        // Steps that only write are done in one pass; one that reads begins the next.
        for pass in self.steps.chunk_by(|(a, _), (b, _)| a.only_writes() && b.only_writes()) {
            let view = message.as_message();
            let mut editor = Editor::new(&view);
            for (step, codes) in pass {
                step.apply(codes, &view, &mut editor)?;
            }
            message = editor.finish().map_err(|error| {
                let text = "the message can not be transformed";
                let outcome = Outcome::error(ErrorCode::APPLICATION_ERROR, text);
                error.path().map_or(outcome.clone(), |path| outcome.at(path))
            })?;
        }
        Ok(message)
    }
}

impl Step {
    fn only_writes(&self) -> bool {
        matches!(self, Self::Set { .. } | Self::Clear { .. })
    }

    fn apply(
        &self,
        codes: &Codes,
        message: &Message<'_>,
        editor: &mut Editor<'_>,
    ) -> Result<(), Outcome> {
        match self {
            Self::Set { path, value, each } => {
                if let Some(target) = target(message, path, *each) {
                    editor.set(target, value.as_str());
                }
            }
            Self::Clear { path, each } => {
                if let Some(target) = target(message, path, *each) {
                    editor.clear(target);
                }
            }
            Self::Copy { from, to } => {
                if let Some(target) = target(message, to, false) {
                    editor.set_raw(target, message.get(&from.0).as_bytes());
                }
            }
            Self::KeepOnly(paths) => {
                editor.keep_only(paths.iter().map(|place| &place.0).chain(&HEADER));
            }
            Self::RenameEvent { from, to } => {
                for path in [EVENT, EVENT_TYPE] {
                    if message.get(&path).as_bytes() == from.as_bytes() {
                        editor.set(&path, to);
                    }
                }
            }
            Self::MapCodes { path, otherwise, .. } => {
                for place in places(message, &path.0) {
                    let element = message.get(&place);
                    let code = element.decode();
                    match (codes.get(code.trim()), otherwise) {
                        _ if !element.is_valued() || element.is_null() => {}
                        (Some(to), _) => {
                            editor.set(&place, to);
                        }
                        (None, Otherwise::Keep) => {}
                        (None, Otherwise::Clear) => {
                            editor.clear(&place);
                        }
                        (None, Otherwise::Refuse) => {
                            let text = "no code in the table takes its place";
                            let code = ErrorCode::TABLE_VALUE_NOT_FOUND;
                            return Err(Outcome::error(code, text).at(place));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a step writes; `None` where the message has no such segment.
fn target(message: &Message<'_>, place: &Place, each: bool) -> Option<Target> {
    let path = &place.0;
    if each {
        return Some(Target::each(path));
    }
    let mut segments = message.segments_with_id(path.segment());
    segments.nth(path.occurrence().saturating_sub(1)).map(|_| Target::at(path))
}

/// Every place that a path can mean, as paths that mean one.
fn places(message: &Message<'_>, path: &Path) -> Vec<Path> {
    let text = path.to_string();
    let (segment, below) = text.split_once('-').unwrap_or((&text, ""));
    let (field, deeper) = match below.find('.') {
        Some(at) => below.split_at(at),
        None => (below, ""),
    };
    let mut places = Vec::new();
    for (at, found) in message.segments_with_id(path.segment()).enumerate() {
        let occurrence = at + 1;
        if segment.ends_with(']') && occurrence != path.occurrence() {
            continue;
        }
        let id = path.segment();
        let open = path.repetition().is_none();
        let repetitions = match path.field() {
            Some(number) if open => found.field(number).repetitions().count(),
            _ => 1,
        };
        for repetition in 1..=repetitions {
            let place = match open {
                true => format!("{id}[{occurrence}]-{field}[{repetition}]{deeper}"),
                false => format!("{id}[{occurrence}]-{field}{deeper}"),
            };
            places.extend(place.parse::<Path>());
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Read {
        steps: Vec<Step>,
    }

    const MESSAGE: &str = "MSH|^~\\&|HIS|GH|EHR|GH|20260301||ADT^A08^ADT_A01|7|P|2.5\r\
        EVN|A08|20260301\rPID|1||12^^^GH~34^^^SSA||DOE^JANE||||||1 A \\T\\ B ST\r\
        OBX|1|CE|a||X~Y\rOBX|2|CE|b||Y\r";

    fn apply(steps: &str) -> Result<String, Outcome> {
        let codes = table::parse("# codes\nX,long x\n\nY\tlong, y\n").expect("a table");
        let steps: Read = toml::from_str(&format!("steps = [{steps}]")).expect(steps);
        let steps = steps.steps.into_iter().map(|step| (step, codes.clone())).collect();
        let changed = Transform { steps }.apply(&OwnedMessage::parse(MESSAGE).expect("HL7"))?;
        Ok(String::from_utf8(changed.as_bytes().to_vec()).expect("UTF-8"))
    }

    #[test]
    fn each_step_changes_what_it_names() {
        for (steps, from, to) in [
            ("", "", ""),
            (r#"{ set = { path = "MSH-5", value = "A&B" } }"#, "|EHR|", "|A\\T\\B|"),
            (r#"{ set = { path = "ZZZ-5", value = "A" } }"#, "", ""),
            (r#"{ clear = { path = "PID-11" } }"#, "1 A \\T\\ B ST", ""),
            (
                r#"{ clear = { path = "OBX-3", each = true } }, { set = { path = "OBX[2]-3", value = "c" } }"#,
                "",
                "",
            ),
            (r#"{ copy = { from = "PID-11", to = "PID-1" } }"#, "PID|1|", "PID|1 A \\T\\ B ST|"),
            (r#"{ map_codes = { path = "OBX[1]-5", table = "" } }"#, "X~Y", "long x~long, y"),
        ] {
            let expected = match steps.contains("OBX[2]") {
                true => MESSAGE.replace("CE|a|", "CE||").replace("CE|b|", "CE|c|"),
                false if from.is_empty() => MESSAGE.to_owned(),
                false => MESSAGE.replacen(from, to, 1),
            };
            assert_eq!(apply(steps), Ok(expected), "{steps}");
        }
    }

    #[test]
    fn an_event_is_renamed_in_both_places() {
        let renamed = apply(r#"{ rename_event = { from = "A08", to = "A31" } }"#);
        assert_eq!(
            renamed,
            Ok(MESSAGE.replace("ADT^A08^", "ADT^A31^").replace("EVN|A08", "EVN|A31"))
        );
        let other = apply(r#"{ rename_event = { from = "A04", to = "A31" } }"#);
        assert_eq!(other.as_deref(), Ok(MESSAGE));
    }

    #[test]
    fn what_was_taken_out_does_not_come_back() {
        let stripped = apply(
            r#"{ keep_only = ["PID-3.1"] }, { copy = { from = "PID-5", to = "PID-4" } },
               { set = { path = "OBX-3", value = "c", each = true } }"#,
        );
        let expected = "MSH|^~\\&|||||20260301||ADT^A08^ADT_A01|7|P|2.5\rPID|||12~34\r";
        assert_eq!(stripped.as_deref(), Ok(expected));
    }

    #[test]
    fn a_code_that_is_not_in_the_table_is_refused_kept_or_cleared() {
        let step = |otherwise: &str| {
            apply(&format!(
                r#"{{ map_codes = {{ path = "OBX-3", table = "", otherwise = "{otherwise}" }} }}"#
            ))
        };
        let refused = step("refuse").expect_err("refused");
        assert_eq!(refused.faults()[0].code(), Some(ErrorCode::TABLE_VALUE_NOT_FOUND));
        assert_eq!(refused.faults()[0].locations()[0].to_string(), "OBX[1]-3[1]");
        assert_eq!(step("keep").as_deref(), Ok(MESSAGE));
        let cleared = MESSAGE.replace("CE|a|", "CE||").replace("CE|b|", "CE||");
        assert_eq!(step("clear"), Ok(cleared));
    }

    #[test]
    fn steps_that_break_an_exchange_are_faults() {
        for step in [
            r#"{ set = { path = "MSH-10", value = "1" } }"#,
            r#"{ clear = { path = "MSH-2" } }"#,
            r#"{ clear = { path = "PID" } }"#,
            r#"{ copy = { from = "PID", to = "PID-3" } }"#,
            r#"{ copy = { from = "PID-3", to = "MSH-10.1" } }"#,
            r#"{ rename_event = { from = "", to = "A31" } }"#,
        ] {
            let steps: Read = toml::from_str(&format!("steps = [{step}]")).expect(step);
            assert!(steps.steps[0].fault().is_some(), "{step}");
        }
    }
}
