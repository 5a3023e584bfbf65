//! Writes a message with its edits, in one pass over what came.

use std::{borrow::Cow, sync::Arc};

use memchr::{memchr_iter, memchr2};

use crate::{
    Charset, EditError, EditErrorKind, Editor, Field, Message, OwnedMessage, ParseOptions, Segment,
    SegmentBuilder, Separators,
    charset::{check_splits, kanji, may_hold_kanji},
    edit::{
        Encoder, Output, Undeclared, encoding_characters,
        keep::{Kept, write_kept},
        lines::{
            begins_segment, end_len, gap, header_needs_cr, line_feed_ends, line_feeds_are_data,
            one_line, without_line_end,
        },
        pieces::Cutting,
        place::Place,
        plan::{Plan, Turn},
        swap::write_swapped,
    },
    header::{declared, names_further_alone, set_of},
    scan::{Ignore, Span, ends_message, is_segment_head, without_last},
};

/// Whether bytes of text may look like delimiters: then all that can be told apart are segments, and
/// the fields of MSH.
fn is_undecoded(message: &Message<'_>) -> bool {
    let separators = message.separators();
    let header = message.header().segment();
    separators.may_be_hidden()
        && check_splits(message.as_bytes(), header.as_bytes(), separators).is_err()
}

/// Whether reading would ask for the message to be decoded first.
pub(crate) fn needs_decoding(bytes: &[u8], header: &[u8], separators: Separators) -> bool {
    check_splits(bytes, header, separators).is_err()
        || (may_hold_kanji(&separators) && kanji(bytes, &separators).is_some())
}

/// One pass over the message.
pub(super) struct Writing<'e, 'a> {
    editor: &'e Editor<'a>,
    plan: Plan<'e>,
    encoder: Encoder,
    /// The new delimiters and their MSH-2.
    swap: Option<(Separators, String)>,
    out: Output,
    /// Where the segments are that are written, if line ends are kept; else each ends with CR,
    /// which nothing else is, and a table would be memory for nothing.
    spans: Vec<Span>,
    count: usize,
    last: Span,
    /// What ends an inserted segment.
    end: &'a [u8],
    /// Whether each LF ends a line, so that one in a segment stands between joined lines.
    line_feed_ends: bool,
    /// Whether one in a segment may stand before anything; found out once it matters.
    line_feeds_are_data: Option<bool>,
    /// Whether the LF behind MSH is to become CR.
    header_needs_cr: bool,
    /// Whether a segment that is gone stood in what was written since the last one.
    gap_changed: bool,
    /// Whether the last segment that was written is not what stood there.
    last_changed: bool,
}

impl<'e, 'a> Writing<'e, 'a> {
    pub(super) fn new(editor: &'e Editor<'a>) -> Result<Self, EditError> {
        let message = &editor.message;
        let max_len = editor.max_len.min(u32::MAX as usize - 1);
        let swap = match editor.delimiters {
            Some(new) => Some((new, encoding_characters(&new)?)),
            None => None,
        };
        let plan = Plan::new(&editor.requests, message)?;
        if is_undecoded(message) {
            let beyond_header = editor.requests.iter().find(|request| !request.is_of_header());
            if swap.is_some() || !editor.kept.is_empty() || beyond_header.is_some() {
                let path = beyond_header.and_then(|request| request.target()).map(|to| to.path);
                let kind = EditErrorKind::NeedsDecoding;
                return Err(path.map_or(kind.into(), |path| EditError::at(kind, path)));
            }
        }
        let (charset, further_alone) = final_charset(message, &plan)?;
        let separators = message.separators().with_charset(charset);
        let is_undeclared = matches!(charset, Charset::Unspecified | Charset::Unknown);
        let undeclared = if further_alone {
            Undeclared::Ascii
        } else if is_undeclared && std::str::from_utf8(message.as_bytes()).is_err() {
            Undeclared::Windows1252
        } else {
            Undeclared::Utf8
        };
        let gap = gap(message, 0);
        let header_needs_cr = editor.line_ends_kept && header_needs_cr(message);
        let end = match (editor.line_ends_kept, memchr2(b'\r', b'\n', gap)) {
            (true, Some(at)) if !header_needs_cr => {
                gap.get(at..at + end_len(gap, at)).unwrap_or(b"\r")
            }
            _ => b"\r",
        };
        // A little more than what came: most edits are small.
        let capacity = message.as_bytes().len() + message.as_bytes().len() / 16 + 64;
        Ok(Self {
            editor,
            plan,
            encoder: Encoder { separators, undeclared },
            swap,
            out: Output::new(capacity.min(max_len), max_len),
            spans: Vec::with_capacity(if editor.line_ends_kept {
                message.spans().len()
            } else {
                0
            }),
            count: 0,
            last: Span { start: 0, end: 0 },
            end,
            line_feed_ends: line_feed_ends(message),
            line_feeds_are_data: None,
            header_needs_cr,
            gap_changed: false,
            last_changed: false,
        })
    }

