//! Trajectories: paths of training, the plane that holds most of them, and flows of the gradient.

mod flow;
mod principal;
mod trajectory;

pub use flow::{FlowLine, gradient_flow, gradient_flow_on};
pub use principal::{PrincipalComponents, TrajectoryCenter};
pub use trajectory::Trajectory;
