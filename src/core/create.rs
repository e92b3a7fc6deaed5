//! The create: never twice, never left behind. An unknown outcome is looked up by name before anything is sent again.
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::DATE;

use crate::core::call::{Call, Shape};
use crate::core::client::{Client, Failed, OnRetired};
use crate::core::compare::differences;
use crate::core::context::Context;
use crate::core::error::{ApiError, Error, Notice, NoticeKind, Target, TransportError, TransportKind, Violation};
use crate::core::model::{Kind, Operation};
use crate::core::observe::Level;
use crate::core::reconcile::{FirstAttempt, Verdict, judge, matches, name_is_taken};
use crate::core::reply::{Reply, content, explained};
use crate::core::retry::{Decision, Safety, decide};
use crate::core::transport::Exchange;
use crate::core::wait::{DELETED, Did, Wait};
use crate::core::{hints, retire};

/// What to do where the name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfExists {
    /// An error.
    #[default]
    Error,
    /// Return what is there, if it is as asked.
    Return,
}

/// A create that passed validation.
#[derive(Debug, Clone)]
pub struct Create {
    /// Kind of resource.
    pub kind: Kind,
    /// Project.
    pub group_id: String,
    /// Name; empty if the caller turned validation off and gave none.
    pub name: String,
    /// JSON.
    pub body: Bytes,
    /// Form of the reply.
    pub shape: Shape,
    /// Where the name is taken.
    pub if_exists: IfExists,
    /// Where the endpoint is gone.
    pub on_retired: OnRetired,
    /// Wait until `IDLE`, looking this often.
    pub wait: Option<Option<Duration>>,
}

/// What a look-up by name found, and on which path.
struct Found {
    kind: Kind,
    exchange: Exchange,
}

impl Create {
    fn call(&self) -> Call {
        Call::resource(self.kind, Operation::Create, &self.group_id, "", self.shape, Some(self.body.clone()))
    }
}

impl Client {
    /// Creates, and waits if that was asked for.
    pub async fn create(&self, create: Create, context: &mut Context) -> Result<Reply, Error> {
        let wait = create.wait;
        let shape = create.shape;
        let (group_id, name, on_retired) = (create.group_id.clone(), create.name.clone(), create.on_retired);
        let (kind, reply) = self.create_either(create, context).await?;
        let Some(interval) = wait else { return Ok(reply) };
        let Entity { id, state_name, name: made } = entity(content(&reply.body, shape.envelope));
        if state_name.as_deref() == Some("IDLE") {
            return Ok(reply);
        }
        let name = if name.is_empty() { made.unwrap_or_default() } else { name };
        let wait = Wait { id, interval, shape, on_retired, ..Wait::until("IDLE", kind, group_id, name) };
        let (attempts, reconciled) = (reply.attempts, reply.reconciled);
        let last = self.wait_after(Did::Create, &reply, wait, context).await?;
        let last = last.ok_or_else(|| Error::Configuration("a create cannot wait for a deletion".to_owned()))?;
        Ok(Reply { attempts, reconciled, ..last })
    }

    async fn create_either(&self, create: Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        if let Some(said) = self.retired().filter(|_| create.kind == Kind::Serverless) {
            return match create.on_retired {
                OnRetired::Flex => self.create_flex_instead(&create, context).await,
                OnRetired::Raise => Err(self.told_before(said, &create.call(), Operation::Create)),
            };
        }
        match self.create_one(&create, context).await {
            Err(Error::Api(api)) if create.kind == Kind::Serverless && hints::path_is_gone(&api) => {
                self.remember_retired(&api);
                match create.on_retired {
                    OnRetired::Flex => self.create_flex_instead(&create, context).await,
                    OnRetired::Raise => Err(retire::error(*api, Operation::Create)),
                }
            }
            other => other,
        }
    }

    async fn create_flex_instead(&self, create: &Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let (body, notices) = retire::flex_body(&create.body)?;
        context.notices.add([retire::created_instead(&create.name)]);
        context.notices.add(notices);
        context.attempts = 0;
        let flex = Create { kind: Kind::Flex, body: Bytes::from(body), ..create.clone() };
        self.create_one(&flex, context).await
    }

