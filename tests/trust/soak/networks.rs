//! Networks, their curvature, and what goes down on them.

use eigenscape::Scalar;
use eigenscape::curvature::{Examples, Loss, Risk};
use eigenscape::landscape::{Slice, SliceFrame, read_gradient};
use eigenscape::network::{Activation, Convolution, Initialization, Perceptron, Sequential};
use eigenscape::objective::{Objective, Point, Recorded};
use eigenscape::operator::{Adjoint, LinearOperator};
use eigenscape::optimize::{
    Adam, CubicNewton, DescentRun, GradientDescent, LimitedMemoryBfgs, Minimum, Stop, Stopping, TrustRegion,
};
use eigenscape::projection::Gaussian;
use eigenscape::subspace::Restricted;

use super::{Draw, near};
use crate::support::{dot, norm, with_threads};

const SMOOTH: [Activation; 6] = [
    Activation::Identity,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
    Activation::Silu,
    Activation::Gelu,
];

/// Everything that makes a risk, in double precision.
struct Setting {
    image: bool,
    hidden: Vec<usize>,
    inputs: usize,
    outputs: usize,
    activation: Activation,
    loss: Loss,
    count: usize,
    data: Vec<f64>,
    targets: Vec<f64>,
    weights: Option<Vec<f64>>,
    budget: usize,
    start: eigenscape::random::Key,
}

fn setting(draw: &mut Draw) -> Setting {
    let image = draw.between(0, 3) == 0;
    let inputs = if image { 16 } else { draw.between(1, 7) };
    let loss = draw.of(&[Loss::SoftmaxCrossEntropy, Loss::SquaredError, Loss::Logistic, Loss::Poisson]);
    let outputs = draw.between(if loss == Loss::SoftmaxCrossEntropy { 2 } else { 1 }, 4);
    let count = draw.between(1, 40);
    let mut targets = draw.normal(count * outputs);
    match loss {
        Loss::SoftmaxCrossEntropy => {
            for row in targets.chunks_exact_mut(outputs) {
                row.iter_mut().for_each(|x| *x = x.exp());
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|x| *x /= sum);
            }
        }
        Loss::Logistic => targets.iter_mut().for_each(|x| *x = 1.0 / (1.0 + x.exp())),
        Loss::Poisson => targets.iter_mut().for_each(|x| *x = x.abs().round()),
        _ => {}
    }
    let weights = draw.coin().then(|| draw.normal(count).iter().map(|x| x.abs() / count as f64).collect());
    Setting {
        image,
        hidden: (0..draw.between(0, 2)).map(|_| draw.between(1, 6)).collect(),
        inputs,
        outputs,
        activation: draw.of(&SMOOTH),
        loss,
        count,
        data: draw.normal(count * inputs),
        targets,
        weights,
        budget: draw.of(&[1, 4000, 1 << 30]),
        start: draw.key(),
    }
}

impl Setting {
    fn risk<T: Scalar>(&self) -> (Risk<T>, Vec<T>) {
        let round = |values: &[f64]| values.iter().map(|&x| T::of(x)).collect::<Vec<T>>();
        let examples = Examples::new(round(&self.data), self.inputs, round(&self.targets), self.outputs).unwrap();
        let examples = match &self.weights {
            Some(weights) => examples.weighted(round(weights)).unwrap(),
            None => examples,
        };
        let (risk, theta) = if self.image {
            let network = Sequential::new(&[1, 4, 4]).unwrap().convolution(Convolution::new(2, [2, 2])).unwrap();
            let network = network.activation(self.activation).flatten().dense(self.outputs).unwrap();
            let theta = Initialization::lecun().draw::<f64>(&network, self.start);
            (Risk::new(&network, self.loss, examples).unwrap(), theta)
        } else {
            let sizes = [&[self.inputs][..], &self.hidden, &[self.outputs]].concat();
            let network = Perceptron::new(&sizes, self.activation).unwrap();
            let theta = Initialization::lecun().draw::<f64>(&network, self.start);
            (Risk::new(&network, self.loss, examples).unwrap(), theta)
        };
        (risk.memory_budget(self.budget), round(&theta))
    }

    fn weight(&self, example: usize) -> f64 {
        self.weights.as_ref().map_or(1.0 / self.count as f64, |weights| weights[example])
    }

