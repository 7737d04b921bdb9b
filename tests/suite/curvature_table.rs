//! Every operator at a point against its dense matrix, for every pair of a loss and a network.
//!
//! The dense matrices are written from their definitions: from a Jacobian by differences of logits, from a second
//! derivative by differences of Jacobians, and from formulas for what each loss says at the logits.

use eigenscape::curvature::{ClassPart, Examples, LogitCurvature, Loss, LossFunction, Risk};
use eigenscape::network::{Activation, Convolution, Initialization, Network, Perceptron, Sequential};
use eigenscape::objective::{Objective, Point};
use eigenscape::operator::{
    Adjoint, BlockDiagonal, Compressed, Diagonal, Gram, LinearOperator, Normal, Selection, to_dense,
};
use eigenscape::random::Key;
use eigenscape::tape::Var;
use eigenscape::{Error, Scalar};

use crate::oracle::{assert_close, symmetric_eigenvalues};
use crate::support::{Table, assert_mean, dot, normal, product, with_threads};

/// Softmax cross-entropy of which the library knows nothing but the recording.
#[derive(Debug)]
struct Unknown;

impl<T: Scalar> LossFunction<T> for Unknown {
    fn record<'t>(&self, outputs: Var<'t, T>, targets: Var<'t, T>) -> Var<'t, T> {
        outputs.log_sum_exp() - (targets * outputs).sum_axes(&[1])
    }
}

/// What a loss says at a row of logits: gradient and second derivative.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Known(Loss),
    Unknown,
}

const KINDS: [Kind; 5] = [
    Kind::Known(Loss::SoftmaxCrossEntropy),
    Kind::Known(Loss::SquaredError),
    Kind::Known(Loss::Logistic),
    Kind::Known(Loss::Poisson),
    Kind::Unknown,
];

impl Kind {
    fn risk<T: Scalar>(self, network: &Networks, examples: Examples<T>) -> Risk<T> {
        match (self, network) {
            (Kind::Known(loss), Networks::Perceptron(network)) => Risk::new(network, loss, examples),
            (Kind::Known(loss), Networks::Sequential(network)) => Risk::new(network, loss, examples),
            (Kind::Unknown, Networks::Perceptron(network)) => Risk::new(network, Unknown, examples),
            (Kind::Unknown, Networks::Sequential(network)) => Risk::new(network, Unknown, examples),
        }
        .unwrap()
    }

    /// The gradient and the second derivative by the logits.
    fn at(self, z: &[f64], y: &[f64]) -> (Vec<f64>, Table) {
        let size = z.len();
        let total: f64 = z.iter().map(|z| z.exp()).sum();
        let diagonal = |entries: Vec<f64>| Table::new(size, size, |i, j| if i == j { entries[i] } else { 0.0 });
        let difference = |means: &[f64]| means.iter().zip(y).map(|(mean, y)| mean - y).collect();
        match self {
            Kind::Known(Loss::SquaredError) => (difference(z), diagonal(vec![1.0; size])),
            Kind::Known(Loss::Logistic) => {
                let q: Vec<f64> = z.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
                (difference(&q), diagonal(q.iter().map(|q| q * (1.0 - q)).collect()))
            }
            Kind::Known(Loss::Poisson) => {
                let means: Vec<f64> = z.iter().map(|z| z.exp()).collect();
                (difference(&means), diagonal(means))
            }
            _ => {
                let p: Vec<f64> = z.iter().map(|z| z.exp() / total).collect();
                let second = Table::new(size, size, |i, j| if i == j { p[i] - p[i] * p[j] } else { -p[i] * p[j] });
                (difference(&p), second)
            }
        }
    }
}

#[derive(Debug)]
enum Networks {
    Perceptron(Perceptron),
    Sequential(Sequential),
}

impl Networks {
    fn all() -> [Networks; 3] {
        let images = Sequential::new(&[1, 4, 4]).unwrap().convolution(Convolution::new(2, [3, 3]).same()).unwrap();
        let images = images.activation(Activation::Tanh).average_pool([2, 2]).unwrap().flatten().dense(3).unwrap();
        [
            Networks::Perceptron(Perceptron::new(&[2, 3], Activation::Identity).unwrap()),
            Networks::Perceptron(Perceptron::new(&[3, 4, 3], Activation::Tanh).unwrap()),
            Networks::Sequential(images),
        ]
    }

