//! The gradient and the Hessian-vector product of a tanh perceptron, written by hand: what the tape is measured against.
//!
//! ```text
//!     a_0 = x,  a_{l+1} = tanh(a_l W_l' + b_l),  z = a_L W_L' + b_L,  d_L = w (softmax(z) - y),
//!     e_l = d_l W_l,  d_{l-1} = (1 - a_l^2) e_l,  gradient W_l: d_l' a_l,  b_l: sum of the rows of d_l
//! ```
//!
//! and with tangents V, c of the parameters (Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147), s_0 = 0,
//!
//! ```text
//!     t_l = a_l V_l' + s_l W_l' + c_l,  s_{l+1} = (1 - a_{l+1}^2) t_l,  r_L = w (p t_L - p <p, t_L>),
//!     r_{l-1} = (1 - a_l^2) (r_l W_l + d_l V_l) - 2 a_l e_l s_l,  product W_l: r_l' a_l + d_l' s_l
//! ```

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::loops;

/// What of the work is done: all of it, or a part alone, to see where the time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parts {
    All,
    Matmuls,
    Loops,
}

impl Parts {
    fn matmuls(self) -> bool {
        self != Parts::Loops
    }
    fn loops(self) -> bool {
        self != Parts::Matmuls
    }
}

/// Sizes of a layer, and where its parameters start.
#[derive(Clone, Copy)]
struct Layer {
    inputs: usize,
    outputs: usize,
    weight: usize,
    bias: usize,
}

impl Layer {
    fn weight<'a>(&self, parameters: &'a [f32]) -> MatRef<'a, f32> {
        rows(&parameters[self.weight..self.bias], self.outputs)
    }
    fn bias<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.bias..][..self.outputs]
    }
}

/// Some examples, and what the primal pass leaves for products.
struct Chunk {
    rows: usize,
    /// a_l: the inputs of each layer.
    activations: Vec<Vec<f32>>,
    /// d_l: the derivative by the outputs of each layer.
    cotangents: Vec<Vec<f32>>,
    /// -2 a_l e_l for the inputs of each layer but the first.
    curvatures: Vec<Vec<f32>>,
    probabilities: Vec<f32>,
    targets: Vec<f32>,
}

/// The memory of one running thread.
struct Scratch {
    /// s_l, and later r_{l-1}, for the inputs of each layer but the first.
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    sum: Vec<f32>,
}

/// A perceptron with its examples in chunks, shared out to threads.
pub struct Network {
    layers: Vec<Layer>,
    weight: f32,
    parameters: usize,
    threads: Vec<(Vec<Chunk>, Scratch)>,
}

impl Network {
    /// `targets` are rows of probabilities; chunks have at most `chunk_rows` rows.
    pub fn new(sizes: &[usize], inputs: &[f32], targets: &[f32], chunk_rows: usize, threads: usize) -> Self {
        let mut parameters = 0;
        let layers: Vec<Layer> = sizes
            .windows(2)
            .map(|pair| {
                let weight = parameters;
                parameters += (pair[0] + 1) * pair[1];
                Layer { inputs: pair[0], outputs: pair[1], weight, bias: weight + pair[0] * pair[1] }
            })
            .collect();
        let (width, classes) = (sizes[0], sizes[sizes.len() - 1]);
        let zeros = |rows: usize, sizes: &[usize]| sizes.iter().map(|size| vec![0.0; rows * size]).collect::<Vec<_>>();
        let chunk = |(inputs, targets): (&[f32], &[f32])| {
            let rows = inputs.len() / width;
            let mut activations = zeros(rows, &sizes[..sizes.len() - 1]);
            activations[0] = inputs.to_vec();
            let cotangents = zeros(rows, &sizes[1..]);
            let curvatures = zeros(rows, &sizes[1..sizes.len() - 1]);
            let (probabilities, targets) = (vec![0.0; rows * classes], targets.to_vec());
            Chunk { rows, activations, cotangents, curvatures, probabilities, targets }
        };
        let mut chunks: Vec<Chunk> =
            inputs.chunks(chunk_rows * width).zip(targets.chunks(chunk_rows * classes)).map(chunk).collect();
        let each = chunks.len().div_ceil(threads);
        let mut shares = Vec::new();
        while !chunks.is_empty() {
            let rest = chunks.split_off(each.min(chunks.len()));
            let rows = chunks.iter().map(|chunk| chunk.rows).max().unwrap_or(0);
            let inputs = zeros(rows, &sizes[1..sizes.len() - 1]);
            let scratch = Scratch { inputs, outputs: zeros(rows, &sizes[1..]), sum: vec![0.0; parameters] };
            shares.push((std::mem::replace(&mut chunks, rest), scratch));
        }
        Network { layers, weight: width as f32 / inputs.len() as f32, parameters, threads: shares }
    }

    /// The gradient at `theta`; leaves in the chunks what products there need.
    pub fn gradient(&mut self, theta: &[f32], out: &mut [f32], parts: Parts) {
        let (layers, weight) = (&self.layers, self.weight);
        self.threads.par_iter_mut().for_each(|(chunks, scratch)| {
            for (index, chunk) in chunks.iter_mut().enumerate() {
                chunk.gradient(layers, theta, weight, &mut scratch.sum, index == 0, parts);
            }
        });
        self.add(out);
    }

