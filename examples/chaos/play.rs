//! [`Player`]: plays the steps of a row, and tells where the other side does not do as expected.

use std::{fmt, time::Duration};

use thiserror::Error;
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::{
    Open, Row, Step,
    link::{Link, Next},
    message::{acknowledgment, control_id, msa},
};

/// Where the other side did not do as expected.
///
/// Its text holds control IDs of what the peer itself sent, and nothing of what it received.
#[derive(Clone, Debug, Error)]
#[error("step {step} ({what}): {why}")]
pub struct Fault {
    step: usize,
    what: String,
    why: String,
}

impl Fault {
    /// The number of the step in [`Row::steps`], from 1.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }
}

/// Plays rows over connections that it gets from an [`Open`].
pub struct Player<O: Open> {
    open: O,
    patience: Duration,
    link: Option<Link<O::Io>>,
    last: Option<Vec<u8>>,
}

impl<O: Open> Player<O> {
    /// A peer whose connections come from `open`.
    #[must_use]
    pub fn new(open: O) -> Self {
        Self { open, patience: Duration::from_secs(10), link: None, last: None }
    }

    /// How long the other side is waited for at each step. Default 10 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Plays a row from its first step to its last. What was open is closed first.
    ///
    /// # Errors
    ///
    /// The first step at which the other side does not do as expected.
    pub async fn play(&mut self, row: &Row) -> Result<(), Fault> {
        self.link = None;
        self.last = None;
        for (index, step) in row.steps().iter().enumerate() {
            let done = self.step(row, step).await;
            done.map_err(|why| Fault {
                step: index.saturating_add(1),
                what: format!("{step:?}"),
                why: why.to_owned(),
            })?;
        }
        self.link = None;
        Ok(())
    }

    async fn step(&mut self, row: &Row, step: &Step) -> Result<(), &'static str> {
        let transport = row.transport();
        match step {
            Step::Open => self.next_link().await,
            Step::Write(bytes) => self.write(bytes).await,
            Step::Pause(time) => {
                tokio::time::sleep(*time).await;
                Ok(())
            }
            Step::Answer { id, positive } => match self.next(row).await? {
                Next::Content(answer) => judge(&answer, id, *positive),
                other => Err(unexpected(&other)),
            },
            Step::Refusal => match self.next(row).await? {
                Next::Content(answer)
                    if msa(&answer).is_none_or(|(code, _)| !is_positive(code)) =>
                {
                    Ok(())
                }
                Next::Content(_) => Err("a positive acknowledgment"),
                Next::End | Next::CutOff => Ok(()),
                Next::Bad(what) => Err(what),
            },
            Step::Message { again } => self.message(row, *again).await,
            Step::Reply { code, words } => {
                let message = self.last.as_deref().ok_or("no message to reply to")?;
                let answer = acknowledgment(message, *code).ok_or("a message without MSH-10")?;
                self.write(&words(&answer)).await
            }
            Step::Finish => {
                let link = self.link.as_mut().ok_or(NO_LINK)?;
                // Where the other side is gone already, that shows at the next step.
                drop(link.io.shutdown().await);
                Ok(())
            }
            Step::Closed => match self.next(row).await? {
                Next::End => self.leave(),
                other => Err(unexpected(&other)),
            },
            Step::GivenUp(limit) => {
                let link = self.link.as_mut().ok_or(NO_LINK)?;
                match timeout(*limit, link.next(transport)).await {
                    Ok(Next::End) | Err(_) => Ok(()),
                    Ok(other) => Err(unexpected(&other)),
                }
            }
            Step::Close => self.leave(),
            Step::Reset => {
                O::reset(self.link.take().ok_or(NO_LINK)?.io);
                Ok(())
            }
            Step::TurnAway(count) => {
                for _ in 0..*count {
                    self.next_link().await?;
                    self.link = None;
                }
                Ok(())
            }
        }
    }

    async fn next_link(&mut self) -> Result<(), &'static str> {
        self.link = None;
        let opened = timeout(self.patience, self.open.open()).await;
        let io = opened.map_err(|_| "no connection in time")?;
        self.link = Some(Link::new(io.map_err(|_| "no connection")?));
        Ok(())
    }

    /// As far as it is taken: who closes meanwhile is found out at the next step that reads.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        let link = self.link.as_mut().ok_or(NO_LINK)?;
        match timeout(self.patience, link.write(bytes)).await {
            Ok(_) => Ok(()),
            Err(_) => Err("it is not read"),
        }
    }

    async fn next(&mut self, row: &Row) -> Result<Next, &'static str> {
        let link = self.link.as_mut().ok_or(NO_LINK)?;
        let next = timeout(self.patience, link.next(row.transport())).await;
        next.map_err(|_| "nothing in time")
    }

    fn leave(&mut self) -> Result<(), &'static str> {
        self.link.take().map(drop).ok_or(NO_LINK)
    }

    async fn message(&mut self, row: &Row, again: bool) -> Result<(), &'static str> {
        loop {
            if self.link.is_none() {
                self.next_link().await?;
            }
            match self.next(row).await? {
                Next::Content(message) => {
                    if control_id(&message).is_none() {
                        return Err("a message without MSH-10");
                    }
                    let same = self.last.as_ref() == Some(&message);
                    self.last = Some(message);
                    return match same == again {
                        true => Ok(()),
                        false if again => Err("another message, or not the same bytes"),
                        false => Err("the same message again"),
                    };
                }
                Next::End => self.leave()?,
                other => return Err(unexpected(&other)),
            }
        }
    }
}

const NO_LINK: &str = "no connection is open";

fn judge(answer: &[u8], id: &str, positive: bool) -> Result<(), &'static str> {
    match msa(answer) {
        None => Err("an answer without MSA"),
        Some((_, named)) if named != id.as_bytes() => Err("an answer to something else"),
        Some((code, _)) if is_positive(code) == positive => Ok(()),
        Some(_) if positive => Err("a negative answer"),
        Some(_) => Err("a positive answer"),
    }
}

fn is_positive(code: &[u8]) -> bool {
    matches!(code, b"AA" | b"CA")
}

fn unexpected(next: &Next) -> &'static str {
    match next {
        Next::Content(_) => "something more is sent",
        Next::End => "it is closed",
        Next::CutOff => "it is closed within a message",
        Next::Bad(what) => what,
    }
}

impl<O: Open> fmt::Debug for Player<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("patience", &self.patience).finish_non_exhaustive()
    }
}