    fn inputs(&self) -> usize {
        match self {
            Networks::Perceptron(network) => network.inputs(),
            Networks::Sequential(network) => network.inputs(),
        }
    }

    fn theta(&self, key: Key) -> Vec<f64> {
        let start: Vec<f64> = match self {
            Networks::Perceptron(network) => Initialization::lecun().draw(network, key),
            Networks::Sequential(network) => Initialization::lecun().draw(network, key),
        };
        let noise: Vec<f64> = normal(start.len(), key.split(9));
        start.iter().zip(noise).map(|(x, z)| x + 0.1 * z).collect()
    }
}

const CLASSES: usize = 3;

/// Examples for a kind of loss, with labels where it has classes, and uneven weights.
fn examples<T: Scalar>(kind: Kind, inputs: usize, count: usize, key: Key) -> Examples<T> {
    let x: Vec<f64> = normal(count * inputs, key.split(0));
    let x = x.into_iter().map(T::of).collect();
    let mut labels = vec![0; count];
    key.split(1).integers(0, CLASSES, &mut labels);
    let plain: Vec<f64> = normal(count * CLASSES, key.split(2));
    let target = |f: fn(f64) -> f64| plain.iter().map(|&y| T::of(f(y))).collect();
    let examples = match kind {
        Kind::Known(Loss::SquaredError) => Examples::new(x, inputs, target(|y| y), CLASSES),
        Kind::Known(Loss::Logistic) => Examples::new(x, inputs, target(|y| if y > 0.0 { 1.0 } else { 0.0 }), CLASSES),
        Kind::Known(Loss::Poisson) => Examples::new(x, inputs, target(|y| (3.0 * y.abs()).floor()), CLASSES),
        _ => Examples::labelled(x, inputs, &labels, CLASSES),
    };
    let weights = (0..count).map(|m| T::of((1.0 + (m % 3) as f64) / (2.0 * count as f64))).collect();
    examples.unwrap().weighted(weights).unwrap()
}

/// The derivative of a vector function by central differences, extrapolated once: columns by parameter.
fn differences(theta: &[f64], of: impl Fn(&[f64]) -> Vec<f64>) -> Table {
    const STEP: f64 = 2e-3;
    let along = |parameter: usize, step: f64| {
        let moved = |by: f64| {
            let mut theta = theta.to_vec();
            theta[parameter] += by;
            of(&theta)
        };
        let (ahead, behind) = (moved(step), moved(-step));
        ahead.iter().zip(behind).map(|(a, b)| (a - b) / (2.0 * step)).collect::<Vec<f64>>()
    };
    let columns: Vec<Vec<f64>> = (0..theta.len())
        .map(|parameter| {
            let (coarse, fine) = (along(parameter, STEP), along(parameter, STEP / 2.0));
            coarse.iter().zip(fine).map(|(coarse, fine)| (4.0 * fine - coarse) / 3.0).collect()
        })
        .collect();
    Table::new(columns[0].len(), theta.len(), |row, col| columns[col][row])
}

/// sum over rows m of weight_m (rows of m)' (matrix of m) (rows of m).
fn sandwich(jacobian: &Table, middle: &Table) -> Table {
    jacobian.t().times(middle).times(jacobian)
}

fn block_diagonal(blocks: &[Table]) -> Table {
    let size = blocks[0].rows;
    Table::new(size * blocks.len(), size * blocks.len(), |row, col| {
        if row / size == col / size { blocks[row / size].at(row % size, col % size) } else { 0.0 }
    })
}

/// The dense matrices of a point, by their definitions.
struct Dense {
    jacobian: Table,
    weights: Vec<f64>,
    gauss_newton: Table,
    remainder: Table,
    gradients: Table,
    probabilities: Table,
}

