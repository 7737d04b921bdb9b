//! Hostile bytes at every reader: cut off, flipped, spliced, and with numbers that lie. Nothing panics, neither then nor in
//! use, and memory grows with the bytes that are there, not with what they say.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use eigenscape::random::Key;

#[cfg(feature = "serde")]
use crate::saved::{FORMS, Form, Sample};

/// Counts, for each thread, what is allocated and not freed.
struct Counting;

thread_local! {
    /// Bytes in use since the count began, and the most of them at once.
    static COUNT: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    // Where a thread ends there is nothing to count in.
    let _ = COUNT.try_with(|count| {
        let (now, most) = count.get();
        let now = now.saturating_add(bytes);
        count.set((now, most.max(now)));
    });
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static LAST: Cell<usize> = const { Cell::new(0) };
}

/// Calls, and keeps the most memory that the call had in use at once, on this thread.
pub fn metered<R>(call: impl FnOnce() -> R) -> R {
    COUNT.set((0, 0));
    let result = call();
    LAST.set(COUNT.get().1.max(0) as usize);
    result
}

/// What [`metered`] has kept.
pub fn last_peak() -> usize {
    LAST.get()
}

#[test]
fn the_meter_sees_memory() {
    metered(|| drop(std::hint::black_box(vec![0u8; 5_000_000])));
    assert!((5_000_000..5_100_000).contains(&last_peak()), "{}", last_peak());
    metered(|| ());
    assert_eq!(last_peak(), 0);
}

/// A stream of choices from a key.
pub struct Choices {
    key: Key,
    drawn: u64,
}

impl Choices {
    pub fn new(key: Key) -> Self {
        Choices { key, drawn: 0 }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        let mut value = [0];
        self.key.integers(self.drawn, bound.max(1), &mut value);
        self.drawn += 1;
        value[0]
    }
}

/// Bytes that are not quite what they were.
fn damaged(bytes: &[u8], choices: &mut Choices) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..=choices.below(3) {
        let at = choices.below(damaged.len());
        match choices.below(8) {
            0 => damaged.truncate(at),
            1 | 2 if !damaged.is_empty() => damaged[at] ^= 1 << choices.below(8),
            3 if !damaged.is_empty() => damaged[at] = choices.below(256) as u8,
            // The ends of numbers of a variable number of bytes, and of strings.
            4 if !damaged.is_empty() => damaged[at] = [0, 0x7f, 0x80, 0xff, b'"', b'-', b'9', b'e'][choices.below(8)],
            5 => {
                let len = choices.below(12);
                damaged.splice(at..at, std::iter::repeat_n(0xff, len));
            }
            6 => {
                let end = (at + choices.below(40)).min(damaged.len());
                let part = damaged[at.min(end)..end].to_vec();
                let to = choices.below(damaged.len() + 1);
                damaged.splice(to..to, part);
            }
            _ => {
                let end = (at + choices.below(20)).min(damaged.len());
                damaged.drain(at.min(end)..end);
            }
        }
    }
    damaged
}

/// A JSON value with one entry that lies.
#[cfg(feature = "serde")]
fn lying(value: &serde_json::Value, choices: &mut Choices) -> serde_json::Value {
    use serde_json::{Value, json};

    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_string());
        match value {
            Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), found)),
            Value::Object(map) => map.iter().for_each(|(key, v)| places(v, &format!("{at}/{key}"), found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    places(&value["state"], "/state", &mut found);
    let place = &found[choices.below(found.len())];
    let mut lying = value.clone();
    let entry = lying.pointer_mut(place).unwrap();
    let numbers = [
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(-1),
        json!(0.5),
        json!(-0.5),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(1u64 << 32),
        json!(1_000_000),
        json!("NaN"),
        json!("inf"),
        json!("-inf"),
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!("text"),
    ];
    match entry {
        Value::Array(list) if !list.is_empty() && choices.below(4) > 0 => {
            let at = choices.below(list.len());
            match choices.below(4) {
                0 => drop(list.remove(at)),
                1 => list.insert(at, list[at].clone()),
                2 => list.reverse(),
                _ => list.truncate(at),
            }
        }
        Value::Number(number) if choices.below(3) == 0 => {
            let near = number.as_f64().unwrap_or(0.0);
            *entry = match number.as_u64() {
                Some(whole) => json!(whole.saturating_add_signed([-2, -1, 1, 2, 7][choices.below(5)])),
                None => json!([-near, near * 2.0, near + 1.0, near * (1.0 + 1e-9)][choices.below(4)]),
            };
        }
        _ => *entry = numbers[choices.below(numbers.len())].clone(),
    }
    lying
}

/// What a reader may take: some for errors, a megabyte for each list whose length is not known to be true (nested lists have
/// one for each level), and some times the bytes that are there.
fn bound(bytes: &[u8]) -> usize {
    (6 << 20) + 200 * bytes.len()
}

#[cfg(feature = "serde")]
fn attacked(sample: &Sample, form: Form, bytes: &[u8], refused: &mut usize, failures: &mut Vec<String>) {
    let begin = std::time::Instant::now();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sample.read(form, bytes)));
    let (time, peak) = (begin.elapsed(), last_peak());
    let mut failed = |what: String| {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(1500).collect();
        failures.push(format!("{} in {form:?} {what} on {shown}", sample.kind));
    };
    match outcome {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            *refused += 1;
            if error.is_empty() || error.len() > 2000 + bytes.len() {
                failed(format!("says {error}"));
            }
        }
        Err(_) => failed("panics".to_string()),
    }
    if peak > bound(bytes) {
        failed(format!("takes {peak} bytes"));
    }
    if time > std::time::Duration::from_secs(10) {
        failed(format!("takes {time:?}"));
    }
}

