//! Plans: every decision about buffers taken before the first run.
//!
//! A plan knows for each value where it lives: in an argument, in a result, or at a fixed place of a workspace that
//! values share when their lives do not overlap. Reshapes and leading slices are places, not work. A product that is
//! added to something is accumulated in place, and elementwise functions overwrite operands that nothing else needs.

use std::sync::Arc;

use super::memory::Memory;
use super::op::{Binary, Op, Unary, Value};
use super::program::Program;
use super::shape::{Axes, MAX_AXES, Shape};
use crate::linalg::Update;
use crate::scalar::Scalar;

/// A program ready to run: steps with places for everything they read and write.
///
/// A plan is immutable and shared between threads; each running call needs a [`Workspace`] of its own.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    pub(super) steps: Vec<Step<T>>,
    pub(super) constants: Vec<Arc<[T]>>,
    pub(super) argument_lens: Vec<usize>,
    pub(super) result_lens: Vec<usize>,
    workspace_len: usize,
}

/// The scratch memory of one running call.
#[derive(Clone, Debug)]
pub struct Workspace<T> {
    pub(super) entries: Vec<T>,
}

/// Where a value lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Argument { argument: usize, start: usize },
    Constant { constant: usize, start: usize },
    Workspace { start: usize },
    Result { result: usize, start: usize },
}

/// A place and the number of entries there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) place: Place,
    pub(super) len: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Step<T> {
    pub(super) kernel: Kernel<T>,
    pub(super) out: Span,
}

/// A matrix operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    pub(super) span: Span,
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) transposed: bool,
}

/// What a step does with its output. "Into" kernels read their output as an operand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel<T> {
    Fill(T),
    Copy(Span),
    Unary(Unary<T>, Span),
    UnaryInto(Unary<T>),
    Binary(Binary, Span, Span),
    BinaryIntoLeft(Binary, Span),
    BinaryIntoRight(Binary, Span),
    MatMul(Factor, Factor, Update),
    LogSumExp(Span, usize),
    Softmax(Span, usize),
    LogSoftmax(Span, usize),
    /// Sum of the operand, by its extents and the output's stride along each of its axes (0: summed over).
    Sum(Span, [usize; MAX_AXES], [usize; MAX_AXES]),
    /// Copy of the operand, by the output's extents and the operand's stride along each of them.
    Gather(Span, [usize; MAX_AXES], [usize; MAX_AXES]),
    /// Blocks of `inner` entries: `whole` to an outer index in the operand, those from `start` kept.
    Slice {
        of: Span,
        outer: usize,
        whole: usize,
        start: usize,
    },
    /// The reverse placement, with zeros around.
    Pad {
        of: Span,
        outer: usize,
        whole: usize,
        start: usize,
    },
}

impl<T: Scalar> Plan<T> {
    /// Decides on everything that running the program needs. Cost: linear in the number of instructions.
    pub fn new(program: &Program<T>) -> Self {
        Planner::new(program).plan()
    }

    /// A workspace for one running call.
    pub fn workspace(&self) -> Workspace<T> {
        Workspace { entries: vec![T::zero(); self.workspace_len] }
    }

    /// The number of entries of each argument's slice.
    pub fn argument_lens(&self) -> &[usize] {
        &self.argument_lens
    }

    /// The number of entries of each result's slice.
    pub fn result_lens(&self) -> &[usize] {
        &self.result_lens
    }

    /// The number of entries of a workspace.
    pub fn workspace_len(&self) -> usize {
        self.workspace_len
    }
}

/// What is done where the instruction of a value stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// A place computed from its operand's.
    Alias,
    /// A product that the sum using it will accumulate.
    Delayed,
    /// A step.
    Computed,
}

struct Planner<'p, T> {
    program: &'p Program<T>,
    roles: Vec<Role>,
    places: Vec<Option<Place>>,
    /// The value whose memory a value lies in.
    roots: Vec<Value>,
    uses: Vec<usize>,
    last_use: Vec<usize>,
    starts: Vec<Vec<usize>>,
    memory: Memory,
    steps: Vec<Step<T>>,
}

