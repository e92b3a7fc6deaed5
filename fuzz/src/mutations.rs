//! How inputs are changed, here and in `make test`: as bytes, and by their structure. A change of the structure keeps an input
//! readable (JSON is parsed, changed and printed again; lines move as a whole), so that it comes past the first parser.
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Words that the product knows, in libFuzzer's format; `scripts/fuzz.py` gives them to libFuzzer, too.
const DICTIONARY: &str = include_str!("../dictionaries/words.dict");

static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| DICTIONARY.lines().filter_map(word).collect());

/// All words of the dictionary.
pub fn words() -> &'static [Vec<u8>] {
    &WORDS
}

/// The word of a line of the dictionary: `"text"`, in which `\\`, `\"` and `\xNN` stand for a byte.
fn word(line: &str) -> Option<Vec<u8>> {
    let text = line.strip_prefix('"')?.strip_suffix('"')?;
    let (mut word, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('\\') {
        word.extend_from_slice(&rest.as_bytes()[..at]);
        rest = match rest[at + 1..].strip_prefix('x') {
            Some(hex) => {
                word.push(u8::from_str_radix(&hex[..2], 16).ok()?);
                &hex[2..]
            }
            None => {
                word.push(*rest.as_bytes().get(at + 1)?);
                &rest[at + 2..]
            }
        };
    }
    word.extend_from_slice(rest.as_bytes());
    Some(word)
}

/// Random numbers (xorshift64), the same for the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// A number from 0 to `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % (most as u64 + 1)) as usize
    }

    fn word(&mut self) -> &'static [u8] {
        &WORDS[self.below(WORDS.len() - 1)]
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.word()).into_owned()
    }
}

/// For libFuzzer: every second change is one of the structure, the others are its own.
pub fn in_place(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    own: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(u64::from(seed));
    if random.below(1) == 0 {
        return own(data, size, max_size);
    }
    let mut input = data[..size].to_vec();
    structure(&mut input, &mut random);
    input.truncate(max_size);
    data[..input.len()].copy_from_slice(&input);
    input.len()
}

/// One change of the structure.
pub fn structure(input: &mut Vec<u8>, random: &mut Random) {
    match random.below(9) {
        0 | 1 => lines(input, random),
        2 => insert_word(input, random),
        _ => json(input, random).unwrap_or_else(|| lines(input, random)),
    }
}

