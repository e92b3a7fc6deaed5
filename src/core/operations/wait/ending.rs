//! The errors of a wait.
use std::time::Duration;

use bytes::Bytes;

use super::request::{DELETED, PriorAction, WaitRequest};
use crate::core::error::{Error, WaitEnding, WaitError};
use crate::core::spec::model::Kind;

/// What the polls have seen so far.
#[derive(Default)]
pub(super) struct History {
    pub(super) polls: u32,
    pub(super) last_state: Option<String>,
    /// The error of the latest poll that saw no state.
    pub(super) last_error: Option<Error>,
}

impl History {
    /// The error of a wait that ended without reaching its state.
    pub(super) fn error(&self, ending: WaitEnding, why: &str, request: &WaitRequest, elapsed: Duration) -> Error {
        let last_error = self.last_error.as_ref().map(ToString::to_string);
        let seen = match (&self.last_state, &last_error) {
            (Some(state), None) => format!("last seen {state}"),
            (Some(state), Some(error)) => format!("last seen {state}, then: {error}"),
            (None, Some(error)) => format!("never seen: {error}"),
            (None, None) => "never seen".to_owned(),
        };
        let looks = if self.polls == 1 { "look" } else { "looks" };
        let mut message =
            format!("{}: {why} ({seen}; {} {looks} in {:.0} s)", summary(request), self.polls, elapsed.as_secs_f64());
        if ending == WaitEnding::TimedOut {
            let again = match request.kind {
                _ if request.is_after_upgrade() => "get it from /clusters with request(), as a dedicated cluster",
                _ if request.restore_job.is_some() => "wait_for_flex_restore_job waits for it again",
                Kind::Serverless => "wait_for_serverless_instance waits for it again",
                Kind::Flex => "wait_for_flex_cluster waits for it again",
            };
            message.push_str(&format!("; it goes on in Atlas: {again}"));
        }
        Error::Wait(Box::new(self.wait_error(ending, message, elapsed)))
    }

    /// The error of a wait after an operation: it says that the operation was carried out, and has its reply.
    pub(super) fn error_after_operation(
        &self,
        error: Error,
        result: &Bytes,
        request: &WaitRequest,
        elapsed: Duration,
    ) -> Error {
        match error {
            Error::Wait(wait) => Error::Wait(Box::new(WaitError { result: Some(result.clone()), ..*wait })),
            Error::Stopped => Error::Stopped,
            cause => {
                let message = format!("{}: waiting for it failed with {cause}", summary(request));
                Error::Wait(Box::new(WaitError {
                    result: Some(result.clone()),
                    cause: Some(cause),
                    ..self.wait_error(WaitEnding::Failed, message, elapsed)
                }))
            }
        }
    }

    fn wait_error(&self, ending: WaitEnding, message: String, elapsed: Duration) -> WaitError {
        WaitError {
            ending,
            message,
            last_state: self.last_state.clone(),
            polls: self.polls,
            elapsed,
            last_error: self.last_error.as_ref().map(ToString::to_string),
            result: None,
            cause: None,
        }
    }
}

fn summary(request: &WaitRequest) -> String {
    let (noun, name) = (request.kind.noun(), &request.name);
    let done = match request.after {
        None => "",
        Some((PriorAction::Create, _)) => " was created, but",
        Some((PriorAction::Update, _)) => " was changed, but",
        Some((PriorAction::Upgrade, _)) => " was upgraded, but",
        Some((PriorAction::Delete, _)) => " is to be deleted, but",
    };
    if let Some(id) = &request.restore_job {
        return format!("The restore job {id} of Flex cluster {name} did not become {}", request.state);
    }
    if request.state == DELETED {
        format!("The {noun} {name}{done} is still there")
    } else {
        format!("The {noun} {name}{done} did not become {}", request.state)
    }
}