#[cfg(feature = "serde")]
#[test]
fn hostile_states_are_refused_or_harmless() {
    let rounds = 50;
    let (mut reads, mut refused, mut failures) = (0, 0, Vec::new());
    for (number, sample) in crate::saved::samples().iter().enumerate() {
        let mut choices = Choices::new(Key::new(0).split(number as u64));
        let value: serde_json::Value = serde_json::from_slice(&sample.json).unwrap();
        for _ in 0..rounds {
            for form in FORMS {
                attacked(sample, form, &damaged(sample.bytes(form), &mut choices), &mut refused, &mut failures);
            }
            let lie = serde_json::to_vec(&lying(&value, &mut choices)).unwrap();
            attacked(sample, Form::Json, &lie, &mut refused, &mut failures);
            reads += 3;
        }
        // The whole is cut off at each of some places.
        for form in FORMS {
            let bytes = sample.bytes(form);
            for len in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
                assert!(sample.read(form, &bytes[..len]).is_err(), "{} of {len} bytes in {form:?}", sample.kind);
            }
        }
    }
    harmless(&failures);
    println!("{reads} hostile states, {refused} refused");
    assert!(refused * 2 > reads, "only {refused} of {reads} were refused");
}

/// Panics with the first failure of each kind.
#[cfg(feature = "serde")]
fn harmless(failures: &[String]) {
    let mut seen = std::collections::BTreeSet::new();
    let first: Vec<&String> =
        failures.iter().filter(|text| seen.insert(text.split(" on ").next().unwrap_or_default().to_string())).collect();
    assert!(failures.is_empty(), "{} failures, such as {first:#?}", failures.len());
}

/// Lengths that lie, in the form that states them.
#[cfg(feature = "serde")]
#[test]
fn lengths_that_lie_take_no_memory() {
    // 2^63 or so as a number of a variable number of bytes.
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let mut failures = Vec::new();
    for sample in crate::saved::samples() {
        let bytes = &sample.postcard;
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 60) {
            let mut lying = bytes[..at].to_vec();
            lying.extend(huge);
            lying.extend(&bytes[at + 1..]);
            attacked(&sample, Form::Postcard, &lying, &mut 0, &mut failures);
        }
        if std::env::var_os("EIGENSCAPE_HOSTILE_NAMES").is_some() {
            println!("{}", sample.kind);
        }
    }
    harmless(&failures);
}

fn idx() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
    bytes.extend(0..24);
    bytes
}

#[test]
fn hostile_files_of_data_are_refused() {
    use eigenscape::data::{Cifar10, Idx};

    let cifar: Vec<u8> = (0..2 * 3073).map(|i| if i % 3073 == 0 { 7 } else { i as u8 }).collect();
    let digits = include_bytes!("../../examples/data/digits-labels-idx1-ubyte.gz");
    let mut choices = Choices::new(Key::new(1));
    let check = |bytes: &[u8], names: bool| {
        let read = metered(|| Idx::parse(bytes).map(|_| ()));
        let peak = last_peak();
        // What is compressed may become 1032 times as large.
        let compressed = bytes.starts_with(&[0x1f, 0x8b]);
        let most = if compressed { 100_000 + 4000 * bytes.len() } else { 10_000 + 4 * bytes.len() };
        assert!(peak <= most, "{peak} bytes to read {}", bytes.len());
        if let Err(error) = read {
            let text = error.to_string();
            assert!(!names || text.starts_with("not a valid IDX file: byte "), "{text}");
        }
        let read = metered(|| Cifar10::parse(bytes).map(|_| ()));
        assert!(last_peak() <= most, "{} bytes to read {}", last_peak(), bytes.len());
        if let Err(error) = read {
            assert!(error.to_string().starts_with("not a valid CIFAR-10 file: byte "), "{error}");
        }
    };
    for _ in 0..3000 {
        check(&damaged(&idx(), &mut choices), true);
        check(&damaged(digits, &mut choices), true);
    }
    for _ in 0..300 {
        check(&damaged(&cifar, &mut choices), true);
        let noise: Vec<u8> = (0..choices.below(4000)).map(|_| choices.below(256) as u8).collect();
        check(&noise, true);
        check(&[&[0x1f, 0x8b, 8, 0][..], &noise].concat(), true);
        check(&[&[0, 0, 8, 2][..], &noise].concat(), true);
    }
}

#[cfg(feature = "safetensors")]
#[test]
fn hostile_files_of_parameters_are_refused() {
    use eigenscape::network::{Activation, Network, Perceptron, from_safetensors, to_safetensors};

    let network = Perceptron::new(&[3, 4, 2], Activation::Tanh).unwrap();
    let theta: Vec<f32> = (0..network.parameters()).map(|i| i as f32 / 7.0).collect();
    let file = to_safetensors(network.blocks(), &theta).unwrap();
    let mut choices = Choices::new(Key::new(2));
    let (mut refused, rounds) = (0, 10_000);
    for round in 0..rounds {
        let mut bytes = damaged(&file, &mut choices);
        if round % 4 == 0 && bytes.len() > 8 {
            // The length of the header lies.
            bytes[choices.below(8)] = choices.below(256) as u8;
        }
        let read = metered(|| from_safetensors::<f64>(network.blocks(), &bytes));
        assert!(last_peak() <= 100_000 + 100 * bytes.len(), "{} bytes to read {}", last_peak(), bytes.len());
        match read {
            Ok(theta) => assert!(theta.len() == network.parameters() && theta.iter().all(|x| x.is_finite())),
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() > 20, "{error}");
            }
        }
    }
    println!("{refused} of {rounds} hostile files refused");
    assert!(refused > rounds / 2);
}
