//! Pictures of results, as SVG and PNG, with the numbers behind them (feature `plot`).
//!
//! | picture | of | shows |
//! | --- | --- | --- |
//! | [`DensityPlot`] | [`spectrum::Density`](crate::spectrum::Density), eigenpairs, any [`Law`](crate::random_matrix::Law) | a spectral density in its band, outliers as stems, laws over it; linear, logarithmic and symmetric logarithmic axes |
//! | [`EigenvaluePlot`] | series with errors, rows of a [`Tracker`](crate::emergent::Tracker) | eigenvalues over training beside predictions |
//! | [`SlicePlot`] | [`landscape::Slice`](crate::landscape::Slice), [`PrincipalComponents`](crate::landscape::PrincipalComponents) | a curve, or a surface with lines of equal loss and trajectories, and the same at an angle |
//! | [`ClusteringPlot`] | [`emergent::Clustering`](crate::emergent::Clustering) | cosines of logit gradients as a matrix |
//! | [`GoldilocksPlot`] | [`emergent::GoldilocksRun`](crate::emergent::GoldilocksRun) | curvature on random planes over radius and dimension, as a map and as curves |
//! | [`IntrinsicPlot`], [`SuccessPlot`] | [`subspace::IntrinsicReport`](crate::subspace::IntrinsicReport), [`SuccessCurve`](crate::subspace::SuccessCurve) | performance and success over the dimension, the threshold, the intrinsic dimension with its interval |
//! | [`Chart`] of [`Series`] and [`Map`]s | numbers of your own | lines, points with errors, bands, stems, heat maps, surfaces |
//! | [`Relief`] | a [`Map`] | a surface at an angle |
//! | [`Figure`] | panels of all of these | a grid under one title and legend |
//!
//! All are [`Picture`]s: they draw themselves as SVG and PNG, give their numbers, and write a file with both beside it and
//! where they come from:
//!
//! ```
//! use eigenscape::operator::Diagonal;
//! use eigenscape::plot::{DensityPlot, Picture, Provenance};
//! use eigenscape::random::Key;
//! use eigenscape::spectrum::{Smoothing, StochasticLanczos};
//!
//! let mut entries: Vec<f64> = (0..500).map(|i| f64::from(i).sin()).collect();
//! entries[0] = 5.0;
//! let settings = StochasticLanczos::new(Key::new(0)).probes(5).steps(40);
//! let density = settings.run(&Diagonal::new(entries))?.density(&Smoothing::new().minimum(0.02))?;
//!
//! let plot = DensityPlot::new(&density).outliers(&[5.0]).logarithmic(4.0).title("A bulk and an outlier");
//! let folder = std::env::temp_dir().join(format!("pictures-{}", std::process::id()));
//! std::fs::create_dir_all(&folder).expect("a folder");
//! plot.write(folder.join("density.svg"), &Provenance::new().key("probes", Key::new(0)).setting("steps", 40))?;
//! for name in ["density.svg", "density.csv", "density.json"] {
//!     assert!(folder.join(name).exists());
//! }
//! # std::fs::remove_dir_all(&folder).expect("the folder");
//! # Ok::<(), eigenscape::Error>(())
//! ```
//!
//! **What to rely on.** The same input gives the same bytes, on one machine and for any number of threads: no clock, no
//! font and no order goes in. Lengths of texts are measured in a font that is part of the crate (DejaVu Sans), and are wider
//! than those of the fonts that an SVG is read with. Axes have names and units, ticks are round numbers, colours are told
//! apart by colour-blind readers, and marks and dashes tell the same. What is not finite, or has no place on an axis, leaves a
//! gap; a picture of nothing is an error that says what is missing. A million points are drawn as what the eye would see of
//! them; the numbers keep all.
//!
//! **Which one when.** A picture of a result says what it shows with no settings but its title. `chart()` of each gives its
//! panel, to add series of your own, or to put several into a [`Figure`]. SVG is for documents and the web, small and sharp at
//! any size; PNG for what does not read it, and for surfaces of very many cells.

mod axis;
mod bar;
mod chart;
mod color;
mod figure;
mod frame;
mod layout;
mod map;
mod marks;
mod numbers;
mod paint;
mod picture;
mod png;
mod provenance;
mod relief;
mod results;
mod scene;
mod series;
mod style;
mod surface;
mod svg;
mod text;
mod ticks;

pub use axis::Axis;
pub use chart::Chart;
pub use color::{Color, Palette};
pub use figure::{Figure, Panel};
pub use map::Map;
pub use numbers::{NumberRow, Numbers};
pub use picture::Picture;
pub use provenance::Provenance;
pub use relief::Relief;
pub use results::{ClusteringPlot, DensityPlot, EigenvaluePlot, GoldilocksPlot, IntrinsicPlot, SlicePlot, SuccessPlot};
pub use series::{Dash, Mark, Series};