    pub(super) fn write(mut self) -> Result<OwnedMessage, EditError> {
        let message = &self.editor.message;
        let kept = self.editor.line_ends_kept;
        let last = message.segments().len().saturating_sub(1);
        let mut plan = std::mem::take(&mut self.plan);
        let mut lists: Vec<_> =
            self.editor.kept.iter().map(|places| Kept::new(places, message)).collect();
        if kept {
            let first = message.spans().first().map_or(0, |span| span.start as usize);
            self.out.write(message.as_bytes().get(..first).unwrap_or_default())?;
        }
        for (at, segment) in message.segments().enumerate() {
            let turn = plan.next(segment, at == last);
            let stays: Vec<_> = lists.iter_mut().map(|kept| kept.next(segment)).collect();
            for inserted in &turn.before {
                self.write_inserted(inserted)?;
                self.out.write(self.end)?;
            }
            let written = self.write_segment(at, segment, &turn, &stays)?;
            let gap = gap(message, at);
            let mut first = !written;
            for inserted in &turn.after {
                if !std::mem::take(&mut first) {
                    self.out.write(self.end)?;
                }
                self.write_inserted(inserted)?;
            }
            let any = written || !turn.after.is_empty();
            match (kept, any) {
                (false, true) => self.out.write(b"\r")?,
                (false, false) => {}
                (true, true) => {
                    let start = self.out.len();
                    self.out.write(gap)?;
                    if at == 0 && self.header_needs_cr {
                        self.out.end_lines_with_cr(start, self.out.len());
                    }
                }
                (true, false) => {
                    self.gap_changed = true;
                    self.out.write(without_line_end(gap))?;
                }
            }
        }
        self.close_last()?;
        self.into_message()
    }

