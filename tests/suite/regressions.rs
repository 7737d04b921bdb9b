//! One test for each defect that once was, named by what broke.

use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::krylov::Eigensolver;
use eigenscape::network::{Activation, Block, Network, Perceptron, Role};
use eigenscape::objective::{Objective, Point, Stochastic};
use eigenscape::operator::{Diagonal, LinearOperator, to_dense};
use eigenscape::random::Key;
use eigenscape::random_matrix::GaussianOrthogonal;
use eigenscape::tape::{Program, Shape, Tape, Var};
use eigenscape::{Error, Scalar};

/// A perceptron on inputs divided by their norm, which is not defined at zero.
#[derive(Clone)]
struct Normalized(Perceptron);

impl Network for Normalized {
    fn blocks(&self) -> &[Block] {
        self.0.blocks()
    }
    fn inputs(&self) -> usize {
        self.0.inputs()
    }
    fn outputs(&self) -> usize {
        self.0.outputs()
    }
    fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
        let rows = inputs.shape().extents()[0];
        let norms = (inputs * inputs).sum_axes(&[1]).sqrt().reshape([rows, 1]);
        self.0.record(parameters, inputs / norms)
    }
}

fn normal(len: usize) -> Vec<f64> {
    let mut values = vec![0.0; len];
    Key::new(0).normal(0, &mut values);
    values
}

#[test]
fn chunks_and_batches_are_not_filled_up_with_zeros() {
    let network = Normalized(Perceptron::new(&[3, 4, 2], Activation::Tanh).unwrap());
    for count in [10, 129, 257] {
        let labels: Vec<usize> = (0..count).map(|example| example % 2).collect();
        let examples = Examples::labelled(normal(3 * count), 3, &labels, 2).unwrap();
        let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
        let theta = normal(risk.dim());
        let mut product = vec![0.0; theta.len()];
        risk.at(&theta).unwrap().hessian().apply(&theta, &mut product);
        assert!(product.iter().all(|x| x.is_finite()), "{count} examples");
        let batches = risk.mini_batches(4, Key::new(1)).unwrap();
        for step in 0..batches.steps_per_epoch() {
            batches.sample(step, &theta, &mut product).unwrap();
        }
    }
}

#[test]
fn blocks_must_lie_back_to_back() {
    #[derive(Clone)]
    struct Apart(Vec<Block>);
    impl Network for Apart {
        fn blocks(&self) -> &[Block] {
            &self.0
        }
        fn inputs(&self) -> usize {
            1
        }
        fn outputs(&self) -> usize {
            1
        }
        fn record<'t, T: Scalar>(&self, parameters: &[Var<'t, T>], inputs: Var<'t, T>) -> Var<'t, T> {
            inputs.matmul_transposed(parameters[0])
        }
    }
    let block = Block {
        name: "weight".into(),
        shape: Shape::matrix(1, 1),
        start: 7,
        role: Role::Weight,
        fan_in: 1,
        fan_out: 1,
    };
    let examples = Examples::new(vec![1.0], 1, vec![1.0], 1).unwrap();
    let error = Risk::<f64>::new(&Apart(vec![block]), Loss::SquaredError, examples).unwrap_err();
    assert!(error.to_string().contains("start"), "{error}");
}

#[test]
fn accuracy_does_not_hide_what_is_not_a_number() {
    let network = Perceptron::new(&[1, 2], Activation::Tanh).unwrap();
    let risk =
        Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(vec![1.0], 1, &[0], 2).unwrap()).unwrap();
    assert!(matches!(risk.accuracy(&[f64::NAN; 4]), Err(Error::NotFinite { .. })));
}

#[test]
fn values_of_two_tapes_do_not_mix() {
    let (one, two) = (Tape::<f64>::new(), Tape::<f64>::new());
    let (x, y) = (one.argument([2]), two.argument([2]));
    let sum = x + y.sin();
    assert!(one.finish(&[&[sum]]).unwrap_err().to_string().contains("must be on this tape"));
    assert!(two.finish(&[&[x]]).is_err());
    let three = Tape::<f64>::new();
    let z = three.argument([2]);
    let _ = z.dot(y);
    assert!(three.finish(&[&[z]]).is_err());
}

