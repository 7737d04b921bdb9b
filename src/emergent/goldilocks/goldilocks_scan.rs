//! The settings of the scan over radii and dimensions.

use super::cut::Cut;
use crate::error::{Error, Result};
use crate::random::Key;

/// The Goldilocks scan: curvature on random planes, and what training in them reaches, over distances from the origin and
/// dimensions.
///
/// ```text
///     theta_0 = r u,  u: a start scaled to length 1;   P: P x d, random and orthonormal
///     H_d = P' H(theta_0) P:   tr H_d / |H_d|_F, share of positive eigenvalues, largest eigenvalue;   loss, |g|, |P'g|
///     G_d of the Gauss-Newton part, H_d - G_d;   the ratio that the random model of logits predicts for G_d
///     training of psi from 0 in theta_0 + P psi:   accuracy, loss, cosine of -P'g(theta_0) with psi
/// ```
///
/// For each key one direction and one plane, of the largest dimension, serve at all radii; the planes of smaller dimensions
/// are spanned by its first columns, which is as random. So means over keys compare radii and dimensions pair by pair, and
/// the curvature in all dimensions costs no more than in the largest one.
///
/// **The prediction** is that of [`LogitModel`](crate::random_matrix::LogitModel) with the probabilities at theta_0 and the
/// deviations of [`LogitGradients`](crate::emergent::LogitGradients), d in place of P. It stands for the Gauss-Newton part, since the
/// model leaves out the curvature of the logits. What it leaves out makes the zone: where the remainder, whose eigenvalues have
/// either sign, outweighs the Gauss-Newton part, the ratio falls. Near the origin that is so because gradients of logits are
/// products of small weights; far from it probabilities freeze, which lowers the Gauss-Newton ratio too, while errors do not.
///
/// Measured with 784-200-200-10 perceptrons on 1000 images of MNIST in d = 50, over radii in units of a usual start: the
/// Gauss-Newton ratio lies up to 10 % below the prediction for relu, and for tanh up to 7 % until ten times the usual length
/// and 17 % at thirty. Residues that are not isotropic show more in more dimensions: in d = 200 of a small tanh network the
/// prediction is a third too high at ten times the usual length, and twice too high at thirty.
///
/// Cost for each key and radius: d products with H, and as many with G if parts are asked for; N C gradients of one
/// example for the prediction; the steps of training for each dimension. Memory: the plane, P x d numbers within 256 MiB, and
/// 64 vectors of P.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use eigenscape::curvature::{Examples, Loss, Risk};
/// use eigenscape::emergent::GoldilocksScan;
/// use eigenscape::network::{Activation, Initialization, Perceptron};
/// use eigenscape::random::Key;
///
/// let network = Perceptron::new(&[4, 16, 3], Activation::Tanh)?;
/// let mut inputs = vec![0.0f64; 60 * 4];
/// Key::new(0).normal(0, &mut inputs);
/// let labels: Vec<usize> = (0..60).map(|example| example % 3).collect();
/// let risk = Risk::new(&network, Loss::SoftmaxCrossEntropy, Examples::labelled(inputs, 4, &labels, 3)?)?;
///
/// let usual = Initialization::glorot();
/// let norm = usual.typical_norm(&network);
/// let scan = GoldilocksScan::new(&[0.1 * norm, norm, 30.0 * norm], &[5, 20], Key::new(1))?.keys(3)?;
/// let run = scan.run(&risk, &risk, |key| usual.draw(&network, key), |_| ControlFlow::Continue(()))?;
/// for row in run.rows() {
///     let [measured, predicted] = [row.gauss_newton_ratio, row.predicted_ratio].map(|ratio| ratio.unwrap().mean);
///     println!("r {:.2}, d {}: {:.2}, theory {predicted:.2}", row.radius, row.dimension, measured);
/// }
/// # assert_eq!(run.rows().len(), 6);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # References
/// Fort & Scherlis 2018, arXiv:1807.02581; Fort & Ganguli 2019, arXiv:1910.05929.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "saved::GoldilocksScan"))]
#[doc(alias = "Goldilocks zone")]
pub struct GoldilocksScan {
    pub(crate) radii: Vec<f64>,
    pub(crate) dimensions: Vec<usize>,
    pub(crate) keys: usize,
    pub(crate) key: Key,
    pub(crate) parts: bool,
    pub(crate) prediction: bool,
    pub(crate) training: Option<PlaneTraining>,
}