    /// The loop of attempts of one create.
    async fn create_one(&self, create: &Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let doors = self.doors().clone();
        let call = create.call();
        let mut first_sent = None;
        let mut outcome_unknown = false;
        loop {
            context.attempts += 1;
            let sent = *first_sent.get_or_insert_with(|| doors.clock.now());
            let failed = match self.attempt(&call, context).await {
                Ok(exchange) => return Ok((create.kind, self.created(create, &call, exchange, context))),
                Err(failed) => failed,
            };
            if is_duplicate(&failed.error) && !create.name.is_empty() {
                if outcome_unknown && self.shared.reconcile {
                    context.log(Level::Info, || {
                        format!(
                            "{}: the name {} is taken after an attempt whose outcome is unknown; looking it up",
                            call.operation, create.name
                        )
                    });
                    match self.reconcile(create, &call, sent, failed.error.clone(), context).await? {
                        Some(reconciled) => return Ok(reconciled),
                        // Gone again between the refusal and the look-up: as any other failure, within the bounds.
                        None => self.again_or(failed.error, &call, context).await?,
                    }
                    continue;
                }
                if create.if_exists == IfExists::Return {
                    if let Some(existing) = self.existing(create, &call, failed.error, context).await? {
                        return Ok(existing);
                    }
                    continue;
                }
                return Err(failed.error);
            }
            let Failed { error, happened: Some(happened) } = failed else { return Err(failed.error) };
            let progress = context.progress(&doors, context.attempts);
            match decide(&doors.policy, happened, Safety::Create, progress, doors.chance.unit()) {
                Decision::Again(delay) => self.pause(&call, &error, delay, context).await,
                Decision::Stop(why) => return Err(explained(error, why)),
                Decision::Reconcile(next) => {
                    if !self.shared.reconcile || create.name.is_empty() {
                        return Err(outcome_unknown_error(create, &call, &error, None));
                    }
                    outcome_unknown = true;
                    context.log(Level::Info, || {
                        format!(
                            "{} attempt {}: {error}; the outcome is unknown, looking up {}",
                            call.operation, context.attempts, create.name
                        )
                    });
                    if let Some(reconciled) = self.reconcile(create, &call, sent, error.clone(), context).await? {
                        return Ok(reconciled);
                    }
                    match next {
                        Ok(delay) => self.pause(&call, &error, delay, context).await,
                        Err(why) => {
                            let mut error = explained(error, why);
                            let noun = create.kind.noun();
                            crate::core::reply::add_hint(
                                &mut error,
                                &format!("looked up afterwards: there is no {noun} named {} (yet)", create.name),
                            );
                            return Err(error);
                        }
                    }
                }
            }
        }
    }

