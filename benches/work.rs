//! Does everything that `hl7-parse` does, once, to text of one piece repeated: a program for
//! `.ci/linear_work`, which counts the instructions of each function here at two lengths.
//!
//! `cargo bench --bench work` does so to a small text, so that it does not rot.

use std::{env, hint::black_box, io::Read, process::ExitCode};

use bytes::Bytes;
use hl7_parse::{
    Charset, Editor, Header, Message, MessageBuilder, OwnedMessage, ParseOptions, Path, Separators,
    Target,
    batch::{SplitOptions, parts},
    charset, continuation, de, escape,
    json::Json,
    unescape,
    value::{Cx, Ed, Nm, Observation, Xpn},
};
use serde::Deserialize;

/// A text, and one message of it for each way to split or decode it.
struct Input {
    body: Vec<u8>,
    plain: Vec<u8>,
    /// All of it in one field.
    field: Vec<u8>,
    /// As ORU, with the text in each of many segments.
    segments: Vec<u8>,
    sets: Vec<Vec<u8>>,
}

impl Input {
    fn new(unit: &[u8], len: usize) -> Self {
        let body = unit.repeat((len / unit.len().max(1)).max(1));
        let after = |head: &str| [head.as_bytes(), &body].concat();
        let in_field: Vec<u8> =
            body.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'|')).collect();
        let line: Vec<u8> = in_field.iter().copied().take(64).collect();
        let segment = [b"OBX|1|NM|||", &line[..], b"|x\r"].concat();
        let set = |msh_18: &str, msh_20: &str| {
            after(&format!("MSH|^~\\&|A|||||||1|P|2.5||||||{msh_18}||{msh_20}\rPID|||||"))
        };
        Self {
            plain: after("MSH|^~\\&|A\rOBX|1|ED|||"),
            field: [b"MSH|^~\\&|A\rPID|||", &in_field[..], b"|x\rOBX|1|TX|||", &in_field].concat(),
            segments: [b"MSH|^~\\&|A\r", &segment.repeat(len / segment.len())[..]].concat(),
            sets: vec![
                set("", ""),
                set("8859/1", ""),
                set("SHIFT_JIS", ""),
                set("GB 18030-2000", ""),
                set("8859/1~8859/5", "2.3"),
                set("~ISO IR87", "ISO 2022-1994"),
            ],
            body,
        }
    }

    fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let all = [&self.plain, &self.field, &self.segments];
        all.into_iter().filter_map(|bytes| Message::parse(bytes).ok())
    }
}