impl Dense {
    fn new(kind: Kind, network: &Networks, theta: &[f64], count: usize, key: Key) -> Self {
        let examples: Examples<f64> = examples(kind, network.inputs(), count, key);
        let (targets, weights) = (examples.targets().to_vec(), examples.weights().to_vec());
        let risk = kind.risk(network, examples);
        let jacobian_at = |theta: &[f64]| differences(theta, |theta| risk.logits(theta));
        let (jacobian, logits) = (jacobian_at(theta), risk.logits(theta));
        let rows = || logits.chunks_exact(CLASSES).zip(targets.chunks_exact(CLASSES));
        let (first, second): (Vec<Vec<f64>>, Vec<Table>) = rows().map(|(z, y)| kind.at(z, y)).unzip();
        let scaled = |m: usize| Table::new(CLASSES, CLASSES, |i, j| weights[m] * second[m].at(i, j));
        let gauss_newton = sandwich(&jacobian, &block_diagonal(&(0..count).map(scaled).collect::<Vec<_>>()));
        let e: Vec<f64> =
            (0..count * CLASSES).map(|at| weights[at / CLASSES] * first[at / CLASSES][at % CLASSES]).collect();
        let remainder = differences(theta, |theta| {
            let jacobian = risk_jacobian(&risk, theta);
            jacobian.t().product(&e)
        });
        let gradients = Table::new(count, theta.len(), |m, p| {
            (0..CLASSES).map(|k| first[m][k] * jacobian.at(m * CLASSES + k, p)).sum()
        });
        let probabilities = Table::new(count, CLASSES, |m, k| {
            let z = &logits[m * CLASSES..][..CLASSES];
            z[k].exp() / z.iter().map(|z| z.exp()).sum::<f64>()
        });
        Dense { jacobian, weights, gauss_newton, remainder, gradients, probabilities }
    }

    /// sum_m w_m g_m g_m'.
    fn second_moment(&self, gradients: &Table) -> Table {
        let weights = Table::new(gradients.rows, gradients.rows, |i, j| if i == j { self.weights[i] } else { 0.0 });
        sandwich(gradients, &weights)
    }

    fn covariance(&self) -> Table {
        let total: f64 = self.weights.iter().sum();
        let mean: Vec<f64> = self.gradients.t().product(&self.weights).iter().map(|g| g / total).collect();
        let centred = Table::new(self.gradients.rows, self.gradients.cols, |m, p| self.gradients.at(m, p) - mean[p]);
        self.second_moment(&centred)
    }

    /// The four parts of the class structure, with means stored as they are defined.
    fn class_parts(&self, labels: &[usize]) -> [Table; 4] {
        let params = self.jacobian.cols;
        let gradient = |m: usize, k: usize, p: usize| {
            let mean: f64 =
                (0..CLASSES).map(|l| self.probabilities.at(m, l) * self.jacobian.at(m * CLASSES + l, p)).sum();
            self.jacobian.at(m * CLASSES + k, p) - mean
        };
        let weight = |m: usize, k: usize| self.weights[m] * self.probabilities.at(m, k);
        let members = |c: usize| (0..labels.len()).filter(move |&m| labels[m] == c);
        let pair_weight = |c: usize, k: usize| members(c).map(|m| weight(m, k)).sum::<f64>();
        let pair_mean = |c: usize, k: usize| -> Vec<f64> {
            (0..params)
                .map(|p| members(c).map(|m| weight(m, k) * gradient(m, k, p)).sum::<f64>() / pair_weight(c, k))
                .collect()
        };
        let mut parts = [(); 4].map(|()| Table::new(params, params, |_, _| 0.0));
        let mut add = |part: usize, scale: f64, v: &[f64]| {
            let square = Table::new(params, params, |i, j| v[i] * v[j]);
            parts[part] = parts[part].plus(scale, &square);
        };
        for c in 0..CLASSES {
            if members(c).count() == 0 {
                continue;
            }
            let others = || (0..CLASSES).filter(move |&k| k != c);
            let class_weight: f64 = others().map(|k| pair_weight(c, k)).sum();
            let means: Vec<Vec<f64>> = (0..CLASSES).map(|k| pair_mean(c, k)).collect();
            let class_mean: Vec<f64> = (0..params)
                .map(|p| others().map(|k| pair_weight(c, k) * means[k][p]).sum::<f64>() / class_weight)
                .collect();
            add(0, class_weight, &class_mean);
            for k in others() {
                let about: Vec<f64> = means[k].iter().zip(&class_mean).map(|(x, y)| x - y).collect();
                add(1, pair_weight(c, k), &about);
                for m in members(c) {
                    let about: Vec<f64> = (0..params).map(|p| gradient(m, k, p) - means[k][p]).collect();
                    add(2, weight(m, k), &about);
                }
            }
            for m in members(c) {
                let own: Vec<f64> = (0..params).map(|p| gradient(m, c, p)).collect();
                add(3, weight(m, c), &own);
            }
        }
        parts
    }
}

