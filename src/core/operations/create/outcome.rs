//! Finds out by name what became of a create whose outcome is unknown or whose name is taken.
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::DATE;

use super::check_reply::check_reply;
use super::look_up::{NameLookup, look_up};
use super::reconcile::{
    Comparison, FirstAttempt, being_deleted, compare_created, compare_existing, name_is_taken, other_kind, update_body,
};
use super::request::{CreateRequest, IfExists};
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::{ApiError, CreateTarget, Error, TransportError, TransportKind, Violation};
use crate::core::http::call::Call;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::{add_hint, with_stop_reason};
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::operations::wait::request::{DELETED, WaitRequest};
use crate::core::policy::retry::StopReason;
use crate::core::spec::model::{Kind, Operation};

/// How long to wait for a deletion under way if the call has no deadline.
const DELETION_TIMEOUT: Duration = Duration::from_secs(1800);

/// Finds out what became of one create.
#[derive(Clone, Copy)]
pub(super) struct OutcomeResolver<'a> {
    pub(super) client: &'a Client,
    pub(super) request: &'a CreateRequest,
    pub(super) call: &'a Call,
}

/// What a create comes to.
pub(super) struct Outcome {
    pub(super) kind: Kind,
    /// For the caller.
    pub(super) reply: Reply,
    pub(super) origin: Origin,
}

/// How it comes that the resource is as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// This call has created it.
    Created,
    /// It was there before, as asked.
    Existing,
    /// It was there before, and was changed; the body of the update.
    Updated(Bytes),
}

/// `None`: nothing was found, and the create may be sent again now.
type Resolved = Result<Option<Outcome>, Error>;

impl OutcomeResolver<'_> {
    /// After an attempt that may have been carried out. `next` says when the create may be sent again, or why not. Of a reply
    /// with another name it is `wrong_resource`: it is returned if the look-up shows that this server never returns the right
    /// name, as mock servers with fixed replies do.
    pub(super) async fn resolve_unknown(
        self,
        error: Error,
        wrong_resource: Option<Reply>,
        next: Result<Duration, StopReason>,
        context: &mut Context,
    ) -> Resolved {
        match look_up(self.client, self.request, context).await {
            Err(failed) => Err(outcome_unknown(self.request, self.call, &error, Some(&failed))),
            Ok(NameLookup::Absent) => self.absent(error, next, context).await,
            Ok(NameLookup::OtherKind) => Err(self.name_taken(vec![other_kind(self.request.kind.noun())], context)),
            Ok(NameLookup::Present(kind, exchange)) => {
                let entity = content(&exchange.body, self.call.envelope);
                match compare_created(&self.request.body, entity, &self.first_attempt(&exchange, context)) {
                    Comparison::Match => self.return_created(kind, *exchange, context).map(Some),
                    Comparison::BeingDeleted => self.wait_until_deleted(kind, context).await,
                    Comparison::Mismatch(differs) if differs.iter().any(|differing| differing.path == "name") => {
                        match wrong_resource {
                            Some(reply) => {
                                Ok(Some(Outcome { kind: self.request.kind, reply, origin: Origin::Created }))
                            }
                            // It does not answer what was asked: nothing is known of the name.
                            None => {
                                let answer = self.name_taken(differs, context);
                                Err(outcome_unknown(self.request, self.call, &error, Some(&answer)))
                            }
                        }
                    }
                    Comparison::Mismatch(differs) => {
                        self.return_existing(kind, *exchange, differs, context).await.map(Some)
                    }
                }
            }
        }
    }

    /// For `if_exists="return"` and `"update"`, when the name is taken and certainly not by this call.
    pub(super) async fn resolve_existing(
        self,
        error: Error,
        next: Result<Duration, StopReason>,
        context: &mut Context,
    ) -> Resolved {
        match look_up(self.client, self.request, context).await {
            Err(failed) => {
                let mut error = error;
                add_hint(&mut error, &format!("looking up what has the name failed: {failed}"));
                Err(error)
            }
            Ok(NameLookup::Absent) => self.absent(error, next, context).await,
            Ok(NameLookup::OtherKind) => Err(self.name_taken(vec![other_kind(self.request.kind.noun())], context)),
            Ok(NameLookup::Present(kind, exchange)) => {
                match compare_existing(
                    &self.request.body,
                    content(&exchange.body, self.call.envelope),
                    &self.request.group_id,
                ) {
                    Comparison::BeingDeleted => self.wait_until_deleted(kind, context).await,
                    _ => self.return_existing(kind, *exchange, Vec::new(), context).await.map(Some),
                }
            }
        }
    }

    fn first_attempt(&self, found: &HttpResponse, context: &Context) -> FirstAttempt<'_> {
        let date = found.headers.get(DATE).and_then(|d| httpdate::parse_http_date(d.to_str().ok()?).ok());
        let first = context.first_sent.unwrap_or(context.started);
        let ago = self.client.env().clock.now().saturating_sub(first);
        FirstAttempt { group_id: &self.request.group_id, server_now: date, ago }
    }

    /// Returns what an earlier attempt of this call created.
    fn return_created(self, kind: Kind, exchange: HttpResponse, context: &mut Context) -> Result<Outcome, Error> {
        let (operation, name) = (self.call.operation, &self.request.name);
        context.log(Level::Warning, || format!("{operation}: {name} was created by an attempt whose answer was lost"));
        let (reply, _) = check_reply(self.client, self.request, self.call, exchange, context);
        Ok(Outcome { kind, reply: Reply { reconciled: true, ..reply }, origin: Origin::Created })
    }

    /// Returns what has the name if `if_exists` allows it, after an update if that is asked for; otherwise the error says with
    /// `differs` why not.
    async fn return_existing(
        self,
        kind: Kind,
        exchange: HttpResponse,
        differs: Vec<Violation>,
        context: &mut Context,
    ) -> Result<Outcome, Error> {
        if self.request.if_exists == IfExists::Error {
            return Err(self.name_taken(differs, context));
        }
        match compare_existing(&self.request.body, content(&exchange.body, self.call.envelope), &self.request.group_id)
        {
            Comparison::Mismatch(differs) => {
                let updates = self.request.if_exists == IfExists::Update;
                match updates.then(|| update_body(&self.request.body, &differs)).flatten() {
                    Some(body) => self.update_existing(kind, Bytes::from(body), context).await,
                    None => Err(self.name_taken(differs, context)),
                }
            }
            _ => {
                context.log(Level::Info, || format!("{} exists already and is as asked", self.request.name));
                let (reply, _) = check_reply(self.client, self.request, self.call, exchange, context);
                Ok(Outcome { kind, reply, origin: Origin::Existing })
            }
        }
    }

    /// Brings what has the name to what was asked for.
    async fn update_existing(self, kind: Kind, body: Bytes, context: &mut Context) -> Result<Outcome, Error> {
        let CreateRequest { group_id, name, reply_format, .. } = self.request;
        context.log(Level::Info, || format!("{name} exists already and is changed to what was asked for"));
        let call = Call::resource(kind, Operation::Update, group_id, name, *reply_format, Some(body.clone()));
        let updated = self.client.run(&call, &mut context.sub_request()).await.map_err(|mut error| {
            add_hint(
                &mut error,
                "the create found the name taken, and this is the answer to the update (if_exists=\"update\")",
            );
            error
        })?;
        let (attempts, elapsed) = (context.attempts, context.elapsed(self.client.env()));
        Ok(Outcome { kind, reply: Reply { attempts, elapsed, ..updated }, origin: Origin::Updated(body) })
    }

    /// With `if_exists="return"` or `"update"`, waits for a deletion under way, after which the name is free.
    async fn wait_until_deleted(self, kind: Kind, context: &mut Context) -> Resolved {
        if self.request.if_exists == IfExists::Error {
            return Err(self.name_taken(vec![being_deleted()], context));
        }
        let (group_id, name) = (self.request.group_id.clone(), self.request.name.clone());
        context.log(Level::Info, || format!("{name} is being deleted; waiting for it to be gone"));
        let callers_deadline = context.deadline;
        let env = self.client.env();
        context.deadline = callers_deadline.or_else(|| Some(env.clock.now().saturating_add(DELETION_TIMEOUT)));
        let interval = self.request.wait.flatten();
        let wait = WaitRequest { interval, ..WaitRequest::until(DELETED, kind, group_id, name) };
        let waited = self.client.wait_for(wait, context).await;
        context.deadline = callers_deadline;
        context.restart_retry_time(env);
        waited.map(|_| None)
    }

    async fn absent(self, error: Error, next: Result<Duration, StopReason>, context: &mut Context) -> Resolved {
        let paused = match next {
            Ok(delay) => self.client.pause_if_time_is_left(self.call, &error, delay, context).await,
            Err(why) => Err(why),
        };
        match paused {
            Ok(()) => Ok(None),
            Err(why) => {
                let mut error = with_stop_reason(error, why);
                let (noun, name) = (self.request.kind.noun(), &self.request.name);
                let note = format!(
                    "looked up afterwards: there is no {noun} {name}; a request that was lost may still be carried out, so look again before you repeat it"
                );
                add_hint(&mut error, &note);
                Err(error)
            }
        }
    }

    fn name_taken(self, differs: Vec<Violation>, context: &Context) -> Error {
        let (path, _) = self.call.target.split_once('?').unwrap_or((&self.call.target, ""));
        Error::Api(Box::new(ApiError {
            method: self.call.method.to_string(),
            url: format!("{}{path}", self.client.shared.base_url),
            attempts: context.attempts,
            elapsed: context.elapsed(self.client.env()),
            ..name_is_taken(&self.request.name, self.request.kind.noun(), differs)
        }))
    }
}

