//! What became of a create whose outcome is not known, or whose name is taken: found out by name.
use std::time::Duration;

use reqwest::header::DATE;

use super::look_up::LookUp;
use super::reconcile::{FirstAttempt, Verdict, another_kind, judge, leaving, matches, name_is_taken};
use super::{Create, IfExists};
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::{ApiError, Error, Target, TransportError, TransportKind, Violation};
use crate::core::http::call::Call;
use crate::core::http::reply::{Reply, add_hint, content, explained};
use crate::core::http::transport::Exchange;
use crate::core::operations::wait::{DELETED, Wait};
use crate::core::policy::retry::StopReason;
use crate::core::spec::model::Kind;

/// How long one that is being deleted is waited for, where the call has no deadline.
const DELETION: Duration = Duration::from_secs(1800);

/// A create that was not plainly answered.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) client: &'a Client,
    pub(crate) create: &'a Create,
    pub(crate) call: &'a Call,
}

/// What was found: the kind, and the reply for the caller. `None`: nothing, and it may be sent again now.
type Settled = Result<Option<(Kind, Reply)>, Error>;

impl Case<'_> {
    /// After an attempt that may have been carried out. `next` says when it may be sent again, or why not.
    pub(crate) async fn settle(
        self,
        error: Error,
        next: Result<Duration, StopReason>,
        context: &mut Context,
    ) -> Settled {
        match self.client.look_up(self.create, context).await {
            Err(look_up) => Err(outcome_unknown(self.create, self.call, &error, Some(&look_up))),
            Ok(LookUp::Absent) => self.absent(error, next, context).await,
            Ok(LookUp::AnotherKind) => Err(self.taken(vec![another_kind(self.create.kind.noun())], context)),
            Ok(LookUp::ResolvedCredentials(kind, exchange)) => {
                let entity = content(&exchange.body, self.call.envelope);
                match judge(&self.create.body, entity, &self.first_attempt(&exchange, context)) {
                    Verdict::Ours => self.ours(kind, *exchange, context).map(Some),
                    Verdict::Leaving => self.leaving(kind, context).await,
                    Verdict::NotOurs(differs) => self.not_ours(kind, *exchange, differs, context).map(Some),
                }
            }
        }
    }

    /// `if_exists="return"` and a name that is taken, certainly not by this call.
    pub(crate) async fn existing(
        self,
        error: Error,
        next: Result<Duration, StopReason>,
        context: &mut Context,
    ) -> Settled {
        match self.client.look_up(self.create, context).await {
            Err(look_up) => {
                let mut error = error;
                add_hint(&mut error, &format!("looking up what has the name failed: {look_up}"));
                Err(error)
            }
            Ok(LookUp::Absent) => self.absent(error, next, context).await,
            Ok(LookUp::AnotherKind) => Err(self.taken(vec![another_kind(self.create.kind.noun())], context)),
            Ok(LookUp::ResolvedCredentials(kind, exchange)) => {
                match matches(&self.create.body, content(&exchange.body, self.call.envelope)) {
                    Verdict::Leaving => self.leaving(kind, context).await,
                    _ => self.not_ours(kind, *exchange, Vec::new(), context).map(Some),
                }
            }
        }
    }

    fn first_attempt(self, found: &Exchange, context: &Context) -> FirstAttempt {
        let date = found.headers.get(DATE).and_then(|d| httpdate::parse_http_date(d.to_str().ok()?).ok());
        let first = context.first_sent.unwrap_or(context.started);
        FirstAttempt { server_now: date, ago: self.client.env().clock.now().saturating_sub(first) }
    }

    fn ours(self, kind: Kind, exchange: Exchange, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let (operation, name) = (self.call.operation, &self.create.name);
        context.log(Level::Warning, || format!("{operation}: {name} was created by an attempt whose answer was lost"));
        let (reply, _) = self.client.created(self.create, self.call, exchange, context);
        Ok((kind, Reply { reconciled: true, ..reply }))
    }

    /// What has the name is good enough for `if_exists="return"` if it is as asked; otherwise `differs` says why not.
    fn not_ours(
        self,
        kind: Kind,
        exchange: Exchange,
        differs: Vec<Violation>,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        if self.create.if_exists == IfExists::Error {
            return Err(self.taken(differs, context));
        }
        match matches(&self.create.body, content(&exchange.body, self.call.envelope)) {
            Verdict::NotOurs(differs) => Err(self.taken(differs, context)),
            _ => {
                context.log(Level::Info, || format!("{} exists already and is as asked", self.create.name));
                let (reply, _) = self.client.created(self.create, self.call, exchange, context);
                Ok((kind, reply))
            }
        }
    }

    /// One that is being deleted is waited for with `if_exists="return"`, and then the name is free.
    async fn leaving(self, kind: Kind, context: &mut Context) -> Settled {
        if self.create.if_exists == IfExists::Error {
            return Err(self.taken(vec![leaving()], context));
        }
        let (group_id, name) = (self.create.group_id.clone(), self.create.name.clone());
        context.log(Level::Info, || format!("{name} is being deleted; waiting for it to be gone"));
        let own = context.deadline;
        let env = self.client.env();
        context.deadline = own.or_else(|| Some(env.clock.now().saturating_add(DELETION)));
        let wait = Wait { interval: self.create.wait.flatten(), ..Wait::until(DELETED, kind, group_id, name) };
        let waited = self.client.wait_for(wait, context).await;
        context.deadline = own;
        context.renew_budget(env);
        waited.map(|_| None)
    }

    async fn absent(self, error: Error, next: Result<Duration, StopReason>, context: &mut Context) -> Settled {
        match next {
            Ok(delay) => {
                self.client.pause(self.call, &error, delay, context).await;
                Ok(None)
            }
            Err(why) => {
                let mut error = explained(error, why);
                let (noun, name) = (self.create.kind.noun(), &self.create.name);
                let note = format!(
                    "looked up afterwards: there is no {noun} {name}; a request that was lost may still be carried out, so look again before you repeat it"
                );
                add_hint(&mut error, &note);
                Err(error)
            }
        }
    }

    fn taken(self, differs: Vec<Violation>, context: &Context) -> Error {
        let (path, _) = self.call.target.split_once('?').unwrap_or((&self.call.target, ""));
        Error::Api(Box::new(ApiError {
            method: self.call.method.to_string(),
            url: format!("{}{path}", self.client.shared.base_url),
            attempts: context.attempts,
            elapsed: context.elapsed(self.client.env()),
            ..name_is_taken(&self.create.name, self.create.kind.noun(), differs)
        }))
    }
}

/// The truth where nothing else can be said: whether it was created is not known.
pub(crate) fn outcome_unknown(create: &Create, call: &Call, cause: &Error, look_up: Option<&Error>) -> Error {
    let (noun, name, group) = (create.kind.noun(), &create.name, &create.group_id);
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
        message: format!(
            "Whether the {noun} {name} was created in project {group} is unknown ({cause}; {looked}). Look it up before creating it again, or create with if_exists=\"return\""
        ),
        method: call.method.to_string(),
        url,
        attempts,
        elapsed,
        status,
        body_start: None,
        target: Some(Target { operation: call.operation, group_id: group.clone(), name: name.clone() }),
        hint: None,
    }))
}
