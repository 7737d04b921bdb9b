//! The builder that recording and every pass write programs with.
//!
//! Each instruction is simplified as it is written (functions of equal numbers fold, x + 0 is x, reshapes merge) and written at most
//! once: an instruction that stands already is found by its key. So no pass needs a clean-up of its own, except for
//! values that turn out not to be needed, which [`Builder::finish`] leaves out.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::compiled::Compiled;
use super::function::{Binary, Unary};
use super::op::{Op, Value};
use super::program::{Node, Program};
use super::shape::{Axes, MAX_AXES, Shape};
use crate::scalar::Scalar;

/// A program in the making.
#[derive(Debug)]
pub(crate) struct Builder<T> {
    program: Program<T>,
    /// The last instruction with each hash: small enough to stay in the cache while a program grows.
    known: FxHashMap<u64, Value>,
    /// The numbers of tables.
    tables: FxHashMap<Arc<[usize]>, usize>,
}

impl<T: Scalar> Builder<T> {
    pub(crate) fn new() -> Self {
        Builder::with_capacity(0)
    }

    /// An empty program with room for so many instructions.
    pub(crate) fn with_capacity(instructions: usize) -> Self {
        let program = Program {
            nodes: Vec::with_capacity(instructions),
            constants: Vec::new(),
            tables: Vec::new(),
            arguments: Vec::new(),
            results: Vec::new(),
        };
        Builder {
            program,
            known: FxHashMap::with_capacity_and_hasher(instructions, FxBuildHasher),
            tables: FxHashMap::default(),
        }
    }

    pub(crate) fn shape(&self, value: Value) -> Shape {
        self.program.shape(value)
    }

    /// Adds an argument with blocks of these shapes and returns the block's values.
    pub(crate) fn argument(&mut self, blocks: &[Shape]) -> Vec<Value> {
        let argument = self.program.arguments.len();
        self.program.arguments.push(blocks.to_vec());
        let block = |(block, &shape)| self.emit(Op::Argument { argument, block }, shape);
        blocks.iter().enumerate().map(block).collect()
    }

    pub(crate) fn constant(&mut self, shape: Shape, values: Arc<[T]>) -> Value {
        self.program.constants.push(values);
        self.emit(Op::Constant(self.program.constants.len() - 1), shape)
    }

    /// The number of a table with these positions: the one that stands already, or a new one.
    pub(crate) fn table(&mut self, positions: &Arc<[usize]>) -> usize {
        let tables = &mut self.program.tables;
        *self.tables.entry(positions.clone()).or_insert_with(|| {
            tables.push(positions.clone());
            tables.len() - 1
        })
    }

    /// The numbers here of all tables of another program.
    pub(crate) fn tables(&mut self, tables: &[Arc<[usize]>]) -> Vec<usize> {
        tables.iter().map(|table| self.table(table)).collect()
    }

    pub(crate) fn fill(&mut self, shape: Shape, value: T) -> Value {
        self.emit(Op::Fill(value), shape)
    }

    pub(crate) fn unary(&mut self, function: Unary<T>, x: Value) -> Value {
        (Compiled::unary())(self, function, x)
    }

    pub(super) fn unary_body(&mut self, function: Unary<T>, x: Value) -> Value {
        let node = self.program.nodes[x.index()];
        match (function, node.op) {
            (Unary::Scale(c), _) if c == T::one() => return x,
            (Unary::Scale(c), Op::Unary(Unary::Scale(d), y)) if (c * d).is_normal() => {
                return self.unary(Unary::Scale(c * d), y);
            }
            (Unary::Offset(c), _) if c == T::zero() => return x,
            (Unary::Powi(1), _) => return x,
            (Unary::Powf(c), _) if c == T::one() => return x,
            (_, Op::Fill(c)) => return self.fill(node.shape, super::elementwise::unary_value(function, c)),
            _ => {}
        }
        self.emit(Op::Unary(function, x), node.shape)
    }

    pub(crate) fn scale(&mut self, factor: T, x: Value) -> Value {
        self.unary(Unary::Scale(factor), x)
    }

    pub(crate) fn binary(&mut self, function: Binary, x: Value, y: Value) -> Value {
        (Compiled::binary())(self, function, x, y)
    }