    /// Writes a segment that came; false where nothing of it stays.
    fn write_segment(
        &mut self,
        at: usize,
        segment: Segment<'a>,
        turn: &Turn<'_, '_>,
        stays: &[Cow<'_, [Place]>],
    ) -> Result<bool, EditError> {
        if turn.is_removed {
            return Ok(false);
        }
        let separators = segment.separators();
        let cutting = Cutting::of(&segment);
        let mut bytes =
            one_line(segment, self.line_feed_ends).map_err(|kind| self.error_at(kind, at, 0))?;
        let was_joined = matches!(bytes, Cow::Owned(_));
        for places in stays {
            if places.is_empty() && !turn.is_edited {
                return Ok(false);
            }
            let mut out = Output::new(bytes.len(), usize::MAX);
            match places.is_empty() {
                true => out.write(segment.id().as_bytes())?,
                false => write_kept(places, &mut out, &bytes, cutting, &separators)?,
            }
            bytes = out.into_bytes().into();
        }
        let start = self.out.len();
        if self.swap.is_some() {
            if turn.is_edited {
                let mut out = Output::new(bytes.len(), self.editor.max_len);
                turn.edits().write(&mut out, &bytes, cutting, &self.encoder)?;
                bytes = out.into_bytes().into();
            }
            self.write_with_new_delimiters(at, Segment::new(&bytes, separators))?;
        } else {
            turn.edits().write(&mut self.out, &bytes, cutting, &self.encoder)?;
        }
        let changed =
            turn.is_edited || was_joined || self.swap.is_some() || !self.editor.kept.is_empty();
        if changed {
            self.close(start).map_err(|kind| self.error_at(kind, at, 0))?;
        }
        self.add_span(start, changed)?;
        Ok(true)
    }

    fn write_inserted(&mut self, segment: &SegmentBuilder) -> Result<(), EditError> {
        let start = self.out.len();
        match &self.swap {
            None => segment.write(&mut self.out, &self.encoder)?,
            Some((new, characters)) => {
                let mut out = Output::new(0, self.editor.max_len);
                segment.write(&mut out, &self.encoder)?;
                let segment = Segment::new(out.from(0), self.encoder.separators);
                write_swapped(&mut self.out, segment, new, characters, &mut 0)?;
            }
        }
        self.add_span(start, true)
    }

    fn write_with_new_delimiters(
        &mut self,
        at: usize,
        segment: Segment<'_>,
    ) -> Result<(), EditError> {
        let Some((new, characters)) = &self.swap else { return Ok(()) };
        let mut fields = 0;
        write_swapped(&mut self.out, segment, new, characters, &mut fields)
            .map_err(|kind| self.error_at(kind, at, fields))
    }

    /// Sees to it that a changed segment is read back whole.
    fn close(&mut self, start: usize) -> Result<(), EditErrorKind> {
        let field = self.separators().field;
        if let [.., 0x0B | 0x1C | 0] = self.out.from(start) {
            // At the end of a line it would be taken for framing.
            self.out.write(&[field])?;
        }
        if begins_segment(self.out.from(start), field) {
            let message = &self.editor.message;
            if !*self.line_feeds_are_data.get_or_insert_with(|| line_feeds_are_data(message)) {
                return Err(EditErrorKind::LineFeed);
            }
        }
        Ok(())
    }

    /// Sees to it that a line feed before a segment goes on ending a line, in a message whose
    /// lines end with CR: it does only before a segment.
    fn close_gap(&mut self, start: usize, changed: bool) {
        let field = self.separators().field;
        let segment = self.out.from(start);
        let is_head = segment.get(3) == Some(&field) && is_segment_head(segment, field);
        if (self.gap_changed || (changed && !is_head)) && !self.end.starts_with(b"\n") {
            let gap = if self.count == 0 { start } else { self.last.end as usize };
            self.out.end_lines_with_cr(gap, start);
        }
        self.gap_changed = false;
    }

    /// Sees to it that line feeds at the end of the last segment are not taken for line ends, and
    /// those behind it not for data.
    fn close_last(&mut self) -> Result<(), EditErrorKind> {
        let field = self.separators().field;
        let (start, end) = (self.last.start as usize, self.last.end as usize);
        if self.gap_changed && !self.end.starts_with(b"\n") {
            self.out.end_lines_with_cr(end, self.out.len());
        }
        let changed = self.last_changed || self.gap_changed || self.header_needs_cr;
        if self.editor.line_ends_kept && !changed {
            // What is left as it came reads as it did.
            return Ok(());
        }
        let segment = self.last.of(self.out.from(0));
        let text = without_last(segment, ends_message).len();
        let tail = segment.get(text..).unwrap_or_default();
        if start < end && tail.contains(&b'\n') {
            self.out.insert(end, field, 1)?;
            if let Some(last) = self.spans.last_mut() {
                last.end += 1;
            }
        }
        Ok(())
    }

    fn separators(&self) -> Separators {
        self.swap.as_ref().map_or(self.encoder.separators, |(new, _)| *new)
    }

    /// `changed`: it is not what stood there.
    fn add_span(&mut self, start: usize, changed: bool) -> Result<(), EditError> {
        if self.editor.line_ends_kept {
            self.close_gap(start, changed);
        }
        if self.count >= ParseOptions::MAX_SEGMENTS {
            return Err(EditErrorKind::TooManySegments.into());
        }
        let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
        self.last = Span { start: narrow(start), end: narrow(self.out.len()) };
        self.last_changed = changed;
        self.count += 1;
        if self.editor.line_ends_kept {
            self.spans.push(self.last);
        }
        Ok(())
    }

    fn error_at(&self, kind: EditErrorKind, at: usize, field: usize) -> EditError {
        let message = &self.editor.message;
        let id = message.segments().nth(at).map_or("", |segment| segment.id());
        let before = message.segments().take(at);
        let occurrence = 1 + before.filter(|segment| segment.id() == id).count();
        let mut path = format!("{id}[{occurrence}]");
        if field > 0 {
            path += &format!("-{field}");
        }
        match path.parse() {
            Ok(path) => EditError::at(kind, path),
            Err(_) => EditError::new(kind),
        }
    }

    fn into_message(self) -> Result<OwnedMessage, EditError> {
        let written = self.separators();
        let spans: Arc<[Span]> = match self.editor.line_ends_kept {
            true => self.spans.into(),
            false => ended_by_cr(self.out.from(0)),
        };
        let header = spans.first().map(|span| span.of(self.out.from(0))).unwrap_or_default();
        let separators = declared(header, 0, &mut Ignore).unwrap_or(written);
        let separators = separators.with_charset(self.encoder.separators.charset);
        if needs_decoding(self.out.from(0), header, separators) {
            let came = &self.editor.message;
            let header = came.header().segment().as_bytes();
            if !needs_decoding(came.as_bytes(), header, came.separators()) {
                return Err(EditErrorKind::NeedsDecoding.into());
            }
        }
        Ok(OwnedMessage::from_spans(self.out.into_bytes().into(), separators.into(), spans))
    }
}

/// The segments of bytes in which each CR ends one, and nothing else does.
fn ended_by_cr(bytes: &[u8]) -> Arc<[Span]> {
    let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
    let mut ends = memchr_iter(b'\r', bytes);
    let mut start = 0;
    // Counted first, because a range is collected without a copy.
    (0..memchr_iter(b'\r', bytes).count())
        .map(|_| {
            let end = ends.next().unwrap_or(bytes.len());
            let span = Span { start: narrow(start), end: narrow(end) };
            start = end + 1;
            span
        })
        .collect()
}

/// The character set of the message after the edits, what MSH-18 says, if they changed that, else
/// what the message was read in; and whether MSH-18 then names further sets alone.
fn final_charset(message: &Message<'_>, plan: &Plan<'_>) -> Result<(Charset, bool), EditError> {
    let separators = message.separators();
    let encoder = Encoder { separators, undeclared: Undeclared::Utf8 };
    let first = message.segments().next().map(|first| plan.first(first));
    let edited = |n: usize| {
        let came = message.header().field(n).as_bytes();
        let edited = first.as_ref().and_then(|first| first.edits().field(n, came, &encoder));
        edited.unwrap_or(Ok(came.into()))
    };
    let (msh_18, msh_20) = (edited(18)?, edited(20)?);
    let (msh_18, msh_20) =
        (Field::new(Some(&msh_18), separators), Field::new(Some(&msh_20), separators));
    let (before, _) = set_of(message.header().field(18), message.header().field(20));
    let (after, _) = set_of(msh_18, msh_20);
    let charset = if before == after { separators.charset } else { after };
    Ok((charset, names_further_alone(msh_18)))
}
