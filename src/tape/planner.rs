//! Planning: every decision about buffers taken before the first run.
//!
//! A plan knows for each value where it lives: in an argument, in a result, or at a fixed place of a workspace that
//! values share when their lives do not overlap. Reshapes and leading slices are places, not work. A product that is
//! added to something is accumulated in place, and elementwise functions overwrite operands that nothing else needs.

use std::ops::Range;

use super::compiled::Compiled;
use super::function::Binary;
use super::layout::Layout;
use super::memory::Memory;
use super::op::{Op, Value};
use super::plan::{Convolution, Factor, Kernel, Place, Plan, Span, Stage, Step, Windows};
use super::program::Program;
use super::scalars::Scalars;
use super::schedule::{Role, Schedule, accumulates};
use super::shape::Shape;
use super::window::Part;
use crate::linalg::Update;
use crate::scalar::Scalar;

impl<T: Scalar> Plan<T> {
    /// Decides on everything that running the program needs. Cost: linear in the number of instructions.
    pub fn new(program: &Program<T>) -> Self {
        (Compiled::plan())(program, Update::Replace)
    }

    /// The same, for runs that add the results to what is in their slices.
    pub(crate) fn adding(program: &Program<T>) -> Self {
        (Compiled::plan())(program, Update::Add)
    }

    pub(super) fn new_body(program: &Program<T>, results: Update) -> Self {
        Planner::new(program, results).plan()
    }
}

/// Fewer numbers than this are read and written where they are.
const FEW: usize = 8;

pub(super) struct Planner<'p, T> {
    pub(super) program: &'p Program<T>,
    pub(super) schedule: Schedule<'p, T>,
    pub(super) places: Vec<Option<Place>>,
    pub(super) last_use: Vec<usize>,
    starts: Vec<Vec<usize>>,
    /// What is done with what is in the results' slices.
    results: Update,
    /// Products that are added to what is in their places, although they are the first to be written there.
    added: Vec<bool>,
    /// Where in the workspace arguments and results lie that are read or written number by number.
    staged_arguments: Vec<Option<usize>>,
    staged_results: Vec<Option<usize>>,
    /// The stretches of these results.
    staged: Vec<Range<usize>>,
    pub(super) memory: Memory,
    pub(super) scratch_len: usize,
    pub(super) stages: Vec<Stage<T>>,
}

impl<'p, T: Scalar> Planner<'p, T> {
    fn new(program: &'p Program<T>, results: Update) -> Self {
        let count = program.nodes.len();
        Planner {
            program,
            schedule: Schedule::new(program),
            places: vec![None; count],
            last_use: vec![0; count],
            starts: program.arguments.iter().map(|blocks| starts(blocks.iter().map(Shape::size))).collect(),
            results,
            added: vec![false; count],
            staged_arguments: vec![None; program.arguments.len()],
            staged_results: vec![None; program.results.len()],
            staged: Vec::new(),
            memory: Memory::default(),
            scratch_len: 0,
            stages: Vec::new(),
        }
    }

    fn plan(mut self) -> Plan<T> {
        self.stage();
        self.place_results();
        self.find_last_uses();
        for index in 0..self.program.nodes.len() {
            match self.schedule.roles[index] {
                Role::Computed => self.step(index),
                Role::Chained(end) if end == index => self.chain(end),
                _ => continue,
            }
            self.release(index);
        }
        self.copy_remaining_results();
        Plan {
            stages: self.stages,
            constants: self.program.constants.clone(),
            argument_lens: (0..self.program.arguments.len()).map(|a| self.program.argument_len(a)).collect(),
            result_lens: (0..self.program.results.len()).map(|r| self.program.result_len(r)).collect(),
            tables: self.program.tables.clone(),
            workspace_len: self.memory.len,
            scratch_len: self.scratch_len,
        }
    }

    pub(super) fn op(&self, value: Value) -> Op<T> {
        self.schedule.op(value)
    }

    pub(super) fn shape(&self, value: Value) -> Shape {
        self.program.shape(value)
    }

