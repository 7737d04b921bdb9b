//! Randomness only from an explicit [`Key`]: results depend on no thread, no order of calls and no global state.
//!
//! A key is 256 bits. It is *split* into as many independent keys as a computation has uses for randomness, and each
//! key names infinite streams of values of which any stretch can be had without the ones before it:
//!
//! ```
//! use eigenscape::random::Key;
//!
//! let key = Key::new(0).split(3); // the probe with number 3, say
//! let mut whole = vec![0.0f64; 100];
//! key.normal(0, &mut whole);
//! let mut tail = vec![0.0f64; 40];
//! key.normal(60, &mut tail); // entries 60.. of the same stream
//! assert_eq!(tail, whole[60..]);
//! ```
//!
//! | sampler | values | words of the stream per value |
//! | --- | --- | --- |
//! | [`Key::uniform`] | uniform on (0, 1) | 2 |
//! | [`Key::normal`] | standard normal, Box-Muller | 2 |
//! | [`Key::signs`] | -1 or +1 with probability 1/2 | 1/32 |
//! | [`Key::integers`] | uniform on 0..bound | 2 |
//!
//! All samplers of a key read the same words: take a child key for each use, as in `key.split(0).normal(..)` and
//! `key.split(1).signs(..)`, and the values are independent.
//!
//! The number of words per value is fixed (no rejection), which is what makes the streams seekable. Integers, signs
//! and permutations are the same on every machine; so are the normal values, whose logarithm and cosine come from the
//! `libm` crate and not from the platform.
//!
//! The generator is ChaCha with 8 rounds (Bernstein 2008), used as a counter-based stream; splitting takes a block of
//! the parent's stream with the child's number as nonce, as in Claessen & Palka 2013 (doi:10.1145/2578854.2503784).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A splittable seed: the only source of randomness in this crate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "seed")]
#[doc(alias = "PRNG")]
#[doc(alias = "RNG")]
#[doc(alias = "random state")]
pub struct Key {
    seed: [u8; 32],
}

/// Distinguishes the blocks that become child keys from those that become values.
const VALUES: u8 = 0x76;
const CHILDREN: u8 = 0x63;

