//! What is saved is read back to the bit, and what is read is not believed.

mod descent_samples;
mod envelope;
mod krylov_samples;
mod landscape_samples;
mod list;
mod sample;
mod theory_samples;

pub use sample::{FORMS, Form, Sample};

/// Something of each kind that can be saved.
pub fn samples() -> Vec<Sample> {
    let groups = [
        krylov_samples::krylov(),
        krylov_samples::spectrum(),
        theory_samples::laws(),
        theory_samples::models(),
        descent_samples::functions(),
        descent_samples::optimizers(),
        descent_samples::subspaces(),
        landscape_samples::landscape(),
        landscape_samples::emergent(),
    ];
    groups.into_iter().flatten().collect()
}

#[test]
fn every_kind_is_read_back_to_the_bit() {
    for sample in samples() {
        for form in FORMS {
            let bytes = sample.bytes(form);
            let read = sample.read(form, bytes).unwrap_or_else(|error| panic!("{} in {form:?}: {error}", sample.kind));
            assert!(read.again == bytes, "{} in {form:?} is not the same again", sample.kind);
            if !sample.buffered {
                assert!(read.debug == sample.debug, "{} in {form:?}: {:.2000}", sample.kind, read.debug);
            }
        }
    }
}
