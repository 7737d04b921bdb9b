//! Running a plan: a loop over its steps, each reading slices and writing one.

use std::sync::Arc;

use super::elementwise;
use super::plan::{Factor, Kernel, Place, Plan, Span, Step, Workspace};
use super::rowwise;
use super::shape::MAX_AXES;
use crate::linalg::{Matrix, matmul};
use crate::scalar::Scalar;

impl<T: Scalar> Plan<T> {
    /// Computes the results from the arguments. Allocates nothing.
    ///
    /// Results are overwritten. Several threads may run one plan, each with a workspace of its own.
    ///
    /// # Panics
    /// If the number of slices or the length of one of them is not what the program was recorded with, or the
    /// workspace is another plan's.
    #[track_caller]
    pub fn run(&self, arguments: &[&[T]], results: &mut [&mut [T]], workspace: &mut Workspace<T>) {
        assert!(
            arguments.iter().map(|slice| slice.len()).eq(self.argument_lens.iter().copied()),
            "the program takes arguments of {:?} entries, but was given {:?}",
            self.argument_lens,
            arguments.iter().map(|slice| slice.len()).collect::<Vec<_>>()
        );
        assert!(
            results.iter().map(|slice| slice.len()).eq(self.result_lens.iter().copied()),
            "the program gives results of {:?} entries, but was given room for {:?}",
            self.result_lens,
            results.iter().map(|slice| slice.len()).collect::<Vec<_>>()
        );
        assert_eq!(workspace.entries.len(), self.workspace_len(), "the workspace is not this plan's");
        for step in &self.steps {
            self.step(step, arguments, results, &mut workspace.entries);
        }
    }

    fn step(&self, step: &Step<T>, arguments: &[&[T]], results: &mut [&mut [T]], workspace: &mut [T]) {
        let len = step.out.len;
        match step.out.place {
            Place::Workspace { start } => {
                let (before, rest) = workspace.split_at_mut(start);
                let (out, after) = rest.split_at_mut(len);
                let workspace = Cut { before, after, end: start + len };
                let results = Results { before: results, current: Cut::none(), after: &[] };
                compute(&step.kernel, out, &Sources { arguments, constants: &self.constants, workspace, results });
            }
            Place::Result { result, start } => {
                let (before, rest) = results.split_at_mut(result);
                let (current, after) = rest.split_at_mut(1);
                let (head, rest) = current[0].split_at_mut(start);
                let (out, tail) = rest.split_at_mut(len);
                let current = Cut { before: head, after: tail, end: start + len };
                let results = Results { before, current, after };
                let workspace = Cut { before: workspace, after: &[], end: usize::MAX };
                compute(&step.kernel, out, &Sources { arguments, constants: &self.constants, workspace, results });
            }
            Place::Argument { .. } | Place::Constant { .. } => unreachable!("no step writes into an argument"),
        }
    }
}

/// A buffer with a hole, which is being written.
struct Cut<'a, T> {
    before: &'a [T],
    after: &'a [T],
    /// Where `after` starts in the buffer.
    end: usize,
}

impl<'a, T> Cut<'a, T> {
    fn none() -> Self {
        Cut { before: &[], after: &[], end: usize::MAX }
    }

    fn read(&self, start: usize, len: usize) -> &'a [T] {
        if start >= self.end { &self.after[start - self.end..][..len] } else { &self.before[start..][..len] }
    }
}

struct Results<'a, 'b, T> {
    before: &'a [&'b mut [T]],
    current: Cut<'a, T>,
    after: &'a [&'b mut [T]],
}

/// Everything that a step may read.
struct Sources<'a, 'b, T> {
    arguments: &'a [&'a [T]],
    constants: &'a [Arc<[T]>],
    workspace: Cut<'a, T>,
    results: Results<'a, 'b, T>,
}

impl<'a, T: Scalar> Sources<'a, '_, T> {
    fn read(&self, span: Span) -> &'a [T] {
        let len = span.len;
        match span.place {
            Place::Argument { argument, start } => &self.arguments[argument][start..][..len],
            Place::Constant { constant, start } => &self.constants[constant][start..][..len],
            Place::Workspace { start } => self.workspace.read(start, len),
            Place::Result { result, start } => {
                let at = self.results.before.len();
                match result.checked_sub(at) {
                    None => &self.results.before[result][start..][..len],
                    Some(0) => self.results.current.read(start, len),
                    Some(later) => &self.results.after[later - 1][start..][..len],
                }
            }
        }
    }

    fn matrix(&self, factor: &Factor) -> Matrix<'a, T> {
        let matrix = Matrix::new(self.read(factor.span), factor.rows, factor.cols);
        if factor.transposed { matrix.t() } else { matrix }
    }
}

