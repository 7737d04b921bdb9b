//! When each value is computed: by a step of its own, as part of a chain, or not at all.
//!
//! A *chain* is a set of elementwise instructions over values of one size that run together, tile by tile, so that what
//! only they need never leaves the cache. All of a chain runs where its last instruction stands. An instruction joins the
//! chain of its earliest consumer if nothing needs it before that chain runs. Copies along axes and constants are read
//! within chains and products as they are; memory is given to them only if something else needs them.

use super::function::Binary;
use super::op::{Op, Value};
use super::program::Program;
use super::shape::Shape;
use crate::scalar::Scalar;

/// What is done where the instruction of a value stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A place computed from its operand's.
    Alias,
    /// A product or placement that the sum using it will accumulate.
    Delayed,
    /// Copies or a constant that its readers make for themselves.
    Implied,
    /// A step.
    Computed,
    /// A part of the chain that ends with the instruction of this number.
    Chained(usize),
}

/// Roles and uses of all values.
pub(super) struct Schedule<'p, T> {
    program: &'p Program<T>,
    pub(super) roles: Vec<Role>,
    /// The value whose memory a value lies in.
    pub(super) roots: Vec<Value>,
    /// The number of operands and results that a value is.
    pub(super) uses: Vec<usize>,
    /// Members of the chain that ends with an instruction, in order.
    pub(super) chains: Vec<Vec<usize>>,
    /// Whether a member of a chain, or a value of another role, is needed outside of the chain.
    pub(super) kept: Vec<bool>,
}

/// What is known of the readers of a value when all of them have been seen.
#[derive(Clone, Copy)]
struct Readers {
    /// The first chain that reads it, by its last instruction.
    chain: usize,
    /// The first of all other readers.
    other: usize,
    /// Whether a reader needs it in memory that may not make it for itself.
    needs_memory: bool,
}

impl<'p, T: Scalar> Schedule<'p, T> {
    pub(super) fn new(program: &'p Program<T>) -> Self {
        let count = program.nodes.len();
        let mut schedule = Schedule {
            program,
            roles: vec![Role::Computed; count],
            roots: (0..count).map(|index| Value(index as u32)).collect(),
            uses: vec![0; count],
            chains: vec![Vec::new(); count],
            kept: vec![true; count],
        };
        schedule.count_uses();
        schedule.alias();
        schedule.delay();
        schedule.chain();
        schedule
    }

    pub(super) fn op(&self, value: Value) -> Op<T> {
        self.program.nodes[value.index()].op
    }

    fn shape(&self, value: Value) -> Shape {
        self.program.shape(value)
    }

    pub(super) fn root(&self, value: Value) -> Value {
        self.roots[value.index()]
    }

    pub(super) fn role(&self, value: Value) -> Role {
        self.roles[value.index()]
    }

    fn count_uses(&mut self) {
        for node in &self.program.nodes {
            node.op.operands().for_each(|x| self.uses[x.index()] += 1);
        }
        self.program.results.iter().flatten().for_each(|x| self.uses[x.index()] += 1);
    }

    fn alias(&mut self) {
        for (index, node) in self.program.nodes.iter().enumerate() {
            let of = match node.op {
                Op::Argument { .. } | Op::Constant(_) => Value(index as u32),
                Op::Reshape(x) => x,
                Op::Slice { of, axis, .. } if self.shape(of).extents()[..axis].iter().all(|&extent| extent == 1) => of,
                _ => continue,
            };
            self.roles[index] = Role::Alias;
            self.roots[index] = self.root(of);
        }
    }

    /// Leaves products and placements that one sum alone uses to that sum.
    fn delay(&mut self) {
        let mut chained = vec![false; self.program.nodes.len()];
        for (index, node) in self.program.nodes.iter().enumerate().rev() {
            let Op::Binary(Binary::Add, x, y) = node.op else {
                if is_elementwise(&node.op) {
                    node.op.operands().for_each(|x| chained[self.root(x).index()] |= self.same_size(x, index));
                }
                continue;
            };
            // The later of two is accumulated on top of the earlier one.
            let later = [y, x].into_iter().find(|&v| self.uses[v.index()] == 1 && accumulates(&self.op(v)));
            let alone = later.filter(|&later| {
                let base = if later == y { x } else { y };
                // What a chain can add in passing is not written first for a product to be added to it.
                let in_passing = match self.op(self.root(base)) {
                    Op::Broadcast(..) | Op::Fill(_) => true,
                    _ => chained[index] && !self.accumulated(base),
                };
                base != later && (matches!(self.op(later), Op::Pad { .. }) || !in_passing)
            });
            match alone {
                Some(later) => self.roles[later.index()] = Role::Delayed,
                None => [x, y].into_iter().for_each(|x| chained[self.root(x).index()] |= self.same_size(x, index)),
            }
        }
    }

    /// Whether a value is a product, or a sum that may accumulate one.
    fn accumulated(&self, value: Value) -> bool {
        match self.op(value) {
            Op::Binary(Binary::Add, x, y) => [x, y].iter().any(|&v| accumulates(&self.op(v))),
            op => accumulates(&op),
        }
    }

    /// For a sum with a delayed term: the other term, and the delayed one.
    pub(super) fn accumulation(&self, value: Value) -> Option<(Value, Value)> {
        let Op::Binary(Binary::Add, x, y) = self.op(value) else { return None };
        let delayed = |v: Value| self.role(v) == Role::Delayed;
        if delayed(y) { Some((x, y)) } else { delayed(x).then_some((y, x)) }
    }

