//! Inputs made of those of a corpus, the same in every run.

/// Parts of the formats that the targets read.
const PARTS: [&[u8]; 34] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b":",
    b",",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"=",
    b"'",
    b" ",
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b"0.1",
    b"99999999999999999999",
    b"18446744073709551615",
    b"\xff",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"\x00",
    b"\\u0001nan",
    b"\\u0001a set",
    b"Digest ",
    b"Retry-After: 9\n",
    b"../",
    b"%2F",
];

pub struct Mutations {
    corpus: Vec<Vec<u8>>,
    state: u64,
}

impl Mutations {
    pub fn new(corpus: Vec<Vec<u8>>) -> Self {
        Mutations { corpus, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// The next input: one of the corpus with one to five changes.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.pick();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input.truncate(64 * 1024);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let end = (at + 1 + self.below(16)).min(input.len());
        match self.below(7) {
            0 if !input.is_empty() && at < input.len() => input[at] ^= 1 << self.below(7),
            1 if at < input.len() => input[at] = self.below(255) as u8,
            2 => drop(input.drain(at.min(end)..end)),
            3 => {
                let part = input[at.min(end)..end].to_vec();
                input.splice(at..at, part);
            }
            4 => {
                let other = self.pick();
                let from = self.below(other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let part = PARTS[self.below(PARTS.len() - 1)];
                input.splice(at..at, part.iter().copied());
            }
        }
    }

    fn pick(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len() - 1);
        self.corpus[at].clone()
    }

    /// A number from 0 to `most` (xorshift64).
    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % (most as u64 + 1)) as usize
    }
}