/// One change of the bytes; `other` is an input that may be spliced in.
pub fn bytes(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len());
    let end = (at + 1 + random.below(16)).min(input.len());
    match random.below(7) {
        0 if at < input.len() => input[at] ^= 1 << random.below(7),
        1 if at < input.len() => input[at] = random.below(255) as u8,
        2 => drop(input.drain(at.min(end)..end)),
        3 => {
            let part = input[at.min(end)..end].to_vec();
            input.splice(at..at, part);
        }
        4 => {
            let from = random.below(other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => insert_word(input, random),
    }
}

fn insert_word(input: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(input.len());
    let end = if random.below(1) == 0 { at } else { (at + random.below(16)).min(input.len()) };
    input.splice(at..end, random.word().iter().copied());
}

fn lines(input: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (at, to) = (random.below(lines.len() - 1), random.below(lines.len() - 1));
    match random.below(5) {
        0 => lines.insert(to, lines[at].clone()),
        1 => drop(lines.remove(at)),
        2 => lines.swap(at, to),
        3 => lines.insert(at, random.word().to_vec()),
        // Of `name: value` and `name=value`, another value.
        _ => {
            let end = lines[at].iter().position(|byte| matches!(byte, b':' | b'=')).map_or(0, |colon| colon + 1);
            lines[at].truncate(end);
            lines[at].extend_from_slice(random.word());
        }
    }
    *input = lines.join(&b'\n');
}

/// A value may begin a line, or stand behind a word or two.
const LONGEST_START: usize = 16;

/// Changes one of the JSON values that begin in a line; `None` if there is none.
fn json(input: &mut Vec<u8>, random: &mut Random) -> Option<()> {
    let line_starts = (0..input.len()).filter(|at| *at == 0 || input[*at - 1] == b'\n');
    let starts = line_starts.filter_map(|line| {
        let start = &input[line..input.len().min(line + LONGEST_START)];
        start.iter().take_while(|byte| **byte != b'\n').position(|byte| matches!(byte, b'{' | b'[')).map(|at| line + at)
    });
    let mut found: Vec<(usize, usize, Value)> = starts.filter_map(|start| value_at(input, start)).collect();
    if found.is_empty() {
        return None;
    }
    let (start, end, mut value) = found.swap_remove(random.below(found.len() - 1));
    for _ in 0..=random.below(2) {
        let copy = node(&mut value, &mut random.below(30)).clone();
        let mut at = random.below(30);
        change(node(&mut value, &mut at), copy, random);
    }
    let printed = value.to_string().into_bytes();
    let before = input[..start].strip_suffix(b"\n").unwrap_or_default();
    let length_at = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    // A line before it that has its length has the new one.
    let is_length = before[length_at..] == *(end - start).to_string().as_bytes();
    let length = printed.len();
    input.splice(start..end, printed);
    if is_length {
        input.splice(length_at..start - 1, length.to_string().into_bytes());
    }
    Some(())
}

fn value_at(input: &[u8], start: usize) -> Option<(usize, usize, Value)> {
    let mut values = serde_json::Deserializer::from_slice(&input[start..]).into_iter::<Value>();
    let value = values.next()?.ok()?;
    Some((start, start + values.byte_offset(), value))
}

/// The node of that number, in the order in which they are written; the last one on the way if there are less.
fn node<'v>(value: &'v mut Value, number: &mut usize) -> &'v mut Value {
    let count = count(value);
    *number %= count;
    descend(value, number)
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn descend<'v>(value: &'v mut Value, number: &mut usize) -> &'v mut Value {
    if *number == 0 {
        return value;
    }
    *number -= 1;
    let inner: Vec<&'v mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        other => return other,
    };
    for one in inner {
        let own = count(one);
        if *number < own {
            return descend(one, number);
        }
        *number -= own;
    }
    unreachable!("the number is below the count")
}

/// Changes a node; `copy` is another node of the same value.
fn change(node: &mut Value, copy: Value, random: &mut Random) {
    match (random.below(3), &mut *node) {
        (0, _) => *node = scalar(copy, random),
        (_, Value::Object(fields)) => change_object(fields, copy, random),
        (_, Value::Array(items)) => change_list(items, copy, random),
        (1, Value::String(text)) => *text = format!("{text}{}", random.text()),
        (2, Value::String(text)) => {
            text.pop();
        }
        (_, Value::String(text)) => *text = random.text(),
        (1, Value::Number(number)) => *node = number.as_i64().map_or(0, |n| n.saturating_mul(10)).into(),
        (_, Value::Number(number)) => *node = number.as_i64().map_or(-1, |n| n.saturating_sub(1)).into(),
        _ => *node = copy,
    }
}

fn change_object(fields: &mut Map<String, Value>, copy: Value, random: &mut Random) {
    let name = fields.keys().nth(random.below(fields.len().saturating_sub(1))).cloned();
    match (random.below(4), name) {
        (0, Some(name)) => drop(fields.shift_remove(&name)),
        (1, Some(name)) => {
            let value = fields.shift_remove(&name).unwrap_or_default();
            fields.insert(random.text(), value);
        }
        (2, Some(name)) => drop(fields.insert(name, copy)),
        _ => drop(fields.insert(random.text(), scalar(copy, random))),
    }
}

fn change_list(items: &mut Vec<Value>, copy: Value, random: &mut Random) {
    let at = random.below(items.len().saturating_sub(1));
    match random.below(3) {
        0 if !items.is_empty() => drop(items.remove(at)),
        1 if !items.is_empty() => items.insert(at, items[at].clone()),
        2 => items.reverse(),
        _ => items.push(copy),
    }
}

fn scalar(copy: Value, random: &mut Random) -> Value {
    match random.below(13) {
        0 => Value::Null,
        1 => true.into(),
        2 => false.into(),
        3 => 0.into(),
        4 => (-1).into(),
        5 => 1.5.into(),
        6 => u64::MAX.into(),
        7 => 1e300.into(),
        8 => "".into(),
        9 => Value::Array(vec![copy]),
        10 => Value::Object(Map::new()),
        11 => copy,
        _ => random.text().into(),
    }
}
