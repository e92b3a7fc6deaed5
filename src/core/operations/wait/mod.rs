//! Polls a resource until it has a state: growing intervals, a deadline, and tolerance of transient failures.
//!
//! A wait ends in one of five ways: the state is reached; it cannot be reached any more (failed); nothing has the name (not
//! found); the time is up (timed out); or the wait makes no sense (an unknown state or project, refused credentials), which
//! is the error itself.
//!
//! Atlas' replies can be older than its last answer, so one of them is never believed against what is known: not a 404 of
//! what was just seen or created, not another cluster under a name that was just reused, and not IDLE with the values from
//! before an update.
mod ending;
mod nearest;
mod poll;
pub mod request;

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use self::ending::{History, unknown};
use self::poll::{Observation, is_transient, poll};
use self::request::{DELETED, PriorAction, STATES, WaitRequest};
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::context::observe::{Level, Poll};
use crate::core::error::{ApiError, Error, Violation, WaitEnding, printable};
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::add_hint;
use crate::core::spec::compare::{Difference, differences, ignored_notices};
use crate::core::spec::model::Operation;

/// How long a GET may not know a resource whose create or upgrade was answered.
const ABSENT_AFTER_CREATE: Duration = Duration::from_secs(60);
/// So many replies in a row are needed against what was seen before: that it is gone, or that another has its name.
const REPLIES_AGAINST: u32 = 2;
/// How long an IDLE resource may show the values from before an update.
const STALE_AFTER_UPDATE: Duration = Duration::from_secs(30);
/// A deletion is sent again if the resource is not `DELETING` after this time.
const REPEAT_DELETE_AFTER: Duration = Duration::from_secs(30);
const MAX_DELETES: u32 = 3;
/// Replies about another resource, one after another, that end a wait. A connection out of step is replaced by the next poll.
const MAX_OTHER_RESOURCES: u32 = 3;

impl Client {
    /// Waits until the context's deadline. The result is the reply of the last poll, `None` for [`DELETED`].
    pub async fn wait_for(&self, request: WaitRequest, context: &mut Context) -> Result<Option<Reply>, Error> {
        if request.restore_job.is_none() && !STATES.contains(&request.state.as_str()) {
            return Err(Error::Validation(vec![Violation {
                path: "state".to_owned(),
                message: match request.state.as_str() {
                    "" => format!("is none of {}, but empty: leave it out for IDLE", STATES.join(", ")),
                    _ => format!("is none of {}", STATES.join(", ")),
                },
                value: request.state.into(),
                rule: "enum".to_owned(),
            }]));
        }
        let mut waiter = Waiter::new(self, request);
        waiter.run(context).await.map_err(|mut error| {
            if matches!(&error, Error::Api(api) if matches!(api.status, 401 | 403)) {
                add_hint(&mut error, &unknown(&waiter.request));
            }
            error
        })
    }

    /// Waits for the end of what an operation has begun. An error says that the operation was carried out, and has its
    /// reply.
    pub(crate) async fn wait_after(
        &self,
        action: PriorAction,
        reply: &Reply,
        request: WaitRequest,
        context: &mut Context,
    ) -> Result<Option<Reply>, Error> {
        let request = WaitRequest { after: Some((action, self.env().clock.now())), ..request };
        // The operation's notices come with the result of the wait, or with its error.
        context.notices.add(reply.notices.iter().cloned());
        let mut waiter = Waiter::new(self, request);
        waiter.history.deletions = u32::from(action == PriorAction::Delete);
        let result = waiter.run(context).await;
        result.map_err(|error| {
            waiter.history.error_after_operation(error, &reply.body, &waiter.request, waiter.elapsed())
        })
    }
}

struct Waiter<'a> {
    client: &'a Client,
    request: WaitRequest,
    started: Duration,
    /// The state in the latest poll.
    state: Option<String>,
    history: History,
    /// Replies about another resource since the last of any other kind.
    other_resources: u32,
    /// Replies in a row against what was seen before.
    replies_against: u32,
    /// When the resource was first seen in the wanted state without the values that it is to have.
    stale_since: Option<Duration>,
}

