//! The errors of a wait: what is certain by then, and what the reader can do.
use std::time::Duration;

use bytes::Bytes;

use super::request::{DELETED, PriorAction, WaitRequest};
use crate::core::error::{ApiError, Error, WaitEnding, WaitError};
use crate::core::spec::model::Kind;

/// What the polls have seen so far.
#[derive(Default)]
pub(super) struct History {
    pub(super) polls: u32,
    pub(super) last_state: Option<String>,
    /// The error of the latest poll that saw no state.
    pub(super) last_error: Option<Error>,
    /// What keeps the latest poll from being the last, although it got a whole answer.
    pub(super) note: Option<String>,
    /// Deletions that were sent and accepted.
    pub(super) deletions: u32,
}

impl History {
    /// Why the latest poll is not the end of the wait, if its state does not say so.
    pub(super) fn trouble(&self) -> Option<String> {
        self.last_error.as_ref().map(ToString::to_string).or_else(|| self.note.clone())
    }

    /// The error of a wait that ended without reaching its state.
    pub(super) fn error(&self, ending: WaitEnding, why: &str, request: &WaitRequest, elapsed: Duration) -> Error {
        let seen = match (&self.last_state, self.trouble()) {
            (Some(state), None) => format!("last seen {state}"),
            (Some(state), Some(trouble)) => format!("last seen {state}, then: {trouble}"),
            (None, Some(trouble)) => format!("never seen: {trouble}"),
            (None, None) => "never seen".to_owned(),
        };
        let message = format!("{}: {why} ({seen}; {})", self.summary(request), self.looks(elapsed));
        let advice = (ending == WaitEnding::TimedOut).then(|| self.advice(request));
        Error::Wait(Box::new(WaitError { advice, ..self.wait_error(ending, message, elapsed) }))
    }

    /// The error where no resource has the name. `answer` is the reply that said so, `names` are those that there are, the
    /// nearest first; `None` if that is not known.
    pub(super) fn not_found(
        &self,
        answer: Box<ApiError>,
        names: Option<&[String]>,
        request: &WaitRequest,
        elapsed: Duration,
    ) -> Error {
        let (noun, name, group_id) = (request.kind.noun(), &request.name, &request.group_id);
        let opening = match request.done_at(PriorAction::Create) {
            Some(_) => format!("The {noun} {name} was created, but there is no such cluster in project {group_id}"),
            None => format!("There is no such cluster in project {group_id}: no {noun} has the name {name}"),
        };
        let mut message = format!("{opening} ({})", self.looks(elapsed));
        match names {
            None => {}
            Some([]) => message.push_str(&format!("; the project has no {noun}")),
            Some(names) => message.push_str(&format!("; the nearest names there: {}", names.join(", "))),
        }
        let cause = Some(Error::Api(answer));
        Error::Wait(Box::new(WaitError { cause, ..self.wait_error(WaitEnding::NotFound, message, elapsed) }))
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
                let message =
                    format!("{}, but {}: waiting for it failed with {cause}", done(request), unknown(request));
                Error::Wait(Box::new(WaitError {
                    result: Some(result.clone()),
                    cause: Some(cause),
                    ..self.wait_error(WaitEnding::Failed, message, elapsed)
                }))
            }
        }
    }

    /// What did not happen, or is not known.
    fn summary(&self, request: &WaitRequest) -> String {
        let done = done(request);
        let but = if request.after.is_some() { ", but" } else { "" };
        if request.state == DELETED {
            return match self.last_error {
                Some(_) if self.last_state.is_some() => format!("{done}{but} {}", unknown(request)),
                _ => format!("{done}{but} is still there"),
            };
        }
        match &self.note {
            Some(_) if self.last_state.as_deref() == Some(request.state.as_str()) => {
                format!("{done}{but} does not show it")
            }
            _ => format!("{done}{but} did not become {}", request.state),
        }
    }

    /// What to do after the time is up.
    fn advice(&self, request: &WaitRequest) -> String {
        let (wait, delete, get) = match request.kind {
            Kind::Serverless => {
                ("wait_for_serverless_instance", "delete_serverless_instance", "get_serverless_instance")
            }
            Kind::Flex => ("wait_for_flex_cluster", "delete_flex_cluster", "get_flex_cluster"),
        };
        let state = self.last_state.as_deref().unwrap_or_default();
        if request.is_after_upgrade() {
            return "it goes on in Atlas: get it from /clusters with request(), as a dedicated cluster".to_owned();
        }
        if request.restore_job.is_some() {
            return "it goes on in Atlas: wait_for_flex_restore_job waits for it again".to_owned();
        }
        if request.state == DELETED {
            let again = format!("{wait} with state=\"{DELETED}\" waits for it again");
            return match (request.after.is_some(), state) {
                (_, "DELETING" | "") => format!("it goes on in Atlas: {again}"),
                (true, state) => format!(
                    "its deletion was accepted {}, and it is still {state}: delete it again; {again}",
                    times(self.deletions)
                ),
                (false, state) => format!("it is {state}, so nothing deletes it: {delete} does; {again}"),
            };
        }
        if self.note.is_some() && state == request.state {
            return format!("{get} shows whether Atlas takes it over");
        }
        match request.state.as_str() {
            "IDLE" => format!("it goes on in Atlas: {wait} waits for it again"),
            wanted if state == "IDLE" => format!("it is IDLE, so nothing goes on that makes it {wanted}"),
            wanted => format!("it goes on in Atlas: {wait} with state=\"{wanted}\" waits for it again"),
        }
    }

    fn looks(&self, elapsed: Duration) -> String {
        let looks = if self.polls == 1 { "look" } else { "looks" };
        format!("{} {looks} in {:.0} s", self.polls, elapsed.as_secs_f64())
    }

    fn wait_error(&self, ending: WaitEnding, message: String, elapsed: Duration) -> WaitError {
        WaitError {
            ending,
            message,
            advice: None,
            deleted: false,
            last_state: self.last_state.clone(),
            polls: self.polls,
            elapsed,
            last_error: self.trouble(),
            result: None,
            cause: None,
        }
    }
}

/// What cannot be told of a resource that could not be looked at.
pub(super) fn unknown(request: &WaitRequest) -> String {
    match request.state.as_str() {
        DELETED => "whether it is gone is not known".to_owned(),
        state => format!("whether it became {state} is not known"),
    }
}

/// The resource, and what was done to it before the wait.
fn done(request: &WaitRequest) -> String {
    let done = match request.after {
        None => "",
        Some((PriorAction::Create, _)) => " was created",
        Some((PriorAction::Exist, _)) => " existed already",
        Some((PriorAction::Update, _)) => " was changed",
        Some((PriorAction::Upgrade, _)) => " was upgraded",
        Some((PriorAction::Delete, _)) => " is to be deleted",
    };
    let resource = format!("{} {}", request.kind.noun(), request.name);
    match &request.restore_job {
        Some(id) => format!("The restore job {id} of {resource}{done}"),
        None => format!("The {resource}{done}"),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}
