//! What theory says of the spectrum of a large random matrix: its bulk, its outliers, and samples to hold against both.
//!
//! ```text
//!     law of a spectrum     mu = (1/p) sum_j delta(lambda_j)  ->  rho(x) dx + atoms,     p = number of eigenvalues
//!     Stieltjes transform   m(z) = int mu(dx) / (x - z),      rho(x) = Im m(x + i0) / pi
//! ```
//!
//! A single entry of a random matrix is unpredictable; the histogram of its eigenvalues is not. As the matrix grows
//! the histogram settles on a fixed curve with sharp ends, the **bulk**, which depends on the variance and the shape of
//! the matrix and on nothing else. That makes it a null hypothesis: an eigenvalue inside the bulk of pure noise needs
//! no explanation, one outside of it does.
//!
//! **Bulks.** For a symmetric matrix of independent entries of variance s^2/n the curve is Wigner's half circle on
//! [-2s, 2s] ([`Semicircle`]). For the sample covariance of n samples of p independent variables of variance v it is the
//! law of Marchenko and Pastur ([`MarchenkoPastur`]): although every population eigenvalue is v, the sample's spread
//! over v (1 -+ sqrt(p/n))^2, and with fewer samples than variables p - n of them are 0.
//!
//! **Free probability.** Two large matrices whose eigenvectors have nothing to do with each other are *free*, and the spectrum
//! of what is made of both follows from their two spectra alone. What noise does to a matrix that is not noise is
//! [`DeformedWigner`]; samples of a population whose variances differ, [`GeneralizedMarchenkoPastur`]; of rows and columns
//! that are both correlated, [`SeparableCovariance`]; a random hyperplane's view, [`FreeCompression`]; sums and products of
//! any two laws, [`FreeSum`] and [`FreeProduct`]. Each is a [`Law`] again: they nest. In each a **subordination point** w(z)
//! carries the transform of the result back to that of a part, and everything follows from it: the density from where it
//! is complex, the edges from where it turns real, outliers from where it meets a spike.
//!
//! **Outliers.** Add one direction of signal, the **spike**. Its fate changes abruptly at a threshold, found by Baik, Ben
//! Arous and Péché in 2005 (BBP). Below it, the spectrum does not show the spike at all: the top eigenvalue stays at the
//! edge, and its eigenvector is orthogonal to the signal in the limit. Above it, one eigenvalue leaves the bulk, to a
//! place that is *not* the spike's but can be computed from it, and its eigenvector has a definite **overlap** with the
//! signal, less than 1. [`SpikedCovariance`] and [`SpikedWigner`] give the threshold, the place, the overlap and the
//! variance, and lead back from an observed outlier to its spike.
//!
//! **Edges.** Where is the outside? The extreme eigenvalue of pure noise has a law of its own, that of Tracy and Widom
//! ([`TracyWidom`]): it fluctuates about the end of the bulk by size^(-2/3) of its width. An [`Edge`] is that law at a
//! finite size, and says with which probability noise alone puts an eigenvalue so far out. [`OutlierTest`] asks it again
//! and again, and counts the outliers of a spectrum, or of the extremes that a Lanczos run found, at a stated error rate.
//!
//! # Which one when
//!
//! | you have | its bulk | with one direction more | samples |
//! | --- | --- | --- | --- |
//! | a symmetric matrix of noise | [`Semicircle`] | [`SpikedWigner`] | [`GaussianOrthogonal`] |
//! | X X'/n: a covariance, a Gram matrix, a Gauss-Newton matrix of noise | [`MarchenkoPastur`] | [`SpikedCovariance`] | [`Wishart`] |
//! | a covariance of samples whose variables differ | [`GeneralizedMarchenkoPastur`] | its `outlier`, `spike` | |
//! | ... and whose samples are correlated too | [`SeparableCovariance`] | its `row_outliers`, `column_outliers` | |
//! | a matrix plus noise; a Gauss-Newton matrix plus a remainder | [`DeformedWigner`] | its `outlier`, `spike` | |
//! | a sum or product of free matrices | [`FreeSum`], [`FreeProduct`] | their `outliers` | |
//! | a random cut P' H P | [`FreeCompression`] | | |
//! | a matrix of any law | the law | [`AdditiveSpike`], [`MultiplicativeSpike`] | |
//! | a rectangular matrix of noise | [`MarchenkoPastur`], of X X' | [`RectangularSpike`] | |
//! | eigenvalues, or a measured density | [`Discrete`], [`PiecewiseLinear`] | | |
//! | an eigenvalue, and the question whether noise put it there | [`Edge`], of the laws of [`TracyWidom`] | | |
//! | a spectrum or its extremes, and the question how many outliers it has | [`OutlierTest`] | | |
//! | an outlier, and the question what caused it | | `from_outlier` of either | |
//! | either, at a large size, or complex | [`Semicircle`], [`MarchenkoPastur`] | | [`BetaHermite`], [`BetaLaguerre`] |
//! | a law of your own | implement [`Law`] | | [`Law::sample`]: independent draws |
//! | directions of no preference | | | [`HaarFrame`] |
//!
//! | you have a spectrum, and look for | |
//! | --- | --- |
//! | the variance and the ratio, or s, of its bulk, in spite of outliers | [`MarchenkoPasturFit`], [`SemicircleFit`] |
//! | the population behind a sample covariance | [`PopulationFit`], [`population_moments`] |
//! | a better estimate of the covariance | [`SpikedShrinkage`] with few spikes, [`analytical_shrinkage`] else |
//! | the low-rank matrix under noise | [`SingularShrinkage`] |
//!
//! | you have a classifier, and ask of its curvature | |
//! | --- | --- |
//! | trace and norm on random planes, from clustering logit gradients | [`LogitModel`] at a [`SoftmaxCurvature`] |
//! | bulk, edge, outliers and overlaps, at given probabilities | [`LogitSpectrum`] of [`SoftmaxBlocks`] and [`LogitMeans`] |
//! | the largest eigenvalues near the threshold, or with few active examples | [`FullPopulation`] |
//! | where its gradient lies in the spectrum | [`LogitSpectrum::gradient`], for [`LogitLabels`] |
//! | outliers of any few means under noise of a separable covariance | [`SeparableSignal`] |
//! | the same from N, P, C and three deviations alone; how it depends on the logits | [`LogitEnsemble`] |
//! | moments of its probabilities, if logits were normal, with a margin or without | [`GaussianLogits`] |
//! | its freezing, as that of a physical system at a temperature | [`RandomEnergyModel`] |
//! | trace and norm of one known matrix on random planes | [`CutMoments`] |
//!
//! Closed laws and outliers cost a few operations per value, quantiles some ten times as many, dense samples an
//! eigendecomposition: O(n^3) operations, O(n^2) memory. Tridiagonal samples have the same law of eigenvalues in O(n)
//! memory; all eigenvalues take O(n^2) operations, a count or one eigenvalue O(n). A law made of others costs some ten values
//! of their transforms per value of its density, and a few hundred of these once, for a distribution without closed form.
//!
//! # Conventions
//!
//! * Laws are normalised to 1 over *all* eigenvalues, zeros included. Covariances are divided by the number of samples,
//!   and the ratio is dimension over samples.
//! * m(z) = int mu(dx)/(x - z): the resolvent's trace (1/p) tr (A - z)^(-1), with Im m > 0 above the axis. Part of the
//!   literature has G = -m. On the axis inside the support m is refused rather than given from one side.
//! * A spike of a covariance is a population eigenvalue ell = v (1 + theta); one of a Wigner matrix is the theta in
//!   W + theta u u'. An overlap is a square, <v, u>^2.
//!
//! # Validity
//!
//! Everything here is a limit for large sizes.
//!
//! * *Bulk.* Eigenvalues are rigid: the empirical distribution is within about 1/n of its law, not 1/sqrt(n). Bulk and
//!   edges hold for every law of independent entries with four moments; heavy tails make eigenvalues of their own.
//!   Correlated or unequal entries have another law, generally a wider one: an eigenvalue outside of [`MarchenkoPastur`]
//!   refutes "independent and equal", and not only "no spike".
//! * *Edge.* The extreme eigenvalue of pure noise fluctuates around the edge by about size^(-2/3) of the bulk's width
//!   (Tracy & Widom 1996), and centres somewhat inside. An eigenvalue that close outside is no outlier; [`Edge::p_value`]
//!   says how close is close.
//! * *Critical window.* Within a relative distance of about n^(-1/3) of the threshold the transition is smooth and these
//!   limits are wrong: position and overlap rise gradually, where the limits have a constant below the threshold and a
//!   parabola, or a line, above. A small limiting overlap is the warning: trust one spike from about 1/3 upwards at sizes
//!   of a hundred, several from about 1/2. [`from_outlier`](SpikedCovariance::from_outlier) credits an eigenvalue of noise
//!   that lies just outside of the bulk with a spike just above the threshold.
//! * *Finite size.* A detached outlier fluctuates by [`Outlier::standard_deviation`], of order n^(-1/2); the limits'
//!   systematic error is of order 1/n. Measured over 1500 draws of each of ten spikes
//!   (overlaps 0.3 to 0.96, n from 50 to 200): the mean position is off by less than a tenth of one draw's standard
//!   deviation, the mean overlap by less than a fifth of its own, mostly downwards; only averages over many matrices
//!   show it.
//! * *Freeness* is a limit too: it holds for Haar rotations of one of the two, for independent noise, and in practice for
//!   matrices that do not know of each other. A Gauss-Newton matrix and its remainder are made of the same network.
//! * *Several spikes* act independently in the limit, if they are few and apart. At finite size outliers closer than their
//!   standard deviation repel each other.