type WaitResult = Result<Option<Reply>, Error>;

impl<'a> Waiter<'a> {
    fn new(client: &'a Client, request: WaitRequest) -> Self {
        let (started, history) = (client.env().clock.now(), History::default());
        let (other_resources, replies_against, stale_since) = (0, 0, None);
        Waiter { client, request, started, state: None, history, other_resources, replies_against, stale_since }
    }

    async fn run(&mut self, context: &mut Context) -> WaitResult {
        let env = self.client.env();
        loop {
            self.state = None;
            self.history.polls += 1;
            self.history.note = None;
            let result = match poll(self.client, &mut self.request, self.history.polls, context).await {
                Ok(observation) => self.evaluate(observation, context).await,
                Err(error) => {
                    self.history.last_error = Some(error.clone());
                    Some(Err(error))
                }
            };
            self.report(context, result.is_some())?;
            if let Some(result) = result {
                return result;
            }
            let asked = match &self.history.last_error {
                Some(Error::Api(api)) => api.retry_after(),
                _ => None,
            };
            let pause = self.interval(env.rng.unit()).max(asked.unwrap_or_default());
            let left = context.time_left(env).unwrap_or(Duration::MAX);
            if let Some(asked) = asked.filter(|asked| *asked >= left) {
                self.report(context, true)?;
                return Err(self.stopped(WaitEnding::TimedOut, &too_long_to_wait(asked, left)));
            }
            let first = env.poll_intervals.first;
            if left.is_zero() || (pause >= left && left <= first) {
                let missing = self.missing(context).await;
                env.clock.sleep(context.time_left(env).unwrap_or_default()).await;
                self.report(context, true)?;
                return Err(missing.unwrap_or_else(|| self.stopped(WaitEnding::TimedOut, "the time is up")));
            }
            // The last poll is a little before the deadline, so that its reply can still arrive.
            let last = left.saturating_sub(first).max(asked.unwrap_or_default());
            env.clock.sleep(if pause >= left { last } else { pause }).await;
        }
    }

    /// The result, if this poll is the last.
    async fn evaluate(&mut self, observation: Observation, context: &mut Context) -> Option<WaitResult> {
        let wanted = self.request.state.clone();
        if !matches!(observation, Observation::OtherResource(_)) {
            self.other_resources = 0;
        }
        match observation {
            Observation::OtherResource(error) => {
                self.other_resources += 1;
                self.history.last_error = Some(error.clone());
                (self.other_resources >= MAX_OTHER_RESOURCES).then_some(Err(error))
            }
            Observation::Failed(error) => {
                context.log(Level::Warning, || format!("{error}; still waiting for {wanted} of {}", self.request.name));
                self.history.last_error = Some(error);
                None
            }
            Observation::Absent(error) if wanted != DELETED && self.may_be_stale() => {
                self.history.last_error = Some(Error::Api(error));
                None
            }
            Observation::Absent(error) => Some(self.absent(error, context).await),
            Observation::PathGone(_) => Some(self.gone("it is gone")),
            Observation::State { id, created, .. } if self.is_another(id.as_deref(), created) => {
                self.history.last_error = None;
                if wanted == DELETED || !self.may_be_stale() {
                    return Some(self.gone("it is gone, and there is another of that name"));
                }
                self.history.note = Some("the name still shows another cluster".to_owned());
                None
            }
            Observation::State { state, id, reply, .. } => {
                self.history.last_error = None;
                self.replies_against = 0;
                if self.request.id.is_none() {
                    // Until now the name could have been that of another resource, not yet deleted.
                    self.restart_delete_timer();
                }
                self.request.id = self.request.id.take().or(id);
                self.state = Some(state.clone());
                self.history.last_state = Some(state.clone());
                if state == wanted {
                    return self.unless_stale(*reply, context).map(|reply| Ok(Some(reply)));
                }
                self.stale_since = None;
                context.notices.add(reply.notices);
                if wanted == DELETED {
                    return self.repeat_delete(&state, context).await.err().map(Err);
                }
                match state.as_str() {
                    "DELETING" => Some(Err(self.stopped(WaitEnding::Failed, "it is being deleted"))),
                    "FAILED" if self.request.restore_job.is_some() => {
                        Some(Err(self.stopped(WaitEnding::Failed, "it has failed")))
                    }
                    _ => None,
                }
            }
        }
    }