impl<'p, T: Scalar> Planner<'p, T> {
    fn new(program: &'p Program<T>) -> Self {
        let count = program.nodes.len();
        Planner {
            program,
            roles: vec![Role::Computed; count],
            places: vec![None; count],
            roots: (0..count).map(|index| Value(index as u32)).collect(),
            uses: vec![0; count],
            last_use: vec![0; count],
            starts: program.arguments.iter().map(|blocks| starts(blocks.iter().map(Shape::size))).collect(),
            memory: Memory::default(),
            steps: Vec::new(),
        }
    }

    fn plan(mut self) -> Plan<T> {
        self.assign_roles();
        self.place_results();
        self.find_last_uses();
        for index in 0..self.program.nodes.len() {
            self.step(index);
        }
        self.copy_remaining_results();
        Plan {
            steps: self.steps,
            constants: self.program.constants.clone(),
            argument_lens: (0..self.program.arguments.len()).map(|a| self.program.argument_len(a)).collect(),
            result_lens: (0..self.program.results.len()).map(|r| self.program.result_len(r)).collect(),
            workspace_len: self.memory.len,
        }
    }

    fn op(&self, value: Value) -> Op<T> {
        self.program.nodes[value.index()].op
    }

    fn shape(&self, value: Value) -> Shape {
        self.program.shape(value)
    }

    fn assign_roles(&mut self) {
        for node in &self.program.nodes {
            node.op.operands().for_each(|x| self.uses[x.index()] += 1);
        }
        self.program.results.iter().flatten().for_each(|x| self.uses[x.index()] += 1);
        for (index, node) in self.program.nodes.iter().enumerate() {
            match node.op {
                Op::Argument { .. } | Op::Constant(_) => self.roles[index] = Role::Alias,
                Op::Reshape(x) => self.alias(index, x),
                Op::Slice { of, axis, .. } if self.shape(of).extents()[..axis].iter().all(|&extent| extent == 1) => {
                    self.alias(index, of);
                }
                Op::Binary(Binary::Add, x, y) => {
                    let once = |v: &Value| self.uses[v.index()] == 1 && matches!(self.op(*v), Op::MatMul { .. });
                    // The later product is accumulated on top of the earlier one.
                    if let Some(product) = [y, x].into_iter().find(once) {
                        self.roles[product.index()] = Role::Delayed;
                    }
                }
                _ => {}
            }
        }
    }

    fn alias(&mut self, index: usize, of: Value) {
        self.roles[index] = Role::Alias;
        self.roots[index] = self.roots[of.index()];
    }

    /// Results are computed where they are wanted, if they are computed at all and wanted once.
    fn place_results(&mut self) {
        for (result, blocks) in self.program.results.iter().enumerate() {
            let sizes = starts(blocks.iter().map(|&value| self.shape(value).size()));
            for (&value, &start) in blocks.iter().zip(&sizes) {
                let root = self.roots[value.index()];
                let whole = self.shape(root).size() == self.shape(value).size();
                if whole && self.roles[root.index()] == Role::Computed && self.places[root.index()].is_none() {
                    self.compute_at(root, Place::Result { result, start });
                }
            }
        }
    }

    /// Has a value computed at a place, and before it the sum onto which it accumulates a product.
    fn compute_at(&mut self, value: Value, place: Place) {
        self.places[value.index()] = Some(place);
        if let Some((base, _)) = self.accumulation(value) {
            let root = self.roots[base.index()];
            let own = root == base && self.uses[base.index()] == 1 && self.roles[base.index()] == Role::Computed;
            if own && self.places[base.index()].is_none() {
                self.compute_at(base, place);
            }
        }
    }

    /// For a sum with a delayed product: the other term, and the product.
    fn accumulation(&self, value: Value) -> Option<(Value, Value)> {
        let Op::Binary(Binary::Add, x, y) = self.op(value) else { return None };
        let delayed = |v: Value| self.roles[v.index()] == Role::Delayed;
        if delayed(y) { Some((x, y)) } else { delayed(x).then_some((y, x)) }
    }

    fn copy_remaining_results(&mut self) {
        for (result, blocks) in self.program.results.iter().enumerate() {
            let sizes = starts(blocks.iter().map(|&value| self.shape(value).size()));
            for (&value, &start) in blocks.iter().zip(&sizes) {
                let from = self.span(value);
                let out = Span { place: Place::Result { result, start }, len: from.len };
                if from != out {
                    self.steps.push(Step { kernel: Kernel::Copy(from), out });
                }
            }
        }
    }

