//! Finds secrets in a text, whatever encodings it was written in one after another, and takes them out.
use memchr::memmem;

use super::decoded::{BASE64, Decoded, HEX, MIN_LENGTH, Span};
use super::needle::Needle;
use crate::core::secret::Secret;

/// How much is decoded of a text, as a multiple of its length. A page takes 7, base64 of base64 of base64 of one 10.
const MOST: usize = 16;
/// The same of a short text, in bytes.
const ALWAYS: usize = 64 << 10;

/// What secrets are looked for.
pub(super) struct Search<'s> {
    secrets: &'s [Secret],
    needles: Vec<Needle>,
}

/// What was found in one text.
struct Finding<'n> {
    needles: &'n [Needle],
    length: u32,
    found: Vec<Span>,
    /// Bytes that may still be decoded.
    left: usize,
    /// Fewer bytes are no whole secret and no part that is looked for.
    least: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(secrets: &'s [Secret]) -> Self {
        Search { secrets, needles: secrets.iter().flat_map(Needle::of).collect() }
    }

    /// The text with `mark` in the place of each secret; `None` if there is none. A text that is encoded so often that looking
    /// for secrets would take too long is replaced as a whole.
    pub(super) fn redact(&self, text: &[u8], mark: &[u8]) -> Option<Vec<u8>> {
        if self.secrets.is_empty() || text.len() < MIN_LENGTH {
            return None;
        }
        let (decoded, _) = self.find(text);
        let Some(mut found) = decoded else { return Some(mark.to_vec()) };
        found.sort_unstable();
        let mut redacted = Vec::with_capacity(text.len());
        let (mut at, mut marked) = (0, None);
        for (start, end) in found.iter().map(|(start, end)| (*start as usize, *end as usize)) {
            if marked.is_none_or(|last| start > last) {
                redacted.extend_from_slice(text.get(at..start).unwrap_or_default());
                redacted.extend_from_slice(mark);
            }
            at = at.max(end);
            marked = Some(at);
        }
        redacted.extend_from_slice(text.get(at..).unwrap_or_default());
        marked.map(|_| redacted)
    }

    /// Where secrets stand, `None` if it takes too long; and how many bytes were decoded.
    fn find(&self, text: &[u8]) -> (Option<Vec<Span>>, usize) {
        let most = text.len() * MOST + ALWAYS;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let least = self.needles.iter().map(Needle::width).min().unwrap_or_default();
        let mut finding = Finding { needles: &self.needles, length, found: Vec::new(), left: most, least };
        let is_whole = self.needles.is_empty() || finding.decode(Decoded::of(text)).is_some();
        let work = most - finding.left;
        // Of one that is all quotes and backslashes, no needle is made.
        for secret in self.secrets {
            let exact = secret.expose().as_bytes();
            let spans = memmem::find_iter(text, exact).map(|start| (start as u32, (start + exact.len()) as u32));
            finding.found.extend(spans);
        }
        (is_whole.then_some(finding.found), work)
    }
}

