//! Running a plan: a loop over its steps, each reading slices and writing one.

use std::sync::Arc;

use super::arrange;
use super::compiled::Compiled;
use super::convolve;
use super::elementwise;
use super::plan::{Factor, Kernel, Place, Plan, Span, Stage, Step, Workspace};
use super::rowwise;
use crate::linalg::{self, Matrix, Update, matmul};
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
        assert_eq!(
            (workspace.entries.len(), workspace.scratch.len()),
            (self.workspace_len, self.scratch_len),
            "the workspace is another's"
        );
        (Compiled::run())(self, arguments, results, workspace);
    }

    pub(super) fn run_body(&self, arguments: &[&[T]], results: &mut [&mut [T]], workspace: &mut Workspace<T>) {
        let Workspace { entries, scratch } = workspace;
        for stage in &self.stages {
            match stage {
                Stage::Step(step) => self.step(step, None, arguments, results, entries, scratch),
                Stage::Scalars(scalars) => scalars.run(entries),
                Stage::Chain(chain) => {
                    for start in (0..chain.len).step_by(chain.tile) {
                        let tile = Tile { start, len: chain.tile.min(chain.len - start) };
                        for step in &chain.steps {
                            self.step(step, Some(tile), arguments, results, entries, scratch);
                        }
                    }
                }
            }
        }
    }

    fn step(
        &self,
        step: &Step<T>,
        tile: Option<Tile>,
        arguments: &[&[T]],
        results: &mut [&mut [T]],
        workspace: &mut [T],
        scratch: &mut [T],
    ) {
        let (constants, tables) = (self.constants.as_slice(), self.tables.as_slice());
        let Span { place, len } = Tile::of(tile, step.out);
        // Steps of their own write into the scratch memory; within a chain it holds registers.
        let (registers, scratch): (Cut<'_, T>, &mut [T]) = match (place, tile) {
            (Place::Scratch { start }, _) => {
                let (before, rest) = scratch.split_at_mut(start);
                let (out, after) = rest.split_at_mut(len);
                let workspace = Cut::whole(workspace);
                let results = Results { before: results, current: Cut::none(), after: &[] };
                let scratch = Cut { before, after, end: start + len };
                let sources = Sources { arguments, constants, tables, workspace, results, scratch, tile };
                return compute(&step.kernel, out, &mut [], &sources);
            }
            (_, Some(_)) => (Cut::whole(scratch), &mut []),
            (_, None) => (Cut::none(), scratch),
        };
        match place {
            Place::Workspace { start } => {
                let (before, rest) = workspace.split_at_mut(start);
                let (out, after) = rest.split_at_mut(len);
                let workspace = Cut { before, after, end: start + len };
                let results = Results { before: results, current: Cut::none(), after: &[] };
                let sources = Sources { arguments, constants, tables, workspace, results, scratch: registers, tile };
                compute(&step.kernel, out, scratch, &sources);
            }
            Place::Result { result, start } => {
                let (before, rest) = results.split_at_mut(result);
                let (current, after) = rest.split_at_mut(1);
                let (head, rest) = current[0].split_at_mut(start);
                let (out, tail) = rest.split_at_mut(len);
                let current = Cut { before: head, after: tail, end: start + len };
                let results = Results { before, current, after };
                let workspace = Cut::whole(workspace);
                let sources = Sources { arguments, constants, tables, workspace, results, scratch: registers, tile };
                compute(&step.kernel, out, scratch, &sources);
            }
            Place::Scratch { .. } | Place::Argument { .. } | Place::Constant { .. } => {
                unreachable!("no step writes into an argument")
            }
        }
    }
}

/// The stretch of a chain's values that is computed at once.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    len: usize,
}

impl Tile {
    /// The part of a value that lies in the tile. Registers hold nothing else.
    fn of(tile: Option<Tile>, span: Span) -> Span {
        match (tile, span.place) {
            (None, _) => span,
            (Some(Tile { len, .. }), Place::Scratch { .. }) => Span { len, ..span },
            (Some(Tile { start, len }), place) => Span { place: place.shifted(start), len },
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
        Cut::whole(&[])
    }

    fn whole(entries: &'a [T]) -> Self {
        Cut { before: entries, after: &[], end: usize::MAX }
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
    tables: &'a [Arc<[usize]>],
    workspace: Cut<'a, T>,
    results: Results<'a, 'b, T>,
    scratch: Cut<'a, T>,
    tile: Option<Tile>,
}

impl<'a, T: Scalar> Sources<'a, '_, T> {
    /// An operand, or the part of it that lies in the tile.
    fn read(&self, span: Span) -> &'a [T] {
        self.read_whole(Tile::of(self.tile, span))
    }

