//! Inputs made of those of a corpus, the same in every run.
use crate::targets::mutations::{Random, bytes, structure};

pub struct Mutated {
    /// What the product accepts, and the rest.
    corpus: [Vec<Vec<u8>>; 2],
    random: Random,
}

impl Mutated {
    pub fn new(corpus: [Vec<Vec<u8>>; 2]) -> Self {
        Mutated { corpus, random: Random::new(0) }
    }

    /// The next input: one of the corpus with one to three changes, in two of three cases by its structure alone.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.pick();
        let keeps_structure = self.random.below(2) > 0;
        for _ in 0..=self.random.below(2) {
            if keeps_structure {
                structure(&mut input, &mut self.random);
            } else {
                let other = self.pick();
                bytes(&mut input, &other, &mut self.random);
            }
        }
        input.truncate(64 * 1024);
        input
    }

    /// Every second time one that is accepted, however few they are.
    fn pick(&mut self) -> Vec<u8> {
        let inputs = &self.corpus[self.random.below(1)];
        inputs[self.random.below(inputs.len() - 1)].clone()
    }
}