    pub(super) fn binary_body(&mut self, function: Binary, mut x: Value, mut y: Value) -> Value {
        let shape = self.shape(x);
        match (function, self.filled(x), self.filled(y)) {
            (_, Some(a), Some(b)) => return self.fill(shape, super::elementwise::binary_value(function, a, b)),
            (Binary::Add, _, Some(c)) => return self.unary(Unary::Offset(c), x),
            (Binary::Add, Some(c), _) => return self.unary(Unary::Offset(c), y),
            (Binary::Subtract, _, Some(c)) => return self.unary(Unary::Offset(-c), x),
            (Binary::Multiply, _, Some(c)) => return self.unary(Unary::Scale(c), x),
            (Binary::Multiply, Some(c), _) => return self.unary(Unary::Scale(c), y),
            _ => {}
        }
        // x + y and y + x are one instruction.
        if matches!(function, Binary::Add | Binary::Multiply) && y < x {
            std::mem::swap(&mut x, &mut y);
        }
        self.emit(Op::Binary(function, x, y), shape)
    }

    pub(crate) fn add(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Add, x, y)
    }

    pub(crate) fn multiply(&mut self, x: Value, y: Value) -> Value {
        self.binary(Binary::Multiply, x, y)
    }

    /// `then` where the condition is not 0, `otherwise` elsewhere.
    pub(crate) fn select(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        match self.filled(condition) {
            _ if then == otherwise => then,
            Some(c) if c == T::zero() => otherwise,
            Some(_) => then,
            None => self.emit(Op::Select { condition, then, otherwise }, self.shape(then)),
        }
    }

    pub(crate) fn sum(&mut self, x: Value, axes: Axes) -> Value {
        if axes.is_empty() {
            return x;
        }
        let shape = self.shape(x);
        let kept = shape.without(axes);
        if let Some(c) = self.filled(x) {
            let terms = T::of(shape.size() as f64 / kept.size().max(1) as f64);
            return self.fill(kept, if shape.size() == 0 { T::zero() } else { c * terms });
        }
        if kept.size() == shape.size() {
            return self.reshape(x, kept);
        }
        self.emit(Op::Sum(x, axes), kept)
    }

    /// The largest along the axes in the set, each of which has an element.
    pub(crate) fn max(&mut self, x: Value, axes: Axes) -> Value {
        let shape = self.shape(x);
        let kept = shape.without(axes);
        match self.filled(x) {
            Some(c) => self.fill(kept, c),
            None if kept.size() == shape.size() => self.reshape(x, kept),
            None => self.emit(Op::Max(x, axes), kept),
        }
    }

    /// Copies `x` along the axes in the set, which are new axes of `shape`.
    pub(crate) fn broadcast(&mut self, x: Value, axes: Axes, shape: Shape) -> Value {
        if let Some(c) = self.filled(x) {
            return self.fill(shape, c);
        }
        if shape.size() == self.shape(x).size() {
            return self.reshape(x, shape);
        }
        self.emit(Op::Broadcast(x, axes), shape)
    }

    pub(crate) fn reshape(&mut self, x: Value, shape: Shape) -> Value {
        let node = self.program.nodes[x.index()];
        match node.op {
            _ if node.shape == shape => x,
            Op::Fill(c) => self.fill(shape, c),
            Op::Reshape(y) => self.reshape(y, shape),
            _ => self.emit(Op::Reshape(x), shape),
        }
    }

    pub(crate) fn permute(&mut self, x: Value, order: [u8; MAX_AXES]) -> Value {
        let shape = self.shape(x);
        if order[..shape.axes()].iter().enumerate().all(|(axis, &from)| axis == usize::from(from)) {
            return x;
        }
        self.emit(Op::Permute(x, order), shape.permuted(&order))
    }

    /// Writes an instruction that no simplification applies to, or finds it.
    pub(crate) fn emit(&mut self, op: Op<T>, shape: Shape) -> Value {
        (Compiled::emit())(self, op, shape)
    }

    pub(super) fn emit_body(&mut self, op: Op<T>, shape: Shape) -> Value {
        // Constants are compared as bits: 0 and -0 are different constants.
        let key = |op: Op<T>, shape: Shape| (op.map(|x| x, bits, |table| table), shape);
        let own = key(op, shape);
        let next = Value(self.program.nodes.len() as u32);
        let known = self.known.entry(FxBuildHasher.hash_one(own)).or_insert(next);
        if let Some(node) = self.program.nodes.get(known.index()) {
            if key(node.op, node.shape) == own {
                return *known;
            }
            // Another instruction with the same hash: the later one is remembered.
            *known = next;
        }
        self.program.nodes.push(Node { op, shape });
        next
    }

    /// Writes an instruction with operands of its own program as one of this program, simplified.
    pub(crate) fn push(&mut self, op: Op<T>, shape: Shape) -> Value {
        (Compiled::push())(self, op, shape)
    }

    pub(super) fn push_body(&mut self, op: Op<T>, shape: Shape) -> Value {
        match op {
            Op::Unary(function, x) => self.unary(function, x),
            Op::Binary(function, x, y) => self.binary(function, x, y),
            Op::Select { condition, then, otherwise } => self.select(condition, then, otherwise),
            Op::Sum(x, axes) => self.sum(x, axes),
            Op::Max(x, axes) => self.max(x, axes),
            Op::Broadcast(x, axes) => self.broadcast(x, axes, shape),
            Op::Reshape(x) => self.reshape(x, shape),
            Op::Permute(x, order) => self.permute(x, order),
            Op::Slice { of, .. } | Op::Pad { of, .. } if self.shape(of) == shape => of,
            _ => self.emit(op, shape),
        }
    }

    /// Writes another program's instructions here, its arguments replaced by values; returns its results.
    pub(crate) fn inline(&mut self, program: &Program<T>, arguments: &[Vec<Value>]) -> Vec<Vec<Value>> {
        (Compiled::inline())(self, program, arguments)
    }

    pub(super) fn inline_body(&mut self, program: &Program<T>, arguments: &[Vec<Value>]) -> Vec<Vec<Value>> {
        let tables = self.tables(&program.tables);
        let mut values: Vec<Value> = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            let value = match node.op {
                Op::Argument { argument, block } => arguments[argument][block],
                Op::Constant(index) => self.constant(node.shape, program.constants[index].clone()),
                op => self.push(op.map(|x| values[x.index()], |c| c, |table| tables[table]), node.shape),
            };
            values.push(value);
        }
        program.results.iter().map(|blocks| blocks.iter().map(|value| values[value.index()]).collect()).collect()
    }

    /// The program with these results, without the instructions that none of them needs.
    pub(crate) fn finish(&self, results: Vec<Vec<Value>>) -> Program<T> {
        (Compiled::finish())(self, results)
    }

    pub(super) fn finish_body(&self, results: Vec<Vec<Value>>) -> Program<T> {
        let Program { nodes, constants, tables, arguments, .. } = &self.program;
        let mut needed = vec![false; nodes.len()];
        results.iter().flatten().for_each(|value| needed[value.index()] = true);
        for index in (0..nodes.len()).rev() {
            if needed[index] {
                nodes[index].op.operands().for_each(|value| needed[value.index()] = true);
            }
        }
        let mut place = vec![Value(u32::MAX); nodes.len()];
        let mut kept = Vec::with_capacity(nodes.len());
        let (mut kept_constants, mut kept_tables) = (Vec::new(), Vec::new());
        let mut table_places = vec![None; tables.len()];
        for (index, mut node) in nodes.iter().copied().enumerate().filter(|(index, _)| needed[*index]) {
            place[index] = Value(kept.len() as u32);
            node.op = match node.op {
                Op::Constant(constant) => {
                    kept_constants.push(constants[constant].clone());
                    Op::Constant(kept_constants.len() - 1)
                }
                op => op.map(
                    |x| place[x.index()],
                    |c| c,
                    |table| {
                        *table_places[table].get_or_insert_with(|| {
                            kept_tables.push(tables[table].clone());
                            kept_tables.len() - 1
                        })
                    },
                ),
            };
            kept.push(node);
        }
        let results = results.into_iter().map(|blocks| blocks.iter().map(|x| place[x.index()]).collect()).collect();
        let program = Program {
            nodes: kept,
            constants: kept_constants,
            tables: kept_tables,
            arguments: arguments.clone(),
            results,
        };
        if cfg!(debug_assertions) {
            program.check();
        }
        program
    }

    /// The constant that fills a value, if one does.
    pub(crate) fn filled(&self, x: Value) -> Option<T> {
        match self.program.nodes[x.index()].op {
            Op::Fill(c) => Some(c),
            _ => None,
        }
    }
}

fn bits<T: Scalar>(constant: T) -> u64 {
    constant.f64().to_bits()
}
