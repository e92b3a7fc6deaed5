//! How a wait ended without its state, in facts and in one sentence.
use bytes::Bytes;

use super::{DELETED, PriorAction, Waiter};
use crate::core::error::{Error, WaitEnding, WaitError};
use crate::core::spec::model::Kind;

impl Waiter<'_> {
    pub(super) fn ended(&self, ending: WaitEnding, why: &str) -> Error {
        let last_error = self.last_error.as_ref().map(ToString::to_string);
        let seen = match (&self.last_state, &last_error) {
            (Some(state), None) => format!("last seen {state}"),
            (Some(state), Some(error)) => format!("last seen {state}, then: {error}"),
            (None, Some(error)) => format!("never seen: {error}"),
            (None, None) => "never seen".to_owned(),
        };
        let looks = if self.polls == 1 { "look" } else { "looks" };
        let mut message = format!(
            "{}: {why} ({seen}; {} {looks} in {:.0} s)",
            self.outcome(),
            self.polls,
            self.elapsed().as_secs_f64()
        );
        if ending == WaitEnding::TimedOut {
            let method = match self.wait.kind {
                Kind::Serverless => "wait_for_serverless_instance",
                Kind::Flex => "wait_for_flex_cluster",
            };
            message.push_str(&format!("; it goes on in Atlas: {method} waits for it again"));
        }
        Error::Wait(Box::new(self.facts(ending, message)))
    }

    /// The error of a wait that follows an operation: whatever it is, the operation was carried out.
    pub(super) fn after(&self, error: Error, result: &Bytes) -> Error {
        match error {
            Error::Wait(wait) => Error::Wait(Box::new(WaitError { result: Some(result.clone()), ..*wait })),
            Error::Stopped => Error::Stopped,
            cause => {
                let message = format!("{}: waiting for it failed with {cause}", self.outcome());
                Error::Wait(Box::new(WaitError {
                    result: Some(result.clone()),
                    cause: Some(cause),
                    ..self.facts(WaitEnding::Failed, message)
                }))
            }
        }
    }

    fn outcome(&self) -> String {
        let (noun, name) = (self.wait.kind.noun(), &self.wait.name);
        let done = match self.wait.after {
            None => "",
            Some((PriorAction::Create, _)) => " was created, but",
            Some((PriorAction::Update, _)) => " was changed, but",
            Some((PriorAction::Delete, _)) => " is to be deleted, but",
        };
        if self.wait.state == DELETED {
            format!("The {noun} {name}{done} is still there")
        } else {
            format!("The {noun} {name}{done} did not become {}", self.wait.state)
        }
    }

    fn facts(&self, ending: WaitEnding, message: String) -> WaitError {
        WaitError {
            ending,
            message,
            last_state: self.last_state.clone(),
            polls: self.polls,
            elapsed: self.elapsed(),
            last_error: self.last_error.as_ref().map(ToString::to_string),
            result: None,
            cause: None,
        }
    }
}
