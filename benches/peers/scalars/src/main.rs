//! Gradients of functions written with scalars, ours and those of the crates `reverse` and `ad_trait`, in `f64`.
//!
//! Ours is recorded, differentiated and planned once and then run; the others write their tape anew for each gradient,
//! into memory that they keep. The same generic source serves all three.

#[allow(dead_code)]
#[path = "../../../common/mod.rs"]
mod common;

use std::ops::{Add, Mul, Sub};

use ad_trait::reverse_ad::adr::{GlobalComputationGraph, adr};
use common::clock::{alternate, least, median, milliseconds, ratio, repetitions};
use eigenscape::objective::{Objective, Recorded};
use eigenscape::tape::{Plan, Shape, Tape, Var};

/// What the functions below need of a number.
trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    fn minus(self, constant: f64) -> Self;
    fn times(self, constant: f64) -> Self;
}

macro_rules! number {
    ($number:ty, $constant:expr) => {
        impl Number for $number {
            fn minus(self, constant: f64) -> Self {
                self - $constant(constant)
            }
            fn times(self, constant: f64) -> Self {
                self * $constant(constant)
            }
        }
    };
}

number!(Var<'_, f64>, f64::from);
number!(reverse::Var<'_>, f64::from);
number!(adr, ad_trait::F64);

/// A function of numbers of any kind.
trait Function {
    fn call<N: Number>(&self, arguments: &[N]) -> N;
}

/// sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2
struct Rosenbrock;

impl Function for Rosenbrock {
    fn call<N: Number>(&self, x: &[N]) -> N {
        let term = |i: usize| {
            let (valley, slope) = (x[i + 1] - x[i] * x[i], x[i].minus(1.0));
            (valley * valley).times(100.0) + slope * slope
        };
        let mut sum = term(0);
        for i in 1..x.len() - 1 {
            sum = sum + term(i);
        }
        sum
    }
}

/// The squared distance from the origin of Lorenz's system after classical Runge-Kutta steps of 0.002; by the state at
/// the start (three numbers) and the parameters sigma, rho and beta.
struct Lorenz {
    steps: usize,
}

impl Function for Lorenz {
    fn call<N: Number>(&self, arguments: &[N]) -> N {
        const STEP: f64 = 0.002;
        let (sigma, rho, beta) = (arguments[3], arguments[4], arguments[5]);
        let slope = |[x, y, z]: [N; 3]| [sigma * (y - x), x * (rho - z) - y, x * y - beta * z];
        let along = |s: [N; 3], d: [N; 3], step: f64| [0, 1, 2].map(|axis| s[axis] + d[axis].times(step));
        let mut state = [arguments[0], arguments[1], arguments[2]];
        for _ in 0..self.steps {
            let first = slope(state);
            let second = slope(along(state, first, STEP / 2.0));
            let third = slope(along(state, second, STEP / 2.0));
            let fourth = slope(along(state, third, STEP));
            let sum = [0, 1, 2].map(|axis| (second[axis] + third[axis]).times(2.0) + first[axis] + fourth[axis]);
            state = along(state, sum, STEP / 6.0);
        }
        state[0] * state[0] + state[1] * state[1] + state[2] * state[2]
    }
}

/// A gradient by `reverse`, on a tape that is cleared for each.
fn by_reverse(function: &impl Function, tape: &reverse::Tape, theta: &[f64], out: &mut [f64]) {
    use reverse::Gradient;
    tape.clear();
    let arguments = tape.add_vars(theta);
    let derivatives = function.call(&arguments).grad();
    out.iter_mut().zip(&arguments).for_each(|(out, argument)| *out = derivatives.wrt(argument));
}

/// A gradient by `ad_trait`, as its `ReverseAD` computes one.
fn by_ad_trait(function: &impl Function, theta: &[f64], out: &mut [f64]) {
    GlobalComputationGraph::get().reset();
    let arguments: Vec<adr> = theta.iter().map(|&value| adr::new_variable(value, false)).collect();
    let derivatives = function.call(&arguments).get_backwards_mode_grad();
    out.iter_mut().zip(&arguments).for_each(|(out, argument)| *out = derivatives.wrt(argument));
}

fn compare(name: &str, function: &impl Function, theta: &[f64], others: &[(&str, Recorded<f64>)], rounds: usize) {
    let zeros = || vec![0.0; theta.len()];
    let [mut ours, mut planned, mut of_reverse, mut of_ad_trait] = [zeros(), zeros(), zeros(), zeros()];
    let record = || Recorded::scalars(theta.len(), |x| function.call(x)).unwrap();
    let recorded = record();
    let program = {
        let tape = Tape::new();
        let result = function.call(&tape.arguments(&vec![Shape::scalar(); theta.len()]));
        tape.finish(&[&[result]]).unwrap()
    };
    let differentiated = program.gradient(0).unwrap();
    let plan = Plan::new(&differentiated);
    let (mut workspace, mut value) = (plan.workspace(), [0.0]);
    let tape = reverse::Tape::new();

    let [objective, plan_alone, reverse, ad_trait] = alternate(
        rounds,
        [
            &mut || _ = recorded.value_and_gradient(theta, &mut ours).unwrap(),
            &mut || plan.run(&[theta], &mut [&mut value, &mut planned], &mut workspace),
            &mut || by_reverse(function, &tape, theta, &mut of_reverse),
            &mut || by_ad_trait(function, theta, &mut of_ad_trait),
        ],
    );
    for (peer, gradient) in [("plan", &planned), ("reverse", &of_reverse), ("ad_trait", &of_ad_trait)] {
        let error = common::distance(&ours, gradient);
        assert!(error < 1e-9, "{peer} has another gradient, by {error:e}");
    }
    let mut preparation: Vec<f64> = Vec::new();
    for _ in 0..rounds.div_ceil(20).max(3) {
        preparation.push(milliseconds(|| drop(record())));
    }
    let once = median(&preparation);
    let us = |times: &[f64]| format!("{:.2} ({:.2})", median(times) * 1e3, least(times) * 1e3);

    println!("{name}: {} instructions recorded, {} with the gradient;", program.len(), differentiated.len());
    println!("recording, differentiating and planning once: {once:.2} ms\n");
    println!("| gradient by | microseconds: median (least) | ours / this | ours pays from |");
    println!("| --- | --- | --- | --- |");
    println!("| ours, `Recorded` | {} | 1 | - |", us(&objective));
    println!("| ours, the plan alone | {} | {:.2} | - |", us(&plan_alone), ratio(&objective, &plan_alone));
    for (peer, times) in [("`reverse`", &reverse), ("`ad_trait`", &ad_trait)] {
        let gain = median(times) - median(&objective);
        let runs = if gain > 0.0 { format!("{:.0} runs", (once / gain).ceil()) } else { "never".into() };
        println!("| {peer} | {} | {:.2} | {runs} |", us(times), ratio(&objective, times));
    }
    for (way, recorded) in others {
        let mut gradient = zeros();
        let times = alternate(
            rounds,
            [&mut || _ = recorded.value_and_gradient(theta, &mut gradient).unwrap(), &mut || {
                plan.run(&[theta], &mut [&mut value, &mut planned], &mut workspace)
            }],
        );
        assert!(common::distance(&gradient, &planned) < 1e-9, "{way} has another gradient");
        println!("| ours, {way} | {} | {:.2} | - |", us(&times[0]), median(&objective) / median(&times[0]));
    }
    println!();
}

fn main() {
    const DIM: usize = 1000;
    let rounds = repetitions(201);
    let theta: Vec<f64> = common::normal(DIM, 0);
    // The same function of one vector, entry by entry and without a loop.
    let entries = Recorded::new(DIM, |x| Rosenbrock.call(&(0..DIM).map(|i| x.at(i)).collect::<Vec<_>>())).unwrap();
    let arrays = Recorded::new(DIM, |x| {
        let (here, next) = (x.slice(0, 0..DIM - 1), x.slice(0, 1..DIM));
        ((next - here * here).powi(2) * 100.0 + (here - 1.0).powi(2)).sum()
    });
    let others = [("entries of one vector", entries), ("written with arrays", arrays.unwrap())];
    compare("Rosenbrock, 1000 numbers", &Rosenbrock, &theta, &others, rounds);

    let start = [1.0, 2.0, 20.0, 10.0, 28.0, 8.0 / 3.0];
    compare("Lorenz, 1000 Runge-Kutta steps", &Lorenz { steps: 1000 }, &start, &[], rounds.div_ceil(3));
}