    pub(super) fn root(&self, value: Value) -> Value {
        self.schedule.root(value)
    }

    /// Whether a value is written by a step or a chain, rather than read from elsewhere or not needed in memory.
    fn is_written(&self, value: Value) -> bool {
        match self.schedule.role(value) {
            Role::Computed => true,
            Role::Chained(_) => self.schedule.kept[value.index()],
            _ => false,
        }
    }

    /// Gives arguments that are read number by number, and results that are written so, a copy in the workspace.
    fn stage(&mut self) {
        let mut reads = vec![0; self.program.arguments.len()];
        for (index, node) in self.program.nodes.iter().enumerate() {
            if let (Role::Alias, 1) = (self.schedule.roles[index], node.shape.size())
                && let Op::Argument { argument, .. } = self.op(self.root(Value(index as u32)))
            {
                reads[argument] += 1;
            }
        }
        for (argument, reads) in reads.into_iter().enumerate() {
            let len = self.program.argument_len(argument);
            if reads >= FEW && 4 * reads >= len {
                let start = self.memory.allocate(len);
                self.staged_arguments[argument] = Some(start);
                let from = Span { place: Place::Argument { argument, start: 0 }, len };
                let out = Span { place: Place::Workspace { start }, len };
                self.push(Step { kernel: Kernel::Copy(from), out });
            }
        }
        for (result, blocks) in self.program.results.iter().enumerate() {
            if self.results == Update::Add {
                continue;
            }
            let numbers = blocks.len() >= FEW && blocks.iter().all(|&value| self.shape(value).size() == 1);
            let placed = |value: Value| {
                let delayed = self.schedule.accumulation(value).map(|(_, delayed)| self.op(delayed));
                matches!(delayed, Some(Op::Pad { of, .. }) if self.shape(of).size() == 1)
            };
            if numbers || blocks.iter().any(|&value| placed(value)) {
                let len = self.program.result_len(result);
                let start = self.memory.allocate(len);
                self.staged_results[result] = Some(start);
                self.staged.push(start..start + len);
            }
        }
    }

    /// Where a part of a result is written.
    fn result_place(&self, result: usize, start: usize) -> Place {
        match self.staged_results[result] {
            Some(staged) => Place::Workspace { start: staged + start },
            None => Place::Result { result, start },
        }
    }

    /// Results are computed where they are wanted, if they are computed at all and wanted once.
    fn place_results(&mut self) {
        for (result, blocks) in self.program.results.iter().enumerate() {
            let sizes = starts(blocks.iter().map(|&value| self.shape(value).size()));
            for (&value, &start) in blocks.iter().zip(&sizes) {
                let root = self.root(value);
                let whole = self.shape(root).size() == self.shape(value).size();
                if whole && self.is_written(root) && self.places[root.index()].is_none() {
                    let place = self.result_place(result, start);
                    match self.results {
                        Update::Replace => self.compute_at(root, place),
                        Update::Add => self.add_at(root, place),
                    }
                }
            }
        }
    }

    /// Has a value computed at a place, and before it the sums onto which it accumulates.
    fn compute_at(&mut self, value: Value, place: Place) {
        for value in self.accumulations(value).0 {
            self.places[value.index()] = Some(place);
        }
    }

    /// Has a value added to what is at a place, if it is a product or a sum of products that nothing else needs.
    fn add_at(&mut self, value: Value, place: Place) {
        let (sums, whole) = self.accumulations(value);
        let first = sums[sums.len() - 1];
        let product = accumulates(&self.op(first)) && self.schedule.role(first) == Role::Computed;
        if whole && product && self.schedule.readers_of_root(value) == 1 {
            self.compute_at(value, place);
            self.added[first.index()] = true;
        }
    }

    /// A value and those onto which it accumulates that nothing else needs, and whether these are all.
    fn accumulations(&self, mut value: Value) -> (Vec<Value>, bool) {
        let mut sums = vec![value];
        while let Some((base, _)) = self.schedule.accumulation(value) {
            let own = self.root(base) == base && self.schedule.uses[base.index()] == 1 && self.is_written(base);
            if !own || self.places[base.index()].is_some() {
                return (sums, false);
            }
            sums.push(base);
            value = base;
        }
        (sums, true)
    }

