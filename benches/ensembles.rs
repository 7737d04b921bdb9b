//! Spectra of large random matrices in tridiagonal form: all eigenvalues at n = 10^4, counts and extremes at n = 10^6.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use eigenscape::random::Key;
use eigenscape::random_matrix::{BetaHermite, BetaLaguerre, HaarFrame, Interval, chi_squared};

fn ensembles(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ensembles");
    group.sample_size(10);
    let key = Key::new(0);

    let hermite = BetaHermite::new(10_000, 1.0, 1.0).unwrap();
    let laguerre = BetaLaguerre::new(10_000, 20_000, 1.0, 1.0).unwrap();
    group.bench_function("hermite, all of 10^4", |bencher| bencher.iter(|| hermite.eigenvalues(key).unwrap()));
    group.bench_function("laguerre, all of 10^4", |bencher| bencher.iter(|| laguerre.eigenvalues(key).unwrap()));

    let million = 1_000_000;
    let hermite = BetaHermite::new(million, 1.0, 1.0).unwrap();
    let laguerre = BetaLaguerre::new(million, 2 * million, 1.0, 1.0).unwrap();
    group.bench_function("hermite, draw 10^6", |bencher| bencher.iter(|| hermite.tridiagonal(key)));
    group.bench_function("laguerre, draw 10^6", |bencher| bencher.iter(|| laguerre.tridiagonal(key)));
    for (name, matrix) in [("hermite", hermite.tridiagonal(key)), ("laguerre", laguerre.tridiagonal(key))] {
        let interval = black_box(Interval { lower: 0.25, upper: 1.0 });
        group.bench_function(format!("{name}, count in 10^6"), |bencher| bencher.iter(|| matrix.count(interval)));
        group.bench_function(format!("{name}, largest of 10^6 to 1e-9"), |bencher| {
            bencher.iter(|| matrix.eigenvalue(million - 1, 1e-9).unwrap());
        });
        group.bench_function(format!("{name}, tenth largest of 10^6 to all digits"), |bencher| {
            bencher.iter(|| matrix.eigenvalue(million - 10, 0.0).unwrap());
        });
    }

    let mut values = vec![0.0; million];
    for degrees in [1.0, 50.0, 1e3, 1e6] {
        group.bench_function(format!("10^6 chi-square values, {degrees} degrees of freedom"), |bencher| {
            bencher.iter(|| chi_squared(key, degrees, 0, &mut values).unwrap());
        });
    }
    let frame = HaarFrame::new(10_000, 100).unwrap();
    group.bench_function("haar, 10^4 x 100", |bencher| bencher.iter(|| frame.sample::<f64>(key)));
}

criterion_group!(benches, ensembles);
criterion_main!(benches);