    /// The reply, if it shows what an update asked for, or has not for so long that Atlas must have ignored it.
    fn unless_stale(&mut self, reply: Reply, context: &Context) -> Option<Reply> {
        let shown = content(&reply.body, self.request.reply_format.envelope);
        let asked = self.request.values.as_ref();
        let differs: Vec<Difference> = asked.map(|asked| differences(asked, shown)).unwrap_or_default();
        let now = self.client.env().clock.now();
        let is_stale = differs.iter().any(|difference| !difference.known_ignored)
            && now.saturating_sub(*self.stale_since.get_or_insert(now)) < STALE_AFTER_UPDATE;
        if !is_stale {
            let mut reply = reply;
            reply.notices.extend(ignored_notices(&differs));
            return Some(reply);
        }
        let shown: Vec<String> = differs
            .iter()
            .filter(|difference| !difference.known_ignored)
            .map(|difference| {
                format!("{}: asked for {}, shown is {}", difference.path, difference.asked, difference.got)
            })
            .collect();
        self.history.note = Some(printable(&shown.join("; ")));
        context.notices.add(reply.notices);
        None
    }

    /// The result if nothing has the name.
    async fn absent(&mut self, answer: Box<ApiError>, context: &Context) -> WaitResult {
        if self.history.last_state.is_some() || !self.may_be_missing() {
            return self.gone("it is gone");
        }
        let names = nearest::names(self.client, &self.request, context).await;
        self.history.last_error = None;
        Err(self.history.not_found(answer, names.as_deref(), &self.request, self.elapsed()))
    }

    /// The result if the resource does not exist any more.
    fn gone(&mut self, why: &str) -> WaitResult {
        self.history.last_error = None;
        if self.request.state == DELETED {
            self.state = Some(DELETED.to_owned());
            self.history.last_state = self.state.clone();
            return Ok(None);
        }
        let noun = if self.request.is_after_upgrade() { "dedicated cluster" } else { self.request.kind.noun() };
        let group_id = &self.request.group_id;
        let never = format!("there is no {noun} of that name in project {group_id}");
        Err(self.stopped(WaitEnding::Failed, if self.history.last_state.is_some() { why } else { &never }))
    }

    /// The error, if the time is up and nothing was ever seen but that nothing has the name. What was just created may
    /// still appear.
    async fn missing(&mut self, context: &Context) -> Option<Error> {
        let is_new = self.request.after.is_some() || self.created_at().is_some();
        if is_new || self.history.last_state.is_some() || !self.may_be_missing() {
            return None;
        }
        let answer = match &self.history.last_error {
            Some(Error::Api(api)) if classify::is_absent(api) => api.clone(),
            _ => return None,
        };
        self.absent(answer, context).await.err()
    }

    /// Whether it can be that nothing ever had the name: it was neither changed nor deleted before, nor seen.
    fn may_be_missing(&self) -> bool {
        self.request.state != DELETED
            && self.request.restore_job.is_none()
            && matches!(self.request.after, None | Some((PriorAction::Create, _)))
    }

    /// Whether this is not the resource that is waited for, although it has its name.
    fn is_another(&self, id: Option<&str>, created: Option<SystemTime>) -> bool {
        match (&self.request.id, id) {
            (Some(wanted), Some(id)) => wanted != id,
            // What was made after the deletion was accepted is not what was deleted.
            _ => created.zip(self.request.deleted).is_some_and(|(created, deleted)| created > deleted),
        }
    }