    /// The Hessian where [`Network::gradient`] was last called, times `v`.
    pub fn product(&mut self, theta: &[f32], v: &[f32], out: &mut [f32], parts: Parts) {
        let (layers, weight) = (&self.layers, self.weight);
        self.threads.par_iter_mut().for_each(|(chunks, scratch)| {
            for (index, chunk) in chunks.iter().enumerate() {
                chunk.product(layers, theta, v, weight, scratch, index == 0, parts);
            }
        });
        self.add(out);
    }

    /// The sum of the threads' sums.
    fn add(&self, out: &mut [f32]) {
        const PIECE: usize = 1 << 14;
        assert_eq!(out.len(), self.parameters);
        out.par_chunks_mut(PIECE).enumerate().for_each(|(piece, out)| {
            for (index, (_, scratch)) in self.threads.iter().enumerate() {
                loops::add(out, &scratch.sum[piece * PIECE..][..out.len()], index == 0);
            }
        });
    }
}

impl Chunk {
    fn gradient(&mut self, layers: &[Layer], theta: &[f32], weight: f32, sum: &mut [f32], first: bool, parts: Parts) {
        let last = layers.len() - 1;
        for (l, layer) in layers.iter().enumerate() {
            let (before, after) = self.activations.split_at_mut(l + 1);
            let out = if l < last { &mut after[0] } else { &mut self.probabilities };
            if parts.matmuls() {
                product(out, Accum::Replace, rows(&before[l], self.rows), layer.weight(theta).transpose());
            }
            if parts.loops() && l < last {
                loops::tanh(out, layer.bias(theta));
            } else if parts.loops() {
                loops::softmax(out, layer.bias(theta));
                loops::difference(&mut self.cotangents[last], out, &self.targets, weight);
            }
        }
        let update = if first { Accum::Replace } else { Accum::Add };
        for (l, layer) in layers.iter().enumerate().rev() {
            let (before, after) = self.cotangents.split_at_mut(l);
            let (d, a) = (&after[0], &self.activations[l]);
            let (weights, biases) =
                sum[layer.weight..][..(layer.inputs + 1) * layer.outputs].split_at_mut(layer.bias - layer.weight);
            if parts.matmuls() {
                product(weights, update, rows(d, self.rows).transpose(), rows(a, self.rows));
            }
            if parts.loops() {
                loops::sum_of_rows(biases, d, first);
            }
            if l > 0 {
                let below = &mut before[l - 1];
                if parts.matmuls() {
                    product(below, Accum::Replace, rows(d, self.rows), layer.weight(theta));
                }
                if parts.loops() {
                    loops::backward(below, &mut self.curvatures[l - 1], a);
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn product(
        &self,
        layers: &[Layer],
        theta: &[f32],
        v: &[f32],
        weight: f32,
        scratch: &mut Scratch,
        first: bool,
        parts: Parts,
    ) {
        let (rows_here, last) = (self.rows, layers.len() - 1);
        let Scratch { inputs, outputs, sum } = scratch;
        for (l, layer) in layers.iter().enumerate() {
            let (before, after) = inputs.split_at_mut(l);
            let out = if l < last { &mut after[0] } else { &mut outputs[last] };
            let out = &mut out[..rows_here * layer.outputs];
            if parts.matmuls() {
                product(out, Accum::Replace, rows(&self.activations[l], rows_here), layer.weight(v).transpose());
                if l > 0 {
                    let s = &before[l - 1][..rows_here * layer.inputs];
                    product(out, Accum::Add, rows(s, rows_here), layer.weight(theta).transpose());
                }
            }
            if parts.loops() && l < last {
                loops::forward(out, layer.bias(v), &self.activations[l + 1]);
            } else if parts.loops() {
                loops::softmax_derivative(out, layer.bias(v), &self.probabilities, weight);
            }
        }
        let update = if first { Accum::Replace } else { Accum::Add };
        for (l, layer) in layers.iter().enumerate().rev() {
            let (before, after) = outputs.split_at_mut(l);
            let r = &after[0][..rows_here * layer.outputs];
            let (a, d) = (&self.activations[l], &self.cotangents[l]);
            let (weights, biases) =
                sum[layer.weight..][..(layer.inputs + 1) * layer.outputs].split_at_mut(layer.bias - layer.weight);
            if parts.matmuls() {
                product(weights, update, rows(r, rows_here).transpose(), rows(a, rows_here));
            }
            if parts.loops() {
                loops::sum_of_rows(biases, r, first);
            }
            if l > 0 {
                let s = &inputs[l - 1][..rows_here * layer.inputs];
                let below = &mut before[l - 1][..rows_here * layer.inputs];
                if parts.matmuls() {
                    product(weights, Accum::Add, rows(d, rows_here).transpose(), rows(s, rows_here));
                    product(below, Accum::Replace, rows(r, rows_here), layer.weight(theta));
                    product(below, Accum::Add, rows(d, rows_here), layer.weight(v));
                }
                if parts.loops() {
                    loops::backward_tangent(below, a, &self.curvatures[l - 1], s);
                }
            }
        }
    }
}

/// A matrix with this number of rows.
fn rows(entries: &[f32], rows: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(entries, rows, entries.len() / rows)
}

fn product(out: &mut [f32], update: Accum, left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    matmul(MatMut::from_row_major_slice_mut(out, left.nrows(), right.ncols()), update, left, right, 1.0, Par::Seq);
}
