//! Numbers that text formats cannot write: not a number, and the infinite ones.

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text of an `f64` that is not finite, from which its bits are known.
pub(super) fn text(value: f64) -> String {
    match value {
        f64::INFINITY => "inf".to_string(),
        f64::NEG_INFINITY => "-inf".to_string(),
        _ if value.to_bits() == f64::NAN.to_bits() => "NaN".to_string(),
        _ => format!("NaN({:016x})", value.to_bits()),
    }
}

/// The text of an `f32` that is not finite.
pub(super) fn text_single(value: f32) -> String {
    match value {
        _ if value.is_infinite() => text(f64::from(value)),
        _ if value.to_bits() == f32::NAN.to_bits() => text(f64::NAN),
        _ => format!("NaN({:08x})", value.to_bits()),
    }
}

fn bits(text: &str, digits: usize) -> Option<u64> {
    let inner = text.strip_prefix("NaN(")?.strip_suffix(')')?;
    (inner.len() == digits).then(|| u64::from_str_radix(inner, 16).ok()).flatten()
}

/// The number that a text says.
pub(super) fn parse(text: &str) -> Option<f64> {
    match text {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => bits(text, 16).map(f64::from_bits).filter(|value| value.is_nan()),
    }
}

/// The single number that a text says.
pub(super) fn parse_single(text: &str) -> Option<f32> {
    match text {
        "inf" => Some(f32::INFINITY),
        "-inf" => Some(f32::NEG_INFINITY),
        "NaN" => Some(f32::NAN),
        _ => {
            let bits = bits(text, 8).and_then(|bits| u32::try_from(bits).ok());
            bits.map(f32::from_bits).filter(|value| value.is_nan())
        }
    }
}

/// What is expected where a number stands.
pub(super) const EXPECTED: &str = "a number, or one of the texts \"NaN\", \"inf\" and \"-inf\"";

/// What is made of numbers, down to each of which the rule holds.
pub(crate) trait Numbers: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Numbers for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() || !serializer.is_human_readable() {
            return serializer.serialize_f64(*self);
        }
        serializer.serialize_str(&text(*self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(NumberOrText);
        }
        f64::deserialize(deserializer)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = f64;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(EXPECTED)
    }
    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }
    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }
    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &EXPECTED))
    }
}

/// Something in a container, seen with the rule.
struct Written<'a, N>(&'a N);

impl<N: Numbers> Serialize for Written<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

struct Read<N>(N);

impl<'de, N: Numbers> Deserialize<'de> for Read<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        N::read(deserializer).map(Read)
    }
}

impl<N: Numbers> Numbers for Option<N> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Written).serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<N>>::deserialize(deserializer)?.map(|Read(value)| value))
    }
}

impl<N: Numbers> Numbers for Vec<N> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Read<N>>::deserialize(deserializer)?.into_iter().map(|Read(value)| value).collect())
    }
}

impl<N: Numbers, M: Numbers> Numbers for (N, M) {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (Written(&self.0), Written(&self.1)).serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Read<N>, Read<M>)>::deserialize(deserializer).map(|(first, second)| (first.0, second.0))
    }
}

impl<N: Numbers> Numbers for [N; 2] {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [Written(&self[0]), Written(&self[1])].serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <[Read<N>; 2]>::deserialize(deserializer).map(|pair| pair.map(|Read(value)| value))
    }
}

impl Numbers for usize {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        usize::deserialize(deserializer)
    }
}

/// For `#[serde(with = "crate::saved::number")]`.
pub(crate) fn serialize<N: Numbers, S: Serializer>(value: &N, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// For `#[serde(with = "crate::saved::number")]`.
pub(crate) fn deserialize<'de, N: Numbers, D: Deserializer<'de>>(deserializer: D) -> Result<N, D::Error> {
    N::read(deserializer)
}

/// The error of a text that is no number.
pub(super) fn not_a_number<E: serde::de::Error>(text: &str) -> E {
    E::invalid_value(Unexpected::Str(text), &EXPECTED)
}

/// Refuses with a sentence.
pub(crate) fn refuse<E: serde::de::Error>(error: impl std::fmt::Display) -> E {
    E::custom(error)
}