fn risk_jacobian(risk: &Risk<f64>, theta: &[f64]) -> Table {
    let point = risk.at(theta).unwrap();
    let jacobian = point.jacobian();
    Table { rows: jacobian.rows(), cols: jacobian.cols(), entries: to_dense(&jacobian).entries().to_vec() }
}

/// An operator and its transpose are the matrix and its transpose.
#[track_caller]
fn same<T: Scalar>(what: &str, operator: &impl Adjoint<T>, expected: &Table, tolerance: f64) {
    assert_eq!((operator.rows(), operator.cols()), (expected.rows, expected.cols), "{what}: size");
    assert_close(what, to_dense(operator).entries(), &expected.entries, tolerance);
    let y: Vec<T> = normal(operator.rows(), Key::new(77));
    let mut x = vec![T::nan(); operator.cols()];
    operator.apply_adjoint(&y, &mut x);
    assert_close(&format!("{what}, adjoint"), &x, &expected.t().product(&y), 4.0 * tolerance);
    let vectors = 3;
    let ys: Vec<T> = normal(vectors * operator.rows(), Key::new(78));
    let mut xs = vec![T::nan(); vectors * operator.cols()];
    operator.apply_adjoint_block(&ys, &mut xs, vectors);
    let each: Vec<f64> = ys.chunks_exact(operator.rows()).flat_map(|y| expected.t().product(y)).collect();
    assert_close(&format!("{what}, adjoint of a block"), &xs, &each, 4.0 * tolerance);
}

