//! The directions that hold most of a trajectory.

use super::trajectory::Trajectory;
use crate::error::{Error, Result};
use crate::landscape::SliceFrame;
use crate::linalg::dot;
use crate::projection::Basis;
use crate::scalar::Scalar;

/// Where principal directions start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TrajectoryCenter {
    /// The last point, so that planes go through where training ended (Li et al. 2018).
    Last,
    /// The mean of the points: shares are then shares of variance.
    Mean,
}

/// The principal directions of a trajectory.
///
/// ```text
///     X = [x_1 - c, x_2 - c, ...] = U S V',    direction j: u_j,    share_j = s_j^2 / sum s^2,    coordinates of x_i: s_j V_ij
/// ```
///
/// Random walks in many dimensions have large shares too: 61 % in the first direction and 76 % in the first two, in the limit of long walks
/// and centred by the mean (Antognini & Sohl-Dickstein 2018). So a large share alone does not say that training is low-dimensional.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(bound(serialize = "T: Scalar + serde::Serialize")))]
pub struct PrincipalComponents<T> {
    /// c.
    pub center: Vec<T>,
    /// Orthonormal directions, the one with the largest share first; the first point has no negative coordinate.
    pub directions: Vec<Vec<T>>,
    /// The share of the squared distances from the centre that each holds.
    pub shares: Vec<f64>,
    /// For each point of the trajectory its coordinate in each direction.
    pub coordinates: Vec<Vec<f64>>,
}

impl<T: Scalar> Trajectory<T> {
    /// The principal directions, at most `count`; fewer if the points span fewer.
    ///
    /// They come from the eigenvectors of the Gram matrix of the points: n^2 / 2 inner products of P numbers for n points, and memory for another copy of
    /// them. Directions with less than EPSILON of the squares are not told from rounding, and left out.
    ///
    /// ```
    /// use eigenscape::landscape::{Trajectory, TrajectoryCenter};
    ///
    /// let mut trajectory = Trajectory::new(3, 1, 1 << 10)?;
    /// for (step, point) in [[4.0f64, 0.0, 1.0], [2.0, 1.0, 1.0], [0.0, 0.0, 1.0]].iter().enumerate() {
    ///     trajectory.record(step as u64, point)?;
    /// }
    /// let principal = trajectory.principal(TrajectoryCenter::Mean, 2)?;
    /// assert!((principal.shares[0] - 12.0 / 13.0).abs() < 1e-12);
    /// assert!((principal.directions[0][0] - 1.0).abs() < 1e-12 && (principal.coordinates[0][0] - 2.0).abs() < 1e-12);
    /// # Ok::<(), eigenscape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than two points, all are equal, or `count` is 0 or above P.
    ///
    /// # References
    /// Li et al. 2018, arXiv:1712.09913; Antognini & Sohl-Dickstein 2018, arXiv:1806.08805.
    #[doc(alias = "PCA")]
    pub fn principal(&self, center: TrajectoryCenter, count: usize) -> Result<PrincipalComponents<T>> {
        let limits = "must be at least 2: record more steps, or with a smaller stride";
        Error::at_least("the number of points of a trajectory", self.len(), 2, limits)?;
        let points: Vec<&[T]> = self.points().map(|(_, point)| point).collect();
        let center: Vec<T> = match center {
            TrajectoryCenter::Last => points[points.len() - 1].to_vec(),
            TrajectoryCenter::Mean => {
                let mean = |entry: usize| points.iter().map(|point| point[entry].f64()).sum::<f64>();
                (0..self.dim()).map(|entry| T::of(mean(entry) / points.len() as f64)).collect()
            }
        };
        let centred: Vec<T> = points.iter().flat_map(|point| point.iter().zip(&center).map(|(&x, &c)| x - c)).collect();
        let (basis, shares) = Basis::principal(self.dim(), &centred, count)?;
        let mut directions: Vec<Vec<T>> = (0..shares.len()).map(|j| basis.vector(j).to_vec()).collect();
        let mut coordinates: Vec<Vec<f64>> = centred
            .chunks_exact(self.dim())
            .map(|point| directions.iter().map(|direction| dot(direction, point)).collect())
            .collect();
        for (j, direction) in directions.iter_mut().enumerate() {
            if coordinates[0][j] < 0.0 {
                direction.iter_mut().for_each(|x| *x = -*x);
                coordinates.iter_mut().for_each(|point| point[j] = -point[j]);
            }
        }
        Ok(PrincipalComponents { center, directions, shares, coordinates })
    }
}

impl<T: Scalar> PrincipalComponents<T> {
    /// The plane of the first two directions through the centre.
    ///
    /// # Errors
    /// If there is one direction alone: the trajectory is a straight line.
    pub fn plane(&self) -> Result<SliceFrame<T>> {
        let [first, second, ..] = &self.directions[..] else {
            let remedy =
                "the trajectory is straight: take a line along its direction, or a second direction of another kind";
            return Err(Error::Missing { what: "the second principal direction", remedy });
        };
        SliceFrame::plane(&self.center, first, second)
    }
}

#[cfg(feature = "serde")]
crate::saved::checked!(PrincipalComponents<T> {
    center: Vec<T>,
    directions: Vec<Vec<T>>,
    shares: Vec<f64>,
    coordinates: Vec<Vec<f64>>,
} by |saved| {
    Error::length("the directions of saved principal components", saved.directions.len(), saved.shares.len())?;
    for direction in &saved.directions {
        Error::length("a direction of saved principal components", direction.len(), saved.center.len())?;
    }
    for point in &saved.coordinates {
        Error::length("the coordinates of saved principal components", point.len(), saved.shares.len())?;
    }
    Ok(())
});
