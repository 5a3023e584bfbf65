//! [`Summary`]: what became of the messages.

use std::{
    io::{self, Write},
    time::Duration,
};

use hl7_ack::Delivery;
use hl7_examples::Histogram;
use hl7_parse::EditError;

/// Counts of what became of messages, and how long that took.
#[derive(Default)]
pub(crate) struct Summary {
    acknowledged: u64,
    refused: u64,
    none_due: u64,
    not_sent: u64,
    unknown: u64,
    bytes: u64,
    latency: Histogram,
    /// Of the first ones what was wrong; the others are counted.
    problems: Vec<(u64, String)>,
}

impl Summary {
    const MAX_PROBLEMS: usize = 10;

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Message `number`, from 0, of `len` bytes. Latency is that of messages that were answered.
    pub(crate) fn record(&mut self, number: u64, len: usize, took: Duration, delivery: &Delivery) {
        let problem = match delivery {
            Delivery::Answered(answer) => {
                self.latency.record(took);
                self.bytes += u64::try_from(len).unwrap_or_default();
                if answer.is_positive() {
                    self.acknowledged += 1;
                    return;
                }
                self.refused += 1;
                format!(
                    "refused with {}",
                    answer.code().map_or("no known code", |code| code.as_str())
                )
            }
            Delivery::NoneDue => {
                self.none_due += 1;
                self.bytes += u64::try_from(len).unwrap_or_default();
                "sent; no acknowledgment is due".to_owned()
            }
            Delivery::NotSent(cause) => {
                self.not_sent += 1;
                format!("not sent: {cause}")
            }
            Delivery::Unknown(cause) => {
                self.unknown += 1;
                format!("sent, but not acknowledged: {cause}")
            }
            _ => {
                self.unknown += 1;
                "not acknowledged".to_owned()
            }
        };
        self.problem(number, problem);
    }

    /// A message that could not be given a control ID.
    pub(crate) fn unsendable(&mut self, number: u64, error: &EditError) {
        self.not_sent += 1;
        self.problem(number, format!("not sent: {error}"));
    }

    fn problem(&mut self, number: u64, problem: String) {
        if self.problems.len() < Self::MAX_PROBLEMS {
            self.problems.push((number, problem));
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.none_due += other.none_due;
        self.not_sent += other.not_sent;
        self.unknown += other.unknown;
        self.bytes += other.bytes;
        self.latency.add(&other.latency);
        self.problems.extend(other.problems);
    }

    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    pub(crate) fn print(&mut self, count: u64, connections: u16, took: Duration) -> io::Result<()> {
        let mut out = io::stdout().lock();
        self.problems.sort_unstable_by_key(|(number, _)| *number);
        for (number, problem) in self.problems.iter().take(Self::MAX_PROBLEMS) {
            writeln!(out, "message {}: {problem}", number + 1)?;
        }
        let Self { acknowledged, refused, none_due, not_sent, unknown, .. } = *self;
        let done = acknowledged + refused + none_due + not_sent + unknown;
        let seconds = took.as_secs_f64();
        let answered = (acknowledged + refused) as f64 / seconds;
        let megabytes = self.bytes as f64 / seconds / 1e6;
        writeln!(out, "messages      {done} of {count}, connections {connections}")?;
        writeln!(out, "acknowledged  {acknowledged}, refused {refused}, no answer due {none_due}")?;
        writeln!(out, "not sent      {not_sent}, sent without answer {unknown}")?;
        writeln!(
            out,
            "time          {seconds:.3} s, {answered:.0} answers/s, {megabytes:.2} MB/s"
        )?;
        if acknowledged + refused > 0 {
            let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
            let [p50, p90, p99, p999] =
                [0.5, 0.9, 0.99, 0.999].map(|s| ms(self.latency.percentile(s)));
            let max = ms(self.latency.max());
            write!(out, "latency       p50 {p50:.3} ms, p90 {p90:.3}, p99 {p99:.3}, ")?;
            writeln!(out, "p99.9 {p999:.3}, max {max:.3}")?;
        }
        out.flush()
    }
}