    fn read_whole(&self, span: Span) -> &'a [T] {
        let len = span.len;
        match span.place {
            Place::Argument { argument, start } => &self.arguments[argument][start..][..len],
            Place::Constant { constant, start } => &self.constants[constant][start..][..len],
            Place::Workspace { start } => self.workspace.read(start, len),
            Place::Scratch { start } => self.scratch.read(start, len),
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

    /// A matrix of a stack of `count`.
    fn matrix(&self, factor: &Factor, number: usize) -> Matrix<'a, T> {
        let size = factor.rows * factor.cols;
        let number = if factor.repeated { 0 } else { number };
        let entries = self.read(factor.span);
        let matrix = Matrix::new(&entries[number * size..][..size], factor.rows, factor.cols);
        if factor.transposed { matrix.t() } else { matrix }
    }
}

fn compute<T: Scalar>(kernel: &Kernel<T>, out: &mut [T], scratch: &mut [T], sources: &Sources<'_, '_, T>) {
    match *kernel {
        Kernel::Fill(c) => out.fill(c),
        Kernel::Copy(x) => out.copy_from_slice(sources.read(x)),
        Kernel::Unary(function, x) => elementwise::unary(function, sources.read(x), out),
        Kernel::UnaryInto(function) => elementwise::unary_in_place(function, out),
        Kernel::Binary(function, x, y) => elementwise::binary(function, sources.read(x), sources.read(y), out),
        Kernel::BinaryIntoLeft(function, y) => elementwise::binary_into_left(function, out, sources.read(y)),
        Kernel::BinaryIntoRight(function, x) => elementwise::binary_into_right(function, sources.read(x), out),
        Kernel::MultiplyAdd(operands) => {
            let [x, y, z] = operands.map(|x| sources.read(x));
            elementwise::multiply_add(x, y, z, out);
        }
        Kernel::MultiplyAddInto(x, y) => elementwise::multiply_add_into(sources.read(x), sources.read(y), out),
        Kernel::Select(operands) => {
            let [condition, then, otherwise] = operands.map(|x| sources.read(x));
            elementwise::select(condition, then, otherwise, out);
        }
        Kernel::MatMul(ref left, ref right, update, stack) => {
            let size = out.len().checked_div(stack).unwrap_or(0);
            for number in 0..stack {
                let out = &mut out[number * size..][..size];
                matmul(out, update, T::one(), sources.matrix(left, number), sources.matrix(right, number));
            }
        }
        Kernel::Solve { ref matrix, right, size } => {
            out.copy_from_slice(sources.read(right));
            let stack = matrix.span.len.checked_div(size * size).unwrap_or(0);
            let part = out.len().checked_div(stack).unwrap_or(0);
            for number in 0..stack {
                let out = &mut out[number * part..][..part];
                linalg::solve_in_place(sources.matrix(matrix, number), &mut scratch[..size * size], out);
            }
        }
        Kernel::LogDeterminant(x, size) => {
            let matrices = sources.read(x).chunks_exact((size * size).max(1));
            out.fill(T::zero());
            for (out, matrix) in out.iter_mut().zip(matrices) {
                *out = linalg::log_determinant(matrix, size, &mut scratch[..size * size]);
            }
        }
        Kernel::Convolution { part, operands, update, ref sizes } => {
            let [left, right] = operands.map(|x| sources.read(x));
            sizes.run(part, left, right, update, out, scratch);
        }
        Kernel::WindowSum(x, ref windows) => convolve::window_sum(sources.read(x), windows, out),
        Kernel::WindowSpread(x, ref windows) => convolve::window_spread(sources.read(x), windows, out),
        Kernel::LogSumExp(x, width) => rowwise::log_sum_exp(sources.read(x), width, out),
        Kernel::Softmax(x, width) => rowwise::softmax(sources.read(x), width, out),
        Kernel::LogSoftmax(x, width) => rowwise::log_softmax(sources.read(x), width, out),
        Kernel::Sum(x, ref layout) => arrange::sum(sources.read(x), layout, out),
        Kernel::Max(x, ref layout) => arrange::max(sources.read(x), layout, out),
        Kernel::Strided(x, ref layout) => {
            let start = sources.tile.map_or(0, |tile| tile.start);
            arrange::strided(sources.read_whole(x), layout, start, out);
        }
        Kernel::Slice { of, outer, whole, start } => arrange::slice(sources.read(of), outer, whole, start, out),
        Kernel::Pad { of, outer, whole, start, update: Update::Replace } => {
            out.fill(T::zero());
            arrange::place(sources.read(of), outer, whole, start, out);
        }
        Kernel::Pad { of, outer, whole, start, update: Update::Add } => {
            arrange::add_at(sources.read(of), outer, whole, start, out);
        }
        Kernel::Place { of, outer, whole, start } => arrange::place(sources.read(of), outer, whole, start, out),
        Kernel::Gather { of, extent, inner, table } => {
            arrange::gather(sources.read(of), extent, inner, &sources.tables[table], out);
        }
        Kernel::Scatter { of, extent, inner, table } => {
            arrange::scatter(sources.read(of), extent, inner, &sources.tables[table], out);
        }
    }
}
