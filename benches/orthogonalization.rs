//! Steps of Lanczos beside what the memory gives: an operator that costs next to nothing, a basis larger than the cache.

mod common;

use std::ops::ControlFlow;
use std::time::Instant;

use common::clock::{median, milliseconds, ratio, repetitions};
use eigenscape::Scalar;
use eigenscape::krylov::{Factorization, Lanczos, Orthogonalization, Storage};
use eigenscape::operator::Diagonal;
use rayon::prelude::*;

/// The sum of an array by all threads: what reading costs.
fn sum<T: Scalar>(array: &[T]) -> T {
    let sums: Vec<T> = (array.par_chunks(1 << 15))
        .map(|piece| {
            let (whole, rest) = piece.as_chunks::<64>();
            let mut lanes = [T::zero(); 64];
            for chunk in whole {
                (0..64).for_each(|lane| lanes[lane] += chunk[lane]);
            }
            lanes.iter().chain(rest).copied().sum()
        })
        .collect();
    sums.into_iter().sum()
}

fn bench<T: Scalar>(dim: usize, depth: usize, storage: Storage, rounds: usize) {
    let operator = Diagonal::new((0..dim).map(|i| T::of((i as f64).sin())).collect());
    let start = vec![T::one(); dim];
    let lanczos = Lanczos::new(depth).storage(storage);
    let mut full: Factorization<T> = lanczos.run(&operator, &start).unwrap();
    let local = lanczos.orthogonalization(Orthogonalization::Local);
    let mut alone = local.storage(Storage::None).run(&operator, &start).unwrap();
    let width = if storage == Storage::Single { 4 } else { size_of::<T>() };
    // As many bytes as the basis.
    let array = vec![T::one(); dim * depth * width / size_of::<T>()];
    let [mut read, mut with, mut without] = [const { Vec::new() }; 3];
    // Between the steps, so that all three run in turns, and the basis has its memory before the first.
    let mut last = Instant::now();
    let observer = |_| {
        with.push(last.elapsed().as_secs_f64() * 1e3);
        read.push(milliseconds(|| {
            std::hint::black_box(sum(&array));
        }));
        without.push(milliseconds(|| alone.expand(&operator, alone.steps() + 1).unwrap()));
        last = Instant::now();
        ControlFlow::Continue(())
    };
    full.observe(&operator, depth + rounds + 1, observer).unwrap();
    // The first makes room.
    for times in [&mut read, &mut with, &mut without] {
        times.remove(0);
    }
    assert!(full.orthogonality() < 1e-5 && full.steps() > depth);
    // One pass reads the basis twice; the vectors of the step itself are counted apart.
    let passes: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with - without).collect();
    let twice: Vec<f64> = read.iter().map(|read| 2.0 * read).collect();
    let bytes = (dim * depth * width) as f64;
    println!(
        "{} {storage:?} {depth} x {dim}: read {:.1} GB/s; step {:.2} ms, of it one pass {:.2} ms = {:.1} GB/s, {:.2} of the bandwidth",
        T::NAME,
        bytes / median(&read) / 1e6,
        median(&with),
        median(&passes),
        2.0 * bytes / median(&passes) / 1e6,
        ratio(&twice, &passes),
    );
}

fn main() {
    let rounds = repetitions(15);
    bench::<f32>(1_000_000, 100, Storage::Kept, rounds);
    bench::<f64>(500_000, 100, Storage::Kept, rounds);
    bench::<f64>(1_000_000, 100, Storage::Single, rounds);
}
