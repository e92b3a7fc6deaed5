//! Waiters: poll until a state is reached, with growing intervals, a deadline that holds, and tolerance of what passes.
//!
//! Four endings: reached; failed (the state can't be reached any more); timed out; misconfigured (a state that does not
//! exist, a project that does not, credentials that are refused), which is the error itself.
mod ending;
mod look;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::core::client::{Client, Failed, OnRetired};
use crate::core::context::Context;
use crate::core::context::observe::{Level, Poll};
use crate::core::error::{Error, Violation, WaitEnding};
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::spec::model::{Kind, Operation};

use self::look::{Seen, tolerable};

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
    /// `id` of the resource, if it is known: another of the same name is not it.
    pub id: Option<String>,
    /// `IDLE`, or [`DELETED`].
    pub state: String,
    /// Time between looks; without it 1 s, growing to 15 s.
    pub interval: Option<Duration>,
    /// Form of the result.
    pub reply_format: ReplyFormat,
    /// Whether a serverless instance is looked for on the Flex path too.
    pub on_retired: OnRetired,
    /// What was done before, and when by the clock.
    pub after: Option<(PriorAction, Duration)>,
}

/// What was carried out before a wait, and stays so however the wait ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorAction {
    /// A create was answered.
    Create,
    /// A change was answered.
    Update,
    /// A deletion was accepted.
    Delete,
}

impl Wait {
    /// A wait with everything else as it is by default.
    pub fn until(state: &str, kind: Kind, group_id: String, name: String) -> Self {
        Wait {
            kind,
            group_id,
            name,
            id: None,
            state: state.to_owned(),
            interval: None,
            reply_format: ReplyFormat::default(),
            on_retired: OnRetired::default(),
            after: None,
        }
    }

    fn did(&self, what: PriorAction) -> Option<Duration> {
        self.after.filter(|(did, _)| *did == what).map(|(_, at)| at)
    }
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
        Waiter::new(self, wait).run(context).await
    }

    /// Waits for what an operation has begun. A failure says that the operation was carried out, and has its reply.
    pub(crate) async fn wait_after(
        &self,
        did: PriorAction,
        reply: &Reply,
        wait: Wait,
        context: &mut Context,
    ) -> Result<Option<Reply>, Error> {
        let wait = Wait { after: Some((did, self.env().clock.now())), ..wait };
        // What the operation has to say comes with the last look, or beside the error.
        context.notices.add(reply.notices.iter().cloned());
        let mut waiter = Waiter::new(self, wait);
        let ended = waiter.run(context).await;
        ended.map_err(|error| waiter.after(error, &reply.body))
    }
}

struct Waiter<'a> {
    client: &'a Client,
    wait: Wait,
    begun: Duration,
    polls: u32,
    /// What the present look saw.
    seen: Option<String>,
    last_state: Option<String>,
    last_error: Option<Error>,
    deletes: u32,
}

type Ending = Result<Option<Reply>, Error>;

impl<'a> Waiter<'a> {
    fn new(client: &'a Client, wait: Wait) -> Self {
        let begun = client.env().clock.now();
        Waiter { client, wait, begun, polls: 0, seen: None, last_state: None, last_error: None, deletes: 1 }
    }

    async fn run(&mut self, context: &mut Context) -> Ending {
        let env = self.client.env();
        loop {
            self.seen = None;
            let ending = match self.look(context).await {
                Ok(seen) => self.judge(seen, context).await,
                Err(error) => {
                    self.last_error = Some(error.clone());
                    Some(Err(error))
                }
            };
            self.tell(context, ending.is_some())?;
            if let Some(ending) = ending {
                return ending;
            }
            let asked = match &self.last_error {
                Some(Error::Api(api)) => api.asked_to_wait(),
                _ => None,
            };
            let pause = self.interval(env.rng.unit()).max(asked.unwrap_or_default());
            let left = context.left(env).unwrap_or(Duration::MAX);
            if let Some(asked) = asked.filter(|asked| *asked >= left) {
                self.tell(context, true)?;
                return Err(self.ended(WaitEnding::TimedOut, &no_room(asked, left)));
            }
            if left.is_zero() || (pause >= left && left <= FIRST_INTERVAL) {
                env.clock.sleep(left).await;
                self.tell(context, true)?;
                return Err(self.ended(WaitEnding::TimedOut, "the time is up"));
            }
            // The last look is a second before the deadline, so that its reply can still arrive.
            let last = left.saturating_sub(FIRST_INTERVAL).max(asked.unwrap_or_default());
            env.clock.sleep(if pause >= left { last } else { pause }).await;
        }
    }