    /// Another attempt as after a broken one, or the error.
    async fn again_or(&self, error: Error, call: &Call, context: &Context) -> Result<(), Error> {
        let doors = self.doors();
        let progress = context.progress(doors, context.attempts);
        let happened = crate::core::retry::Happened::NotSent;
        match decide(&doors.policy, happened, Safety::Create, progress, doors.chance.unit()) {
            Decision::Again(delay) => {
                self.pause(call, &error, delay, context).await;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// A create that was answered: compares the reply with what was asked.
    fn created(&self, create: &Create, call: &Call, exchange: Exchange, context: &mut Context) -> Reply {
        let mut reply = self.reply(exchange, context);
        reply.notices.extend(ignored(&create.body, content(&reply.body, call.envelope)));
        reply
    }

    /// Looks up what became of a create. `None`: nothing is there.
    async fn reconcile(
        &self,
        create: &Create,
        call: &Call,
        first_sent: Duration,
        cause: Error,
        context: &mut Context,
    ) -> Result<Option<(Kind, Reply)>, Error> {
        let found = match self.look_up(create, context).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => return Err(outcome_unknown_error(create, call, &cause, Some(&error))),
        };
        let doors = self.doors();
        let date = found.exchange.headers.get(DATE).and_then(|d| httpdate::parse_http_date(d.to_str().ok()?).ok());
        let first = FirstAttempt {
            server_now: date,
            wall: doors.clock.wall(),
            ago: doors.clock.now().saturating_sub(first_sent),
        };
        match judge(&create.body, content(&found.exchange.body, call.envelope), &first) {
            Verdict::Ours => {
                context.log(Level::Info, || {
                    format!("{}: {} was created by an earlier attempt", call.operation, create.name)
                });
                let kind = found.kind;
                let reply = self.created(create, call, found.exchange, context);
                Ok(Some((kind, Reply { reconciled: true, ..reply })))
            }
            Verdict::Leaving => Ok(None),
            Verdict::NotOurs(_) if create.if_exists == IfExists::Return => {
                self.judge_existing(create, call, found, cause, context).map(Some)
            }
            Verdict::NotOurs(differs) => Err(self.taken(create, call, differs, context)),
        }
    }

    /// `if_exists="return"`: what is there, if it is as asked; waits for one that is being deleted. `None`: it is free now.
    async fn existing(
        &self,
        create: &Create,
        call: &Call,
        refusal: Error,
        context: &mut Context,
    ) -> Result<Option<(Kind, Reply)>, Error> {
        let Some(found) = self.look_up(create, context).await? else {
            self.again_or(refusal, call, context).await?;
            return Ok(None);
        };
        if entity(content(&found.exchange.body, call.envelope)).state_name.as_deref() != Some("DELETING") {
            return self.judge_existing(create, call, found, refusal, context).map(Some);
        }
        context.log(Level::Info, || format!("{} is being deleted; waiting for it to be gone", create.name));
        let wait = Wait {
            interval: create.wait.flatten(),
            ..Wait::until(DELETED, found.kind, create.group_id.clone(), create.name.clone())
        };
        self.wait_for(wait, context).await?;
        Ok(None)
    }

    fn judge_existing(
        &self,
        create: &Create,
        call: &Call,
        found: Found,
        refusal: Error,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        match matches(&create.body, content(&found.exchange.body, call.envelope)) {
            Verdict::Ours => {
                context.log(Level::Info, || format!("{} exists already and is as asked", create.name));
                let kind = found.kind;
                Ok((kind, self.created(create, call, found.exchange, context)))
            }
            Verdict::Leaving => Err(refusal),
            Verdict::NotOurs(differs) => Err(self.taken(create, call, differs, context)),
        }
    }

    fn taken(&self, create: &Create, call: &Call, differs: Vec<Violation>, context: &Context) -> Error {
        let (path, _) = call.target.split_once('?').unwrap_or((&call.target, ""));
        Error::Api(Box::new(ApiError {
            method: call.method.to_string(),
            url: format!("{}{path}", self.shared.base_url),
            attempts: context.attempts,
            elapsed: context.elapsed(self.doors()),
            ..name_is_taken(&create.name, create.kind.noun(), differs)
        }))
    }

    /// Looks a name up on the path of its kind; a serverless instance then on the Flex path, since one became the other.
    async fn look_up(&self, create: &Create, context: &mut Context) -> Result<Option<Found>, Error> {
        let kinds: &[Kind] = match create.kind {
            Kind::Serverless => &[Kind::Serverless, Kind::Flex],
            Kind::Flex => &[Kind::Flex],
        };
        for kind in kinds {
            let call = Call::resource(*kind, Operation::Get, &create.group_id, &create.name, create.shape, None);
            let mut inner = context.inner(context.started);
            match self.run(&call, &mut inner).await {
                Ok(reply) => {
                    context.notices.add(reply.notices);
                    let exchange = Exchange { status: reply.status, headers: reply.headers, body: reply.body };
                    return Ok(Some(Found { kind: *kind, exchange }));
                }
                Err(Error::Api(api)) if is_elsewhere(&api, *kind) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// A look-up's answer that means: not on this path.
fn is_elsewhere(api: &ApiError, kind: Kind) -> bool {
    hints::is_absent(api) || (kind == Kind::Serverless && (hints::is_other_kind(api) || hints::path_is_gone(api)))
}

/// Fields that the service did not take over.
fn ignored(requested: &[u8], reply: &[u8]) -> Vec<Notice> {
    differences(requested, reply)
        .iter()
        .filter(|d| d.path != "providerSettings.providerName" || !d.known_ignored)
        .map(|d| Notice {
            kind: NoticeKind::FieldIgnored,
            message: format!("Atlas did not take over {}: asked for {}, got {}", d.path, d.asked, d.got),
        })
        .collect()
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Api(api) if api.error_code.as_deref() == Some("DUPLICATE_CLUSTER_NAME"))
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    id: Option<String>,
    name: Option<String>,
    state_name: Option<String>,
}

fn entity(body: &[u8]) -> Entity {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The truth where nothing else can be said: whether it was created is not known.
fn outcome_unknown_error(create: &Create, call: &Call, cause: &Error, look_up: Option<&Error>) -> Error {
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
    }))
}
