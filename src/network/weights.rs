//! Parameters from and to safetensors files.

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::Block;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

const FORMAT: &str = "safetensors";

/// The bytes of a safetensors file with blocks, each by its name and shape, in the precision of the vector (F32 or F64),
/// in which they stand back to back.
///
/// ```
/// use eigenscape::network::{Activation, Network, Perceptron, from_safetensors, to_safetensors};
///
/// let network = Perceptron::new(&[2, 3], Activation::Identity)?;
/// let theta = [0.1f32, 0.2, 0.3, 0.4, 0.5, 0.6, 0.0, 0.0, 1.0];
/// let file = to_safetensors(network.blocks(), &theta)?;
/// assert_eq!(from_safetensors::<f32>(network.blocks(), &file)?, theta);
/// # Ok::<(), eigenscape::Error>(())
/// ```
///
/// # Errors
/// If the vector does not have the blocks' parameters, or two blocks have one name.
#[doc(alias = "state_dict")]
#[doc(alias = "checkpoint")]
pub fn to_safetensors<T: Scalar>(blocks: &[Block], theta: &[T]) -> Result<Vec<u8>> {
    Error::length("the parameter vector", theta.len(), blocks.iter().map(|block| block.shape.size()).sum())?;
    for (number, block) in blocks.iter().enumerate() {
        if block.name == "__metadata__" || blocks[..number].iter().any(|other| other.name == block.name) {
            return Err(Error::Format {
                format: FORMAT,
                offset: 0,
                found: format!("a second block, or a reserved one, named `{}`", block.name),
                expected: "a name of its own for each block, and not `__metadata__`".to_owned(),
            });
        }
    }
    let single = size_of::<T>() == 4;
    let dtype = if single { Dtype::F32 } else { Dtype::F64 };
    // Back to back, wherever they stand in the network: so a layer's blocks can be saved alone.
    let mut rest = theta;
    let bytes = |block: &Block| -> Vec<u8> {
        let (own, behind) = rest.split_at(block.shape.size());
        rest = behind;
        let entries = own.iter().map(|x| x.f64());
        if single {
            entries.flat_map(|x| (x as f32).to_le_bytes()).collect()
        } else {
            entries.flat_map(f64::to_le_bytes).collect()
        }
    };
    let data: Vec<Vec<u8>> = blocks.iter().map(bytes).collect();
    let views = blocks.iter().zip(&data).map(|(block, data)| {
        let shape = block.shape.extents().to_vec();
        Ok((block.name.as_str(), TensorView::new(dtype, shape, data).map_err(wrong)?))
    });
    let views: Vec<(&str, TensorView<'_>)> = views.collect::<Result<_>>()?;
    serialize(views, None).map_err(wrong)
}

/// The parameter vector with the blocks of a safetensors file: of F64, F32, F16 or BF16 numbers, each block by its name.
/// Tensors of other names are left alone.
///
/// # Errors
/// If the bytes are no such file, a block is not there, has another shape or type, or a number is not finite.
#[doc(alias = "load_state_dict")]
#[doc(alias = "checkpoint")]
pub fn from_safetensors<T: Scalar>(blocks: &[Block], file: &[u8]) -> Result<Vec<T>> {
    let tensors = SafeTensors::deserialize(file).map_err(wrong)?;
    let mut theta = Vec::with_capacity(blocks.iter().map(|block| block.shape.size()).sum());
    for block in blocks {
        let Ok(tensor) = tensors.tensor(&block.name) else {
            let mut known: Vec<String> = tensors.names().into_iter().map(String::from).collect();
            known.sort();
            return Err(Error::Name { what: "tensor", name: block.name.clone(), known });
        };
        if tensor.shape() != block.shape.extents() {
            return Err(Error::Shapes {
                operation: "loading a block",
                left: tensor.shape().to_vec(),
                right: block.shape.extents().to_vec(),
                rule: "the tensor (left) must have the shape of the block of its name (right)",
                location: None,
            });
        }
        let start = theta.len();
        match tensor.dtype() {
            Dtype::F64 => push(&mut theta, tensor.data(), f64::from_le_bytes),
            Dtype::F32 => push(&mut theta, tensor.data(), |bytes| f64::from(f32::from_le_bytes(bytes))),
            Dtype::BF16 => push(&mut theta, tensor.data(), |bytes: [u8; 2]| {
                f64::from(f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))
            }),
            Dtype::F16 => push(&mut theta, tensor.data(), |bytes| half(u16::from_le_bytes(bytes))),
            other => {
                return Err(Error::Format {
                    format: FORMAT,
                    offset: 0,
                    found: format!("numbers of type {other:?} in {}", block.name),
                    expected: "F64, F32, F16 or BF16".to_owned(),
                });
            }
        }
        Error::length("the numbers of a tensor", theta.len() - start, block.shape.size())?;
    }
    Error::finite("the parameters in the file", &theta, "the file was saved from a run that diverged")?;
    Ok(theta)
}

fn push<T: Scalar, const N: usize>(theta: &mut Vec<T>, data: &[u8], number: impl Fn([u8; N]) -> f64) {
    let (numbers, _) = data.as_chunks::<N>();
    theta.extend(numbers.iter().map(|&bytes| T::of(number(bytes))));
}

/// The value of a number of IEEE 754's 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

fn wrong(error: safetensors::SafeTensorError) -> Error {
    let expected = "a whole safetensors file: it is damaged, cut off or of another format".to_owned();
    Error::Format { format: FORMAT, offset: 0, found: error.to_string(), expected }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_have_their_values() {
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333251953125),
            (0x0001, 5.960464477539063e-8),
            (0x7bff, 65504.0),
        ];
        cases.into_iter().for_each(|(bits, value)| assert_eq!(half(bits), value));
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f64::NEG_INFINITY);
    }
}