#[test]
fn a_tape_gives_several_programs() {
    let tape = Tape::<f64>::new();
    let x = tape.argument([2]);
    let (sum, product) = (tape.finish(&[&[x.sum()]]).unwrap(), tape.finish(&[&[x * x]]).unwrap());
    assert_eq!(
        (sum.evaluate(&[&[1.0, 2.0]]), product.evaluate(&[&[1.0, 2.0]])),
        (vec![vec![3.0]], vec![vec![1.0, 4.0]])
    );
}

#[test]
fn shapes_that_cannot_be_counted_are_refused() {
    let refused = |function: for<'t> fn(Var<'t, f64>) -> Var<'t, f64>| {
        Program::record([Shape::vector(1)], |[x]| function(x)).unwrap_err().to_string()
    };
    assert!(refused(|x| x.broadcast_to([1 << (usize::BITS / 2 + 1); 2]).sum()).contains("more elements than memory"));
    assert!(refused(|x| x.pad(0, usize::MAX, 2).sum()).contains("more elements than memory"));
    assert!(refused(|x| x.permute(&[3])).starts_with("permute"));
}

#[test]
fn eigenvectors_do_not_depend_on_the_scale_of_a_matrix() {
    let unit = GaussianOrthogonal::new(200, 1.0).unwrap().sample(Key::new(0)).unwrap();
    for scale in [1e-300, 1e-14, 1e20, 1e290] {
        let scaled = GaussianOrthogonal::new(200, scale).unwrap().sample(Key::new(0)).unwrap();
        for (a, b) in scaled.eigenvalues.iter().zip(&unit.eigenvalues) {
            assert!((a / scale - b).abs() < 1e-12, "{a} / {scale} for {b}");
        }
    }
    let ramp = Diagonal::new((0..300).map(|i| -1e-14 * (i + 1) as f64 / 300.0).collect());
    let top = Eigensolver::new(3, Key::new(0)).run::<f64, _>(&ramp).unwrap();
    assert!(top.report.converged, "{:?}", top.report);
}

#[test]
fn softmax_stays_accurate_for_large_logits() {
    let network = Perceptron::new(&[2, 4], Activation::Tanh).unwrap();
    let examples = Examples::labelled(vec![0.5f32, -1.0], 2, &[1], 4).unwrap();
    let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, examples).unwrap();
    let mut theta: Vec<f32> = normal(12).into_iter().map(|x| x as f32).collect();
    theta[8..].iter_mut().for_each(|bias| *bias = 1e6);
    let point = risk.at(&theta).unwrap();
    let bias_gradient: f32 = point.gradient()[8..].iter().sum();
    assert!(bias_gradient.abs() < 1e-6, "shifting all logits changes nothing, but the slope is {bias_gradient}");
    // The form of G along the same shift is zero too, not negative.
    let dense = to_dense(&point.gauss_newton());
    let form: f64 =
        (8..12).flat_map(|i| (8..12).map(move |j| (i, j))).map(|(i, j)| f64::from(dense.entries()[i * 12 + j])).sum();
    assert!(form.abs() < 1e-6, "the form is {form}");
}

#[test]
fn sums_of_many_terms_do_not_saturate() {
    let count = 20_000_000;
    let sum = Program::<f32>::record([Shape::vector(count)], |[x]| x.sum()).unwrap();
    let total = sum.evaluate(&[&vec![1.1; count]])[0][0];
    // Each running sum of a block adds 64 terms, each time with an error of half an EPSILON.
    let exact = 2e7 * f64::from(1.1f32);
    assert!((f64::from(total) - exact).abs() < 32.0 * f64::from(f32::EPSILON) * exact, "{total} for {exact}");
}

