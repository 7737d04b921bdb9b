//! Finding the instruction at which a program leaves the finite numbers.

use super::op::Op;
use super::plan::{Plan, zeros};
use super::print::Line;
use super::program::Program;
use crate::error::Result;
use crate::scalar::Scalar;

/// The first value of a program that is not finite.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NonFinite {
    /// The number of the instruction: `%7` in the printed program is 7.
    pub number: usize,
    /// The instruction as it is printed.
    pub instruction: String,
    /// The place of the element in its value.
    pub position: usize,
    /// The element: infinite or NaN.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub value: f64,
    /// The elements of the operands, those of the same shape, at that place.
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::number"))]
    pub operands: Vec<f64>,
}

impl<T: Scalar> Program<T> {
    /// The first instruction, in order, whose value at these arguments is not finite; `None` if all are.
    ///
    /// Infinities that were recorded, as what pads the windows of a pool, are not counted until something is computed from
    /// them.
    ///
    /// For debugging: keeps every value in memory at once, and takes a plan for this one call.
    ///
    /// ```
    /// use eigenscape::tape::{Program, Shape};
    ///
    /// let f = Program::<f64>::record([Shape::vector(2)], |[x]| (x.sin().ln() * x).sum())?;
    /// assert_eq!(f.first_non_finite(&[&[1.0, 2.0]])?, None);
    ///
    /// let found = f.first_non_finite(&[&[1.0, 4.0]])?.unwrap();
    /// assert_eq!((found.instruction.as_str(), found.position), ("Ln %1", 1));
    /// assert!(found.value.is_nan() && found.operands[0] < 0.0);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If all values together do not fit into memory.
    ///
    /// # Panics
    /// If the arguments are not as many or as long as recorded.
    #[track_caller]
    pub fn first_non_finite(&self, arguments: &[&[T]]) -> Result<Option<NonFinite>> {
        let all = Program { results: self.values().map(|value| vec![value]).collect(), ..self.clone() };
        let plan = Plan::new(&all);
        let mut workspace = plan.try_workspace()?;
        let mut values = Vec::with_capacity(self.nodes.len());
        for &len in plan.result_lens() {
            values.push(zeros(len)?);
        }
        let mut slices: Vec<&mut [T]> = values.iter_mut().map(Vec::as_mut_slice).collect();
        plan.run(arguments, &mut slices, &mut workspace);
        let infinite = self.infinite_by_design();
        let first = self.nodes.iter().zip(&values).enumerate().find_map(|(number, (node, value))| {
            let position = value.iter().position(|x| x.is_nan() || !(x.is_finite() || infinite[number]))?;
            let alike = node.op.operands().filter(|&operand| self.shape(operand) == node.shape);
            Some(NonFinite {
                number,
                instruction: Line(&node.op).to_string(),
                position,
                value: value[position].f64(),
                operands: alike.map(|operand| values[operand.index()][position].f64()).collect(),
            })
        });
        Ok(first)
    }

    /// Infinite fills, and values that they were only moved into.
    fn infinite_by_design(&self) -> Vec<bool> {
        let mut infinite = vec![false; self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate() {
            infinite[number] = match node.op {
                Op::Fill(c) => c.is_infinite(),
                Op::Select { then, otherwise, .. } => infinite[then.index()] || infinite[otherwise.index()],
                Op::Reshape(x) | Op::Broadcast(x, _) | Op::Permute(x, _) => infinite[x.index()],
                _ => false,
            };
        }
        infinite
    }
}