/// How a scan trains in its planes: Adam on psi, from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PlaneTraining {
    /// The number of steps, at least 1.
    pub steps: u64,
    /// Adam's rate, positive: a step moves each coordinate of psi by about as much.
    pub rate: f64,
    /// The size of mini-batches; all examples at each step if none.
    pub batch: Option<usize>,
}

impl GoldilocksScan {
    /// A scan over radii (distances from the origin) and dimensions of planes, sorted and without duplicates. One key, with
    /// both parts and the prediction, and without training, unless set otherwise. Direction and plane of number i come from
    /// children 0 and 1 of child i of `key`, the batches of training from its child 2.
    ///
    /// # Errors
    /// If there are no radii or dimensions, a radius is not finite and positive, or a dimension is 0 or above [`Cut::LARGEST`].
    pub fn new(radii: &[f64], dimensions: &[usize], key: Key) -> Result<Self> {
        let scan = GoldilocksScan {
            radii: radii.to_vec(),
            dimensions: dimensions.to_vec(),
            keys: 1,
            key,
            parts: true,
            prediction: true,
            training: None,
        };
        scan.normalized()
    }

    /// Checks everything, and sorts radii and dimensions.
    pub(crate) fn normalized(mut self) -> Result<Self> {
        if self.radii.is_empty() {
            return Err(Error::Empty {
                what: "the list of radii",
                remedy: "give at least one distance from the origin",
            });
        }
        if self.dimensions.is_empty() {
            return Err(Error::Empty { what: "the list of dimensions", remedy: "give at least one" });
        }
        self.radii.iter().try_for_each(|&radius| Error::positive("a radius of a Goldilocks scan", radius))?;
        self.radii.sort_by(f64::total_cmp);
        self.radii.dedup();
        self.dimensions.sort_unstable();
        self.dimensions.dedup();
        Error::at_least("a dimension of a Goldilocks scan", self.dimensions[0], 1, "must be at least 1")?;
        if self.largest() > Cut::LARGEST {
            let (what, because) = ("a dimension of a Goldilocks scan", "for the matrix to fit in memory");
            return Err(Error::AboveLimit { what, value: self.largest(), limit: Cut::LARGEST, because });
        }
        Error::at_least("the number of keys", self.keys, 1, "must be at least 1; 2 for a standard error")?;
        if let Some(training) = &self.training {
            Error::at_least("the number of steps", training.steps.min(1) as usize, 1, "must be at least 1")?;
            Error::positive("the learning rate", training.rate)?;
        }
        Ok(self)
    }

    /// Sets the number of keys: of directions, each with a plane of its own.
    ///
    /// # Errors
    /// If it is 0.
    pub fn keys(self, keys: usize) -> Result<Self> {
        GoldilocksScan { keys, ..self }.normalized()
    }

    /// Sets whether the Gauss-Newton part and the remainder are measured apart.
    pub fn parts(self, parts: bool) -> Self {
        GoldilocksScan { parts, ..self }
    }

    /// Sets whether the random model's prediction is made, which is known for softmax cross-entropy alone.
    pub fn prediction(self, prediction: bool) -> Self {
        GoldilocksScan { prediction, ..self }
    }

    /// Trains in each plane.
    ///
    /// # Errors
    /// If there are no steps, or the rate is not finite and positive.
    pub fn train(self, training: PlaneTraining) -> Result<Self> {
        GoldilocksScan { training: Some(training), ..self }.normalized()
    }

    /// The radii, ascending.
    pub fn radii(&self) -> &[f64] {
        &self.radii
    }

    /// The dimensions, ascending.
    pub fn dimensions(&self) -> &[usize] {
        &self.dimensions
    }

    pub(crate) fn largest(&self) -> usize {
        self.dimensions[self.dimensions.len() - 1]
    }

    /// The number of keys times radii.
    pub(crate) fn cells(&self) -> usize {
        self.keys.saturating_mul(self.radii.len())
    }
}

#[cfg(feature = "serde")]
mod saved {
    use super::{Error, Key, PlaneTraining, Result};

    /// What a file holds, before it is believed.
    #[derive(serde::Deserialize)]
    pub(crate) struct GoldilocksScan {
        radii: Vec<f64>,
        dimensions: Vec<usize>,
        keys: usize,
        key: Key,
        parts: bool,
        prediction: bool,
        training: Option<PlaneTraining>,
    }

    impl TryFrom<GoldilocksScan> for super::GoldilocksScan {
        type Error = Error;

        fn try_from(saved: GoldilocksScan) -> Result<Self> {
            let GoldilocksScan { radii, dimensions, keys, key, parts, prediction, training } = saved;
            super::GoldilocksScan { radii, dimensions, keys, key, parts, prediction, training }.normalized()
        }
    }
}