    fn copy_remaining_results(&mut self) {
        for (result, blocks) in self.program.results.iter().enumerate() {
            let sizes = starts(blocks.iter().map(|&value| self.shape(value).size()));
            for (&value, &start) in blocks.iter().zip(&sizes) {
                let from = self.span(value);
                let out = Span { place: self.result_place(result, start), len: from.len };
                let kernel = match self.results {
                    Update::Replace => Kernel::Copy(from),
                    Update::Add => Kernel::BinaryIntoLeft(Binary::Add, from),
                };
                if from != out {
                    self.push(Step { kernel, out });
                }
            }
            if let Some(start) = self.staged_results[result] {
                let len = self.program.result_len(result);
                let staged = Span { place: Place::Workspace { start }, len };
                let out = Span { place: Place::Result { result, start: 0 }, len };
                self.push(Step { kernel: Kernel::Copy(staged), out });
            }
        }
    }

    fn find_last_uses(&mut self) {
        for index in 0..self.program.nodes.len() {
            match self.schedule.roles[index] {
                Role::Computed => {}
                Role::Chained(end) if end == index => {}
                _ => continue,
            }
            for x in self.schedule.reads(index) {
                let root = self.root(x);
                self.last_use[root.index()] = index;
            }
        }
        // What is copied to a result at the end lives to the end.
        for &value in self.program.results.iter().flatten() {
            let root = self.root(value);
            self.last_use[root.index()] = usize::MAX;
        }
    }

    fn place(&self, value: Value) -> Place {
        let place = self.places[self.root(value).index()];
        let base = match (place, self.op(self.root(value))) {
            (Some(place), _) => place,
            (None, Op::Argument { argument, block }) => {
                let start = self.starts[argument][block];
                match self.staged_arguments[argument] {
                    Some(staged) => Place::Workspace { start: staged + start },
                    None => Place::Argument { argument, start },
                }
            }
            (None, Op::Constant(constant)) => Place::Constant { constant, start: 0 },
            (None, op) => unreachable!("{value:?} is read before {op:?} has a place"),
        };
        base.shifted(self.offset(value))
    }

    /// The distance, in entries, of an alias from the start of its root.
    fn offset(&self, value: Value) -> usize {
        match (self.schedule.role(value), self.op(value)) {
            (Role::Alias, Op::Reshape(x)) => self.offset(x),
            (Role::Alias, Op::Slice { of, axis, start }) => self.offset(of) + start * self.shape(of).strides()[axis],
            _ => 0,
        }
    }

    pub(super) fn span(&self, value: Value) -> Span {
        Span { place: self.place(value), len: self.shape(value).size() }
    }

    /// The extent of the last axis.
    fn width(&self, value: Value) -> usize {
        *self.shape(value).extents().last().expect("the shape rule asks for an axis")
    }