fn compute<T: Scalar>(kernel: &Kernel<T>, out: &mut [T], sources: &Sources<'_, '_, T>) {
    match *kernel {
        Kernel::Fill(c) => out.fill(c),
        Kernel::Copy(x) => out.copy_from_slice(sources.read(x)),
        Kernel::Unary(function, x) => elementwise::unary(function, sources.read(x), out),
        Kernel::UnaryInto(function) => elementwise::unary_in_place(function, out),
        Kernel::Binary(function, x, y) => elementwise::binary(function, sources.read(x), sources.read(y), out),
        Kernel::BinaryIntoLeft(function, y) => elementwise::binary_into_left(function, out, sources.read(y)),
        Kernel::BinaryIntoRight(function, x) => elementwise::binary_into_right(function, sources.read(x), out),
        Kernel::MatMul(ref left, ref right, update) => {
            matmul(out, update, T::one(), sources.matrix(left), sources.matrix(right));
        }
        Kernel::LogSumExp(x, width) => rowwise::log_sum_exp(sources.read(x), width, out),
        Kernel::Softmax(x, width) => rowwise::softmax(sources.read(x), width, out),
        Kernel::LogSoftmax(x, width) => rowwise::log_softmax(sources.read(x), width, out),
        Kernel::Sum(x, ref extents, ref strides) => {
            out.fill(T::zero());
            walk(extents, strides, sources.read(x), |out_at, stride, row| {
                if stride == 0 {
                    out[out_at] += elementwise::sum(row);
                } else {
                    out[out_at..].iter_mut().zip(row).for_each(|(out, &x)| *out += x);
                }
            });
        }
        Kernel::Gather(x, ref extents, ref strides) => {
            let x = sources.read(x);
            let inner = extents[MAX_AXES - 1].max(1);
            let stride = strides[MAX_AXES - 1];
            let mut rows = out.chunks_exact_mut(inner);
            offsets(extents, strides, |at| {
                let Some(row) = rows.next() else { return };
                match stride {
                    0 => row.fill(x[at]),
                    1 => row.copy_from_slice(&x[at..][..row.len()]),
                    _ => row.iter_mut().zip(x[at..].iter().step_by(stride)).for_each(|(out, &x)| *out = x),
                }
            });
        }
        Kernel::Slice { of, outer, whole, start } => {
            if let Some(part) = out.len().checked_div(outer).filter(|&part| part > 0) {
                let rows = sources.read(of).chunks_exact(whole);
                out.chunks_exact_mut(part).zip(rows).for_each(|(out, row)| out.copy_from_slice(&row[start..][..part]));
            }
        }
        Kernel::Pad { of, outer, whole, start } => {
            out.fill(T::zero());
            let x = sources.read(of);
            if let Some(part) = x.len().checked_div(outer).filter(|&part| part > 0) {
                let rows = out.chunks_exact_mut(whole);
                rows.zip(x.chunks_exact(part)).for_each(|(out, x)| out[start..][..part].copy_from_slice(x));
            }
        }
    }
}

/// Calls `visit` with the strided offset of each innermost row, in order.
fn offsets(extents: &[usize; MAX_AXES], strides: &[usize; MAX_AXES], mut visit: impl FnMut(usize)) {
    for first in 0..extents[0] {
        for second in 0..extents[1] {
            for third in 0..extents[2] {
                visit(first * strides[0] + second * strides[1] + third * strides[2]);
            }
        }
    }
}

/// Calls `visit` with each innermost row of `x`, the place in the output where it goes and the stride along it.
fn walk<T>(
    extents: &[usize; MAX_AXES],
    strides: &[usize; MAX_AXES],
    x: &[T],
    mut visit: impl FnMut(usize, usize, &[T]),
) {
    let mut rows = x.chunks_exact(extents[MAX_AXES - 1].max(1));
    offsets(extents, strides, |at| {
        if let Some(row) = rows.next() {
            visit(at, strides[MAX_AXES - 1], row);
        }
    });
}
