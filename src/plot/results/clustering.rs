//! How logit gradients cluster, as a matrix of cosines.

use crate::emergent::Clustering;
use crate::error::{Error, Result};
use crate::plot::axis::Axis;
use crate::plot::chart::Chart;
use crate::plot::color::Palette;
use crate::plot::figure::{Figure, Panel};
use crate::plot::map::Map;
use crate::plot::picture::Picture;
use crate::plot::ticks;

/// Rows of a matrix with a name of their own; more are named by blocks.
const NAMED: usize = 36;

/// The mean cosines between gradients of logits, for each pair of a logit and a class with each other one.
///
/// Blocks are logits, and classes follow each other within them, so that gradients that cluster by logit show as blocks
/// along the
/// diagonal; or the other way round. Pairs without examples are grey.
///
/// ```
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::Clustering;
/// use eigenscape::network::{Activation, Perceptron};
/// use eigenscape::objective::Objective;
/// use eigenscape::plot::{ClusteringPlot, Picture};
///
/// let network = Perceptron::new(&[1, 2], Activation::Identity)?;
/// let examples = Examples::labelled(vec![3.0, 3.0, -3.0, -3.0], 1, &[0, 0, 1, 1], 2)?;
/// let risk = Risk::<f64>::new(&network, Loss::SoftmaxCrossEntropy, examples)?;
/// let clustering = Clustering::measure(&risk.at(&[0.0; 4])?)?;
/// let svg = ClusteringPlot::new(&clustering)?.classes(&["cat", "dog"]).svg()?;
/// assert!(svg.contains("logit cat, class dog"));
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Ganguli 2019, arXiv:1910.05929, figures 2 and 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusteringPlot {
    classes: usize,
    /// In the order of [`Clustering::cosines`].
    cosines: Vec<Option<f64>>,
    names: Vec<String>,
    title: String,
    subtitle: String,
    by_class: bool,
}

impl ClusteringPlot {
    /// Blocks are logits; the subtitle says the means.
    ///
    /// # Errors
    /// If the cosines were left out for want of memory.
    pub fn new(clustering: &Clustering) -> Result<Self> {
        let Some(cosines) = &clustering.cosines else {
            let remedy = "raise the memory budget of the risk, or measure ranges of the parameters";
            return Err(Error::Missing { what: "the cosines of a clustering", remedy });
        };
        Error::at_least("the number of classes of a clustering", clustering.classes, 1, "must be at least 1")?;
        let pairs = clustering.classes.saturating_mul(clustering.classes);
        Error::array("the cosines of a clustering", cosines.len(), &[pairs, pairs])?;
        let mean = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {}", ticks::rounded(value, 3)));
        let means = [
            mean("same logit and class", clustering.same_logit_and_class),
            mean("same logit", clustering.same_logit),
            mean("different logits", clustering.different_logits),
        ];
        let means: Vec<String> = means.into_iter().flatten().collect();
        Ok(ClusteringPlot {
            classes: clustering.classes,
            cosines: cosines.clone(),
            names: (0..clustering.classes).map(|class| class.to_string()).collect(),
            title: "How gradients of logits cluster".to_string(),
            subtitle: format!("mean cosines: {}; {} examples", means.join(", "), clustering.examples()),
            by_class: false,
        })
    }

    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        ClusteringPlot { title: title.into(), ..self }
    }

    /// Sets the line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        ClusteringPlot { subtitle: subtitle.into(), ..self }
    }

    /// Sets the names of the classes, as far as they go.
    pub fn classes(mut self, names: &[&str]) -> Self {
        self.names.iter_mut().zip(names).for_each(|(own, name)| *own = name.to_string());
        self
    }

    /// Makes classes the blocks, and logits what follows within them.
    pub fn by_class(self) -> Self {
        ClusteringPlot { by_class: true, ..self }
    }

    /// Its panel, for a figure of your own.
    pub fn chart(&self) -> Result<Chart> {
        let (classes, pairs) = (self.classes, self.classes * self.classes);
        // The place of what stands at a row: its block and what follows within it.
        let place = |row: usize| match self.by_class {
            true => row,
            false => (row % classes) * classes + row / classes,
        };
        let places: Vec<f64> = (0..pairs).map(|row| row as f64).collect();
        // The first row stands on top.
        let values = (0..pairs).rev().flat_map(|row| (0..pairs).map(move |column| (row, column)));
        let values = values.map(|(row, column)| self.cosines[place(row) * pairs + place(column)]).collect();
        let map = Map::cells("mean cosine", &places, &places, values)?.palette(Palette::Diverging).range(-1.0, 1.0);
        let map = map.blocks(classes);
        let map = if pairs <= 16 { map.written(2) } else { map };
        let (blocks, within) = if self.by_class { ("class", "logit") } else { ("logit", "class") };
        let axis = |upwards: bool| {
            let ticks: Vec<(f64, String)> = if pairs <= NAMED {
                let words = |row: usize| {
                    format!("{blocks} {}, {within} {}", self.names[row / classes], self.names[row % classes])
                };
                (0..pairs).map(|row| (row as f64, words(row))).collect()
            } else {
                let middle = |block: usize| block as f64 * classes as f64 + (classes as f64 - 1.0) / 2.0;
                (0..classes).map(|block| (middle(block), format!("{blocks} {}", self.names[block]))).collect()
            };
            let turn = |at: f64| if upwards { pairs as f64 - 1.0 - at } else { at };
            let name = if pairs <= NAMED { String::new() } else { format!("{blocks}; within a block by {within}") };
            Axis::names(name, Vec::<String>::new()).ticks(ticks.into_iter().map(|(at, words)| (turn(at), words)))
        };
        Ok(Chart::new(axis(false), axis(true)).map(map).equal_units())
    }
}

impl Picture for ClusteringPlot {
    fn figure(&self) -> Result<Figure> {
        Ok(Figure::new(&self.title).subtitle(&self.subtitle).size(820, 760).row([Panel::from(self.chart()?)]))
    }
}