    /// Whether an operand lies in memory element by element as the result of an instruction does.
    fn same_size(&self, operand: Value, index: usize) -> bool {
        self.shape(self.root(operand)).size() == self.program.nodes[index].shape.size()
    }

    /// Copies along leading axes alone, which a stack of products may read as they are: their operand.
    pub(super) fn repeated(&self, value: Value) -> Option<Value> {
        match self.op(value) {
            Op::Broadcast(x, axes) if self.role(value) == Role::Implied || self.role(value) == Role::Computed => {
                let leading = self.shape(value).axes() - self.shape(x).axes();
                let matrices = self.shape(x).axes() == 2 && axes.iter().eq(0..leading);
                matrices.then_some(x)
            }
            _ => None,
        }
    }

    /// Puts elementwise instructions together, from the last to the first.
    fn chain(&mut self) {
        const NOBODY: usize = usize::MAX;
        let count = self.program.nodes.len();
        let mut readers = vec![Readers { chain: NOBODY, other: NOBODY, needs_memory: false }; count];
        for &value in self.program.results.iter().flatten() {
            readers[self.root(value).index()].needs_memory = true;
        }
        for index in (0..count).rev() {
            let node = &self.program.nodes[index];
            let own = readers[index];
            let value = Value(index as u32);
            match self.roles[index] {
                Role::Alias => continue,
                Role::Delayed => {}
                _ if matches!(node.op, Op::Broadcast(..) | Op::Fill(_)) && !own.needs_memory => {
                    self.roles[index] = Role::Implied;
                }
                _ if is_elementwise(&node.op) && self.accumulation(value).is_none() && node.shape.size() > 1 => {
                    let joins = own.chain != NOBODY && own.chain < own.other;
                    let end = if joins { own.chain } else { index };
                    self.roles[index] = Role::Chained(end);
                    self.kept[index] = !joins || own.other != NOBODY || own.needs_memory;
                    self.chains[end].push(index);
                }
                _ => {}
            }
            // When it is computed, and so when it reads.
            let at = match self.roles[index] {
                Role::Chained(end) => end,
                Role::Implied => own.chain.min(own.other),
                _ => index,
            };
            for operand in node.op.operands() {
                let root = self.root(operand);
                let in_chain = matches!(self.roles[index], Role::Chained(_)) && self.same_size(operand, index);
                let as_it_is = matches!(node.op, Op::MatMul { .. }) && self.repeated(operand).is_some();
                let readers = &mut readers[root.index()];
                readers.needs_memory |= !in_chain && !as_it_is;
                if in_chain && at == readers.chain {
                    continue;
                }
                if in_chain && at < readers.chain {
                    readers.other = readers.other.min(readers.chain);
                    readers.chain = at;
                } else {
                    readers.other = readers.other.min(at);
                }
            }
        }
        self.chains.iter_mut().for_each(|members| members.reverse());
    }

    /// The number of instructions and results that read the memory of a root, under whatever name.
    pub(super) fn readers_of_root(&self, root: Value) -> usize {
        let operands = self.program.nodes.iter().zip(&self.roles).filter(|(_, role)| **role != Role::Alias);
        let read =
            operands.flat_map(|(node, _)| node.op.operands()).chain(self.program.results.iter().flatten().copied());
        read.filter(|&x| self.root(x) == root).count()
    }

    /// What is read from memory for copies that a chain makes for itself.
    pub(super) fn implied_reads(&self, end: usize) -> Vec<Value> {
        let operands = self.chains[end].iter().flat_map(|&member| self.program.nodes[member].op.operands());
        let copied = |x: Value| match (self.role(self.root(x)), self.op(self.root(x))) {
            (Role::Implied, Op::Broadcast(of, _)) => Some(of),
            _ => None,
        };
        operands.filter_map(copied).collect()
    }

    /// The values that the step of an instruction, or the chain that ends with it, reads from memory.
    pub(super) fn reads(&self, index: usize) -> Vec<Value> {
        let members = match self.roles[index] {
            Role::Chained(_) => self.chains[index].as_slice(),
            _ => &[index],
        };
        let mut reads = Vec::new();
        members.iter().for_each(|&member| self.operands_in_memory(member, &mut reads));
        if let Role::Chained(end) = self.roles[index] {
            reads.retain(|&x| self.role(self.root(x)) != Role::Chained(end));
        }
        reads
    }

    /// What an instruction reads from memory, in itself or through what is implied or delayed.
    pub(super) fn operands_in_memory(&self, index: usize, reads: &mut Vec<Value>) {
        let op = self.program.nodes[index].op;
        for operand in op.operands() {
            match (self.role(self.root(operand)), self.op(self.root(operand))) {
                (Role::Delayed, _) => self.operands_in_memory(operand.index(), reads),
                (Role::Implied, Op::Broadcast(x, _)) => reads.push(x),
                (Role::Implied, _) => {}
                _ => match self.repeated(operand).filter(|_| matches!(op, Op::MatMul { .. })) {
                    Some(matrix) => reads.push(matrix),
                    None => reads.push(operand),
                },
            }
        }
    }
}

pub(super) fn is_elementwise<T>(op: &Op<T>) -> bool {
    matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Select { .. })
}

/// Whether an instruction can add its result to what is in its place already.
pub(super) fn accumulates<T>(op: &Op<T>) -> bool {
    matches!(op, Op::MatMul { .. } | Op::Convolution { .. } | Op::Pad { .. })
}