fn every_operator<T: Scalar>(tolerance: f64) {
    for network in &Networks::all() {
        for (number, kind) in KINDS.into_iter().enumerate() {
            let key = Key::new(number as u64);
            let count = 7;
            let theta = network.theta(key.split(5));
            let dense = Dense::new(kind, network, &theta, count, key);
            let risk: Risk<T> = kind.risk(network, examples(kind, network.inputs(), count, key));
            let theta: Vec<T> = theta.into_iter().map(T::of).collect();
            let point = risk.at(&theta).unwrap();
            let what = |operator: &str| format!("{operator} of {kind:?} on {network:?}");

            let hessian = dense.gauss_newton.plus(1.0, &dense.remainder);
            same(&what("Hessian"), &point.hessian(), &hessian, tolerance);
            same(&what("Gauss-Newton matrix"), &point.gauss_newton(), &dense.gauss_newton, tolerance);
            if matches!(network, Networks::Perceptron(network) if network.blocks().len() == 2) {
                // Linear: nothing remains.
                let remainder = to_dense(&point.remainder());
                assert!(remainder.entries().iter().all(|x| x.f64() == 0.0), "{}", what("remainder"));
            } else {
                same(&what("remainder"), &point.remainder(), &dense.remainder, 10.0 * tolerance);
            }
            same(&what("Jacobian"), &point.jacobian(), &dense.jacobian, tolerance);
            same(&what("kernel"), &point.kernel(), &dense.jacobian.times(&dense.jacobian.t()), tolerance);
            let gradients = point.gradients().unwrap();
            same(&what("gradients"), &gradients, &dense.gradients, tolerance);
            assert_close(
                &what("gradients, stored"),
                gradients.dense().unwrap().entries(),
                &dense.gradients.entries,
                tolerance,
            );
            let kernel = dense.jacobian.times(&dense.jacobian.t());
            let stored = point.logit_gradients_gram().dense().unwrap();
            assert_close(&what("kernel, stored"), stored.entries(), &kernel.entries, tolerance);
            let gram = dense.gradients.times(&dense.gradients.t());
            let stored = point.gradient_gram().unwrap().dense().unwrap();
            assert_close(&what("Gram matrix, stored"), stored.entries(), &gram.entries, tolerance);
            same(&what("Gram matrix"), &point.gradient_gram().unwrap(), &gram, tolerance);
            let covariance = point.gradient_covariance().unwrap();
            let rows = covariance.root().dense().unwrap();
            same(&what("covariance by stored rows"), &Normal::new(rows), &dense.covariance(), tolerance);
            let empirical = dense.second_moment(&dense.gradients);
            same(&what("empirical Fisher"), &point.empirical_fisher().unwrap(), &empirical, tolerance);
            same(&what("covariance"), &point.gradient_covariance().unwrap(), &dense.covariance(), tolerance);
            let root = point.gauss_newton_root().unwrap();
            same(&what("root"), &Normal::new(&root), &dense.gauss_newton, tolerance);
            let dual: Vec<f64> = to_dense(&Gram::new(&root)).entries().iter().map(|x| x.f64()).collect();
            let mut dual = symmetric_eigenvalues(&dual, root.rows());
            let mut primal = symmetric_eigenvalues(&dense.gauss_newton.entries, theta.len());
            dual.reverse();
            primal.reverse();
            let common = dual.len().min(primal.len());
            assert_close(&what("dual spectrum"), &dual[..common], &primal[..common], tolerance);
            match kind {
                Kind::Unknown => assert!(matches!(point.fisher(), Err(Error::Missing { .. }))),
                Kind::Known(_) => same(&what("Fisher"), &point.fisher().unwrap(), &dense.gauss_newton, tolerance),
            }
            match kind {
                Kind::Known(Loss::SoftmaxCrossEntropy) => {
                    let labels = risk.examples().labels().unwrap().to_vec();
                    let structure = point.class_structure().unwrap();
                    let parts = dense.class_parts(&labels);
                    let scale = dense.gauss_newton.norm();
                    for (part, expected) in ClassPart::ALL.into_iter().zip(&parts) {
                        let actual = to_dense(&structure.parts(&[part]));
                        let off = actual.entries().iter().zip(&expected.entries).map(|(a, e)| (a.f64() - e).abs());
                        assert!(off.fold(0.0, f64::max) <= tolerance * scale, "{}: {part:?}", what("class structure"));
                    }
                    let others = [ClassPart::Pairs, ClassPart::Within, ClassPart::Own];
                    let rest = dense.gauss_newton.plus(-1.0, &parts[0]);
                    same(&what("knock-out"), &structure.parts(&others), &rest, tolerance);
                    for part in [ClassPart::Classes, ClassPart::Pairs] {
                        let values = structure.eigenvalues(part).unwrap();
                        let mut expected = symmetric_eigenvalues(&parts[part as usize].entries, theta.len());
                        expected.reverse();
                        let common = values.len().min(expected.len());
                        let off = values[..common].iter().zip(&expected).map(|(a, e)| (a - e).abs());
                        assert!(
                            off.fold(0.0, f64::max) <= tolerance * scale,
                            "{}: eigenvalues",
                            what("class structure")
                        );
                    }
                    assert!(structure.eigenvalues(ClassPart::Within).is_err());
                }
                _ => assert!(point.class_structure().is_err()),
            }

            let blocks: Vec<_> = risk.blocks().iter().map(|block| block.range()).collect();
            let place = |p: usize| blocks.iter().position(|block| block.contains(&p));
            let diagonal =
                Table::new(theta.len(), theta.len(), |i, j| if place(i) == place(j) { hessian.at(i, j) } else { 0.0 });
            let of_blocks = BlockDiagonal::new(point.hessian(), blocks.clone()).unwrap();
            same(&what("diagonal blocks"), &of_blocks, &diagonal, tolerance);
            let biases = Selection::new(theta.len(), blocks.iter().skip(1).step_by(2).cloned()).unwrap();
            let chosen: Vec<usize> = biases.ranges().iter().cloned().flatten().collect();
            let cut = Table::new(chosen.len(), chosen.len(), |i, j| hessian.at(chosen[i], chosen[j]));
            same(&what("biases"), &Compressed::new(point.hessian(), &biases).unwrap(), &cut, tolerance);
            let mask: Vec<T> = (0..theta.len()).map(|p| T::of((p % 2) as f64)).collect();
            let masked = Table::new(theta.len(), theta.len(), |i, j| (i % 2 * (j % 2)) as f64 * hessian.at(i, j));
            same(&what("mask"), &Compressed::new(point.hessian(), Diagonal::new(mask)).unwrap(), &masked, tolerance);
        }
    }
}