#[test]
fn constants_are_not_merged_beyond_the_range_of_numbers() {
    let twice = |factor: f64, x: f64| {
        let program = Program::record([Shape::scalar()], |[x]| x * factor * factor).unwrap();
        program.evaluate(&[&[x]])[0][0]
    };
    assert_eq!((twice(1e200, 1e-300), twice(1e-200, 1e300)), (1e100, 1e-100));
    let divided = Program::<f64>::record([Shape::scalar()], |[x]| x / 1e-310).unwrap();
    assert_eq!(divided.evaluate(&[&[1e-310]])[0][0], 1.0);
    let power = Program::<f64>::record([Shape::scalar()], |[x]| x.powf(0.0)).unwrap();
    assert_eq!(power.gradient(0).unwrap().evaluate(&[&[0.0]])[1], [0.0]);
}

/// A chain, or a sum that accumulates a product, once overwrote an operand of which copies along an axis still read a part.
#[test]
fn what_copies_read_is_not_overwritten() {
    use eigenscape::tape::{Program, Shape};
    let size = 64;
    let x: Vec<f64> = (0..size * size).map(|place| (place as f64 * 0.37).sin()).collect();
    let rows = Program::record([Shape::matrix(size, size)], |[x]| {
        let s = x.sin();
        (s + s.slice(0, 0..1)).exp().sum_axes(&[1]) + (s - s.slice(0, 0..1)).sum_axes(&[1])
    });
    let sums = Program::record([Shape::matrix(size, size)], |[x]| {
        let s = x.sin();
        s + s.slice(0, 0..1)
    });
    let actual = sums.unwrap().evaluate(&[&x]).remove(0);
    for (place, actual) in actual.iter().enumerate() {
        let expected = x[place].sin() + x[place % size].sin();
        assert!((actual - expected).abs() < 1e-14, "element {place}: {actual} for {expected}");
    }
    let actual = rows.unwrap().evaluate(&[&x]).remove(0);
    for (row, actual) in actual.iter().enumerate() {
        let at = |col: usize| (x[row * size + col].sin(), x[col].sin());
        let expected: f64 = (0..size).map(at).map(|(s, first)| (s + first).exp() + s - first).sum();
        assert!((actual - expected).abs() < 1e-12 * expected.abs(), "row {row}: {actual} for {expected}");
    }

    let stack = Program::record([Shape::from([2, 2, 2]), Shape::from([2, 2, 2])], |[x, y]| {
        let s = x + x;
        let s = s.reshape([8]).gather(0, &[0, 1, 2, 3, 4, 5, 6, 7]).reshape([2, 2, 2]);
        s + s.slice(0, 0..1).reshape([2, 2]).matmul(y)
    });
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 0.0, 0.0, 1.0, 2.0, 1.0, 1.0, 2.0]);
    let expected = [4.0, 8.0, 12.0, 16.0, 10.0 + 8.0, 12.0 + 10.0, 14.0 + 20.0, 16.0 + 22.0];
    assert_eq!(stack.unwrap().evaluate(&[&x, &y]), [expected]);
}

/// The memory of a result that was accumulated in the workspace was once given away before the end.
#[test]
fn results_that_accumulate_numbers_stay_where_they_are() {
    use eigenscape::objective::{Objective, Point, Recorded};
    use eigenscape::operator::to_dense;
    use eigenscape::tape::{Shape, Tape};
    let tape = Tape::<f64>::new();
    let x = tape.argument(Shape::vector(2));
    let (w, t) = (x.exp() + x.sum().reshape([1]).pad(0, 1, 0), x.softmax());
    let results = tape.finish(&[&[w], &[t.log_sum_exp()]]).unwrap().evaluate(&[&[0.0, 1.0]]);
    assert!((results[0][0] - 1.0).abs() < 1e-15 && (results[0][1] - 1.0 - 1.0f64.exp()).abs() < 1e-15, "{results:?}");

    let f = Recorded::<f64>::new(3, |x| {
        let y = x.softmax();
        (y * y.at(1)).sin().sum()
    })
    .unwrap();
    let theta = [0.3, 0.7, -0.4];
    let hessian = to_dense(&f.at(&theta).unwrap().hessian());
    for col in 0..3 {
        let gradient = |by: f64| {
            let mut theta = theta;
            theta[col] += by;
            f.at(&theta).unwrap().gradient().to_vec()
        };
        for (row, (ahead, behind)) in gradient(1e-5).iter().zip(gradient(-1e-5)).enumerate() {
            let expected = (ahead - behind) / 2e-5;
            assert!((hessian.entries()[3 * row + col] - expected).abs() < 1e-9, "entry {row}, {col}");
        }
    }
}

