//! What stands around a content that is saved: its kind, and the versions of the format and of the crate.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{read, write};

/// The version of the format that is written. It grows when the fields of some content change their meaning; files of older
/// versions are read as long as a note in the changelog does not say otherwise.
pub const VERSION: u32 = 1;

const FORMAT: &str = "eigenscape";

/// What a saved content is called.
///
/// Each type of this crate that can be saved has a kind. Implement it for your own, to save them in the same envelope.
///
/// ```
/// use eigenscape::saved::{Kind, Saved};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Sweep {
///     losses: Vec<f64>,
/// }
///
/// impl Kind for Sweep {
///     fn kind() -> String {
///         "my sweep".to_string()
///     }
/// }
///
/// let text = serde_json::to_string(&Saved::new(Sweep { losses: vec![0.5, f64::INFINITY] }))?;
/// let sweep = serde_json::from_str::<Saved<Sweep>>(&text)?.into_content();
/// assert_eq!(sweep.losses, [0.5, f64::INFINITY]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Kind {
    /// The name, with those of its parameters: `spectrum::SpectralRun<f32>`.
    fn kind() -> String;
}

/// The kind of a type of this crate.
pub(crate) fn name(folder: &str, name: &str, parameters: &[String]) -> String {
    let list = if parameters.is_empty() { String::new() } else { format!("<{}>", parameters.join(", ")) };
    format!("{folder}::{name}{list}")
}

macro_rules! kinds_of_primitives {
    ($($name:ident)*) => {
        $(impl Kind for $name {
            fn kind() -> String {
                stringify!($name).to_string()
            }
        })*
    };
}

kinds_of_primitives!(f32 f64 usize u64 bool String);

impl<C: Kind + ?Sized> Kind for &C {
    fn kind() -> String {
        C::kind()
    }
}

impl<C: Kind> Kind for Vec<C> {
    fn kind() -> String {
        format!("Vec<{}>", C::kind())
    }
}

impl<C: Kind> Kind for Option<C> {
    fn kind() -> String {
        format!("Option<{}>", C::kind())
    }
}

impl<A: Kind, B: Kind> Kind for (A, B) {
    fn kind() -> String {
        format!("({}, {})", A::kind(), B::kind())
    }
}

impl<A: Kind, B: Kind, C: Kind> Kind for (A, B, C) {
    fn kind() -> String {
        format!("({}, {}, {})", A::kind(), B::kind(), C::kind())
    }
}

/// A content in its envelope, to be saved, or as it was read.
///
/// In formats with names it is a map of two entries: `header` with the entries `format` ("eigenscape"), `kind`, `version` and
/// `written_by`, the version of this crate; then `state`, the content. A reference can be saved as well as what it refers to.
///
/// Reading fails, with an error of the format's own kind, where the header is not there, names another kind or a version newer
/// than [`VERSION`], or the content is not sound. See the [module](crate::saved) for an example.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Saved<C> {
    content: C,
}

impl<C> Saved<C> {
    /// In an envelope.
    pub fn new(content: C) -> Self {
        Saved { content }
    }

    /// What is inside.
    pub fn content(&self) -> &C {
        &self.content
    }

    /// Out of its envelope.
    pub fn into_content(self) -> C {
        self.content
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    kind: String,
    version: u32,
    written_by: String,
}

impl Header {
    fn new<C: Kind>() -> Self {
        let (format, written_by) = (FORMAT.to_string(), env!("CARGO_PKG_VERSION").to_string());
        Header { format, kind: C::kind(), version: VERSION, written_by }
    }

    /// Fails unless it stands before a content of this kind, in a version that is known.
    fn require<C: Kind>(&self) -> Result<(), String> {
        let Header { format, kind, version, written_by } = self;
        if format != FORMAT {
            return Err(format!("the format is \"{format}\", not \"{FORMAT}\": this was not saved by this crate"));
        }
        let own = env!("CARGO_PKG_VERSION");
        if *version == 0 || *version > VERSION {
            return Err(format!(
                "the version of the format is {version}, written by version {written_by} of this crate; version {own} reads 1 to \
                 {VERSION}: read it with version {written_by}"
            ));
        }
        if *kind != C::kind() {
            let asked = C::kind();
            return Err(format!("a {kind} was saved, and a {asked} is asked for: read it as what it is"));
        }
        Ok(())
    }
}

impl<C: Serialize + Kind> Serialize for Saved<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_struct("Saved", 2)?;
        parts.serialize_field("header", &Header::new::<C>())?;
        parts.serialize_field("state", &write::Exactly(&self.content))?;
        parts.end()
    }
}

impl<'de, C: Deserialize<'de> + Kind> Deserialize<'de> for Saved<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Saved", &["header", "state"], Parts(PhantomData))
    }
}

struct Parts<C>(PhantomData<C>);

const NO_HEADER: &str = "there is no header: this was saved without its envelope, read it without `Saved`";

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Part {
    Header,
    State,
    #[serde(other)]
    Other,
}

impl<'de, C: Deserialize<'de> + Kind> Visitor<'de> for Parts<C> {
    type Value = Saved<C>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a saved {} with its header", C::kind())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Saved<C>, A::Error> {
        let header: Header = access.next_element()?.ok_or_else(|| A::Error::custom(NO_HEADER))?;
        header.require::<C>().map_err(A::Error::custom)?;
        let content = access.next_element_seed(read::Exact(PhantomData))?;
        Ok(Saved { content: content.ok_or_else(|| A::Error::missing_field("state"))? })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Saved<C>, A::Error> {
        let (mut known, mut content) = (false, None);
        while let Some(part) = access.next_key()? {
            match part {
                Part::Header => {
                    let header: Header = access.next_value()?;
                    header.require::<C>().map_err(A::Error::custom)?;
                    known = true;
                }
                // A content is only looked at where its kind is known, and once.
                Part::State if known && content.is_none() => {
                    content = Some(access.next_value_seed(read::Exact(PhantomData))?);
                }
                Part::State if known => return Err(A::Error::duplicate_field("state")),
                Part::State => return Err(A::Error::custom("the header must stand before the state")),
                Part::Other if known => return Err(A::Error::custom("there is more than a header and a state")),
                Part::Other => return Err(A::Error::custom(NO_HEADER)),
            }
        }
        if !known {
            return Err(A::Error::custom(NO_HEADER));
        }
        Ok(Saved { content: content.ok_or_else(|| A::Error::missing_field("state"))? })
    }
}
