//! Registers and steps of a chain.

use rustc_hash::{FxHashMap, FxHashSet};

use super::function::Binary;
use super::layout::Layout;
use super::op::{Op, Value};
use super::plan::{Chain, Kernel, Place, Span, Stage, Step};
use super::planner::Planner;
use super::schedule::Role;
use crate::scalar::Scalar;

/// Bytes of a tile: a few of them, and the stretches of memory that they are computed from, share a first-level cache.
const TILE: usize = 8192;

/// What is done with tiles of the operands.
#[derive(Clone, Copy)]
enum Action<T> {
    Op(Op<T>),
    /// x y + z, of a product that the sum alone needs.
    MultiplyAdd([Value; 3]),
}

impl<T: Scalar> Action<T> {
    fn operands(&self) -> Vec<Value> {
        match self {
            Action::Op(op) => op.operands().collect(),
            Action::MultiplyAdd(operands) => operands.to_vec(),
        }
    }
}

/// The chain that is being written.
struct Draft<T> {
    end: usize,
    /// What copies along axes, made within the chain, are of.
    implied: Vec<Value>,
    tile: usize,
    steps: Vec<Step<T>>,
    /// Where values live that the chain itself computes or makes.
    spans: FxHashMap<Value, Span>,
    /// The last action that reads a value.
    last_read: FxHashMap<Value, usize>,
    free: Vec<usize>,
    registers: usize,
}

impl<T: Scalar> Draft<T> {
    fn register(&mut self) -> Span {
        let number = self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        });
        Span { place: Place::Scratch { start: number * self.tile }, len: self.tile }
    }

    fn free(&mut self, span: Span) {
        if let Place::Scratch { start } = span.place {
            self.free.push(start / self.tile);
        }
    }
}