/// The cost of programs that are too large to be run once overflowed, and evaluating one ended the process.
#[test]
#[cfg(target_pointer_width = "64")]
fn programs_too_large_are_costed_and_refused() {
    use eigenscape::tape::{Program, Shape};
    let product = |rows: usize, inner: usize| {
        Program::<f64>::record([Shape::matrix(rows, inner), Shape::matrix(inner, rows)], |[x, y]| x.matmul(y)).unwrap()
    };
    assert_eq!(product(1 << 20, 1 << 30).cost().operations, u64::MAX);
    let outer = product(1 << 22, 1);
    let x = vec![0.0; 1 << 22];
    let refused = std::panic::catch_unwind(|| outer.evaluate(&[&x, &x])).unwrap_err();
    let message = refused.downcast_ref::<String>().expect("a message");
    assert!(message.contains("needs 140737488355328 bytes"), "{message}");
}

/// e^x - 1 once had the derivative (e^x - 1) + 1, which is 0 at -40.
#[test]
fn the_slope_of_exp_m1_keeps_its_digits() {
    let f = eigenscape::tape::Program::<f64>::record([eigenscape::tape::Shape::scalar()], |[x]| x.exp_m1()).unwrap();
    let slope = f.gradient(0).unwrap().evaluate(&[&[-40.0]])[1][0];
    assert!((slope / (-40.0f64).exp() - 1.0).abs() < 1e-15);
}

/// Gradients of code that reads a vector number by number were the first to show it.
#[test]
fn gradients_of_vectors_read_number_by_number_are_those_of_scalars() {
    use eigenscape::objective::{Objective, Recorded};
    use eigenscape::tape::Var;
    fn valley<'t>(x: &[Var<'t, f64>]) -> Var<'t, f64> {
        let term = |pair: &[Var<'t, f64>]| {
            let across = pair[1] - pair[0] * pair[0];
            across * across * 100.0 + (1.0 - pair[0]).powi(2)
        };
        x.windows(2).map(term).reduce(|sum, term| sum + term).unwrap()
    }
    fn chain<'t>(x: &[Var<'t, f64>]) -> Var<'t, f64> {
        x[1..].iter().fold(x[0].sin(), |s, &y| s * s + y * x[0])
    }
    for dim in 2..14 {
        let theta: Vec<f64> = (0..dim).map(|i| 0.3 + 0.1 * i as f64).collect();
        for formula in [valley, chain] {
            let vector = Recorded::new(dim, |x| formula(&(0..dim).map(|i| x.at(i)).collect::<Vec<_>>())).unwrap();
            let scalars = Recorded::scalars(dim, formula).unwrap();
            let [mut actual, mut expected] = [vec![0.0; dim], vec![0.0; dim]];
            vector.value_and_gradient(&theta, &mut actual).unwrap();
            scalars.value_and_gradient(&theta, &mut expected).unwrap();
            for (actual, expected) in actual.iter().zip(&expected) {
                assert!((actual - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{dim}: {actual} for {expected}");
            }
        }
    }
}

/// The padding of a pool is -inf by design; it once was the first value that is not finite.
#[test]
fn the_padding_of_a_pool_is_not_blamed() {
    use eigenscape::tape::{Program, Shape};
    let pool = Program::<f64>::record([Shape::from([1, 1, 2, 2])], |[x]| x.max_pool([2, 2], [1, 1], [1, 1]).sum().ln())
        .unwrap();
    assert!(pool.first_non_finite(&[&[1.0, 2.0, 3.0, 4.0]]).unwrap().is_none());
    let found = pool.first_non_finite(&[&[-1.0, -2.0, -3.0, -4.0]]).unwrap().unwrap();
    assert!(found.instruction.contains("Ln"), "{found:?}");
    let found = pool.first_non_finite(&[&[f64::NAN, 2.0, 3.0, 4.0]]).unwrap().unwrap();
    assert!(!found.instruction.contains("fill"), "{found:?}");
}