    fn call(&self, kind: Kind, operation: Operation) -> Call {
        Call::resource(kind, operation, &self.wait.group_id, &self.wait.name, self.wait.reply_format, None)
    }

    /// The ending, if this look is the last.
    async fn judge(&mut self, seen: Seen, context: &mut Context) -> Option<Ending> {
        let wanted = self.wait.state.clone();
        match seen {
            Seen::SendError(error) => {
                context.log(Level::Warning, || format!("{error}; still waiting for {wanted} of {}", self.wait.name));
                self.last_error = Some(error);
                None
            }
            Seen::Absent(error) if wanted != DELETED && self.may_be_late() => {
                self.last_error = Some(error);
                None
            }
            Seen::Absent(_) | Seen::Gone(_) => Some(self.gone("it is gone")),
            Seen::State { id, .. } if self.wait.id.is_some() && id.is_some() && self.wait.id != id => {
                Some(self.gone("it is gone, and there is another of that name"))
            }
            Seen::State { state, id, reply } => {
                self.last_error = None;
                if self.wait.id.is_none() {
                    // Until now it could have been another.
                    self.count_from_now();
                }
                self.wait.id = self.wait.id.take().or(id);
                self.seen = Some(state.clone());
                self.last_state = Some(state.clone());
                if state == wanted {
                    return Some(Ok(Some(*reply)));
                }
                context.notices.add(reply.notices);
                if wanted == DELETED {
                    return self.insist(&state, context).await.err().map(Err);
                }
                let leaving = || self.ended(WaitEnding::Failed, "it is being deleted");
                (state == "DELETING").then(|| Err(leaving()))
            }
        }
    }

    /// The ending where the resource is not there.
    fn gone(&mut self, why: &str) -> Ending {
        self.last_error = None;
        if self.wait.state == DELETED {
            self.seen = Some(DELETED.to_owned());
            self.last_state = self.seen.clone();
            return Ok(None);
        }
        let (noun, group_id) = (self.wait.kind.noun(), &self.wait.group_id);
        let never = format!("there is no {noun} of that name in project {group_id}");
        Err(self.ended(WaitEnding::Failed, if self.last_state.is_some() { why } else { &never }))
    }

    /// Whether a look-up may not know it yet.
    fn may_be_late(&self) -> bool {
        let now = self.client.env().clock.now();
        let (since, tolerated) = match self.wait.did(PriorAction::Create) {
            Some(created) => (created, UNKNOWN_AFTER_CREATE),
            None => (self.begun, UNKNOWN),
        };
        self.last_state.is_none() && now.saturating_sub(since) < tolerated
    }

    /// Lets the time after which a deletion is asked for again begin anew.
    fn count_from_now(&mut self) {
        if let Some((PriorAction::Delete, asked)) = &mut self.wait.after {
            *asked = self.client.env().clock.now();
        }
    }

    /// Asks again for a deletion that was ignored. That of another under the same name was never asked for: see `judge`.
    async fn insist(&mut self, state: &str, context: &mut Context) -> Result<(), Error> {
        let now = self.client.env().clock.now();
        let Some(asked) = self.wait.did(PriorAction::Delete) else { return Ok(()) };
        if state == "DELETING" || self.deletes >= DELETES || now.saturating_sub(asked) < DELETE_AGAIN {
            return Ok(());
        }
        self.deletes += 1;
        self.wait.after = Some((PriorAction::Delete, now));
        context.log(Level::Warning, || {
            format!("{} is still {state} after its deletion was accepted; asking again", self.wait.name)
        });
        let delete = self.call(self.wait.kind, Operation::Delete);
        match self.client.attempt(&delete, &mut context.afresh(self.client.env())).await {
            Ok(_) => Ok(()),
            Err(failed) if tolerable(&failed) => Ok(()),
            Err(Failed { error, .. }) if classify::is_done_already(&delete, &error) => Ok(()),
            Err(failed) => {
                self.last_error = Some(failed.error.clone());
                Err(failed.error)
            }
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
        self.client.env().clock.now().saturating_sub(self.begun)
    }

    fn tell(&self, context: &Context, done: bool) -> Result<(), Error> {
        let Some(observer) = &context.observer else { return Ok(()) };
        let poll = Poll {
            kind: self.wait.kind.word(),
            name: self.wait.name.clone(),
            state: self.seen.clone(),
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
}

fn no_room(asked: Duration, left: Duration) -> String {
    let (asked, left) = (asked.as_secs_f64(), left.as_secs_f64());
    format!("the service asks to wait {asked:.1} s, and {left:.1} s are left")
}