impl Finding<'_> {
    /// Looks at bytes and at all that they stand for. `None` if that is too much.
    fn decode(&mut self, mut decoded: Decoded) -> Option<()> {
        if decoded.len() == 0 {
            return Some(());
        }
        self.look(&decoded)?;
        loop {
            if let Some(unescaped) = decoded.unescaped_across_lines() {
                self.decode(unescaped)?;
            }
            let Some(unescaped) = decoded.unescaped() else { break };
            decoded = unescaped;
            self.look(&decoded)?;
        }
        if decoded.drop_cut_escape() {
            self.look(&decoded)?;
        }
        // What stands before the first digit may be taken for one.
        for (digits, offsets) in [(BASE64, 4), (HEX, 2)] {
            if decoded.has_run(&digits, self.least) {
                for skipped in 0..offsets {
                    self.decode(decoded.joined(&digits, skipped, self.least))?;
                }
            }
        }
        Some(())
    }

    fn look(&mut self, decoded: &Decoded) -> Option<()> {
        self.left = self.left.checked_sub(decoded.len())?;
        let kept = decoded.kept();
        for needle in self.needles {
            needle.find(&kept, &mut self.found);
            if kept.is_at_end() {
                self.found.extend(needle.find_cut(&kept).map(|start| (start, self.length)));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    const TOKEN: &str = "SECRETMARK-001122334455-abcdef?>~y";

    /// Parts of texts that are made to take long.
    #[rustfmt::skip]
    const PARTS: [&str; 23] = [
        "a", "A", "a.", "aaaaaaa.", "it is so, ", TOKEN, "0", "00", "0x", "QUJD", "VVVV", "U0VDUkVUTUFSSy0wMDEx", "%", "%25", "&", "&amp;",
        "\\", "<br>", "% 2 5 2 5", "%25 %20", "\\ n", "\\\\ \\", "%252525252525252525252520 ",
    ];

    fn redact(secret: &str, text: &str) -> Option<String> {
        let secrets = [Secret::from(secret)];
        Search::new(&secrets).redact(text.as_bytes(), b"*").map(|redacted| String::from_utf8(redacted).unwrap())
    }

    fn percent_encoded(text: &str) -> String {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn wrapped(text: &str, columns: usize, line_break: &str) -> String {
        let lines: Vec<String> = text.as_bytes().chunks(columns).map(|c| String::from_utf8_lossy(c).into()).collect();
        lines.join(line_break)
    }

    #[test]
    fn a_secret_is_found_however_it_is_escaped() {
        for text in [
            r#"aé"b\\c&d 😀/z"#,
            r#"aé\"b\\\\c&d 😀\/z"#,
            r#"a\u00e9\u0022b\u005c\u005cc\u0026d \ud83d\ude00\u002Fz"#,
            r#"aé\\\"b\\\\\\\\c&d 😀/z"#,
            r#"a\\u00e9\\\"b\\\\\\\\c\\u0026d \\ud83d\\ude00/z"#,
            "a%C3%A9%22b%5C%5Cc%26d+%F0%9F%98%80%2Fz",
            "a%25C3%25A9%2522b%255C%255cc%2526d%2520%25F0%259F%2598%2580/z",
            r#"a&#233;&quot;b\\c&amp;d 😀&#x2F;z"#,
            r#"a&amp;#233;&amp;quot;b&#92;&#92;c&amp;amp;d &#128512;&sol;z"#,
            r"a%5Cu00e9%5C%22b&amp;#92;c&d 😀/z",
        ] {
            assert_eq!(redact(r#"aé"b\\c&d 😀/z"#, &format!("<{text}>")).as_deref(), Some("<*>"), "{text}");
        }
        for other in [r#"ae"b\\c&d 😀/z"#, r#"aé"b\\C&d 😀/z"#, r"a\u00e8", "a%C3%A8", "a&#234;", ""] {
            assert_eq!(redact(r#"aé"b\\c&d 😀/z"#, other), None, "{other}");
        }
    }

    /// Then it is in none of the decoded texts as it is.
    #[test]
    fn a_secret_can_look_like_an_escape_itself() {
        for secret in [r"50%41\u0042&lt;", r"C:\new\table", "abc%2541def", "&amp;amp;&more", "100%25 sure"] {
            let as_json = serde_json::to_string(secret).unwrap();
            for text in [secret.to_owned(), percent_encoded(secret), STANDARD_NO_PAD.encode(secret), hex(secret)] {
                assert_eq!(redact(secret, &format!("<{text}>")).as_deref(), Some("<*>"), "{text}");
            }
            let shown = redact(secret, &as_json).unwrap();
            assert_eq!(shown.trim_matches(['"', '\\']), "*");
        }
        assert_eq!(redact(r#""\\"\"#, r#"<"\\"\>"#).as_deref(), Some("<*>"));
    }

    #[test]
    fn a_secret_is_found_across_lines_and_strings() {
        for line_break in
            ["\n", "\r\n", r"\n", r"\r\n", r"\\n", " ", "\",\n  \"", "%0D%0A", "&#10;", "<br>", "<br />\n", "<wbr>"]
        {
            for columns in [1, 5, 16] {
                let (plain, digits) = (wrapped("SECRETMARK-001122", columns, line_break), hex("SECRETMARK-001122"));
                assert_eq!(
                    redact("SECRETMARK-001122", &format!("<i>{plain}</i>")).as_deref(),
                    Some("<i>*</i>"),
                    "{plain}"
                );
                let digits = wrapped(&digits, columns, line_break);
                assert_eq!(
                    redact("SECRETMARK-001122", &format!("<i>{digits}</i>")).as_deref(),
                    Some("<i>*</i>"),
                    "{digits}"
                );
            }
        }
    }

    /// Lines of a given length break escapes, too.
    #[test]
    fn a_secret_is_found_across_lines_that_break_its_escapes() {
        let query: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let json: String = TOKEN.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let base64 = percent_encoded(&STANDARD.encode(TOKEN));
        for text in [query, json, base64] {
            for columns in [1, 4, 10, 76] {
                let shown = redact(TOKEN, &format!("<i>{}</i>", wrapped(&text, columns, "\n"))).unwrap();
                let shown = shown.replace('\n', "").replace("%3D", "");
                assert_eq!(shown, "<i>*</i>", "{text} {columns}");
            }
        }
    }

    /// At any offset, in lines of any length, in both alphabets, with the padding or without; between other words.
    #[test]
    fn a_secret_is_found_in_base64() {
        for before in ["", "a", "ab", "abc"] {
            for encode in [|text: String| STANDARD.encode(text), |text: String| URL_SAFE_NO_PAD.encode(text)] {
                let encoded = encode(format!("{before}{TOKEN}"));
                for columns in [1, 7, 16, 76] {
                    let text = format!("you sent {} there.", wrapped(&encoded, columns, "\n"));
                    let shown = redact(TOKEN, &text).unwrap();
                    let rest = shown.strip_prefix("you sent ").unwrap().strip_suffix(" there.").unwrap();
                    // Before it is what stands before the secret, after it the padding.
                    let rest = rest.replace('\n', "");
                    assert_eq!(rest.trim_end_matches('='), format!("{}*", &encoded[..before.len() * 4 / 3]));
                }
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_a_stack_of_encodings() {
        let lines = |text: String| wrapped(&STANDARD_NO_PAD.encode(text), 76, "\r\n");
        let query = |text: String| percent_encoded(&text);
        let json = |text: String| serde_json::to_string(&text).unwrap();
        let digits = |text: String| hex(&text);
        let wide =
            |text: String| STANDARD_NO_PAD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        let encodings: [&dyn Fn(String) -> String; 5] = [&lines, &query, &json, &digits, &wide];
        for first in encodings {
            for second in encodings {
                for third in encodings {
                    let text = third(second(first(TOKEN.to_owned())));
                    let shown = redact(TOKEN, &format!("({text})")).unwrap();
                    let rest = shown.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                    assert!(rest.len() < 24, "{text}: {shown}");
                    assert_eq!(redact(TOKEN, &shown), None, "{text}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_hexadecimal() {
        for text in [
            "73336372c3a97421",
            "73336372C3A97421",
            "73 33 63 72 c3 a9 74 21",
            "73:33:63:72:c3:a9:74:21",
            r"\x73\x33\x63\x72\xc3\xa9\x74\x21",
            r"\\x73\\x33\\x63\\x72\\xc3\\xa9\\x74\\x21",
            "73, 0x33, 0x63, 0x72, 0xc3, 0xa9, 0x74, 0x21",
            "73,0x33 63-72:c3 a9\n74\t21",
        ] {
            assert_eq!(redact("s3cr\u{e9}t!", &format!("<{text}>")).as_deref(), Some("<*>"), "{text}");
        }
        assert_eq!(redact("s3cr\u{e9}t!", "<73336372c3a9742").as_deref(), Some("<*"));
        for other in ["73336372c3a97423", "73336372", "73"] {
            assert_eq!(redact("s3cr\u{e9}t!", other), None, "{other}");
        }
    }

    /// Of a short one it is not: "password" is the beginning of many.
    #[test]
    fn a_part_of_a_long_secret_is_enough() {
        for (text, redacted) in [
            ("it begins with mdb_sa_sk_012345 …", Some("it begins with * …")),
            ("6d64625f73615f736b5f303132333435 and on", Some("* and on")),
            ("it ends with 0123456789abcdef.", Some("it ends with *.")),
            ("it has _sa_sk_012345678 in it", Some("it has * in it")),
            ("it begins with mdb_sa_sk_01234 …", None),
            ("it ends with 123456789abcdef.", None),
        ] {
            assert_eq!(redact("mdb_sa_sk_0123456789abcdef", text).as_deref(), redacted, "{text}");
        }
        assert_eq!(redact("password123", "the password is wrong"), None);
    }

    /// What is left of it at the cut is hidden too, an escape that was cut included.
    #[test]
    fn a_secret_is_found_where_the_text_is_cut() {
        for text in ["abcdef", r"abcdef\", r"abcdef\\", r#"abcdef\\\"gh"#, "abcdef%", "abcdef%2522", "abcdef&amp;quo"] {
            assert_eq!(redact("abcdef\"ghi", text).as_deref(), Some("*"), "{text}");
        }
        for text in [
            "YWJjZGVm",
            "YWJjZ\nGVmI",
            "YWJjZGVmIm",
            "616263646566",
            "61626364656622",
            "616263646566226",
            "YWJjZGVm%3",
            r"YWJjZGVm\",
        ] {
            assert_eq!(redact("abcdef\"ghi", text).as_deref(), Some("*"), "{text}");
        }
        assert_eq!(redact("abcdef\"ghi", "abcde"), None);
        assert_eq!(redact("abcdef\"ghi", "abcdef."), None);
    }

    /// No text, made for it or not, makes the work grow faster than its length.
    #[test]
    fn the_work_grows_with_the_length_of_the_text() {
        let secrets = [Secret::from(TOKEN), Secret::from("aaaaaaaa"), Secret::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
        let search = Search::new(&secrets);
        let most = (MOST << 15) + ALWAYS;
        let repeated = |part: &str, length: usize| part.repeat(length / part.len());
        let encoded = |length: usize| {
            let mut text = "tell me more".to_owned();
            while text.len() < length {
                text = STANDARD.encode(text);
            }
            text.truncate(length);
            text
        };
        for part in PARTS {
            let half = repeated(part, 1 << 14);
            let works = [half.clone(), half.repeat(2)].map(|text| search.find(text.as_bytes()).1);
            let [half, whole] = works;
            assert!(whole <= half * 2 + 64, "{part}: {works:?}");
            assert!(whole <= most, "{part}: {works:?}");
        }
        let works = [1 << 14, 1 << 15].map(|length| search.find(encoded(length).as_bytes()).1);
        assert!(works[1] <= most, "{works:?}");
        // Of text, each byte is looked at seven times at the most.
        let page = repeated("<p>Bad gateway: the upstream server did not answer in time, so try again</p>\n", 1 << 15);
        let (found, work) = search.find(page.as_bytes());
        assert_eq!(found, Some(Vec::new()));
        assert!(work < 7 << 15, "{work}");
    }

    #[test]
    fn a_text_that_takes_too_long_is_hidden_as_a_whole() {
        let mut text = "tell me more".to_owned();
        while text.len() < 1 << 15 {
            text = STANDARD.encode(text);
        }
        assert_eq!(redact(TOKEN, &text).as_deref(), Some("*"));
    }
}