/// Each function here is counted by its name.
macro_rules! operations {
    ($(fn $name:ident($input:ident: &Input) -> usize $body:block)+) => {
        $(#[inline(never)] fn $name($input: &Input) -> usize $body)+

        const OPERATIONS: &[(&str, fn(&Input) -> usize)] = &[$((stringify!($name), $name)),+];
    };
}

operations! {
    fn op_parse(input: &Input) -> usize {
        input.messages().map(|message| message.segments().count()).sum()
    }

    fn op_diagnose(input: &Input) -> usize {
        let parse = |bytes| {
            let read = ParseOptions::new().join_lines().check_escapes().parse(bytes);
            read.map(|read| read.message.segments().len() + read.diagnostics.len())
        };
        parse(&input.plain).unwrap_or(0) + parse(&input.segments).unwrap_or(0)
    }

    fn op_header(input: &Input) -> usize {
        let read = |bytes: &Vec<u8>| {
            Header::parse(bytes).map_or(0, |header| header.control_id().as_bytes().len())
        };
        input.sets.iter().map(read).sum()
    }

    fn op_cr_ends(input: &Input) -> usize {
        let all = [&input.plain, &input.segments];
        let ended = |bytes: &Vec<u8>| {
            let message = OwnedMessage::parse(bytes.clone()).ok()?;
            Some(message.with_cr_ends().as_bytes().len())
        };
        all.into_iter().filter_map(ended).sum()
    }

    fn op_walk(input: &Input) -> usize {
        let mut seen = 0;
        for message in input.messages() {
            for field in message.segments().flat_map(|segment| segment.fields()) {
                for component in field.repetitions().flat_map(|one| one.components()) {
                    seen += component.subcomponents().map(|leaf| leaf.as_bytes().len()).sum::<usize>();
                }
            }
        }
        seen
    }

    fn op_look_up(input: &Input) -> usize {
        const PATHS: [Path; 6] = [
            Path::new("MSH-10"), Path::new("OBX-5"), Path::new("PID-3[9].2.2"),
            Path::new("OBX[60000]-60000"), Path::new("OBX-5[60000].60000"), Path::new("ZZZ-1"),
        ];
        let messages = input.messages();
        messages.map(|message| PATHS.iter().map(|path| message.get(path).as_bytes().len()).sum::<usize>()).sum()
    }

    fn op_leaves(input: &Input) -> usize {
        let leaves = |message: &Message<'_>| message.leaves().map(|leaf| leaf.as_bytes().len()).sum::<usize>();
        input.messages().map(|message| leaves(&message)).sum()
    }

    fn op_groups(input: &Input) -> usize {
        let count = |message: &Message<'_>| {
            let groups = message.groups("OBX");
            groups.map(|group| group.segments_with_id("NTE").count() + 1).sum::<usize>()
        };
        input.messages().map(|message| count(&message)).sum()
    }

    fn op_decode_leaves(input: &Input) -> usize {
        let mut seen = 0;
        for bytes in input.sets.iter().chain([&input.plain]) {
            let Ok(message) = Message::parse(bytes) else { continue };
            seen += message.leaves().map(|leaf| leaf.value().decode().len()).sum::<usize>();
        }
        seen
    }

    fn op_tokens(input: &Input) -> usize {
        let fields = |message: Message<'_>| {
            let fields = message.segments().flat_map(|segment| segment.fields());
            fields.map(|field| field.tokens().count() + field.to_plain_text().len()).sum::<usize>()
        };
        input.messages().map(fields).sum()
    }

    fn op_escape(input: &Input) -> usize {
        let separators = Separators::default();
        let escaped = escape(&input.body, &separators);
        unescape(&escaped, &separators).len() + unescape(&input.body, &separators).len()
    }

    fn op_edit_nothing(input: &Input) -> usize {
        let copy = |message: Message<'_>| {
            let copied = Editor::new(&message).keep_line_ends().finish();
            copied.map_or(0, |copied| copied.as_bytes().len())
        };
        input.messages().map(copy).sum()
    }

    fn op_edit_each(input: &Input) -> usize {
        let targets = [Path::new("OBX-5.2"), Path::new("PID-3.1"), Path::new("OBX-9")];
        let edit = |message: Message<'_>| {
            let mut editor = Editor::new(&message);
            for target in &targets {
                editor.set(Target::each(target), "a|b").repeat(Target::each(&Path::new("PID-3")), "c");
            }
            editor.finish().map_or(0, |edited| edited.as_bytes().len())
        };
        input.messages().map(edit).sum()
    }

    fn op_edit_many(input: &Input) -> usize {
        let Ok(message) = Message::parse(&input.segments) else { return 0 };
        let mut editor = Editor::new(&message);
        for n in 1..=message.segments().len().saturating_sub(1) {
            let path = |below| format!("OBX[{n}]-{below}").parse::<Path>();
            let (Ok(value), Ok(units)) = (path("5.1"), path("6")) else { continue };
            editor.set(&value, "7").set_null(&units);
        }
        editor.finish().map_or(0, |edited| edited.as_bytes().len())
    }

    fn op_edit_mixed(input: &Input) -> usize {
        let Ok(message) = Message::parse(&input.segments) else { return 0 };
        let mut editor = Editor::new(&message);
        for n in 1..=message.segments().len().saturating_sub(1) {
            let path = |text: String| text.parse::<Path>();
            let Ok(value) = path(format!("OBX[{n}]-5.1")) else { continue };
            let Ok(repetition) = path(format!("MSH-21[{n}].1")) else { continue };
            editor.set(&value, "7").clear(Target::each(&Path::new("OBX-5")));
            editor.set(Target::each(&Path::new("OBX-5.3")), "g");
            editor.set(&repetition, "a").set(Target::each(&Path::new("MSH-21.2")), "b");
            editor.repeat(&Path::new("MSH-21"), "c");
        }
        editor.finish().map_or(0, |edited| edited.as_bytes().len())
    }

    fn op_keep_many(input: &Input) -> usize {
        let Ok(message) = Message::parse(&input.segments) else { return 0 };
        let numbers = 1..=message.segments().len().saturating_sub(1);
        let one = numbers.filter_map(|n| format!("OBX[{n}]-5[{n}].1").parse::<Path>().ok());
        let all = [Path::new("OBX-1"), Path::new("OBX-5.2")];
        let stripped = Editor::new(&message).keep_only(one.chain(all)).finish();
        stripped.map_or(0, |stripped| stripped.as_bytes().len())
    }

    fn op_keep(input: &Input) -> usize {
        let kept = [Path::new("PID-3.2"), Path::new("PID-3[2].9.1"), Path::new("OBX-5.3.2")];
        let keep = |message: Message<'_>| {
            let stripped = Editor::new(&message).keep_only(kept).finish();
            stripped.map_or(0, |stripped| stripped.as_bytes().len())
        };
        input.messages().map(keep).sum()
    }

    fn op_swap(input: &Input) -> usize {
        let Ok(delimiters) = Separators::new(b'$', "%*/@") else { return 0 };
        let swap = |message: Message<'_>| {
            let swapped = Editor::new(&message).swap_delimiters(delimiters).finish();
            swapped.map_or(0, |swapped| swapped.as_bytes().len())
        };
        input.messages().map(swap).sum()
    }

    fn op_build(input: &Input) -> usize {
        let text = String::from_utf8_lossy(&input.body);
        let mut builder = MessageBuilder::new();
        builder.message_type(["ADT"]).control_id("1").processing_id("P").version("2.5");
        builder.segment("NTE").set_formatted(3, &text);
        for _ in 0..input.body.len() / 64 {
            builder.segment("OBX").set(1, "1").set_components(3, ["a", "b|c"]).repeat(5, "x");
        }
        builder.finish().map_or(0, |message| message.as_bytes().len())
    }

    fn op_parts(input: &Input) -> usize {
        let stream = [&input.body[..], &input.plain].concat();
        let segments = |message: Message<'_>| message.segments().count();
        parts(&stream).map(|part| 1 + part.read().map_or(0, segments)).sum()
    }

    fn op_split(input: &Input) -> usize {
        let mut found = 0;
        for (max, size) in [(1000, 777), (16 << 20, 777), (16 << 20, 3)] {
            let mut splitter = SplitOptions::new().max_message_len(max).splitter();
            for piece in input.body.chunks(size) {
                let mut piece = Bytes::copy_from_slice(piece);
                while splitter.next_part(&mut piece).is_some() {
                    found += 1;
                }
            }
            while splitter.finish().is_some() {
                found += 1;
            }
        }
        found
    }

    fn op_join(input: &Input) -> usize {
        let Ok(message) = OwnedMessage::parse(input.plain.clone()) else { return 0 };
        continuation::join_additions(&message).as_bytes().len()
    }

    fn op_fill(input: &Input) -> usize {
        #[derive(Deserialize)]
        struct Report {
            #[serde(rename = "OBX")]
            results: Vec<Result>,
            #[serde(rename = "PID-3")]
            ids: Vec<Option<Id>>,
            #[serde(rename = "PID-3.1")]
            numbers: Vec<Option<String>>,
        }
        #[derive(Deserialize)]
        struct Result {
            #[serde(rename = "5")]
            values: Vec<Option<String>>,
        }
        #[derive(Deserialize)]
        struct Id {
            #[serde(rename = "1.1")]
            number: Option<String>,
        }
        let filled = |message: Message<'_>| de::from_message::<Report>(&message).ok();
        let seen = |report: Report| {
            let ids = report.ids.iter().flatten().filter(|id| id.number.is_some()).count();
            let values = report.results.iter().map(|result| result.values.len()).sum::<usize>();
            ids + values + report.numbers.len()
        };
        input.messages().filter_map(filled).map(seen).sum()
    }

    fn op_json(input: &Input) -> usize {
        let through = |message: Message<'_>| {
            let json = serde_json::to_string(&Json(&message)).ok()?;
            let Json(again) = serde_json::from_str::<Json<OwnedMessage>>(&json).ok()?;
            Some(json.len() + again.as_bytes().len())
        };
        input.messages().filter_map(through).sum()
    }

    fn op_charset(input: &Input) -> usize {
        let mut seen = 0;
        for bytes in &input.sets {
            let Ok(decoded) = charset::decode(bytes.clone(), None) else { continue };
            seen += decoded.message.as_bytes().len();
            let text = decoded.message.as_bytes().clone();
            for set in [decoded.charset, Charset::Utf16, Charset::Latin1] {
                seen += charset::encode(text.clone(), set).map_or(0, |encoded| encoded.len());
            }
        }
        seen
    }

    fn op_wide(input: &Input) -> usize {
        let text = String::from_utf8_lossy(&input.plain);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut narrow = Vec::new();
        let mut reader = charset::WideReader::new(&wide[..]);
        reader.read_to_end(&mut narrow).unwrap_or(0)
    }

    fn op_values(input: &Input) -> usize {
        let mut seen = 0;
        for message in input.messages() {
            for segment in message.segments() {
                let field = segment.field(3);
                seen += field.read_each::<Cx<'_>>().filter(Result::is_ok).count();
                seen += field.read_each::<Nm<'_>>().filter(Result::is_ok).count();
                seen += field.read_each::<Xpn<'_>>().filter(Result::is_ok).count();
                seen += Observation::of(segment).filter(Result::is_ok).count();
            }
        }
        seen
    }

    fn op_documents(input: &Input) -> usize {
        let mut seen = 0;
        for kind in ["Base64", "Hex", "A"] {
            let head = format!("MSH|^~\\&|A\rOBX|1|ED|||^AP^PDF^{kind}^");
            let bytes = [head.as_bytes(), &input.body].concat();
            let Ok(message) = Message::parse(&bytes) else { continue };
            let Some(obx) = message.segment("OBX") else { continue };
            let Ok(data) = Ed::of(obx.field(5)).data() else { continue };
            let mut text = Vec::new();
            let _ = data.reader().read_to_end(&mut text);
            seen += text.len() + data.chunks().filter_map(Result::ok).map(|chunk| chunk.len()).sum::<usize>();
        }
        seen
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).filter(|text| !text.starts_with("--")).collect();
    let (unit, len) = match arguments.as_slice() {
        [unit, len] => (from_hex(unit), len.parse().ok()),
        _ => (Some(b"OBX|1|NM|||a^b&c~\\T\\d\rNTE|1\r".to_vec()), Some(2000)),
    };
    let (Some(unit), Some(len)) = (unit, len) else { return ExitCode::FAILURE };
    let input = Input::new(&unit, len);
    for (name, operation) in OPERATIONS {
        let found = black_box(operation(black_box(&input)));
        // Of the usual text each finds something.
        assert!(found > 0 || !arguments.is_empty(), "{name} found nothing");
    }
    ExitCode::SUCCESS
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
