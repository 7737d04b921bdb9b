//! Medians of Lanczos runs and of a search for eigenpairs, as lines of JSON: our side of
//! `benches/peers/compare_krylov.py`.

mod common;

use std::fs;
use std::path::Path;

use common::clock::{alternate, median, repetitions};
use eigenscape::krylov::{Eigenpairs, Eigensolver};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::Counted;
use eigenscape::random::Key;
use eigenscape::spectrum::StochasticLanczos;

/// If set, the folder into which inputs, labels and parameters of both works are written, for the other side to read.
const FOLDER: &str = "EIGENSCAPE_WORKS";

fn write(folder: &Path, name: &str, (sizes, examples): (&[usize], usize), theta: &[f32]) {
    let inputs: Vec<f32> = common::normal(examples * sizes[0], 0);
    let mut labels = vec![0; examples];
    Key::new(1).integers(0, 10, &mut labels);
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("{name}.inputs")), floats(&inputs)).unwrap();
    fs::write(folder.join(format!("{name}.labels")), labels.iter().map(|&label| label as u8).collect::<Vec<u8>>())
        .unwrap();
    fs::write(folder.join(format!("{name}.theta")), floats(theta)).unwrap();
}

fn line(work: &str, quantity: &str, times: &[f64], rest: &str) {
    println!(r#"{{"work":"{work}","quantity":"{quantity}","milliseconds":{:.4}{rest}}}"#, median(times));
}

fn found(pairs: &Eigenpairs<f32>, matvecs: u64) -> String {
    assert!(pairs.report.converged && pairs.len() == 10);
    format!(r#","matvecs":{matvecs},"values":{:?}"#, pairs.values)
}

fn main() {
    let repetitions = repetitions(3);
    let w1 = common::work::<f32>(common::W1.0, common::W1.1);
    let w2 = common::work::<f32>(common::W2.0, common::W2.1);
    if let Some(folder) = std::env::var_os(FOLDER) {
        write(Path::new(&folder), "W1", common::W1, &w1.1);
        write(Path::new(&folder), "W2", common::W2, &w2.1);
        return;
    }
    let (point, small) = (w1.0.at(&w1.1).unwrap(), w2.0.at(&w2.1).unwrap());
    let (wide, hessian) = (point.hessian(), small.hessian());

    let many = StochasticLanczos::<f32>::new(Key::new(4)).probes(10).steps(100);
    let long = StochasticLanczos::<f32>::new(Key::new(4)).probes(1).steps(60);
    assert!((many.run(&hessian).unwrap().mean().mass() - 1.0).abs() < 1e-6);

    let solver = Eigensolver::new(10, Key::new(3)).relative_tolerance(1e-4);
    let counted = Counted::new(&hessian);
    let pairs = solver.run::<f32, _>(&counted).unwrap();
    let extra = found(&pairs, counted.matvecs());
    // Without the check of multiplicities, as `eigsh` works: "eigenpairs_10_single" is what is compared with it, and the
    // default says what the check costs on top.
    let single = solver.check_multiplicity(false);
    let counted = Counted::new(&hessian);
    let single_extra = found(&single.run::<f32, _>(&counted).unwrap(), counted.matvecs());

    let times = alternate(
        repetitions,
        [
            &mut || _ = many.run(&hessian).unwrap(),
            &mut || _ = long.run(&wide).unwrap(),
            &mut || _ = solver.run::<f32, _>(&hessian).unwrap(),
            &mut || _ = single.run::<f32, _>(&hessian).unwrap(),
        ],
    );
    line("W2", "lanczos_10x100", &times[0], "");
    line("W1", "lanczos_1x60", &times[1], "");
    line("W2", "eigenpairs_10", &times[2], &extra);
    line("W2", "eigenpairs_10_single", &times[3], &single_extra);
}
