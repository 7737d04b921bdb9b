//! The look of the main example's pictures.

#[path = "../emergent/pictures/axis.rs"]
pub mod axis;
#[path = "../emergent/pictures/panel.rs"]
pub mod panel;
#[path = "../emergent/pictures/theme.rs"]
pub mod theme;
