//! What is looked for to find a secret in what a text stands for.
use zeroize::Zeroizing;

use super::decoded::{Decoded, MIN_LENGTH, Span};
use crate::core::secret::Secret;

/// A part of a secret that is so long is not in other text by chance, even if it has a word or the prefix of its kind.
const MIN_PART: usize = 16;
/// If a secret has fewer bytes that are no white space, quotes, commas or backslashes, they would be found by chance.
const MIN_KEPT: usize = 4;

/// How often a secret's own characters are taken for escapes.
const MAX_ESCAPED: usize = 8;

/// The parts of a secret: all that are [`MIN_PART`] long, or of a shorter one the whole.
pub(super) struct Needle {
    /// As numbers of 16 bytes, in order.
    parts: Zeroizing<Vec<u128>>,
    /// A bit for each hash of a part: it rules out nearly all other text.
    hashes: Zeroizing<[u64; 64]>,
    /// The first part.
    beginning: Zeroizing<Vec<u8>>,
    mask: u128,
}

impl Needle {
    /// For a secret as it is, as it is in a form, and as it is if its own characters are taken for escapes.
    pub(super) fn of(secret: &Secret) -> Vec<Self> {
        let text = secret.expose();
        let mut spellings = Vec::new();
        if text.contains(' ') {
            spellings.push(Decoded::of(Zeroizing::new(text.replace(' ', "+")).as_bytes()));
        }
        let mut escaped = Decoded::of(text.as_bytes());
        for _ in 0..MAX_ESCAPED {
            let Some(unescaped) = escaped.unescaped() else { break };
            spellings.push(std::mem::replace(&mut escaped, unescaped));
        }
        spellings.push(escaped);
        let kept = spellings.into_iter().map(|spelling| {
            let kept = Zeroizing::new(spelling.kept().into_bytes());
            drop(Zeroizing::new(spelling.into_bytes()));
            kept
        });
        let mut kept: Vec<Zeroizing<Vec<u8>>> = kept.collect();
        kept.dedup();
        kept.iter().filter_map(|kept| Self::new(kept)).collect()
    }

    fn new(kept: &[u8]) -> Option<Self> {
        let beginning = Zeroizing::new(kept.get(..kept.len().min(MIN_PART))?.to_vec());
        if beginning.len() < MIN_KEPT {
            return None;
        }
        let number = |part: &[u8]| part.iter().fold(0, |number, byte| number << 8 | u128::from(*byte));
        let mut parts: Zeroizing<Vec<u128>> = Zeroizing::new(kept.windows(beginning.len()).map(number).collect());
        parts.sort_unstable();
        let mut hashes = Zeroizing::new([0; 64]);
        for part in parts.iter() {
            let (word, bit) = place(*part);
            if let Some(word) = hashes.get_mut(word) {
                *word |= bit;
            }
        }
        let mask = u128::MAX >> (128 - 8 * beginning.len());
        Some(Needle { parts, hashes, beginning, mask })
    }

    /// How many bytes of it must be there.
    pub(super) fn width(&self) -> usize {
        self.beginning.len()
    }

    fn has(&self, part: u128) -> bool {
        let (word, bit) = place(part);
        self.hashes.get(word).is_some_and(|word| word & bit != 0) && self.parts.binary_search(&part).is_ok()
    }

    /// Where it stands in the text. `kept` is without what is skipped.
    pub(super) fn find(&self, kept: &Decoded, found: &mut Vec<Span>) {
        let width = self.beginning.len();
        let mut part = 0;
        for (at, byte) in kept.bytes().iter().enumerate() {
            part = (part << 8 | u128::from(*byte)) & self.mask;
            if self.has(part)
                && let Some(first) = (at + 1).checked_sub(width)
                && let Some(span) = kept.span(first, at)
            {
                match found.last_mut() {
                    Some((start, end)) if *start <= span.0 && span.0 <= *end => *end = span.1.max(*end),
                    _ => found.push(span),
                }
            }
        }
    }

    /// Where it begins, if its end is missing at the end of the text.
    pub(super) fn find_cut(&self, kept: &Decoded) -> Option<u32> {
        let is_last = |length: &usize| self.beginning.get(..*length).is_some_and(|part| kept.bytes().ends_with(part));
        let length = (MIN_LENGTH..self.beginning.len()).rev().find(is_last)?;
        kept.span(kept.len() - length, kept.len() - 1).map(|(start, _)| start)
    }
}

/// Word and bit of a part's hash.
fn place(part: u128) -> (usize, u64) {
    let [low, high] = [part, part >> 64].map(|half| half as u64);
    let hash = (low ^ high.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
    ((hash >> 6) as usize, 1 << (hash & 63))
}