impl<T: Scalar> Planner<'_, T> {
    /// Writes the chain that ends with an instruction.
    pub(super) fn chain(&mut self, end: usize) {
        let len = self.program.nodes[end].shape.size();
        let actions = self.actions(end);
        let mut last_read = FxHashMap::default();
        for (position, (_, action)) in actions.iter().enumerate() {
            action.operands().iter().for_each(|&x| _ = last_read.insert(self.root(x), position));
        }
        let tile = len.min(TILE / size_of::<T>());
        let (spans, free) = (FxHashMap::default(), Vec::new());
        let mut draft = Draft {
            end,
            implied: self.schedule.implied_reads(end),
            tile,
            steps: Vec::new(),
            spans,
            last_read,
            free,
            registers: 0,
        };
        for (position, &(value, action)) in actions.iter().enumerate() {
            self.act(&mut draft, position, value, action);
        }
        self.scratch_len = self.scratch_len.max(draft.registers * tile);
        self.stages.push(Stage::Chain(Chain { len, tile, steps: draft.steps }));
    }

    /// What the chain does, in order, with the value that each action gives.
    fn actions(&self, end: usize) -> Vec<(Value, Action<T>)> {
        let mut actions: Vec<(Value, Action<T>)> = Vec::new();
        let mut absorbed = FxHashSet::default();
        for &member in &self.schedule.chains[end] {
            let op = self.program.nodes[member].op;
            let mut action = Action::Op(op);
            if let Op::Binary(Binary::Add, x, y) = op {
                let within = |product: Value| {
                    let alone = self.schedule.uses[product.index()] == 1 && !self.schedule.kept[product.index()];
                    match self.op(product) {
                        Op::Binary(Binary::Multiply, a, b) if alone && self.is_in(product, end) => Some([a, b]),
                        _ => None,
                    }
                };
                let found = within(y).map(|factors| (y, factors, x)).or(within(x).map(|factors| (x, factors, y)));
                if let Some((product, [a, b], addend)) = found {
                    absorbed.insert(product);
                    action = Action::MultiplyAdd([a, b, addend]);
                }
            }
            actions.push((Value(member as u32), action));
        }
        actions.retain(|(value, _)| !absorbed.contains(value));
        actions
    }

    fn is_in(&self, value: Value, end: usize) -> bool {
        self.schedule.role(value) == Role::Chained(end)
    }

    fn act(&mut self, draft: &mut Draft<T>, position: usize, value: Value, action: Action<T>) {
        let operands = action.operands();
        let spans: Vec<Span> = operands.iter().map(|&x| self.operand(draft, x)).collect();
        let dies: Vec<bool> = operands.iter().map(|&x| draft.last_read[&self.root(x)] == position).collect();
        // An operand may be overwritten by the result if nothing reads it later, and nothing else in this step.
        let single = |place: usize| spans.iter().filter(|&&span| span == spans[place]).count() == 1;
        let candidates: &[usize] = match action {
            Action::Op(Op::Unary(..)) => &[0],
            Action::Op(Op::Binary(..)) => &[0, 1],
            Action::MultiplyAdd(_) => &[2],
            Action::Op(_) => &[],
        };
        let kept = self.schedule.kept[value.index()];
        let overwritten = candidates.iter().copied().filter(|&place| dies[place] && single(place)).find(|&place| {
            let register = matches!(spans[place].place, Place::Scratch { .. });
            let outside = !draft.spans.contains_key(&self.root(operands[place]));
            match kept {
                // Copies along axes read other elements than those of the tile: what they are of must stay.
                true => outside && self.take_over(value, operands[place], &draft.implied, draft.end),
                false => register,
            }
        });
        let out = match (overwritten, kept) {
            (Some(place), _) => spans[place],
            (None, true) => {
                let len = self.shape(value).size();
                let memory = &mut self.memory;
                let place =
                    *self.places[value.index()].get_or_insert_with(|| Place::Workspace { start: memory.allocate(len) });
                Span { place, len }
            }
            (None, false) => draft.register(),
        };
        let kernel = match (action, overwritten) {
            (Action::Op(Op::Unary(function, _)), Some(_)) => Kernel::UnaryInto(function),
            (Action::Op(Op::Unary(function, _)), None) => Kernel::Unary(function, spans[0]),
            (Action::Op(Op::Binary(function, ..)), Some(0)) => Kernel::BinaryIntoLeft(function, spans[1]),
            (Action::Op(Op::Binary(function, ..)), Some(_)) => Kernel::BinaryIntoRight(function, spans[0]),
            (Action::Op(Op::Binary(function, ..)), None) => Kernel::Binary(function, spans[0], spans[1]),
            (Action::MultiplyAdd(_), Some(_)) => Kernel::MultiplyAddInto(spans[0], spans[1]),
            (Action::MultiplyAdd(_), None) => Kernel::MultiplyAdd([spans[0], spans[1], spans[2]]),
            (Action::Op(Op::Select { .. }), _) => Kernel::Select([spans[0], spans[1], spans[2]]),
            (Action::Op(op), _) => unreachable!("{op:?} is not elementwise"),
        };
        draft.steps.push(Step { kernel, out });
        draft.spans.insert(value, out);
        let mut freed: Vec<usize> =
            (0..operands.len()).filter(|&place| dies[place] && overwritten != Some(place)).collect();
        freed.dedup_by_key(|place| spans[*place]);
        let mut done: Vec<Span> = Vec::new();
        for place in freed {
            let span = spans[place];
            if span != out && !done.contains(&span) {
                done.push(span);
                draft.free(span);
            }
        }
    }

    /// Where an operand lies, once it is there.
    fn operand(&mut self, draft: &mut Draft<T>, operand: Value) -> Span {
        let root = self.root(operand);
        if let Some(&span) = draft.spans.get(&root) {
            return span;
        }
        if self.schedule.role(root) != Role::Implied {
            return self.span(operand);
        }
        let kernel = match self.op(root) {
            Op::Fill(c) => Kernel::Fill(c),
            Op::Broadcast(x, axes) => {
                let layout = Layout::spread(self.shape(root), self.shape(x), axes);
                Kernel::Strided(self.span(x), Box::new(layout))
            }
            op => unreachable!("{op:?} is not implied"),
        };
        let out = draft.register();
        draft.steps.push(Step { kernel, out });
        draft.spans.insert(root, out);
        out
    }
}
