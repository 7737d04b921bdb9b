//! Graphs through their Laplacians, as sparse matrices from another library: components, connectivity and the
//! distribution of all eigenvalues, each beside its exact value.
//!
//!     cargo run --release --example graph_laplacian

use std::f64::consts::TAU;
use std::time::Instant;

use eigenscape::krylov::{Eigensolver, GeneralizedEigensolver, Metric, Which};
use eigenscape::operator::{AssumeSymmetric, FromFaer};
use eigenscape::random::Key;
use eigenscape::spectrum::{Estimate, StochasticLanczos};
use faer::sparse::{SparseColMat, Triplet};

/// What an eigenvalue may be off by to count as zero.
const ZERO: f64 = 1e-8;

/// A graph by its Laplacian D - A: degrees on the diagonal, -1 for each edge.
struct Graph {
    degrees: Vec<f64>,
    laplacian: SparseColMat<usize, f64>,
}

impl Graph {
    fn new(nodes: usize, edges: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut degrees = vec![0.0; nodes];
        let mut entries = Vec::new();
        for (i, j) in edges {
            degrees[i] += 1.0;
            degrees[j] += 1.0;
            entries.extend([Triplet::new(i, j, -1.0), Triplet::new(j, i, -1.0)]);
        }
        entries.extend(degrees.iter().enumerate().map(|(i, &degree)| Triplet::new(i, i, degree)));
        let laplacian = SparseColMat::try_new_from_triplets(nodes, nodes, &entries).expect("nodes are in range");
        Graph { degrees, laplacian }
    }

    /// Sparse by its type, symmetric by inspection.
    fn operator(&self) -> AssumeSymmetric<FromFaer<&SparseColMat<usize, f64>>> {
        AssumeSymmetric::new(FromFaer::new(&self.laplacian))
    }
}

/// Zachary's karate club, from the file.
fn karate_club() -> Graph {
    let lines = include_str!("data/karate-club.txt").lines();
    let edges = lines.flat_map(|line| {
        let number = |word: &str| word.parse::<usize>().expect("a number") - 1;
        let (member, others) = line.split_once(':').expect("a member and a colon");
        others.split_whitespace().map(move |other| (number(member), number(other)))
    });
    Graph::new(34, edges)
}

/// Copies of the hypercube whose nodes are the words of `bits` bits, with an edge where two differ in one bit.
///
/// Eigenvalues 2 k with multiplicity `bits` over k, in each copy.
fn hypercubes(copies: usize, bits: usize) -> Graph {
    let nodes = copies << bits;
    let edges = (0..nodes).flat_map(move |node| (0..bits).map(move |bit| (node, node ^ (1 << bit))));
    Graph::new(nodes, edges.filter(|(i, j)| i < j))
}

/// A grid of `width` x `height` whose sides meet: eigenvalues 4 - 2 cos(2 pi i / width) - 2 cos(2 pi j / height).
fn torus(width: usize, height: usize) -> Graph {
    let edges = (0..width * height).flat_map(move |node| {
        let (row, col) = (node / width, node % width);
        [(node, row * width + (col + 1) % width), (node, (row + 1) % height * width + col)]
    });
    Graph::new(width * height, edges)
}

fn row(what: &str, computed: f64, error: f64, exact: f64) {
    println!("{what:<44} {computed:>14.9} {error:>10.1e} {exact:>14.9} {:>10.1e}", (computed - exact).abs());
}

fn main() -> eigenscape::Result<()> {
    let start = Instant::now();
    println!("{:<44} {:>14} {:>10} {:>14} {:>10}", "", "computed", "error", "exact", "off by");

    let club = karate_club();
    println!("\nZachary's karate club: 34 members, 78 ties");
    let dense = club.laplacian.to_dense();
    let exact = dense.self_adjoint_eigenvalues(faer::Side::Lower).expect("they converge");
    let bottom = Eigensolver::new(4, Key::new(0)).which(Which::Smallest).run(&club.operator())?;
    bottom.report.require()?;
    for (rank, name) in ["zero: one component", "Fiedler value", "third", "fourth"].into_iter().enumerate() {
        row(name, bottom.values[rank], bottom.error_bounds[rank], exact[rank]);
    }
    let side = bottom.vector(1).iter().filter(|&&x| (x > 0.0) == (bottom.vector(1)[0] > 0.0)).count();
    println!("its vector puts {side} members on the first one's side, {} on the other", 34 - side);
    // L x = lambda D x: what a random walk sees.
    let degrees = Metric::diagonal(club.degrees.clone())?;
    let walk = GeneralizedEigensolver::new(2, Key::new(0)).which(Which::Smallest).run(&club.operator(), &degrees)?;
    walk.report.require()?;
    let scaled = |i: usize, j: usize| dense[(i, j)] / (club.degrees[i] * club.degrees[j]).sqrt();
    let exact = faer::Mat::from_fn(34, 34, scaled).self_adjoint_eigenvalues(faer::Side::Lower).expect("they converge");
    row("gap of the random walk", walk.values[1], walk.error_bounds[1], exact[1]);

    let (copies, bits) = (2, 16);
    let cubes = hypercubes(copies, bits);
    println!(
        "\n{copies} hypercubes of {bits} dimensions: {} nodes, {} distinct eigenvalues",
        cubes.degrees.len(),
        bits + 1
    );
    let bottom = Eigensolver::new(6, Key::new(1)).which(Which::Smallest).run(&cubes.operator())?;
    bottom.report.require()?;
    for (rank, &value) in bottom.values.iter().enumerate() {
        row(
            &format!("eigenvalue {}", rank + 1),
            value,
            bottom.error_bounds[rank],
            if rank < copies { 0.0 } else { 2.0 },
        );
    }
    let components = bottom.values.iter().filter(|value| value.abs() <= ZERO).count();
    println!("{components} components, in {} products", bottom.report.matvecs);

    let (width, height) = (320, 320);
    let grid = torus(width, height);
    println!("\na torus of {width} x {height}: {} nodes", grid.degrees.len());
    let measure = StochasticLanczos::<f64>::new(Key::new(2)).probes(10).steps(60).run(&grid.operator())?;
    measure.report().require()?;
    let wave = |k: usize, size: usize| 2.0 - 2.0 * (TAU * k as f64 / size as f64).cos();
    let all: Vec<f64> = (0..width * height).map(|at| wave(at % width, width) + wave(at / width, height)).collect();
    let mean = |of: &dyn Fn(f64) -> f64| all.iter().map(|&x| of(x)).sum::<f64>() / all.len() as f64;
    let estimate = |name: &str, found: Estimate, exact: f64| {
        row(name, found.mean, found.standard_error.unwrap_or(f64::NAN), exact);
    };
    for power in 1..=4 {
        estimate(&format!("moment {power}"), measure.moment(power)?, mean(&|x| x.powi(power)));
    }
    // The mean over nodes of the chance that heat, or a walker, is at its start at time t.
    for t in [0.1, 1.0, 10.0] {
        let stays = |x: f64| (-t * x).exp();
        estimate(&format!("return after time {t}"), measure.integrate(stays)?, mean(&stays));
    }
    println!("\n{:.1} seconds", start.elapsed().as_secs_f64());
    Ok(())
}