mod complex;
mod edges;
mod fits;
mod free;
mod law;
mod laws;
mod logit_model;
mod root;
mod samplers;
mod series;
mod spikes;
mod transforms;

pub use complex::Complex;
pub use edges::{
    Edge, OrthogonalOrderStatistics, OutlierCount, OutlierTest, Side, SideCount, TestedEigenvalue, TracyWidom,
};
pub use fits::{
    BulkFit, CovarianceLoss, FittedPopulation, MarchenkoPasturErrors, MarchenkoPasturFit, MatrixLoss, PopulationFit,
    SemicircleFit, SingularShrinkage, SpikedShrinkage, analytical_shrinkage, population_moments,
};
pub use free::{
    Companion, CurvePoint, DeformedWigner, FreeCompression, FreeProduct, FreeSum, GeneralizedMarchenkoPastur,
    SeparableCovariance,
};
pub use law::{Atom, Interval, Law};
pub use laws::{Affine, Arcsine, Discrete, MarchenkoPastur, PiecewiseLinear, Semicircle, Uniform};
pub use logit_model::{
    CutMoments, DrawMean, EnsembleLimit, FullPopulation, GaussianLogits, GibbsAverages, GradientSpectrum,
    LogitEnsemble, LogitLabels, LogitMeans, LogitModel, LogitOutlier, LogitSpectrum, MarginLogits, PredictedEigenvalue,
    PredictionSource, RandomEnergyModel, SeparableSignal, SignalOutlier, SignalRow, SoftmaxBlocks, SoftmaxCurvature,
    Validity, expected_maximum,
};
pub use samplers::{
    BetaHermite, BetaLaguerre, GaussianOrthogonal, HaarFrame, SampledSpectrum, Tridiagonal, Wishart, chi_squared,
};
pub use spikes::{
    AdditiveSpike, MultiplicativeSpike, Outlier, RectangularSpike, SingularOutlier, SpikedCovariance, SpikedWigner,
};

#[cfg(feature = "serde")]
crate::saved::kinds!("random_matrix":
    Complex, Side, Edge, OrthogonalOrderStatistics, OutlierTest, OutlierCount, SideCount, TestedEigenvalue,
    TracyWidom, BulkFit<L>, MarchenkoPasturFit, MarchenkoPasturErrors, SemicircleFit, CovarianceLoss, SpikedShrinkage,
    PopulationFit, FittedPopulation, MatrixLoss, SingularShrinkage, CurvePoint, Interval, Atom, Arcsine, Discrete,
    MarchenkoPastur, PiecewiseLinear, Semicircle, Uniform, CutMoments, EnsembleLimit, LogitEnsemble, DrawMean,
    LogitModel, SignalRow, SignalOutlier, GaussianLogits, MarginLogits, RandomEnergyModel, GibbsAverages,
    SoftmaxCurvature, LogitLabels, Validity, LogitOutlier, PredictedEigenvalue, PredictionSource, SampledSpectrum,
    Wishart, GaussianOrthogonal, HaarFrame, Tridiagonal, BetaHermite, BetaLaguerre, Outlier, SpikedCovariance,
    SpikedWigner, SingularOutlier,
);