    /// The loss, its gradient and its second derivative by the outputs of one example, written by hand.
    fn of_logits(&self, z: &[f64], y: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let c = z.len();
        let mut second = vec![0.0; c * c];
        match self.loss {
            Loss::SoftmaxCrossEntropy => {
                let largest = z.iter().fold(f64::NEG_INFINITY, |m, &x| m.max(x));
                let sum: f64 = z.iter().map(|x| (x - largest).exp()).sum();
                let p: Vec<f64> = z.iter().map(|x| (x - largest).exp() / sum).collect();
                for k in 0..c {
                    for l in 0..c {
                        second[k * c + l] = if k == l { p[k] } else { 0.0 } - p[k] * p[l];
                    }
                }
                let value = y.iter().zip(z).map(|(y, z)| -y * (z - largest - sum.ln())).sum();
                (value, p.iter().zip(y).map(|(p, y)| p - y).collect(), second)
            }
            Loss::SquaredError => {
                (0..c).for_each(|k| second[k * c + k] = 1.0);
                let gradient: Vec<f64> = z.iter().zip(y).map(|(z, y)| z - y).collect();
                (0.5 * gradient.iter().map(|x| x * x).sum::<f64>(), gradient, second)
            }
            Loss::Logistic => {
                let q: Vec<f64> = z.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
                (0..c).for_each(|k| second[k * c + k] = q[k] * (1.0 - q[k]));
                let value = z.iter().zip(y).map(|(z, y)| z.exp().ln_1p() - y * z).sum();
                (value, q.iter().zip(y).map(|(q, y)| q - y).collect(), second)
            }
            _ => {
                (0..c).for_each(|k| second[k * c + k] = z[k].exp());
                let value = z.iter().zip(y).map(|(z, y)| z.exp() - y * z).sum();
                (value, z.iter().zip(y).map(|(z, y)| z.exp() - y).collect(), second)
            }
        }
    }
}

fn moved(theta: &[f64], direction: &[f64], t: f64) -> Vec<f64> {
    theta.iter().zip(direction).map(|(x, v)| x + t * v).collect()
}

/// Values, gradients, Jacobian, Gauss-Newton and Hessian products against losses by hand and differences.
pub fn curvature(draw: &mut Draw) {
    let setting = setting(draw);
    let threads = draw.between(1, 3);
    let (risk, theta) = setting.risk::<f64>();
    let c = setting.outputs;
    let v = draw.normal(theta.len());
    with_threads(threads, || {
        let point = risk.at(&theta).unwrap();
        let logits = risk.logits(&theta);
        let (mut value, mut cotangent) = (0.0, vec![0.0; logits.len()]);
        let by_hand: Vec<_> = (0..setting.count)
            .map(|i| setting.of_logits(&logits[i * c..][..c], &setting.targets[i * c..][..c]))
            .collect();
        for (i, (loss, gradient, _)) in by_hand.iter().enumerate() {
            value += setting.weight(i) * loss;
            (0..c).for_each(|k| cotangent[i * c + k] = setting.weight(i) * gradient[k]);
        }
        near("the value", &[point.value()], &[value], 1e-10);
        // The Jacobian along v by differences of the logits, fourth order.
        let h = 1e-3 / norm(&v);
        let at = |t: f64| risk.logits(&moved(&theta, &v, t));
        let [a, b, d, e] = [at(-2.0 * h), at(-h), at(h), at(2.0 * h)];
        let along: Vec<f64> = (0..logits.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * d[i] - e[i]) / (12.0 * h)).collect();
        let jacobian = point.jacobian();
        let mut tangent = vec![0.0; logits.len()];
        jacobian.apply(&v, &mut tangent);
        near("J v", &tangent, &along, 1e-6);
        let mut gradient = vec![0.0; theta.len()];
        jacobian.apply_adjoint(&cotangent, &mut gradient);
        near("the gradient", point.gradient(), &gradient, 1e-10);
        // G v = J' S J v.
        for (i, (_, _, second)) in by_hand.iter().enumerate() {
            for k in 0..c {
                let row = &second[k * c..][..c];
                cotangent[i * c + k] = setting.weight(i) * dot(row, &tangent[i * c..][..c]);
            }
        }
        let mut expected = vec![0.0; theta.len()];
        jacobian.apply_adjoint(&cotangent, &mut expected);
        let mut product = vec![0.0; theta.len()];
        point.gauss_newton().apply(&v, &mut product);
        near("G v", &product, &expected, 1e-9);
        let fisher = point.fisher().unwrap();
        let mut again = vec![0.0; theta.len()];
        fisher.apply(&v, &mut again);
        near("F v", &again, &product, 1e-12);
        let slopes = |t: f64| {
            let mut gradient = vec![0.0; theta.len()];
            risk.value_and_gradient(&moved(&theta, &v, t), &mut gradient).unwrap();
            gradient
        };
        let [a, b, d, e] = [slopes(-2.0 * h), slopes(-h), slopes(h), slopes(2.0 * h)];
        let second: Vec<f64> = (0..theta.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * d[i] - e[i]) / (12.0 * h)).collect();
        point.hessian().apply(&v, &mut product);
        // The difference loses what a product has: errors of gradients over h.
        let slack = 1e-11 * norm(point.gradient()).max(1e-3) / h;
        let off: Vec<f64> = product.iter().zip(&second).map(|(a, b)| a - b).collect();
        assert!(norm(&off) <= 1e-6 * norm(&second) + slack, "H v: off by {:e} of {:e}", norm(&off), norm(&second));
        point.remainder().apply(&v, &mut again);
        let sum: Vec<f64> = again.iter().zip(&expected).map(|(r, g)| r + g).collect();
        near("H = G + R", &product, &sum, 1e-9);
    });
}

