//! [`FanOut`]: a [`Handler`] that passes each message on to several destinations.

use std::{fmt, future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use crate::{Delivery, ErrorCode, Forward, Handler, Outcome, Received, Reply, forward::Forwarded};

/// Passes each message on to several destinations at once, and answers by one of three rules.
///
/// Each destination is a [`Forward`] with its own deadline and policy. What the sender hears is
/// what that one would have answered which the rule chooses:
///
/// | rule | answers | with |
/// |---|---|---|
/// | [`FanOut::all`] | when all are done | the first in the list that failed; the first if none did |
/// | [`FanOut::first`] | at the first answer, good or bad | that answer |
/// | [`FanOut::any`] | at the first good answer | that answer |
///
/// Where there is no such answer, the first in the list tells why. What is under way then goes on
/// after the answer was written. What became of all the others, then or later, is told to
/// `report`, by its number in the list from 0: the sender will not hear of it.
///
/// Where the answer only says that a destination was late, the rule is applied again when that one
/// has ended, and a [`crate::Replay`] around this gives the result to a resend. Without one, a
/// sender that is told to try again reaches all of them again, and those that had taken the message
/// get a duplicate. A destination that panics has failed; the others go on.
///
/// Dropping the future drops what is under way.
///
/// ```
/// use hl7_ack::{Deliver, FanOut, Forward};
///
/// fn ehr_and_archive(ehr: impl Deliver, archive: impl Deliver) -> FanOut {
///     FanOut::all([Forward::to(ehr), Forward::to(archive)], |at, delivery| {
///         if !delivery.is_positive() {
///             eprintln!("destination {at}: {delivery:?}");
///         }
///     })
/// }
/// ```
#[derive(Clone)]
pub struct FanOut {
    rule: Rule,
    destinations: Vec<Forward>,
    report: Arc<Report>,
}

type Report = dyn Fn(usize, &Delivery) + Send + Sync;

#[derive(Clone, Copy, Debug)]
enum Rule {
    All,
    First,
    Any,
}

impl FanOut {
    /// Waits for all.
    #[must_use]
    pub fn all(
        destinations: impl IntoIterator<Item = Forward>,
        report: impl Fn(usize, &Delivery) + Send + Sync + 'static,
    ) -> Self {
        Self::by(Rule::All, destinations, report)
    }

    /// Waits for the first answer.
    #[must_use]
    pub fn first(
        destinations: impl IntoIterator<Item = Forward>,
        report: impl Fn(usize, &Delivery) + Send + Sync + 'static,
    ) -> Self {
        Self::by(Rule::First, destinations, report)
    }

    /// Waits for the first positive answer.
    #[must_use]
    pub fn any(
        destinations: impl IntoIterator<Item = Forward>,
        report: impl Fn(usize, &Delivery) + Send + Sync + 'static,
    ) -> Self {
        Self::by(Rule::Any, destinations, report)
    }

    fn by(
        rule: Rule,
        destinations: impl IntoIterator<Item = Forward>,
        report: impl Fn(usize, &Delivery) + Send + Sync + 'static,
    ) -> Self {
        Self { rule, destinations: destinations.into_iter().collect(), report: Arc::new(report) }
    }
}

impl Rule {
    /// Whether this delivery can be answered with before all are done.
    fn is_met_by(self, delivery: &Delivery) -> bool {
        match self {
            Self::All => false,
            Self::First => matches!(delivery, Delivery::Answered(_) | Delivery::NoneDue),
            Self::Any => delivery.is_positive(),
        }
    }

    /// Takes out what is answered by once all are done: the first in the list that failed.
    fn choose(done: &mut Vec<(usize, Delivery)>) -> Option<(usize, Delivery)> {
        done.sort_by_key(|(at, _)| *at);
        let failed = done.iter().position(|(_, delivery)| !delivery.is_positive());
        (!done.is_empty()).then(|| done.remove(failed.unwrap_or(0)))
    }
}

impl Handler for FanOut {
    async fn handle(&self, received: Received) -> Reply {
        let mut under_way = UnderWay::default();
        for (at, forward) in self.destinations.iter().enumerate() {
            let (forward, received) = (forward.clone(), received.clone());
            under_way.push(at, async move { forward.forward(&received).await });
        }
        let mut done: Vec<(usize, Delivery)> = Vec::new();
        let mut met = None;
        while let Some((at, delivery)) = under_way.next().await {
            if self.rule.is_met_by(&delivery) {
                met = Some((at, delivery));
                break;
            }
            done.push((at, delivery));
        }
        let is_met = met.is_some();
        let chosen = met.or_else(|| Rule::choose(&mut done));
        done.iter().for_each(|(at, delivery)| (self.report)(*at, delivery));
        let Some((at, delivery)) = chosen else { return self.reply(&received, None) };
        // What comes late may still change the answer, but not one by which the rule was met.
        let is_late = under_way.late.iter().any(|(late, _)| *late == at);
        let may_change = !is_met
            && match self.rule {
                Rule::All => is_late,
                Rule::First | Rule::Any => !under_way.late.is_empty(),
            };
        let chosen = (at, delivery);
        let reply = self.reply(&received, Some(&chosen));
        if may_change {
            if !is_late {
                done.push(chosen.clone());
            }
            let first = (!is_late).then_some(chosen);
            return reply.late(self.clone().choose_anew(received, under_way, done, first));
        }
        if under_way.is_empty() {
            return reply;
        }
        let report = Arc::clone(&self.report);
        reply.then(async move {
            while let Some((at, delivery)) = under_way.next_or_late().await {
                report(at, &delivery);
            }
        })
    }
}

impl FanOut {
    fn reply(&self, received: &Received, chosen: Option<&(usize, Delivery)>) -> Reply {
        let chosen =
            chosen.and_then(|(at, delivery)| Some((self.destinations.get(*at)?, delivery)));
        match chosen {
            Some((forward, delivery)) => forward.reply(received, delivery.clone()),
            None => {
                let nowhere = "there is no destination";
                Outcome::rejected(ErrorCode::APPLICATION_ERROR, nowhere).into()
            }
        }
    }

    /// Applies the rule again once all that was late is done. `first` is what was answered by in
    /// time, where it was not late itself: only the sender has heard of it.
    async fn choose_anew(
        self,
        received: Received,
        mut under_way: UnderWay,
        mut done: Vec<(usize, Delivery)>,
        first: Option<(usize, Delivery)>,
    ) -> Reply {
        let late: Vec<usize> = under_way.late.iter().map(|(at, _)| *at).collect();
        done.retain(|(at, _)| !late.contains(at));
        let mut met = None;
        while let Some((at, delivery)) = under_way.next_or_late().await {
            (self.report)(at, &delivery);
            if met.is_none() && self.rule.is_met_by(&delivery) {
                met = Some((at, delivery));
            } else {
                done.push((at, delivery));
            }
        }
        let chosen = met.or_else(|| Rule::choose(&mut done));
        if let Some((at, delivery)) = first
            && chosen.as_ref().is_some_and(|(chosen, _)| *chosen != at)
        {
            (self.report)(at, &delivery);
        }
        self.reply(&received, chosen.as_ref())
    }
}

type Forwarding = Pin<Box<dyn Future<Output = Forwarded> + Send>>;

/// What is under way, by the number of its destination.
#[derive(Default)]
struct UnderWay {
    forwarding: Vec<(usize, Forwarding)>,
    /// What has missed its deadline: it is waited for only after the answer.
    late: Vec<(usize, Forwarding)>,
}

impl UnderWay {
    fn push(&mut self, at: usize, forwarding: impl Future<Output = Forwarded> + Send + 'static) {
        self.forwarding.push((at, Box::pin(forwarding)));
    }

    fn is_empty(&self) -> bool {
        self.forwarding.is_empty() && self.late.is_empty()
    }

    /// The next that is done by its deadline; `None` if there is none.
    async fn next(&mut self) -> Option<(usize, Delivery)> {
        let (at, Forwarded { delivery, late }) = poll_fn(|context| {
            if self.forwarding.is_empty() {
                return Poll::Ready(None);
            }
            for index in 0..self.forwarding.len() {
                let Some((_, forwarding)) = self.forwarding.get_mut(index) else { continue };
                if let Poll::Ready(forwarded) = forwarding.as_mut().poll(context) {
                    let (at, _) = self.forwarding.remove(index);
                    return Poll::Ready(Some((at, forwarded)));
                }
            }
            Poll::Pending
        })
        .await?;
        if let Some(late) = late {
            let late = async move { Forwarded { delivery: late.await, late: None } };
            self.late.push((at, Box::pin(late)));
        }
        Some((at, delivery))
    }

    /// The same, and after those the late ones.
    async fn next_or_late(&mut self) -> Option<(usize, Delivery)> {
        if self.forwarding.is_empty() {
            self.forwarding.append(&mut self.late);
        }
        self.next().await
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("rule", &self.rule)
            .field("destinations", &self.destinations)
            .finish_non_exhaustive()
    }
}