    /// The values that the step of an instruction reads.
    fn reads(&self, index: usize) -> Vec<Value> {
        let operands = self.program.nodes[index].op.operands();
        operands
            .flat_map(|x| match self.roles[x.index()] {
                Role::Delayed => self.op(x).operands().collect(),
                _ => vec![x],
            })
            .collect()
    }

    fn find_last_uses(&mut self) {
        for index in 0..self.program.nodes.len() {
            if self.roles[index] == Role::Computed {
                for x in self.reads(index) {
                    let root = self.roots[x.index()];
                    self.last_use[root.index()] = index;
                }
            }
        }
        // What is copied to a result at the end lives to the end.
        for &value in self.program.results.iter().flatten() {
            let root = self.roots[value.index()];
            self.last_use[root.index()] = usize::MAX;
        }
    }

    fn place(&self, value: Value) -> Place {
        let place = self.places[self.roots[value.index()].index()];
        let base = match (place, self.op(self.roots[value.index()])) {
            (Some(place), _) => place,
            (None, Op::Argument { argument, block }) => {
                Place::Argument { argument, start: self.starts[argument][block] }
            }
            (None, Op::Constant(constant)) => Place::Constant { constant, start: 0 },
            (None, op) => unreachable!("{value:?} is read before {op:?} has a place"),
        };
        shifted(base, self.offset(value))
    }

    /// The distance, in entries, of an alias from the start of its root.
    fn offset(&self, value: Value) -> usize {
        match (self.roles[value.index()], self.op(value)) {
            (Role::Alias, Op::Reshape(x)) => self.offset(x),
            (Role::Alias, Op::Slice { of, axis, start }) => self.offset(of) + start * self.shape(of).strides()[axis],
            _ => 0,
        }
    }

    fn span(&self, value: Value) -> Span {
        Span { place: self.place(value), len: self.shape(value).size() }
    }

    /// The extent of the last axis.
    fn width(&self, value: Value) -> usize {
        *self.shape(value).extents().last().expect("the shape rule asks for an axis")
    }

    fn step(&mut self, index: usize) {
        if self.roles[index] != Role::Computed {
            return;
        }
        let value = Value(index as u32);
        let node = self.program.nodes[index];
        let len = node.shape.size();
        match node.op {
            Op::Argument { .. } | Op::Constant(_) | Op::Reshape(_) => {}
            Op::Fill(c) => self.write(value, Kernel::Fill(c)),
            Op::Unary(function, x) => {
                if self.take_over(value, x, &[]) {
                    self.write(value, Kernel::UnaryInto(function));
                } else {
                    self.write(value, Kernel::Unary(function, self.span(x)));
                }
            }
            Op::Binary(function, x, y) => self.binary(value, function, x, y),
            Op::MatMul { .. } => self.write(value, self.product(value, Update::Replace)),
            Op::LogSumExp(x) => self.write(value, Kernel::LogSumExp(self.span(x), self.width(x))),
            Op::Softmax(x) => self.write(value, Kernel::Softmax(self.span(x), self.width(x))),
            Op::LogSoftmax(x) => self.write(value, Kernel::LogSoftmax(self.span(x), self.width(x))),
            Op::Sum(x, axes) => {
                let (extents, strides) = spread(self.shape(x), node.shape, axes);
                self.write(value, Kernel::Sum(self.span(x), extents, strides));
            }
            Op::Broadcast(x, axes) => {
                let (extents, strides) = spread(node.shape, self.shape(x), axes);
                self.write(value, Kernel::Gather(self.span(x), extents, strides));
            }
            Op::Permute(x, order) => {
                let (mut extents, mut strides) = ([1; MAX_AXES], [0; MAX_AXES]);
                let from = self.shape(x).strides();
                for axis in 0..node.shape.axes() {
                    let place = axis + MAX_AXES - node.shape.axes();
                    extents[place] = node.shape.extents()[axis];
                    strides[place] = from[usize::from(order[axis])];
                }
                self.write(value, Kernel::Gather(self.span(x), extents, strides));
            }
            Op::Slice { of, axis, start } => {
                let (outer, inner) = around(node.shape, axis);
                let (whole, start) = (self.shape(of).extents()[axis] * inner, start * inner);
                self.write(value, Kernel::Slice { of: self.span(of), outer, whole, start });
            }
            Op::Pad { of, axis, start } => {
                let (outer, inner) = around(node.shape, axis);
                let (whole, start) = (node.shape.extents()[axis] * inner, start * inner);
                self.write(value, Kernel::Pad { of: self.span(of), outer, whole, start });
            }
        }
        debug_assert!(self.places[index].is_some() || len == 0 || matches!(node.op, Op::Reshape(_)));
        self.release(index);
    }

