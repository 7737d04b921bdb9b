//! Examples: rows of inputs with rows of targets.

use super::{Loss, LossFunction};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// N examples: inputs (N x inputs), targets (N x outputs) and the weight of each in the mean (1/N unless set).
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "dataset")]
#[doc(alias = "training set")]
pub struct Examples<T> {
    count: usize,
    inputs: Vec<T>,
    input_len: usize,
    targets: Vec<T>,
    target_len: usize,
    weights: Vec<T>,
    labels: Option<Vec<usize>>,
}

impl<T: Scalar> Examples<T> {
    /// Examples with a row of targets each.
    ///
    /// # Errors
    /// If there are none, a row has no entries, the rows are not as many, or a number is not finite.
    pub fn new(inputs: Vec<T>, input_len: usize, targets: Vec<T>, target_len: usize) -> Result<Self> {
        Error::at_least("the number of inputs of an example", input_len, 1, "must be at least 1")?;
        Error::at_least("the number of targets of an example", target_len, 1, "must be at least 1")?;
        if inputs.is_empty() {
            return Err(Error::Empty { what: "the set of examples", remedy: "give at least one example" });
        }
        let count = inputs.len() / input_len;
        Error::array("the list of inputs (examples x inputs)", inputs.len(), &[count, input_len])?;
        Error::array("the list of targets (examples x outputs)", targets.len(), &[count, target_len])?;
        Error::finite("the inputs", &inputs, "clean the data before use")?;
        Error::finite("the targets", &targets, "clean the data before use")?;
        let weights = vec![T::of(1.0 / count as f64); count];
        Ok(Examples { count, inputs, input_len, targets, target_len, weights, labels: None })
    }

    /// Examples with a class label each; targets are one-hot rows.
    ///
    /// ```
    /// use eigenscape::curvature::Examples;
    ///
    /// let examples = Examples::labelled(vec![0.5, 1.0, -1.0, 0.0], 2, &[2, 0], 3)?;
    /// assert_eq!(examples.targets(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    ///
    /// let error = Examples::labelled(vec![0.5, 1.0], 2, &[3], 3).unwrap_err();
    /// assert!(error.to_string().contains("the label of example 0 is 3"));
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Examples::new`], and if a label is not below `classes`.
    pub fn labelled(inputs: Vec<T>, input_len: usize, labels: &[usize], classes: usize) -> Result<Self> {
        Error::at_least("the number of classes", classes, 1, "must be at least 1")?;
        if let Some(examples) = inputs.len().checked_div(input_len) {
            Error::length("the list of labels, one for each row of inputs,", labels.len(), examples)?;
        }
        let entries = labels.len().saturating_mul(classes);
        let mut targets = Vec::new();
        targets.try_reserve_exact(entries).map_err(|_| Error::Allocation {
            what: "the one-hot targets of all examples",
            bytes: labels.len() as u128 * classes as u128 * size_of::<T>() as u128,
            remedy: "take fewer classes",
        })?;
        targets.resize(entries, T::zero());
        for (index, (&label, row)) in labels.iter().zip(targets.chunks_exact_mut(classes)).enumerate() {
            if label >= classes {
                return Err(Error::Label { index, label, classes });
            }
            row[label] = T::one();
        }
        let examples = Examples::new(inputs, input_len, targets, classes)?;
        Ok(Examples { labels: Some(labels.to_vec()), ..examples })
    }

    /// The same examples with these weights instead of 1/N; used as they are, not normalised. An example of weight 0 is
    /// computed too, and must not overflow: leave it out by [`Examples::select`].
    ///
    /// # Errors
    /// If there are not N weights, or one is negative or not finite.
    #[doc(alias = "sample weights")]
    #[doc(alias = "class weights")]
    pub fn weighted(self, weights: Vec<T>) -> Result<Self> {
        Error::length("the list of weights", weights.len(), self.count)?;
        Error::finite("the weights", &weights, "give finite weights")?;
        if let Some(negative) = weights.iter().find(|&&weight| weight < T::zero()) {
            let limits = "must be at least 0: a negative weight makes the risk unbounded below";
            return Err(Error::OutOfRange { what: "the weight of an example", value: negative.f64(), limits });
        }
        Ok(Examples { weights, ..self })
    }

    /// The same examples with labels smoothed: targets (1 - `smoothing`) y + `smoothing` / C, for targets that are
    /// probabilities. Labels stay, for the accuracy.
    ///
    /// # Errors
    /// If `smoothing` does not lie in \[0, 1\], or the targets of an example are no probabilities.
    ///
    /// # References
    /// Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2016, arXiv:1512.00567.
    #[doc(alias = "label_smoothing")]
    pub fn smoothed(mut self, smoothing: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&smoothing) {
            let limits = "must lie in [0, 1]: the share of a target that is spread over all classes";
            return Err(Error::OutOfRange { what: "the smoothing of labels", value: smoothing, limits });
        }
        self.targets.chunks_exact(self.target_len).try_for_each(|row| Loss::SoftmaxCrossEntropy.accepts(row))?;
        let (keep, share) = (T::of(1.0 - smoothing), T::of(smoothing / self.target_len as f64));
        self.targets.iter_mut().for_each(|target| *target = keep * *target + share);
        Ok(self)
    }

    /// The examples at these positions, in this order, with weights 1 / their number.
    ///
    /// # Errors
    /// If there are none, or a position is not below N.
    pub fn select(&self, positions: &[usize]) -> Result<Self> {
        if positions.is_empty() {
            return Err(Error::Empty { what: "the selection of examples", remedy: "select at least one" });
        }
        if let Some(&value) = positions.iter().find(|&&position| position >= self.count) {
            let because = "the position of the last example";
            return Err(Error::AboveLimit { what: "a selected position", value, limit: self.count - 1, because });
        }
        let rows = |entries: &[T], len: usize| {
            positions.iter().flat_map(|&position| entries[position * len..][..len].iter().copied()).collect()
        };
        Ok(Examples {
            count: positions.len(),
            inputs: rows(&self.inputs, self.input_len),
            input_len: self.input_len,
            targets: rows(&self.targets, self.target_len),
            target_len: self.target_len,
            weights: vec![T::of(1.0 / positions.len() as f64); positions.len()],
            labels: self.labels.as_ref().map(|labels| positions.iter().map(|&position| labels[position]).collect()),
        })
    }

    /// The number of examples, N.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The inputs, row by row.
    pub fn inputs(&self) -> &[T] {
        &self.inputs
    }

    /// The number of inputs of an example.
    pub fn input_len(&self) -> usize {
        self.input_len
    }

    /// The targets, row by row.
    pub fn targets(&self) -> &[T] {
        &self.targets
    }

    /// The number of targets of an example.
    pub fn target_len(&self) -> usize {
        self.target_len
    }

    /// The weights.
    pub fn weights(&self) -> &[T] {
        &self.weights
    }

    /// The labels, if the examples have them.
    pub fn labels(&self) -> Option<&[usize]> {
        self.labels.as_deref()
    }
}
