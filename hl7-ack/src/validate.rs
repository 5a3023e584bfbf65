//! [`Validate`]: holds messages against rules that both ends have agreed on.

mod characters;
mod rule;

pub use self::rule::Rule;

use hl7_parse::Message;

use crate::{
    AnyHandler, ErrorCode, Fault, Handler, Outcome, Received, Reply, Severity, reply::ReplyAnswer,
};

/// Lets messages through that keep to its rules, and tells the senders of the others what is wrong.
///
/// A message that breaks a rule never reaches the handler: AE (CE at the accept level), or AR (CR)
/// where the rule is an [`AcceptOnly`](crate::AcceptOnly). A rule that is
/// [only to report](Rule::only_report) lets it through, and adds a warning (ERR, severity `W`) to
/// the acknowledgment that is made of the handler's [`Outcome`]. An acknowledgment that the handler
/// brings whole, from a far side say, stays as it is; so does one that a [`crate::Replay`] inside
/// has kept. That one goes around, and keeps the warnings with the answer:
/// `Replay::new(store).around(validate.around(handler))`.
///
/// ```
/// use hl7_ack::{AcceptOnly, AnyHandler, Handler, Rule, Validate};
/// use hl7_parse::Path;
///
/// fn checked(handler: impl Handler) -> AnyHandler {
///     Validate::new([
///         Rule::accept(AcceptOnly::types(["ADT^*"]).processing_ids(["P"])),
///         Rule::required(Path::new("PID-3.1")),
///         Rule::any_of(Path::new("MSH-5.1"), ["EHR"]),
///         Rule::max_length(Path::new("PID-5.1"), 48).only_report(),
///         Rule::segments(["MSH", "EVN", "PID", "PV1", "Z*"]).only_report(),
///     ])
///     .around(handler)
/// }
/// ```
///
/// Rules are for acknowledgments and response messages too: [`crate::Waiters::around`] goes around
/// this, so that whoever waits for one hears it whatever the rules are for other messages.
///
/// Faults name places and limits, and never a value. Beyond [`Outcome::MAX_ERRORS`] none are told;
/// what makes a message fail comes first.
#[derive(Clone, Debug, Default)]
pub struct Validate {
    rules: Vec<Rule>,
}

impl Validate {
    /// Holds messages against these rules, all of them.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect() }
    }

    /// What the rules say of a message: an outcome that is accepted, with a warning for each thing
    /// to report, or one that is not.
    ///
    /// ```
    /// use hl7_ack::{ErrorCode, Rule, Validate};
    /// use hl7_parse::{Message, Path};
    ///
    /// let validate = Validate::new([Rule::required(Path::new("PID-3.1"))]);
    /// let message = Message::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r")?;
    /// let outcome = validate.check(&message);
    /// assert!(!outcome.is_accepted());
    /// assert_eq!(outcome.faults()[0].code(), Some(ErrorCode::REQUIRED_FIELD_MISSING));
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn check(&self, message: &Message<'_>) -> Outcome {
        let (mut refusal, mut errors, mut warnings) = (None, Vec::new(), Vec::new());
        for rule in &self.rules {
            let faults = match rule.refusal(message) {
                Some(refused) if !rule.is_only_report() => {
                    refusal = Some(match refusal {
                        None => refused,
                        Some(refusal) => both(refusal, &refused),
                    });
                    continue;
                }
                Some(refused) => refused.faults().iter().map(taken_all_the_same).collect(),
                None => rule.faults(message),
            };
            match rule.is_only_report() {
                true => warnings.extend(faults),
                false => errors.extend(faults),
            }
        }
        let mut errors = errors.into_iter();
        let outcome = match (refusal, errors.next()) {
            (Some(refusal), first) => first.into_iter().fold(refusal, Outcome::with),
            (None, Some(first)) => error(&first),
            (None, None) => Outcome::accepted(),
        };
        let warnings = warnings.into_iter().map(|fault| fault.with_severity(Severity::Warning));
        errors.chain(warnings).fold(outcome, Outcome::with)
    }

    /// Hands what keeps to the rules to `handler`.
    #[must_use]
    pub fn around(self, handler: impl Handler) -> AnyHandler {
        AnyHandler::new(Validated { validate: self, handler })
    }
}

/// One refusal that says what both say.
fn both(first: Outcome, second: &Outcome) -> Outcome {
    let newest = first.newest_version_taken().or(second.newest_version_taken());
    let both = second.faults().iter().cloned().fold(first, Outcome::with);
    newest.into_iter().fold(both, Outcome::newest_version)
}

/// What would refuse a message, of one that is not refused by it.
fn taken_all_the_same(fault: &Fault) -> Fault {
    Fault { text: "not on the list of what is taken".to_owned(), ..fault.clone() }
}

fn error(fault: &Fault) -> Outcome {
    let code = fault.code().unwrap_or(ErrorCode::OTHER_HL7_ERROR);
    let outcome = Outcome::error(code, fault.text());
    fault.locations().iter().copied().fold(outcome, Outcome::at)
}

struct Validated<H> {
    validate: Validate,
    handler: H,
}

impl<H: Handler> Handler for Validated<H> {
    async fn handle(&self, received: Received) -> Reply {
        let checked = self.validate.check(&received.message.as_message());
        if !checked.is_accepted() {
            return checked.into();
        }
        let reply = self.handler.handle(received).await;
        match checked.faults() {
            [] => reply,
            warnings => reported(reply, warnings.to_vec()),
        }
    }
}

/// The reply with the warnings in what is still to be built of it.
fn reported(mut reply: Reply, warnings: Vec<Fault>) -> Reply {
    if let Some(late) = reply.late.take() {
        let warnings = warnings.clone();
        reply = reply.late(async move { reported(late.await, warnings) });
    }
    reply.answer = match reply.answer {
        ReplyAnswer::Outcome(outcome) => {
            ReplyAnswer::Outcome(warnings.into_iter().fold(outcome, Outcome::with))
        }
        other => other,
    };
    reply
}
