//! What is compiled once for each number rather than in every crate that records a program: the passes, planning and running.

use std::fmt;

use super::build::Builder;
use super::function::{Binary, Unary};
use super::linear::LinearProgram;
use super::linearize::Linearization;
use super::op::{Op, Value};
use super::plan::{Plan, Workspace};
use super::print::Cost;
use super::program::Program;
use super::shape::Shape;
use super::{batch, embed, linearize, transpose};
use crate::error::Result;
use crate::linalg::Update;
use crate::scalar::compiled_once;

compiled_once! {
    emit: fn(&mut Builder<T>, Op<T>, Shape) -> Value = Builder::emit_body,
    unary: fn(&mut Builder<T>, Unary<T>, Value) -> Value = Builder::unary_body,
    binary: fn(&mut Builder<T>, Binary, Value, Value) -> Value = Builder::binary_body,
    push: fn(&mut Builder<T>, Op<T>, Shape) -> Value = Builder::push_body,
    inline: fn(&mut Builder<T>, &Program<T>, &[Vec<Value>]) -> Vec<Vec<Value>> = Builder::inline_body,
    finish: fn(&Builder<T>, Vec<Vec<Value>>) -> Program<T> = Builder::finish_body,
    linearize: fn(&Program<T>, &[usize]) -> Result<Linearization<T>> = linearize::linearize_body,
    transpose: fn(&LinearProgram<T>) -> LinearProgram<T> = transpose::transpose_body,
    embed_at: fn(&mut Builder<T>, &LinearProgram<T>, &[Value], &[Vec<Value>]) -> Vec<Vec<Value>> = embed::embed_at_body,
    batch: fn(&Program<T>, &[usize], usize) -> Result<Program<T>> = batch::batch_body,
    plan: fn(&Program<T>, Update) -> Plan<T> = Plan::new_body,
    run: fn(&Plan<T>, &[&[T]], &mut [&mut [T]], &mut Workspace<T>) = Plan::run_body,
    cost: fn(&Program<T>) -> Cost = Program::cost_body,
    display: fn(&Program<T>, &mut fmt::Formatter<'_>) -> fmt::Result = Program::display_body,
}