    fn step(&mut self, index: usize) {
        let value = Value(index as u32);
        let node = self.program.nodes[index];
        match node.op {
            Op::Argument { .. } | Op::Constant(_) | Op::Reshape(_) => {}
            Op::Fill(c) => self.write(value, Kernel::Fill(c)),
            Op::Unary(function, x) => self.write(value, Kernel::Unary(function, self.span(x))),
            Op::Binary(function, x, y) => self.binary(value, function, x, y),
            Op::Select { condition, then, otherwise } => {
                self.write(value, Kernel::Select([condition, then, otherwise].map(|x| self.span(x))));
            }
            Op::MatMul { .. } | Op::Convolution { .. } | Op::Pad { .. } => {
                let first = if self.added[index] { Update::Add } else { Update::Replace };
                let kernel = self.accumulated(value, first);
                self.write(value, kernel);
            }
            Op::Solve { matrix, transpose, right } => {
                let matrix = self.factor(matrix, transpose);
                let (right, size) = (self.span(right), matrix.rows);
                self.scratch_len = self.scratch_len.max(size * size);
                self.write(value, Kernel::Solve { matrix, right, size });
            }
            Op::LogDeterminant(x) => {
                let size = self.width(x);
                self.scratch_len = self.scratch_len.max(size * size);
                self.write(value, Kernel::LogDeterminant(self.span(x), size));
            }
            Op::WindowSum(x, window) => {
                let windows = Windows::new(window, self.shape(x), node.shape);
                self.write(value, Kernel::WindowSum(self.span(x), Box::new(windows)));
            }
            Op::WindowSpread(x, window) => {
                let windows = Windows::new(window, node.shape, self.shape(x));
                self.write(value, Kernel::WindowSpread(self.span(x), Box::new(windows)));
            }
            Op::LogSumExp(x) => self.write(value, Kernel::LogSumExp(self.span(x), self.width(x))),
            Op::Softmax(x) => self.write(value, Kernel::Softmax(self.span(x), self.width(x))),
            Op::LogSoftmax(x) => self.write(value, Kernel::LogSoftmax(self.span(x), self.width(x))),
            Op::Sum(x, axes) => {
                let layout = Box::new(Layout::spread(self.shape(x), node.shape, axes));
                self.write(value, Kernel::Sum(self.span(x), layout));
            }
            Op::Max(x, axes) => {
                let layout = Box::new(Layout::spread(self.shape(x), node.shape, axes));
                self.write(value, Kernel::Max(self.span(x), layout));
            }
            Op::Broadcast(x, axes) => {
                let layout = Box::new(Layout::spread(node.shape, self.shape(x), axes));
                self.write(value, Kernel::Strided(self.span(x), layout));
            }
            Op::Permute(x, order) => {
                let layout = Box::new(Layout::permuted(self.shape(x), node.shape, &order));
                self.write(value, Kernel::Strided(self.span(x), layout));
            }
            Op::Slice { of, axis, start } => {
                let (outer, _, inner) = node.shape.around(axis);
                let (whole, start) = (self.shape(of).extents()[axis] * inner, start * inner);
                self.write(value, Kernel::Slice { of: self.span(of), outer, whole, start });
            }
            Op::Gather { of, axis, table } => {
                let (_, extent, inner) = self.shape(of).around(axis);
                self.write(value, Kernel::Gather { of: self.span(of), extent, inner, table });
            }
            Op::Scatter { of, axis, table } => {
                let (_, extent, inner) = node.shape.around(axis);
                self.write(value, Kernel::Scatter { of: self.span(of), extent, inner, table });
            }
            Op::Concatenate { left, right, axis } => {
                let (outer, extent, inner) = node.shape.around(axis);
                let (whole, start) = (extent * inner, self.shape(left).extents()[axis] * inner);
                self.write(value, Kernel::Place { of: self.span(left), outer, whole, start: 0 });
                self.write(value, Kernel::Place { of: self.span(right), outer, whole, start });
            }
        }
    }

    fn binary(&mut self, value: Value, function: Binary, x: Value, y: Value) {
        if let Some((base, delayed)) = self.schedule.accumulation(value) {
            let mut read = Vec::new();
            self.schedule.operands_in_memory(delayed.index(), &mut read);
            let in_place = self.places[value.index()].is_some_and(|place| place == self.place(base));
            if !in_place && !self.take_over(value, base, &read, value.index()) {
                self.write(value, Kernel::Copy(self.span(base)));
            }
            let kernel = self.accumulated(delayed, Update::Add);
            self.write(value, kernel);
        } else {
            self.write(value, Kernel::Binary(function, self.span(x), self.span(y)));
        }
    }

