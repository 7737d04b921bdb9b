//! The builder that passes write linear programs with.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::linear::{LinearNode, LinearOp, LinearProgram, Residual, Tangent};
use super::shape::Shape;
use crate::scalar::Scalar;

/// A linear program in the making; simplifies and shares as the builder of programs does.
#[derive(Debug)]
pub(crate) struct LinearBuilder<T> {
    program: LinearProgram<T>,
    /// The last instruction with each hash.
    known: FxHashMap<u64, Tangent>,
    /// The numbers of tables.
    tables: FxHashMap<Arc<[usize]>, usize>,
}

impl<T: Scalar> LinearBuilder<T> {
    /// An empty linear program that may use residuals of these shapes.
    pub(crate) fn new(residuals: Vec<Shape>) -> Self {
        LinearBuilder::with_capacity(residuals, 0)
    }

    /// The same with room for so many instructions.
    pub(crate) fn with_capacity(residuals: Vec<Shape>, instructions: usize) -> Self {
        let program = LinearProgram {
            nodes: Vec::with_capacity(instructions),
            residuals,
            tables: Vec::new(),
            arguments: Vec::new(),
            results: Vec::new(),
        };
        LinearBuilder {
            program,
            known: FxHashMap::with_capacity_and_hasher(instructions, FxBuildHasher),
            tables: FxHashMap::default(),
        }
    }

    pub(crate) fn shape(&self, tangent: Tangent) -> Shape {
        self.program.shape(tangent)
    }

    /// Declares one more residual.
    pub(crate) fn residual(&mut self, shape: Shape) -> Residual {
        self.program.residuals.push(shape);
        Residual(self.program.residuals.len() as u32 - 1)
    }

    pub(crate) fn argument(&mut self, blocks: &[Shape]) -> Vec<Tangent> {
        let argument = self.program.arguments.len();
        self.program.arguments.push(blocks.to_vec());
        let block = |(block, &shape)| self.emit(LinearOp::Argument { argument, block }, shape);
        blocks.iter().enumerate().map(block).collect()
    }

    /// The number of a table with these positions: the one that stands already, or a new one.
    pub(crate) fn table(&mut self, positions: &Arc<[usize]>) -> usize {
        let tables = &mut self.program.tables;
        *self.tables.entry(positions.clone()).or_insert_with(|| {
            tables.push(positions.clone());
            tables.len() - 1
        })
    }

    pub(crate) fn zero(&mut self, shape: Shape) -> Tangent {
        self.emit(LinearOp::Zero, shape)
    }

    pub(crate) fn add(&mut self, t: Tangent, s: Tangent) -> Tangent {
        let shape = self.shape(t);
        self.push(LinearOp::Add(t, s), shape)
    }

    /// Writes an instruction, simplified.
    pub(crate) fn push(&mut self, op: LinearOp<T>, shape: Shape) -> Tangent {
        if let LinearOp::Add(t, s) = op {
            return match (self.is_zero(t), self.is_zero(s)) {
                (_, true) => t,
                (true, _) => s,
                _ => self.emit(LinearOp::Add(t.min(s), t.max(s)), shape),
            };
        }
        if let LinearOp::Concatenate { left, right, axis } = op {
            let start = self.shape(left).extents()[axis];
            return match (self.is_zero(left), self.is_zero(right)) {
                (_, true) => self.push(LinearOp::Pad { of: left, axis, start: 0 }, shape),
                (true, _) => self.push(LinearOp::Pad { of: right, axis, start }, shape),
                _ => self.emit(op, shape),
            };
        }
        if op.operands().any(|t| self.is_zero(t)) {
            return self.zero(shape);
        }
        match op {
            LinearOp::Scale(c, t) if c == T::one() => t,
            LinearOp::Scale(c, t) => match self.program.nodes[t.index()].op {
                LinearOp::Scale(d, s) if (c * d).is_normal() => self.push(LinearOp::Scale(c * d, s), shape),
                _ => self.emit(op, shape),
            },
            LinearOp::Sum(t, _) | LinearOp::Broadcast(t, _) if self.shape(t).size() == shape.size() => {
                self.push(LinearOp::Reshape(t), shape)
            }
            LinearOp::Slice { of: t, .. } | LinearOp::Pad { of: t, .. } if self.shape(t) == shape => t,
            LinearOp::Reshape(t) if self.shape(t) == shape => t,
            LinearOp::Reshape(t) => match self.program.nodes[t.index()].op {
                LinearOp::Reshape(s) => self.push(LinearOp::Reshape(s), shape),
                _ => self.emit(op, shape),
            },
            _ => self.emit(op, shape),
        }
    }

