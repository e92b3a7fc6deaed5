//! Waiters: poll until a state is reached, with growing intervals, a deadline that holds, and tolerance of what passes.
//! Four endings: reached, failed, timed out, misconfigured (a state that does not exist).
use std::ops::ControlFlow;
use std::time::Duration;

use serde::Deserialize;

use crate::core::call::{Call, Shape};
use crate::core::client::{Client, Failed, is_absent};
use crate::core::context::Context;
use crate::core::error::{Error, Notice, Violation, WaitEnding, WaitError};
use crate::core::model::{Kind, Operation};
use crate::core::observe::{Level, Poll};
use crate::core::reply::{Reply, content};

/// The state that means: there is no such resource any more.
pub const DELETED: &str = "DELETED";
const STATES: [&str; 6] = ["CREATING", "IDLE", "UPDATING", "REPAIRING", "DELETING", DELETED];
const FIRST_INTERVAL: Duration = Duration::from_secs(1);
const LARGEST_INTERVAL: Duration = Duration::from_secs(15);
/// How long a resource may be unknown to the look-up after its create was answered.
const UNKNOWN_AFTER_CREATE: Duration = Duration::from_secs(60);
/// How long one that we did not create may be unknown.
const UNKNOWN: Duration = Duration::from_secs(15);
/// A deletion is asked for again if after this long the resource is still not leaving.
const DELETE_AGAIN: Duration = Duration::from_secs(30);
const DELETES: u32 = 3;

/// What to wait for.
#[derive(Debug, Clone)]
pub struct Wait {
    /// Kind of resource.
    pub kind: Kind,
    /// Project.
    pub group_id: String,
    /// Name.
    pub name: String,
    /// `IDLE`, or [`DELETED`].
    pub state: String,
    /// Seconds between looks; without it 1 s, growing to 15 s.
    pub interval: Option<Duration>,
    /// Form of the result.
    pub shape: Shape,
    /// The create was answered at this time of the clock.
    pub created_at: Option<Duration>,
    /// The deletion was asked for at this time of the clock.
    pub deleted_at: Option<Duration>,
}

impl Wait {
    /// A wait with everything else as it is by default.
    pub fn until(state: &str, kind: Kind, group_id: String, name: String) -> Self {
        Wait {
            kind,
            group_id,
            name,
            state: state.to_owned(),
            interval: None,
            shape: Shape::default(),
            created_at: None,
            deleted_at: None,
        }
    }
}

/// What one look saw.
enum Seen {
    State(String, Box<Reply>),
    Absent(Error),
    Trouble(Error),
}

impl Client {
    /// Waits until the context's deadline. The result is the last look's reply; none once it is deleted.
    pub async fn wait_for(&self, wait: Wait, context: &mut Context) -> Result<Option<Reply>, Error> {
        if !STATES.contains(&wait.state.as_str()) {
            return Err(Error::Validation(vec![Violation {
                path: "state".to_owned(),
                message: format!("is none of {}", STATES.join(", ")),
                value: wait.state.into(),
                rule: "enum".to_owned(),
            }]));
        }
        Waiter {
            client: self,
            begun: self.doors().clock.now(),
            polls: 0,
            last_state: None,
            last_error: None,
            deletes: 1,
            notices: std::mem::take(&mut context.notices),
            wait,
        }
        .run(context)
        .await
    }
}

struct Waiter<'a> {
    client: &'a Client,
    wait: Wait,
    begun: Duration,
    polls: u32,
    last_state: Option<String>,
    last_error: Option<Error>,
    deletes: u32,
    /// What the looks so far, and the call before them, want the caller to see.
    notices: Vec<Notice>,
}