    /// The kernel of an instruction that can add to what is there.
    fn accumulated(&mut self, value: Value, update: Update) -> Kernel<T> {
        let shape = self.shape(value);
        match self.op(value) {
            Op::MatMul { left, transpose_left, right, transpose_right } => {
                let (left, right) = (self.factor(left, transpose_left), self.factor(right, transpose_right));
                Kernel::MatMul(left, right, update, self.stack(value))
            }
            Op::Convolution { part, left, right, window } => {
                let (x, y) = match part {
                    Part::Output => (self.shape(left), shape),
                    Part::Input => (shape, self.shape(left)),
                    Part::Kernel => (self.shape(left), self.shape(right)),
                };
                let windows = Windows::new(window, x, y);
                let [images, channels] = [x.extents()[0], x.extents()[1]];
                let sizes = Convolution { images, channels, outputs: y.extents()[1], windows };
                self.scratch_len = self.scratch_len.max(sizes.scratch_len());
                Kernel::Convolution {
                    part,
                    operands: [self.span(left), self.span(right)],
                    update,
                    sizes: Box::new(sizes),
                }
            }
            Op::Pad { of, axis, start } => {
                let (outer, extent, inner) = shape.around(axis);
                Kernel::Pad { of: self.span(of), outer, whole: extent * inner, start: start * inner, update }
            }
            op => unreachable!("{op:?} does not accumulate"),
        }
    }

    /// The number of matrices in a stack.
    fn stack(&self, value: Value) -> usize {
        self.shape(value).extents().iter().rev().skip(2).product()
    }

    fn factor(&self, value: Value, transposed: bool) -> Factor {
        let repeated = self.schedule.repeated(value);
        let value = repeated.unwrap_or(value);
        let &[.., rows, cols] = self.shape(value).extents() else { unreachable!("the shape rule asks for matrices") };
        Factor { span: self.span(value), rows, cols, transposed, repeated: repeated.is_some() }
    }

    /// Lets `value` be computed in the memory of `operand`, if that is workspace which nothing needs after the instruction
    /// `at`, and no part of it is among what is also read there.
    pub(super) fn take_over(&mut self, value: Value, operand: Value, also_read: &[Value], at: usize) -> bool {
        let root = self.root(operand);
        let dies = self.last_use[root.index()] == at && self.shape(root).size() == self.shape(value).size();
        let shared = also_read.iter().any(|&other| self.root(other) == root);
        let Some(place @ Place::Workspace { .. }) = self.places[root.index()] else { return false };
        if !dies || shared || self.places[value.index()].is_some() {
            return false;
        }
        self.places[value.index()] = Some(place);
        // Its memory now belongs to `value`.
        self.last_use[root.index()] = usize::MAX;
        true
    }

    fn write(&mut self, value: Value, kernel: Kernel<T>) {
        let len = self.shape(value).size();
        let place =
            *self.places[value.index()].get_or_insert_with(|| Place::Workspace { start: self.memory.allocate(len) });
        self.push(Step { kernel, out: Span { place, len } });
    }

    /// Adds a step, to the run of steps on single numbers if it is one.
    fn push(&mut self, step: Step<T>) {
        if let Some(Stage::Scalars(scalars)) = self.stages.last_mut()
            && scalars.push(&step)
        {
            return;
        }
        let mut scalars = Scalars::default();
        let stage = if scalars.push(&step) { Stage::Scalars(scalars) } else { Stage::Step(step) };
        self.stages.push(stage);
    }

    /// Frees what the step of this instruction was the last to read.
    fn release(&mut self, index: usize) {
        let mut roots: Vec<Value> = self.schedule.reads(index).into_iter().map(|x| self.root(x)).collect();
        roots.sort_unstable();
        roots.dedup();
        for root in roots.into_iter().filter(|root| self.last_use[root.index()] == index) {
            if let Some(Place::Workspace { start }) = self.places[root.index()]
                && !self.is_staged(start)
            {
                self.memory.free(start, self.shape(root).size());
            }
        }
    }

    /// Whether a place in the workspace is that of a result, where it stays until the end: a sum that is accumulated
    /// there shares it with the terms before, which die earlier.
    fn is_staged(&self, start: usize) -> bool {
        self.staged.iter().any(|range| range.contains(&start))
    }
}

/// Running sums, starting from 0.
fn starts(sizes: impl Iterator<Item = usize>) -> Vec<usize> {
    sizes
        .scan(0, |next, size| {
            *next += size;
            Some(*next - size)
        })
        .collect()
}