    /// Writes another linear program here: its arguments become tangents, its residuals those given.
    pub(crate) fn inline(
        &mut self,
        linear: &LinearProgram<T>,
        residuals: &[Residual],
        arguments: &[Vec<Tangent>],
    ) -> Vec<Vec<Tangent>> {
        let tables: Vec<usize> = linear.tables.iter().map(|table| self.table(table)).collect();
        let mut tangents: Vec<Tangent> = Vec::with_capacity(linear.nodes.len());
        for node in &linear.nodes {
            let tangent = match node.op {
                LinearOp::Argument { argument, block } => arguments[argument][block],
                op => {
                    let here = op.map(|t| tangents[t.index()], |r| residuals[r.index()], |c| c, |table| tables[table]);
                    self.push(here, node.shape)
                }
            };
            tangents.push(tangent);
        }
        linear.results.iter().map(|blocks| blocks.iter().map(|t| tangents[t.index()]).collect()).collect()
    }

    /// The linear program with these results, without the instructions and residuals that none of them needs.
    ///
    /// Also returns the numbers of the residuals that are left.
    pub(crate) fn finish(self, results: Vec<Vec<Tangent>>) -> (LinearProgram<T>, Vec<Residual>) {
        let mut program = self.finish_keeping_residuals(results);
        let mut used = vec![false; program.residuals.len()];
        program.nodes.iter().filter_map(|node| node.op.residual()).for_each(|r| used[r.index()] = true);
        let left: Vec<Residual> = (0..used.len()).filter(|&r| used[r]).map(Residual::new).collect();
        let mut renumbered = vec![Residual(u32::MAX); used.len()];
        left.iter().enumerate().for_each(|(new, old)| renumbered[old.index()] = Residual(new as u32));
        for node in &mut program.nodes {
            node.op = node.op.map(|t| t, |r| renumbered[r.index()], |c| c, |table| table);
        }
        program.residuals = left.iter().map(|r| program.residuals[r.index()]).collect();
        (program, left)
    }

    /// The linear program with these results, without the instructions that none of them needs; all residuals stay.
    pub(crate) fn finish_keeping_residuals(self, results: Vec<Vec<Tangent>>) -> LinearProgram<T> {
        let LinearProgram { nodes, residuals, tables, arguments, .. } = self.program;
        let mut needed = vec![false; nodes.len()];
        results.iter().flatten().for_each(|t| needed[t.index()] = true);
        for index in (0..nodes.len()).rev() {
            if needed[index] {
                nodes[index].op.operands().for_each(|t| needed[t.index()] = true);
            }
        }
        let mut place = vec![Tangent(u32::MAX); nodes.len()];
        let mut kept = Vec::with_capacity(nodes.len());
        for (index, mut node) in nodes.into_iter().enumerate().filter(|(index, _)| needed[*index]) {
            place[index] = Tangent(kept.len() as u32);
            node.op = node.op.map(|t| place[t.index()], |r| r, |c| c, |table| table);
            kept.push(node);
        }
        let results = results.into_iter().map(|blocks| blocks.iter().map(|t| place[t.index()]).collect()).collect();
        let program = LinearProgram { nodes: kept, residuals, tables, arguments, results };
        if cfg!(debug_assertions) {
            program.check();
        }
        program
    }

    fn emit(&mut self, op: LinearOp<T>, shape: Shape) -> Tangent {
        let key = |op: LinearOp<T>, shape: Shape| (op.map(|t| t, |r| r, |c| c.f64().to_bits(), |table| table), shape);
        let own = key(op, shape);
        let next = Tangent(self.program.nodes.len() as u32);
        let known = self.known.entry(FxBuildHasher.hash_one(own)).or_insert(next);
        if let Some(node) = self.program.nodes.get(known.index()) {
            if key(node.op, node.shape) == own {
                return *known;
            }
            *known = next;
        }
        self.program.nodes.push(LinearNode { op, shape });
        next
    }

    fn is_zero(&self, tangent: Tangent) -> bool {
        matches!(self.program.nodes[tangent.index()].op, LinearOp::Zero)
    }
}