/// Single precision is double precision rounded, and threads change no bit.
pub fn precision(draw: &mut Draw) {
    let setting = setting(draw);
    let ((risk, theta), (single_risk, single)) = (setting.risk::<f64>(), setting.risk::<f32>());
    let v = draw.normal(2 * theta.len());
    let single_v: Vec<f32> = v.iter().map(|&x| x as f32).collect();
    let products = |threads: usize| {
        with_threads(threads, || {
            let point = single_risk.at(&single).unwrap();
            let mut all = vec![0.0f32; 4 * single.len()];
            let (hessian, gauss_newton) = all.split_at_mut(2 * single.len());
            point.hessian().apply_block(&single_v, hessian, 2);
            point.gauss_newton().apply_block(&single_v, gauss_newton, 2);
            (point.value(), point.gradient().to_vec(), all)
        })
    };
    let (value, gradient, all) = products(1);
    let other = products(draw.between(2, 4));
    assert!(value == other.0 && gradient == other.1 && all == other.2, "threads change bits");
    let point = risk.at(&theta).unwrap();
    let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    near("a single value", &[value], &[point.value()], 1e-4);
    // Parts may cancel: compared with the size of the parts, not of what is left.
    let mut exact = vec![0.0; 2 * theta.len()];
    point.gauss_newton().apply_block(&v, &mut exact, 2);
    near("single products with G", &wide(&all[2 * theta.len()..]), &exact, 2e-3);
    let parts = norm(&exact);
    point.hessian().apply_block(&v, &mut exact, 2);
    let off: Vec<f64> = wide(&all[..2 * theta.len()]).iter().zip(&exact).map(|(a, b)| a - b).collect();
    assert!(norm(&off) <= 2e-3 * (norm(&exact) + parts), "single products with H: off by {:e}", norm(&off));
}

