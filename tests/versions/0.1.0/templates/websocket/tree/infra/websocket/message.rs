//! What is sent and received, and who receives it.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{borrow::Cow, fmt, str::FromStr};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Text;

/// A text message. Clones share the text, so a broadcast writes it once for all who receive it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(pub(super) Text);

impl Message {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// The value has no form in JSON, such as a map whose keys are not texts.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self::from)
    }

    /// Reads the text as JSON.
    ///
    /// # Errors
    ///
    /// The text is not the JSON of a `T`. The error may quote the text.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// Shows the length only: a log is no place for what people write to each other.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.0.len())
    }
}

/// Names one connection, among those of all instances. It is no secret.
///
/// Its text, which is also its form in JSON, can be read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ClientId {
    pub(super) instance: u64,
    pub(super) number: u64,
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.instance, self.number)
    }
}

impl FromStr for ClientId {
    type Err = NoClientId;

    fn from_str(text: &str) -> Result<Self, NoClientId> {
        let (instance, number) = text.split_once('-').ok_or(NoClientId)?;
        let parse = |part| u64::from_str_radix(part, 16).map_err(|_| NoClientId);
        Ok(Self {
            instance: parse(instance)?,
            number: parse(number)?,
        })
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ClientId {
    type Error = NoClientId;

    fn try_from(text: String) -> Result<Self, NoClientId> {
        text.parse()
    }
}

/// A text is not that of a [`ClientId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a client")]
pub struct NoClientId;

/// Somebody who is in a room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The connection; a person with two browser windows is two members.
    pub id: ClientId,
    /// The name that the connection was accepted under.
    pub name: String,
}

/// Who receives a message.
//% if options.redis
#[derive(Clone, Debug, Serialize, Deserialize)]
//% else
#[derive(Clone, Debug)]
//% endif
pub(super) enum Target<'a> {
    Everybody,
    Client(ClientId),
    Room {
        name: Cow<'a, str>,
        except: Cow<'a, [ClientId]>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_id_is_read_back() {
        let id = ClientId {
            instance: u64::MAX,
            number: 17,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"ffffffffffffffff-11\"");
        assert_eq!(serde_json::from_str::<ClientId>(&json).unwrap(), id);
        for text in ["", "-", "1", "x-1", "1-1-1", "1ffffffffffffffff-1"] {
            assert_eq!(text.parse::<ClientId>(), Err(NoClientId), "{text}");
        }
    }

    #[test]
    fn a_message_shows_only_its_length() {
        let message = Message::json(&["hunter2"]).unwrap();
        assert_eq!(message.as_str(), "[\"hunter2\"]");
        assert_eq!(format!("{message:?}"), "Message(11 bytes)");
    }
}