    /// Whether a reply against what is known may be older than that: the resource was seen before, and this is the first such
    /// reply; or it was never seen, and was created or upgraded so recently that a GET may not know it yet.
    fn may_be_stale(&mut self) -> bool {
        if self.history.last_state.is_some() {
            self.replies_against += 1;
            return self.replies_against < REPLIES_AGAINST;
        }
        let now = self.client.env().clock.now();
        let within = |since: Duration, tolerated| now.saturating_sub(since) < tolerated;
        let begun = self.created_at().or_else(|| self.request.done_at(PriorAction::Upgrade));
        within(self.started, self.request.grace) || begun.is_some_and(|begun| within(begun, ABSENT_AFTER_CREATE))
    }

    /// When this client created it, by this call or a short time before.
    fn created_at(&self) -> Option<Duration> {
        let recently = || self.client.shared.created.at(&self.request.group_id, &self.request.name);
        self.request.done_at(PriorAction::Create).or_else(|| self.request.after.is_none().then(recently).flatten())
    }

    /// Restarts the time after which a deletion is sent again.
    fn restart_delete_timer(&mut self) {
        if let Some((PriorAction::Delete, sent)) = &mut self.request.after {
            *sent = self.client.env().clock.now();
        }
    }

    /// Sends a deletion again that the service accepted but ignored. `evaluate` has made sure that the resource is the same.
    async fn repeat_delete(&mut self, state: &str, context: &mut Context) -> Result<(), Error> {
        let now = self.client.env().clock.now();
        let Some(sent) = self.request.done_at(PriorAction::Delete) else { return Ok(()) };
        if state == "DELETING"
            || self.history.deletions >= MAX_DELETES
            || now.saturating_sub(sent) < REPEAT_DELETE_AFTER
        {
            return Ok(());
        }
        self.history.deletions += 1;
        self.request.after = Some((PriorAction::Delete, now));
        context.log(Level::Warning, || {
            format!("{} is still {state} after its deletion was accepted; asking again", self.request.name)
        });
        let delete = self.request.call(self.request.kind, Operation::Delete);
        match self.client.attempt(&delete, &mut context.sub_request_from_now(self.client.env())).await {
            Ok(_) => Ok(()),
            Err(failed) if is_transient(&failed, self.history.polls) => Ok(()),
            Err(AttemptError { error, .. }) if classify::is_done_already(&delete, &error) => Ok(()),
            Err(failed) => {
                self.history.last_error = Some(failed.error.clone());
                Err(failed.error)
            }
        }
    }

    fn interval(&self, jitter: f64) -> Duration {
        self.request.interval.unwrap_or_else(|| self.client.env().poll_intervals.after(self.history.polls, jitter))
    }

    fn stopped(&self, ending: WaitEnding, why: &str) -> Error {
        self.history.error(ending, why, &self.request, self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.client.env().clock.now().saturating_sub(self.started)
    }

    fn report(&self, context: &Context, done: bool) -> Result<(), Error> {
        context.log(Level::Debug, || {
            let (name, wanted, polls) = (&self.request.name, &self.request.state, self.history.polls);
            let (state, elapsed) = (self.state.as_deref().unwrap_or("not seen"), self.elapsed().as_secs_f64());
            format!("{name} is {state} after {elapsed:.1} s (poll {polls}, waiting for {wanted})")
        });
        let Some(observer) = &context.observer else { return Ok(()) };
        let poll = Poll {
            kind: self.request.kind.word(),
            name: self.request.name.clone(),
            state: self.state.clone(),
            wanted: self.request.state.clone(),
            elapsed: self.elapsed(),
            polls: self.history.polls,
            error: self.history.trouble(),
            done,
        };
        match observer.poll(poll) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped),
        }
    }
}

fn too_long_to_wait(asked: Duration, left: Duration) -> String {
    let (asked, left) = (asked.as_secs_f64(), left.as_secs_f64());
    format!("the service asks to wait {asked:.1} s, and {left:.1} s are left")
}
