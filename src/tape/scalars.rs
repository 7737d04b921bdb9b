//! Code on single numbers: a run of steps on numbers of the workspace, each a few instructions of the processor.
//!
//! Functions written with scalars become thousands of steps on one number each, for which finding slices would cost many
//! times the arithmetic. Neighbouring steps of that kind are put together here, with plain positions for operands.

use super::elementwise;
use super::function::{Binary, Unary};
use super::plan::{Kernel, Place, Span, Step};
use crate::linalg::Update;
use crate::scalar::Scalar;

/// Steps on single numbers of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Scalars<T> {
    steps: Vec<ScalarStep<T>>,
    /// Functions that a step names by number: they are larger than a step should be.
    functions: Vec<Unary<T>>,
}

impl<T> Default for Scalars<T> {
    fn default() -> Self {
        Scalars { steps: Vec::new(), functions: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug)]
struct ScalarStep<T> {
    action: Action,
    constant: T,
    out: u32,
    x: u32,
    y: u32,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Fill,
    Copy,
    Scale,
    Offset,
    Add,
    Subtract,
    Multiply,
    Divide,
    Binary(Binary),
    Unary(u32),
}

/// The position of a number of the workspace.
fn position(span: Span) -> Option<u32> {
    match span {
        Span { place: Place::Workspace { start }, len: 1 } => u32::try_from(start).ok(),
        _ => None,
    }
}

impl<T: Scalar> Scalars<T> {
    /// Adds a step, if it is one on single numbers of the workspace.
    pub(super) fn push(&mut self, step: &Step<T>) -> bool {
        self.translate(step).map(|step| self.steps.push(step)).is_some()
    }

    fn translate(&mut self, step: &Step<T>) -> Option<ScalarStep<T>> {
        if let Kernel::Pad { of, outer: 1, start, update: Update::Add, .. } = step.kernel {
            let out = position(Span { place: step.out.place.shifted(start), len: of.len })?;
            return Some(ScalarStep { action: Action::Add, constant: T::zero(), out, x: out, y: position(of)? });
        }
        let out = position(step.out)?;
        let nothing = ScalarStep { action: Action::Fill, constant: T::zero(), out, x: out, y: out };
        Some(match step.kernel {
            Kernel::Fill(constant) => ScalarStep { constant, ..nothing },
            Kernel::Copy(x) => ScalarStep { action: Action::Copy, x: position(x)?, ..nothing },
            Kernel::Unary(function, x) => self.unary(function, ScalarStep { x: position(x)?, ..nothing }),
            Kernel::Binary(function, x, y) => {
                ScalarStep { action: binary(function), x: position(x)?, y: position(y)?, ..nothing }
            }
            _ => return None,
        })
    }

    fn unary(&mut self, function: Unary<T>, step: ScalarStep<T>) -> ScalarStep<T> {
        match function {
            Unary::Scale(constant) => ScalarStep { action: Action::Scale, constant, ..step },
            Unary::Offset(constant) => ScalarStep { action: Action::Offset, constant, ..step },
            _ => {
                self.functions.push(function);
                ScalarStep { action: Action::Unary(self.functions.len() as u32 - 1), ..step }
            }
        }
    }

    pub(super) fn run(&self, workspace: &mut [T]) {
        for &ScalarStep { action, constant, out, x, y } in &self.steps {
            let (x, y) = (workspace[x as usize], workspace[y as usize]);
            workspace[out as usize] = match action {
                Action::Fill => constant,
                Action::Copy => x,
                Action::Scale => constant * x,
                Action::Offset => x + constant,
                Action::Add => x + y,
                Action::Subtract => x - y,
                Action::Multiply => x * y,
                Action::Divide => x / y,
                Action::Binary(function) => elementwise::binary_value(function, x, y),
                Action::Unary(number) => self.function(number, x),
            };
        }
    }

    /// Kept out of the loop, which is to stay small.
    #[inline(never)]
    fn function(&self, number: u32, x: T) -> T {
        elementwise::unary_value(self.functions[number as usize], x)
    }
}

fn binary(function: Binary) -> Action {
    match function {
        Binary::Add => Action::Add,
        Binary::Subtract => Action::Subtract,
        Binary::Multiply => Action::Multiply,
        Binary::Divide => Action::Divide,
        other => Action::Binary(other),
    }
}
