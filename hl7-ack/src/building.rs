//! Writes an acknowledgment: MSH, MSA and what follows (2.13).

use crate::{
    AckCode, AckRequest, Acknowledger, Acknowledgment, ErrorCode, Level, Mode, Outcome, Version,
    WaitingPriority, err,
    header_fields::HeaderFields,
    timestamp::{self, Timestamp},
    writer::Writer,
};

/// MSA-3 holds at most 80 characters (up to 2.6).
const MAX_MSA_3_LEN: usize = 80;

impl Acknowledger {
    pub(crate) fn write(
        &self,
        header: &HeaderFields<'_>,
        request: AckRequest,
        code: AckCode,
        outcome: &Outcome,
    ) -> Acknowledgment {
        // A warning of it refuses nothing.
        let refused = !outcome.is_accepted()
            && outcome.error_codes().any(|code| code == ErrorCode::UNSUPPORTED_VERSION_ID);
        let version = match refused {
            true => outcome.newest_version_taken().unwrap_or(self.newest_version),
            false => header.version(),
        };
        let mut writer = Writer::answering(header, version);
        self.write_msh(&mut writer, header, version, refused);
        if code.level() == Level::Application && request.mode() == Mode::Enhanced {
            // MSH-15 and MSH-16: see `write_msh`, which ends before them.
            writer.skip(2);
            writer.plain(b"NE");
            writer.plain(b"NE");
            writer.skip(1);
        } else {
            writer.skip(5);
        }
        write_msh_from_18(&mut writer, header, version);
        writer.end();

        if let Some(software) = &self.software {
            software.write(&mut writer, version);
        }
        writer.begin(b"MSA");
        writer.plain(code.as_str().as_bytes());
        writer.copied(header.said(10));
        let text = outcome.faults().first().map_or("", |fault| &fault.text);
        let text = if self.msa_3_always || version <= Version::V2_6 { text } else { "" };
        writer.text(text, MAX_MSA_3_LEN);
        match outcome.expected_sequence_number() {
            Some(number) => writer.text(&number.to_string(), usize::MAX),
            None => writer.skip(1),
        }
        if let Some((number, priority)) = outcome.number_waiting()
            && version >= Version::V2_6
        {
            writer.skip(2);
            writer.text(&number.to_string(), usize::MAX);
            writer.plain(priority.map_or("", WaitingPriority::as_str).as_bytes());
        }
        writer.end();

        let misread = request.misread();
        if !(outcome.faults().is_empty() && misread.is_empty()) {
            let faults = outcome.faults().iter().chain(&misread);
            err::write(&mut writer, version, outcome.is_accepted(), text, faults);
        }
        Acknowledgment::built(writer.finish(), code)
    }

    /// Fields 3 to 8 of MSH, FHS and BHS: sender and receiver, exchanged, and the time.
    pub(crate) fn write_addresses(&self, writer: &mut Writer, header: &HeaderFields<'_>) {
        match &self.identity {
            Some(identity) => {
                for name in [&identity.application, &identity.facility] {
                    match name.as_str() {
                        "" => writer.skip(1),
                        name => writer.components(name.split('^')),
                    }
                }
            }
            None => {
                writer.copied(header.get(5));
                // It repeats from 2.9.
                writer.copied(header.repetition(6));
            }
        }
        writer.copied(header.get(3));
        writer.copied(header.get(4));
        match Timestamp::of(self.clock.now()) {
            Some(now) if !writer.delimits(b'+') => writer.filled(|to| now.write(to)),
            Some(now) => write_without_plus(writer, now),
            None => writer.skip(1),
        }
        writer.skip(1);
    }

    pub(crate) fn write_control_id(&self, writer: &mut Writer) {
        let control_id = self.control_ids.next();
        match control_id.as_plain() {
            Some(plain) => writer.plain(plain),
            None => writer.text(control_id.as_str(), usize::MAX),
        }
    }

    /// MSH-1 to MSH-12.
    fn write_msh(
        &self,
        writer: &mut Writer,
        header: &HeaderFields<'_>,
        version: Version,
        refused: bool,
    ) {
        writer.begin_header(b"MSH", header.get(2).len() >= 5);
        self.write_addresses(writer, header);

        writer.plain(b"ACK");
        let event = header.event();
        if version >= Version::V2_3_1 && Writer::can_copy(event) {
            writer.copied_component(event);
            if version >= Version::V2_4 {
                writer.plain_component(b"ACK");
            }
        }

        self.write_control_id(writer);
        match header.said(11) {
            processing_id if Writer::can_copy(processing_id) => writer.copied(processing_id),
            _ => writer.plain(b"P"),
        }
        match header.said(12) {
            version_id if !refused && Writer::can_copy(version_id) => writer.copied(version_id),
            _ => writer.text(version.as_str(), usize::MAX),
        }
    }
}

/// The time, where its sign delimits: an offset of zero may have either.
#[cold]
fn write_without_plus(writer: &mut Writer, now: Timestamp) {
    let mut written = [0; timestamp::LEN];
    now.write(&mut written);
    let now: String =
        written.iter().map(|byte| if *byte == b'+' { '-' } else { char::from(*byte) }).collect();
    writer.text(&now, usize::MAX);
}

/// The set the acknowledgment is written in, which is that of the message, and from 2.6 the
/// responsible organisations and network addresses with sender and receiver exchanged.
fn write_msh_from_18(writer: &mut Writer, header: &HeaderFields<'_>, version: Version) {
    // Where sets are switched all of them are named, and how; else the first is the one in use.
    let switches = header.switches_sets();
    writer.copied(if switches { header.get(18) } else { header.repetition(18) });
    writer.skip(1);
    writer.copied(if switches { header.get(20) } else { &[] });
    if version >= Version::V2_6 {
        writer.skip(1);
        for n in [23, 22, 25, 24] {
            writer.copied(header.get(n));
        }
    }
}