/// Rules against recurrences written by hand.
pub fn descents(draw: &mut Draw) {
    let dim = draw.between(1, 6);
    let scales: Vec<f64> = (0..dim).map(|_| draw.uniform(0.1, 2.0)).collect();
    let shape = eigenscape::tape::Shape::vector(dim);
    let kept = scales.clone();
    let bowl = Recorded::<f64>::new(dim, move |x| (x * x * x.tape().constant(shape, &kept)).sum() * 0.5).unwrap();
    let start = draw.normal(dim);
    let (rate, momentum) = (draw.uniform(0.01, 0.5), draw.uniform(0.0, 0.9));
    let steps = draw.between(1, 30) as u64;
    let rule = GradientDescent::new(rate).unwrap().momentum(momentum).unwrap();
    let end = DescentRun::new(&start, rule, Stopping::steps(steps)).unwrap();
    let end = end.observe(&bowl, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let (mut theta, mut velocity) = (start.clone(), vec![0.0; dim]);
    for _ in 0..steps {
        for i in 0..dim {
            velocity[i] = momentum * velocity[i] + scales[i] * theta[i];
            theta[i] -= rate * velocity[i];
        }
    }
    near("momentum", &moved(&end.theta, &start, 1.0), &moved(&theta, &start, 1.0), 1e-9);
    assert_eq!(end.stop, Stop::Steps);

    let rate = draw.uniform(0.001, 0.1);
    let end = DescentRun::new(&start, Adam::new(rate).unwrap(), Stopping::steps(steps)).unwrap();
    let end = end.observe(&bowl, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let (mut theta, mut first, mut second) = (start.clone(), vec![0.0; dim], vec![0.0; dim]);
    for step in 1..=steps as i32 {
        for i in 0..dim {
            let gradient = scales[i] * theta[i];
            first[i] = 0.9 * first[i] + 0.1 * gradient;
            second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
            let (m, v) = (first[i] / (1.0 - 0.9f64.powi(step)), second[i] / (1.0 - 0.999f64.powi(step)));
            theta[i] -= rate * m / (v.sqrt() + 1e-8);
        }
    }
    near("Adam", &moved(&end.theta, &start, 1.0), &moved(&theta, &start, 1.0), 1e-7);
}

/// Methods for deterministic objectives arrive where the gradient is small, below where they began.
pub fn minima(draw: &mut Draw) {
    let dim = draw.between(1, 12);
    let bend = draw.uniform(0.0, 30.0);
    let valley = Recorded::<f64>::new(dim, move |x| {
        let quartic = (x * x).sum().powi(2) * 0.01;
        let (front, back) = (x.slice(0, 0..dim - 1), x.slice(0, 1..dim));
        let bent = if dim > 1 { ((back - front * front * 0.3).powi(2) * bend).sum() } else { x.sum() * 0.0 };
        (x - 1.0).powi(2).sum() + quartic + bent
    })
    .unwrap();
    let start: Vec<f64> = draw.normal(dim);
    let before = valley.value(&start).unwrap();
    let check = |name: &str, end: Minimum<f64>| {
        let mut gradient = vec![0.0; dim];
        let value = valley.value_and_gradient(&end.theta, &mut gradient).unwrap();
        assert!(matches!(end.stop, Stop::Gradient | Stop::Rounding), "{name} ends by {:?}", end.stop);
        assert!(value <= before + 1e-12 && value == end.value, "{name}: {value} from {before}, says {}", end.value);
        assert!(norm(&gradient) <= 1e-6 * (1.0 + before), "{name}: a gradient of {:e} is left", norm(&gradient));
        value
    };
    let quasi = check("L-BFGS", LimitedMemoryBfgs::new().memory(draw.between(1, 8)).run(&valley, &start).unwrap());
    let newton = check("Newton", TrustRegion::new().run(&valley, &start).unwrap());
    let cubic = check("cubic Newton", CubicNewton::new().run(&valley, &start).unwrap());
    // In one dimension there is one minimum.
    if dim == 1 {
        near("minima", &[quasi, newton], &[cubic, cubic], 1e-9);
    }
}

/// Values, gradients and products in a random subspace are those of the chain rule.
pub fn subspaces(draw: &mut Draw) {
    let setting = setting(draw);
    let (risk, theta) = setting.risk::<f64>();
    let dim = draw.between(1, theta.len().min(6));
    let projection = Gaussian::<f64>::new(theta.len(), dim, draw.key()).unwrap();
    let restricted = Restricted::new(&risk, &projection, &theta).unwrap();
    let psi: Vec<f64> = draw.normal(dim).iter().map(|x| 0.1 * x).collect();
    let mut lifted = vec![0.0; theta.len()];
    projection.apply(&psi, &mut lifted);
    let full = moved(&theta, &lifted, 1.0);
    let (cut, whole) = (restricted.at(&psi).unwrap(), risk.at(&full).unwrap());
    near("the value", &[cut.value()], &[whole.value()], 1e-12);
    let mut expected = vec![0.0; dim];
    projection.apply_adjoint(whole.gradient(), &mut expected);
    near("the gradient", cut.gradient(), &expected, 1e-9);
    let v = draw.normal(dim);
    projection.apply(&v, &mut lifted);
    let mut product = vec![0.0; theta.len()];
    whole.hessian().apply(&lifted, &mut product);
    projection.apply_adjoint(&product, &mut expected);
    let mut actual = vec![0.0; dim];
    cut.hessian().apply(&v, &mut actual);
    let size = norm(&product);
    let off: Vec<f64> = actual.iter().zip(&expected).map(|(a, e)| a - e).collect();
    assert!(norm(&off) <= 1e-10 * size, "P'HP v: off by {:e} of {size:e}", norm(&off));
}

/// Samples of a slice are values at its points.
pub fn slices(draw: &mut Draw) {
    let setting = setting(draw);
    let (risk, theta) = setting.risk::<f64>();
    if theta.len() < 3 {
        return;
    }
    let (first, second) = (draw.normal(theta.len()), draw.normal(theta.len()));
    let frame = SliceFrame::plane(&theta, &first, &second).unwrap();
    let axes: [Vec<f64>; 2] =
        [draw.between(1, 5), draw.between(1, 4)].map(|count| (0..count).map(|i| 0.2 * i as f64 - 0.3).collect());
    let mut slice = Slice::new(frame, &[&axes[0], &axes[1]]).unwrap();
    let threads = draw.between(1, 3);
    with_threads(threads, || slice.run(read_gradient(&risk), |_| std::ops::ControlFlow::Continue(()))).unwrap();
    let values = slice.values();
    assert_eq!(values.len(), axes[0].len() * axes[1].len());
    for (index, value) in values.iter().enumerate() {
        let at = slice.point(index);
        let mut place = vec![0.0; theta.len()];
        slice.frame().at(&at, &mut place);
        let by_hand: Vec<f64> = (0..theta.len())
            .map(|i| theta[i] + at[0] * slice.frame().direction(0)[i] + at[1] * slice.frame().direction(1)[i])
            .collect();
        near("a point", &place, &by_hand, 1e-12);
        near("a sample", &[value.unwrap()], &[risk.value(&place).unwrap()], 1e-12);
    }
}