    fn binary(&mut self, value: Value, function: Binary, x: Value, y: Value) {
        if let Some((base, product)) = self.accumulation(value) {
            let factors: Vec<Value> = self.op(product).operands().collect();
            let in_place = self.places[value.index()].is_some_and(|place| place == self.place(base));
            if !in_place && !self.take_over(value, base, &factors) {
                self.write(value, Kernel::Copy(self.span(base)));
            }
            let kernel = self.product(product, Update::Add);
            self.write(value, kernel);
        } else if self.take_over(value, x, &[y]) {
            self.write(value, Kernel::BinaryIntoLeft(function, self.span(y)));
        } else if self.take_over(value, y, &[x]) {
            self.write(value, Kernel::BinaryIntoRight(function, self.span(x)));
        } else {
            self.write(value, Kernel::Binary(function, self.span(x), self.span(y)));
        }
    }

    fn product(&self, value: Value, update: Update) -> Kernel<T> {
        let Op::MatMul { left, transpose_left, right, transpose_right } = self.op(value) else {
            unreachable!("only products are delayed")
        };
        let factor = |value: Value, transposed| {
            let shape = self.shape(value);
            Factor { span: self.span(value), rows: shape.extents()[0], cols: shape.extents()[1], transposed }
        };
        Kernel::MatMul(factor(left, transpose_left), factor(right, transpose_right), update)
    }

    /// Lets `value` be computed in the memory of `operand`, if that is workspace which nothing needs any longer.
    fn take_over(&mut self, value: Value, operand: Value, also_read: &[Value]) -> bool {
        let root = self.roots[operand.index()];
        let dies = self.last_use[root.index()] == value.index() && self.shape(root).size() == self.shape(value).size();
        let shared = also_read.iter().any(|other| self.roots[other.index()] == root);
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
        self.steps.push(Step { kernel, out: Span { place, len } });
    }

    /// Frees what the step of this instruction was the last to read.
    fn release(&mut self, index: usize) {
        let mut roots: Vec<Value> = self.reads(index).iter().map(|x| self.roots[x.index()]).collect();
        roots.sort_unstable();
        roots.dedup();
        for root in roots.into_iter().filter(|root| self.last_use[root.index()] == index) {
            if let Some(Place::Workspace { start }) = self.places[root.index()] {
                self.memory.free(start, self.shape(root).size());
            }
        }
    }
}

fn shifted(place: Place, by: usize) -> Place {
    match place {
        Place::Argument { argument, start } => Place::Argument { argument, start: start + by },
        Place::Workspace { start } => Place::Workspace { start: start + by },
        Place::Result { result, start } => Place::Result { result, start: start + by },
        Place::Constant { constant, start } => Place::Constant { constant, start: start + by },
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

/// The product of the extents before an axis, and of those after it.
fn around(shape: Shape, axis: usize) -> (usize, usize) {
    (shape.extents()[..axis].iter().product(), shape.extents()[axis + 1..].iter().product())
}

/// Extents of the larger shape and strides of the smaller one along them (0 on the axes in the set), filled up with
/// ones in front to [`MAX_AXES`].
fn spread(larger: Shape, smaller: Shape, axes: Axes) -> ([usize; MAX_AXES], [usize; MAX_AXES]) {
    let (mut extents, mut strides) = ([1; MAX_AXES], [0; MAX_AXES]);
    let front = MAX_AXES - larger.axes();
    let mut steps = smaller.strides().into_iter();
    for (axis, &extent) in larger.extents().iter().enumerate() {
        extents[front + axis] = extent;
        strides[front + axis] = if axes.contains(axis) { 0 } else { steps.next().unwrap_or(0) };
    }
    (extents, strides)
}