#[test]
fn every_operator_is_its_dense_matrix_in_double_precision() {
    every_operator::<f64>(1e-9);
}

#[test]
fn every_operator_is_its_dense_matrix_in_single_precision() {
    every_operator::<f32>(2e-4);
}

/// Three chunks and a rest, kept and recomputed, on 1, 2, 3 and 8 threads: the same bits.
#[test]
fn bits_depend_on_neither_threads_nor_budget() {
    let network = Networks::Perceptron(Perceptron::new(&[3, 5, CLASSES], Activation::Tanh).unwrap());
    let kind = Kind::Known(Loss::SoftmaxCrossEntropy);
    let theta = network.theta(Key::new(0));
    let run = |threads: usize, budget: usize| {
        with_threads(threads, || {
            let risk: Risk<f64> = kind.risk(&network, examples(kind, 3, 1000, Key::new(1))).memory_budget(budget);
            let point = risk.at(&theta).unwrap();
            let v: Vec<f64> = normal(theta.len(), Key::new(2));
            let structure = point.class_structure().unwrap();
            [
                product(&point.hessian(), &v),
                product(&point.gauss_newton(), &v),
                product(&point.remainder(), &v),
                product(&point.empirical_fisher().unwrap(), &v),
                product(&point.gradient_covariance().unwrap(), &v),
                product(&point.sampled_fisher(2, Key::new(3)).unwrap(), &v),
                product(&point.jacobian(), &v),
                product(&point.kernel(), &product(&point.jacobian(), &v)),
                product(&Normal::new(point.gauss_newton_root().unwrap()), &v),
                product(&structure.parts(&[ClassPart::Pairs]), &v),
            ]
            .map(|product| product.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        })
    };
    let first = run(1, usize::MAX);
    // The third budget keeps some of the chunks.
    for (threads, budget) in
        [(1, 0), (2, usize::MAX), (2, 200_000), (2, 0), (3, usize::MAX), (8, usize::MAX), (8, 200_000), (8, 0)]
    {
        assert!(run(threads, budget) == first, "{threads} threads within {budget} bytes give other bits");
    }
}

/// Some, all or no residuals, by the budget; and what is reported stays within it where anything can.
#[test]
fn budgets_decide_what_is_kept() {
    let network = Networks::Perceptron(Perceptron::new(&[3, 5, CLASSES], Activation::Tanh).unwrap());
    let kind = Kind::Known(Loss::SoftmaxCrossEntropy);
    let theta = network.theta(Key::new(0));
    let memory = |budget: usize| {
        let risk: Risk<f64> = kind.risk(&network, examples(kind, 3, 1000, Key::new(1))).memory_budget(budget);
        with_threads(2, || risk.at(&theta).unwrap().hessian().memory())
    };
    let (all, some, none) = (memory(1 << 20), memory(200_000), memory(0));
    assert_eq!((all.kept, all.chunks, none.kept, none.residuals), (8, 8, 0, 0));
    assert!(0 < some.kept && some.kept < 8, "{some:?}");
    assert!(all.residuals + all.running <= 1 << 20 && some.residuals + some.running <= 200_000, "{all:?}, {some:?}");
    assert_eq!(some.residuals * 8, all.residuals * some.kept);
}

/// G's dual has G's non-zero eigenvalues to rounding, where it is the smaller of both.
#[test]
fn the_dual_has_the_spectrum_of_the_primal() {
    let network = Networks::Perceptron(Perceptron::new(&[3, 20, CLASSES], Activation::Tanh).unwrap());
    for kind in KINDS {
        let theta = network.theta(Key::new(0));
        let risk: Risk<f64> = kind.risk(&network, examples(kind, 3, 10, Key::new(1)));
        let point = risk.at(&theta).unwrap();
        let spectrum = |operator: &dyn LinearOperator<f64>| {
            let mut values = symmetric_eigenvalues(to_dense(operator).entries(), operator.rows());
            values.reverse();
            values
        };
        let dual = spectrum(&Gram::new(point.gauss_newton_root().unwrap()));
        let primal = spectrum(&point.gauss_newton());
        assert!(dual.len() < primal.len());
        let scale = primal[0];
        let off = dual.iter().zip(&primal).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let rest = primal[dual.len()..].iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        assert!(off <= 1e-10 * scale && rest <= 1e-10 * scale, "{kind:?}: off by {off} and {rest} of {scale}");
    }
}

/// A part of the examples is a risk of its own: that of the same examples given alone.
#[test]
fn a_mini_batch_is_the_risk_of_its_examples() {
    let network = Networks::Perceptron(Perceptron::new(&[3, 5, CLASSES], Activation::Tanh).unwrap());
    let kind = Kind::Known(Loss::SoftmaxCrossEntropy);
    let risk: Risk<f64> = kind.risk(&network, examples(kind, 3, 40, Key::new(1)));
    let positions = [7, 3, 39];
    let alone = kind.risk(&network, risk.examples().select(&positions).unwrap());
    let theta = network.theta(Key::new(0));
    let subset = risk.subset(&positions).unwrap();
    let entries = |risk: &Risk<f64>| to_dense(&risk.at(&theta).unwrap().hessian()).entries().to_vec();
    assert_eq!(entries(&subset), entries(&alone));
    let batch = risk.mini_batch(40, Key::new(2)).unwrap();
    let mut labels = batch.examples().labels().unwrap().to_vec();
    labels.sort_unstable();
    let mut all = risk.examples().labels().unwrap().to_vec();
    all.sort_unstable();
    assert_eq!(labels, all);
    assert!(risk.mini_batch(41, Key::new(0)).is_err() && risk.mini_batch(0, Key::new(0)).is_err());
    assert!(risk.subset(&[]).is_err() && risk.subset(&[40]).is_err());
}

/// v'F v from one draw to an example is unbiased: 400 keys, within four standard errors of v'Gv.
#[test]
fn sampled_fisher_is_the_fisher_matrix_in_the_mean() {
    for (number, kind) in KINDS.into_iter().take(4).enumerate() {
        let network = Networks::Perceptron(Perceptron::new(&[3, 4, CLASSES], Activation::Tanh).unwrap());
        let key = Key::new(number as u64);
        let theta = network.theta(key);
        let risk: Risk<f64> = kind.risk(&network, examples(kind, 3, 20, key));
        let point = risk.at(&theta).unwrap();
        let v: Vec<f64> = normal(theta.len(), key.split(7));
        let exact = dot(&v, &product(&point.fisher().unwrap(), &v));
        let samples: Vec<f64> =
            (0..400).map(|draw| dot(&v, &product(&point.sampled_fisher(1, Key::new(draw)).unwrap(), &v))).collect();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (samples.len() - 1) as f64;
        assert_mean(&format!("{kind:?}"), &samples, exact, variance);
        // Eight draws at once have an eighth of the variance.
        let samples: Vec<f64> = (0..100)
            .map(|draw| dot(&v, &product(&point.sampled_fisher(8, Key::new(1000 + draw)).unwrap(), &v)))
            .collect();
        assert_mean(&format!("{kind:?}, 8 draws"), &samples, exact, variance / 8.0);
    }
}

/// Means and variances of 4000 draws, also where a count is a sum of several.
#[test]
fn draws_have_the_moments_of_their_model() {
    let draw = |loss: Loss, z: f64, key: u64| {
        let mut target = [f64::NAN];
        LossFunction::<f64>::sample(&loss, &[z], Key::new(key), &mut target).unwrap();
        target[0]
    };
    let cases = [
        (Loss::Poisson, 1.5f64.ln(), 1.5, 1.5),
        (Loss::Poisson, 1234.5f64.ln(), 1234.5, 1234.5),
        (Loss::Poisson, -800.0, 0.0, 0.0),
        (Loss::Logistic, 0.5, 1.0 / (1.0 + (-0.5f64).exp()), 0.235),
        (Loss::SquaredError, 0.3, 0.3, 1.0),
    ];
    for (loss, z, mean, variance) in cases {
        let draws: Vec<f64> = (0..4000).map(|key| draw(loss, z, key)).collect();
        assert_mean(&format!("{loss:?} at {z}"), &draws, mean, variance);
        let squares: Vec<f64> = draws.iter().map(|y| (y - mean).powi(2)).collect();
        let fourth = match loss {
            Loss::Logistic => 0.0604,
            Loss::Poisson => mean * (1.0 + 3.0 * mean),
            _ => 3.0,
        };
        assert_mean(&format!("variance of {loss:?} at {z}"), &squares, variance, fourth - variance * variance + 1e-4);
    }
    let error = LossFunction::<f64>::sample(&Loss::Poisson, &[20.0], Key::new(0), &mut [0.0]).unwrap_err();
    assert!(error.to_string().contains("must be at most 10^7"));
}

#[test]
fn bad_targets_and_losses_are_refused() {
    let network = Perceptron::new(&[1, 2], Activation::Identity).unwrap();
    let examples = |targets: [f64; 2]| Examples::new(vec![1.0], 1, targets.to_vec(), 2).unwrap();
    let refused = |loss: Loss, targets| Risk::new(&network, loss, examples(targets)).unwrap_err().to_string();
    assert!(refused(Loss::Logistic, [0.5, 1.5]).contains("1.5; it must lie in [0, 1]"));
    assert!(refused(Loss::Poisson, [0.5, -1.0]).contains("-1; it must be at least 0"));
    assert!(refused(Loss::SoftmaxCrossEntropy, [0.5, 0.4]).contains("must be 1"));

    /// Returns one number for all examples.
    #[derive(Debug)]
    struct Total;
    impl LossFunction<f64> for Total {
        fn record<'t>(&self, outputs: Var<'t, f64>, targets: Var<'t, f64>) -> Var<'t, f64> {
            (outputs - targets).powi(2).sum()
        }
    }
    let error = Risk::new(&network, Total, examples([0.0, 1.0])).unwrap_err().to_string();
    assert!(error.contains("a vector with an entry for each example"), "{error}");

    /// Not convex in the outputs.
    #[derive(Debug)]
    struct Wave;
    impl LossFunction<f64> for Wave {
        fn record<'t>(&self, outputs: Var<'t, f64>, _: Var<'t, f64>) -> Var<'t, f64> {
            outputs.cos().sum_axes(&[1])
        }
    }
    let risk = Risk::new(&network, Wave, examples([0.0, 1.0])).unwrap();
    let point = risk.at(&[0.1; 4]).unwrap();
    let error = point.gauss_newton_root().unwrap_err().to_string();
    assert!(error.contains("must not be negative"), "{error}");
    assert!(point.sampled_fisher(1, Key::new(0)).unwrap_err().to_string().contains("sampler"));
    assert!(point.sampled_fisher(0, Key::new(0)).is_err());
    /// The same, said to be diagonal.
    #[derive(Debug)]
    struct DiagonalWave;
    impl LossFunction<f64> for DiagonalWave {
        fn record<'t>(&self, outputs: Var<'t, f64>, targets: Var<'t, f64>) -> Var<'t, f64> {
            Wave.record(outputs, targets)
        }
        fn curvature(&self) -> LogitCurvature {
            LogitCurvature::Diagonal
        }
    }
    let diagonal = Risk::new(&network, DiagonalWave, examples([0.0, 1.0])).unwrap();
    let error = diagonal.at(&[0.1; 4]).unwrap().gauss_newton_diagonal().unwrap_err().to_string();
    assert!(error.contains("must not be negative"), "{error}");
    let risk = risk.memory_budget(8);
    let error = risk.at(&[0.1; 4]).unwrap().gauss_newton_root().unwrap_err().to_string();
    assert!(error.contains("select fewer examples"), "{error}");
}

#[test]
fn smoothed_labels_spread_a_share_over_all_classes() {
    let examples = Examples::<f64>::labelled(vec![0.0, 1.0], 1, &[0, 2], 4).unwrap().smoothed(0.2).unwrap();
    assert_close("targets", examples.targets(), &[0.85, 0.05, 0.05, 0.05, 0.05, 0.05, 0.85, 0.05], 1e-15);
    assert_eq!(examples.labels(), Some(&[0, 2][..]));
    assert!(examples.smoothed(1.5).unwrap_err().to_string().contains("must lie in [0, 1]"));
}
