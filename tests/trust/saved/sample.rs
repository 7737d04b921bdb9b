//! One content in several formats, whatever its type.

use std::fmt::Debug;

use eigenscape::saved::{Kind, Saved};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a content is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// JSON, in the envelope.
    Json,
    /// Postcard, in the envelope: bits without names.
    Postcard,
}

pub const FORMS: [Form; 2] = [Form::Json, Form::Postcard];

/// What was read, in words and written again.
pub struct Read {
    pub debug: String,
    pub again: Vec<u8>,
}

type Reader = Box<dyn Fn(Form, &[u8]) -> Result<Read, String> + Sync + Send>;

pub struct Sample {
    pub kind: String,
    pub debug: String,
    /// Whether its words show buffers, which are not saved.
    pub buffered: bool,
    pub json: Vec<u8>,
    pub postcard: Vec<u8>,
    read: Reader,
}

// What is generic over a format is compiled for each of hundreds of types: through trait objects, it is so once for all formats.

fn written<C: Serialize + Kind>(form: Form, content: &C) -> Vec<u8> {
    let saved: &dyn erased_serde::Serialize = &Saved::new(content);
    match form {
        Form::Json => serde_json::to_vec(saved).unwrap(),
        Form::Postcard => postcard::to_stdvec(saved).unwrap(),
    }
}

fn read<C: DeserializeOwned + Kind>(form: Form, bytes: &[u8]) -> Result<C, String> {
    let content = |deserializer: &mut dyn erased_serde::Deserializer<'_>| {
        erased_serde::deserialize::<Saved<C>>(deserializer).map_err(|error| error.to_string())
    };
    let saved = crate::hostile::metered(|| match form {
        Form::Json => {
            let mut json = serde_json::Deserializer::from_slice(bytes);
            let saved = content(&mut <dyn erased_serde::Deserializer>::erase(&mut json))?;
            json.end().map_err(|error| error.to_string())?;
            Ok(saved)
        }
        Form::Postcard => {
            let mut postcard = postcard::Deserializer::from_bytes(bytes);
            content(&mut <dyn erased_serde::Deserializer>::erase(&mut postcard))
        }
    });
    saved.map(Saved::into_content)
}

impl Sample {
    pub fn new<C: Serialize + DeserializeOwned + Kind + Debug>(content: &C) -> Self {
        Sample::used(content, |_| ())
    }

    /// With something to do with what is read, that must not panic: the proof that it is sound.
    pub fn used<C: Serialize + DeserializeOwned + Kind + Debug>(
        content: &C,
        then: impl Fn(C) + Sync + Send + 'static,
    ) -> Self {
        let reader = move |form, bytes: &[u8]| {
            let content: C = read(form, bytes)?;
            let (debug, again) = (format!("{content:?}"), written(form, &content));
            then(content);
            Ok(Read { debug, again })
        };
        Sample {
            kind: C::kind(),
            debug: format!("{content:?}"),
            buffered: false,
            json: written(Form::Json, content),
            postcard: written(Form::Postcard, content),
            read: Box::new(reader),
        }
    }

    pub fn with_buffers(self) -> Self {
        Sample { buffered: true, ..self }
    }

    pub fn bytes(&self, form: Form) -> &[u8] {
        match form {
            Form::Json => &self.json,
            Form::Postcard => &self.postcard,
        }
    }

    pub fn read(&self, form: Form, bytes: &[u8]) -> Result<Read, String> {
        (self.read)(form, bytes)
    }
}

/// For what a method says of what was read: that it says anything is the test.
pub fn seen<V>(value: V) {
    std::hint::black_box(value);
}