impl Key {
    /// The key with a number. Different numbers give independent keys, neighbouring numbers included.
    pub fn new(number: u64) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        Key { seed }
    }

    /// The child key with a number: independent of its parent's values and of its siblings.
    pub fn split(self, child: u64) -> Self {
        let mut generator = self.generator(CHILDREN);
        generator.set_stream(child);
        let mut seed = [0; 32];
        generator.fill_bytes(&mut seed);
        Key { seed }
    }

    /// The key as 64 hexadecimal digits, to be written beside what was drawn from it: [`Key::from_hexadecimal`] reads it.
    ///
    /// ```
    /// use eigenscape::random::Key;
    ///
    /// let key = Key::new(7).split(3);
    /// assert_eq!(Key::from_hexadecimal(&key.hexadecimal())?, key);
    /// assert!(Key::new(7).hexadecimal().starts_with("07000000"));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    pub fn hexadecimal(self) -> String {
        self.seed.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// If there are not 64 digits.
    pub fn from_hexadecimal(digits: &str) -> Result<Self> {
        let mut seed = [0; 32];
        let whole = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        for (index, byte) in seed.iter_mut().enumerate() {
            let pair = digits.get(2 * index..2 * index + 2).filter(|_| whole);
            *byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(|| Error::Format {
                format: "key",
                offset: 0,
                found: digits.chars().take(70).collect(),
                expected: "64 hexadecimal digits".to_string(),
            })?;
        }
        Ok(Key { seed })
    }

    /// A generator of the `rand` ecosystem, for distributions that this crate does not have.
    pub fn generator_at(self, word: u128) -> impl Rng + Clone {
        let mut generator = self.generator(VALUES);
        generator.set_word_pos(word);
        generator
    }

    fn generator(self, purpose: u8) -> ChaCha8Rng {
        let mut seed = self.seed;
        // The last byte of `new` is 0, so that no two numbered keys meet by this change.
        seed[31] ^= purpose;
        ChaCha8Rng::from_seed(seed)
    }

    /// Fills with entries `offset..` of this key's stream of uniform values on the open interval (0, 1).
    pub fn uniform<T: Scalar>(self, offset: u64, values: &mut [T]) {
        let mut generator = self.generator_at(2 * u128::from(offset));
        for value in values {
            // Rounding to f32 must not reach 1.
            *value = T::of(unit(generator.next_u64())).min(T::one() - T::EPSILON / T::of(2.0));
        }
    }

    /// Fills with entries `offset..` of this key's stream of independent standard normal values.
    pub fn normal<T: Scalar>(self, offset: u64, values: &mut [T]) {
        // Entries 2j and 2j + 1 are the two outputs of Box and Muller 1958 from the same four words.
        let mut generator = self.generator_at(4 * u128::from(offset / 2));
        let odd = (offset % 2) as usize;
        let mut pair = [0.0; 2];
        let mut next = 0;
        if odd == 1 && !values.is_empty() {
            pair = normal_pair(&mut generator);
            next = 1;
        }
        for value in values {
            if next == 0 {
                pair = normal_pair(&mut generator);
            }
            *value = T::of(pair[next]);
            next = 1 - next;
        }
    }

    /// Fills with entries `offset..` of this key's stream of independent signs, -1 or +1.
    pub fn signs<T: Scalar>(self, offset: u64, values: &mut [T]) {
        let mut generator = self.generator_at(u128::from(offset / 32));
        let mut bit = (offset % 32) as u32;
        let mut word = if values.is_empty() { 0 } else { generator.next_u32() };
        for value in values {
            if bit == 32 {
                word = generator.next_u32();
                bit = 0;
            }
            *value = if word >> bit & 1 == 0 { T::one() } else { -T::one() };
            bit += 1;
        }
    }

    /// Fills with entries `offset..` of this key's stream of integers, uniform on `0..bound`.
    ///
    /// A multiplication and a shift instead of a rejection: the bias is below `bound` / 2^64.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[track_caller]
    pub fn integers(self, offset: u64, bound: usize, values: &mut [usize]) {
        assert!(bound > 0, "integers: the bound is 0; there is no integer below it");
        let mut generator = self.generator_at(2 * u128::from(offset));
        for value in values {
            *value = below(generator.next_u64(), bound);
        }
    }

    /// A point on the unit sphere, uniform: a normal vector divided by its length. Empty for `dim` 0.
    pub fn sphere<T: Scalar>(self, values: &mut [T]) {
        self.normal(0, values);
        let norm = values.iter().map(|x| x.f64() * x.f64()).sum::<f64>().sqrt();
        if norm > 0.0 {
            values.iter_mut().for_each(|x| *x = T::of(x.f64() / norm));
        }
    }

    /// A permutation of `0..len`, uniform up to the bias of [`Key::integers`] (Fisher & Yates; Durstenfeld 1964).
    pub fn permutation(self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        self.shuffle(0, &mut order);
        order
    }

    /// Brings values into a random order, by entries `offset..` of the stream of [`Key::integers`].
    pub fn shuffle<V>(self, offset: u64, values: &mut [V]) {
        let mut generator = self.generator_at(2 * u128::from(offset));
        for last in (1..values.len()).rev() {
            values.swap(last, below(generator.next_u64(), last + 1));
        }
    }

    /// The signs at `offset..offset + len`, a bit each, set for -1: entry i is bit i % 32 of word i / 32.
    pub(crate) fn sign_words(self, offset: u64, len: usize) -> Vec<u32> {
        debug_assert!(offset.is_multiple_of(32), "words begin at a multiple of 32");
        let mut generator = self.generator_at(u128::from(offset / 32));
        (0..len.div_ceil(32)).map(|_| generator.next_u32()).collect()
    }
}

/// A word as a number in the open interval (0, 1): the middle of one of 2^52 cells, exactly.
fn unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

fn below(word: u64, bound: usize) -> usize {
    ((u128::from(word) * bound as u128) >> 64) as usize
}

fn normal_pair(generator: &mut impl Rng) -> [f64; 2] {
    let radius = libm::sqrt(-2.0 * libm::log(unit(generator.next_u64())));
    let angle = 2.0 * std::f64::consts::PI * unit(generator.next_u64());
    [radius * libm::cos(angle), radius * libm::sin(angle)]
}

#[cfg(feature = "serde")]
crate::saved::kinds!("random":
    Key,
);