/// The error where it cannot be found out whether the resource was created.
pub(super) fn outcome_unknown(request: &CreateRequest, call: &Call, cause: &Error, look_up: Option<&Error>) -> Error {
    let (noun, name, group) = (request.kind.noun(), &request.name, &request.group_id);
    let question = format!("Whether the {noun} {name} was created in project {group}");
    let advice = "Look it up before creating it again, or create with if_exists=\"return\"";
    unknown(&question, advice, (call, group, name), cause, look_up)
}

/// The error of a call whose outcome is unknown. `of` is the call, its project and the name.
pub(in crate::core::operations) fn unknown(
    question: &str,
    advice: &str,
    of: (&Call, &str, &str),
    cause: &Error,
    look_up: Option<&Error>,
) -> Error {
    let (call, group_id, name) = of;
    let looked = match look_up {
        Some(error) => format!("looking it up failed: {error}"),
        None => "it was not looked up".to_owned(),
    };
    let (attempts, elapsed, url, status) = match cause {
        Error::Transport(t) => (t.attempts, t.elapsed, t.url.clone(), t.status),
        Error::Api(a) => (a.attempts, a.elapsed, a.url.clone(), Some(a.status)),
        _ => (0, Duration::ZERO, call.target.clone(), None),
    };
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::OutcomeUnknown,
        message: format!("{question} is unknown ({cause}; {looked}). {advice}"),
        method: call.method.to_string(),
        url,
        attempts,
        elapsed,
        status,
        body_start: None,
        no_connection: None,
        target: Some(CreateTarget { operation: call.operation, group_id: group_id.to_owned(), name: name.to_owned() }),
        hint: None,
    }))
}