impl Waiter<'_> {
    async fn run(mut self, context: &mut Context) -> Result<Option<Reply>, Error> {
        let doors = self.client.doors();
        let call = self.call(Operation::Get);
        loop {
            let seen = self.look(&call, context).await?;
            let ending = self.judge(seen, context).await;
            self.tell(context, ending.is_some())?;
            if let Some(ending) = ending {
                let notices = std::mem::take(&mut self.notices);
                return ending.map(|last| last.map(|reply| Reply { notices, ..reply }));
            }
            let asked = match &self.last_error {
                Some(Error::Api(api)) => api.retry_after.and_then(|s| Duration::try_from_secs_f64(s).ok()),
                _ => None,
            };
            let pause = self.interval(doors.chance.unit()).max(asked.unwrap_or_default());
            let left = context.left(doors).unwrap_or(Duration::MAX);
            if let Some(asked) = asked.filter(|asked| *asked >= left) {
                return Err(self.ended(WaitEnding::TimedOut, &no_room(asked, left)));
            }
            if left.is_zero() || (pause >= left && left <= FIRST_INTERVAL) {
                doors.clock.sleep(left).await;
                return Err(self.timed_out());
            }
            // The last look is a second before the deadline, so that its reply can still arrive.
            let last = left.saturating_sub(FIRST_INTERVAL).max(asked.unwrap_or_default());
            doors.clock.sleep(if pause >= left { last } else { pause }).await;
        }
    }

    fn call(&self, operation: Operation) -> Call {
        Call::resource(self.wait.kind, operation, &self.wait.group_id, &self.wait.name, self.wait.shape, None)
    }

    async fn look(&mut self, call: &Call, context: &mut Context) -> Result<Seen, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct State {
            state_name: String,
        }
        self.polls += 1;
        // Each look has all of `max_retry_time` for its token and its place in the queue.
        context.renew_budget(self.client.doors());
        let failed = match self.client.attempt(call, context).await {
            Ok(exchange) => {
                let mut reply = self.client.reply(call, exchange, context);
                self.notices.append(&mut reply.notices);
                return Ok(match serde_json::from_slice::<State>(content(&reply.body, call.envelope)) {
                    Ok(state) => Seen::State(state.state_name, Box::new(reply)),
                    Err(_) => Seen::Trouble(no_state(call)),
                });
            }
            Err(failed) => failed,
        };
        match failed {
            Failed { error: Error::Api(api), .. }
                if api.status == 404 && is_absent(api.error_code.as_deref().unwrap_or_default()) =>
            {
                Ok(Seen::Absent(Error::Api(api)))
            }
            failed if failed.is_transient() => Ok(Seen::Trouble(failed.error)),
            failed => Err(failed.error),
        }
    }

    /// The ending, if this look is the last.
    async fn judge(&mut self, seen: Seen, context: &mut Context) -> Option<Result<Option<Reply>, Error>> {
        let wanted = self.wait.state.clone();
        match seen {
            Seen::Trouble(error) => {
                context.log(Level::Warning, || format!("{error}; still waiting for {wanted} of {}", self.wait.name));
                self.last_error = Some(error);
                None
            }
            Seen::Absent(error) => {
                self.last_error = None;
                if wanted == DELETED {
                    self.last_state = Some(DELETED.to_owned());
                    return Some(Ok(None));
                }
                let now = self.client.doors().clock.now();
                let (since, tolerated) = match self.wait.created_at {
                    Some(created) => (created, UNKNOWN_AFTER_CREATE),
                    None => (self.begun, UNKNOWN),
                };
                if self.last_state.is_none() && now.saturating_sub(since) < tolerated {
                    self.last_error = Some(error);
                    return None;
                }
                Some(Err(match self.last_state {
                    Some(_) => self.failed("it is gone".to_owned()),
                    None => self.failed(format!(
                        "there is no {} of that name in project {}",
                        self.wait.kind.noun(),
                        self.wait.group_id
                    )),
                }))
            }
            Seen::State(state, reply) => {
                self.last_error = None;
                self.last_state = Some(state.clone());
                if state == wanted {
                    return Some(Ok(Some(*reply)));
                }
                if wanted == DELETED {
                    return self.insist(&state, context).await.err().map(Err);
                }
                (state == "DELETING").then(|| Err(self.failed("it is being deleted".to_owned())))
            }
        }
    }

    /// Asks again for a deletion that was ignored.
    async fn insist(&mut self, state: &str, context: &mut Context) -> Result<(), Error> {
        let now = self.client.doors().clock.now();
        let Some(asked) = self.wait.deleted_at else { return Ok(()) };
        if state == "DELETING" || self.deletes >= DELETES || now.saturating_sub(asked) < DELETE_AGAIN {
            return Ok(());
        }
        self.deletes += 1;
        self.wait.deleted_at = Some(now);
        context.log(Level::Warning, || {
            format!("{} is still {state} after its deletion was accepted; asking again", self.wait.name)
        });
        let delete = self.call(Operation::Delete);
        match self.client.attempt(&delete, context).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.is_transient() => Ok(()),
            Err(Failed { error: Error::Api(api), .. }) if api.status == 404 => Ok(()),
            Err(Failed { error: Error::Api(api), .. })
                if api.error_code.as_deref() == Some("CLUSTER_ALREADY_REQUESTED_DELETION") =>
            {
                Ok(())
            }
            Err(failed) => Err(failed.error),
        }
    }

    fn interval(&self, jitter: f64) -> Duration {
        match self.wait.interval {
            Some(interval) => interval,
            None => {
                let grown = FIRST_INTERVAL.mul_f64(1.5f64.powi(self.polls.saturating_sub(1).min(16) as i32));
                // A quarter of jitter, so that many waiters do not look together.
                grown.min(LARGEST_INTERVAL).mul_f64(1.0 + 0.25 * jitter).min(LARGEST_INTERVAL)
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.client.doors().clock.now().saturating_sub(self.begun)
    }

    fn tell(&self, context: &Context, done: bool) -> Result<(), Error> {
        let Some(observer) = &context.observer else { return Ok(()) };
        let poll = Poll {
            kind: self.wait.kind.word(),
            name: self.wait.name.clone(),
            state: self.last_state.clone(),
            wanted: self.wait.state.clone(),
            elapsed: self.elapsed(),
            polls: self.polls,
            error: self.last_error.as_ref().map(ToString::to_string),
            done,
        };
        match observer.poll(poll) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped),
        }
    }

    fn ended(&self, ending: WaitEnding, what: &str) -> Error {
        let last_error = self.last_error.as_ref().map(ToString::to_string);
        let seen = match (&self.last_state, &last_error) {
            (Some(state), None) => format!("last seen {state}"),
            (Some(state), Some(error)) => format!("last seen {state}, then: {error}"),
            (None, Some(error)) => format!("never seen: {error}"),
            (None, None) => "never seen".to_owned(),
        };
        let (noun, name, wanted) = (self.wait.kind.noun(), &self.wait.name, &self.wait.state);
        Error::Wait(Box::new(WaitError {
            ending,
            message: format!(
                "The {noun} {name} did not become {wanted}: {what} ({seen}; {} looks in {:.0} s)",
                self.polls,
                self.elapsed().as_secs_f64()
            ),
            last_state: self.last_state.clone(),
            polls: self.polls,
            elapsed: self.elapsed(),
            last_error,
        }))
    }

    fn failed(&self, what: String) -> Error {
        self.ended(WaitEnding::Failed, &what)
    }

    fn timed_out(&self) -> Error {
        self.ended(WaitEnding::TimedOut, "the time is up")
    }
}

fn no_room(asked: Duration, left: Duration) -> String {
    let (asked, left) = (asked.as_secs_f64(), left.as_secs_f64());
    format!("the service asks to wait {asked:.1} s, and {left:.1} s are left")
}

fn no_state(call: &Call) -> Error {
    Error::Transport(Box::new(crate::core::error::TransportError {
        kind: crate::core::error::TransportKind::Protocol,
        message: "the reply has no stateName".to_owned(),
        method: call.method.to_string(),
        url: call.target.clone(),
        attempts: 1,
        elapsed: Duration::ZERO,
        status: Some(200),
        body_start: None,
        target: None,
        hint: None,
    }))
}
