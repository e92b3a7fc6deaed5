//! The create: never twice, never left behind. An unknown outcome is looked up by name before anything is sent again.
pub(crate) mod look_up;
pub(crate) mod outcome;
pub mod reconcile;

use std::time::Duration;

use bytes::Bytes;

use self::outcome::{Case, outcome_unknown};
use super::retirement;
use super::wait::{PriorAction, Wait};
use crate::core::client::{Client, Failed, OnRetired};
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::{Error, Notice, NoticeKind};
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content, explained, no_entity};
use crate::core::http::transport::Exchange;
use crate::core::policy::retry::{AttemptOutcome, Decision, Safety, StopReason, decide};
use crate::core::spec::compare::{Difference, differences_outlined};
use crate::core::spec::model::{Kind, Operation};

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
    pub reply_format: ReplyFormat,
    /// Where the name is taken.
    pub if_exists: IfExists,
    /// Where the endpoint is gone.
    pub on_retired: OnRetired,
    /// Wait until `IDLE`, looking this often.
    pub wait: Option<Option<Duration>>,
}

impl Create {
    fn call(&self) -> Call {
        Call::resource(self.kind, Operation::Create, &self.group_id, "", self.reply_format, Some(self.body.clone()))
    }
}

impl Client {
    /// Creates, and waits if that was asked for.
    pub async fn create(&self, create: Create, context: &mut Context) -> Result<Reply, Error> {
        let wait = create.wait;
        let reply_format = create.reply_format;
        let (group_id, name, on_retired) = (create.group_id.clone(), create.name.clone(), create.on_retired);
        let created = self.create_either(create, context).await;
        context.settled();
        let (kind, reply) = created?;
        let Some(interval) = wait else { return Ok(reply) };
        let Entity { id, state_name, name: made } = entity(content(&reply.body, reply_format.envelope));
        if state_name.as_deref() == Some("IDLE") {
            return Ok(reply);
        }
        let name = if name.is_empty() { made.unwrap_or_default() } else { name };
        let (noun, what, project) = (kind.noun(), name.clone(), group_id.clone());
        context.in_doubt(move || {
            format!("The {noun} {what} was created in project {project}; nobody waits for it any more")
        });
        context.sending(self.env());
        let wait = Wait { id, interval, reply_format, on_retired, ..Wait::until("IDLE", kind, group_id, name) };
        let (attempts, reconciled) = (reply.attempts, reply.reconciled);
        let last = Box::pin(self.wait_after(PriorAction::Create, &reply, wait, context)).await;
        context.settled();
        let last = last?.ok_or_else(|| Error::Configuration("a create cannot wait for a deletion".to_owned()))?;
        Ok(Reply { attempts, reconciled, ..last })
    }

    async fn create_either(&self, create: Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        if let Some(said) = self.retired().filter(|_| create.kind == Kind::Serverless) {
            return match create.on_retired {
                OnRetired::Flex => Box::pin(self.create_flex_instead(&create, context)).await,
                OnRetired::Raise => Err(self.told_before(said, &create.call(), Operation::Create)),
            };
        }
        match self.create_one(&create, context).await {
            Err(Error::Api(api)) if create.kind == Kind::Serverless && classify::path_is_gone(&api) => {
                self.remember_retired(&api);
                match create.on_retired {
                    OnRetired::Flex => Box::pin(self.create_flex_instead(&create, context)).await,
                    OnRetired::Raise => Err(retirement::error(*api, Operation::Create)),
                }
            }
            other => other,
        }
    }

    async fn create_flex_instead(&self, create: &Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let (body, notices) = retirement::flex_body(&create.body)?;
        context.notices.add([retirement::created_instead(&create.name)]);
        context.notices.add(notices);
        context.attempts = 0;
        let flex = Create { kind: Kind::Flex, body: Bytes::from(body), ..create.clone() };
        self.create_one(&flex, context).await
    }

    /// The loop of attempts of one create. What seldom happens is boxed: a future is moved as a whole, with the room for all
    /// that it may come to.
    async fn create_one(&self, create: &Create, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let call = create.call();
        let case = Case { client: self, create, call: &call };
        let finds_out = self.shared.reconcile && !create.name.is_empty();
        // An earlier attempt may have been carried out, and nobody has seen what became of it.
        let mut unknown = false;
        let (noun, name, project) = (create.kind.noun(), create.name.clone(), create.group_id.clone());
        context.in_doubt(move || {
            format!("The create of {noun} {name} in project {project} was given up: {name} may exist now or later")
        });
        loop {
            context.attempts += 1;
            // A reply that describes something else, in case it turns out that this server never says names.
            let mut odd = None;
            let failed = match self.attempt(&call, context).await {
                Ok(exchange) => match self.created(create, &call, exchange, context) {
                    (reply, None) => return Ok((create.kind, reply)),
                    (reply, Some(failed)) => {
                        odd = Some(reply);
                        failed
                    }
                },
                Err(failed) => failed,
            };
            let Failed { error, happened } = failed;
            let decision = self.decide(happened, context);
            let settled = match decision {
                Decision::Again(delay) => {
                    // Certainly not carried out: what is there by the time of the next was not made by this one.
                    if !unknown {
                        context.first_sent = None;
                    }
                    self.pause(&call, &error, delay, context).await;
                    continue;
                }
                Decision::Reconcile(_) if !finds_out => return Err(outcome_unknown(create, &call, &error, None)),
                Decision::Reconcile(next) => {
                    unknown = true;
                    context.log(Level::Info, || {
                        let (operation, attempt, name) = (call.operation, context.attempts, &create.name);
                        format!("{operation} attempt {attempt}: {error}; the outcome is unknown, looking up {name}")
                    });
                    match (Box::pin(case.settle(error, next, context)).await, odd) {
                        (Err(taken), Some(odd)) if says_another_name(&taken) => Some((create.kind, odd)),
                        (settled, _) => settled?,
                    }
                }
                // The refusal of a name that may be ours.
                Decision::Stop(_) if finds_out && is_duplicate(&error) && (unknown || context.refused_once) => {
                    context.log(Level::Info, || {
                        let (operation, name) = (call.operation, &create.name);
                        format!("{operation}: the name {name} is taken, perhaps by an earlier attempt; looking it up")
                    });
                    let next = self.next_after_duplicate(context);
                    Box::pin(case.settle(error, next, context)).await?
                }
                Decision::Stop(_) if is_duplicate(&error) && create.if_exists == IfExists::Return && finds_out => {
                    let next = self.next_after_duplicate(context);
                    Box::pin(case.existing(error, next, context)).await?
                }
                // Whatever stops it now, an earlier attempt may have been carried out late.
                Decision::Stop(why) if unknown && finds_out => Box::pin(case.settle(error, Err(why), context)).await?,
                Decision::Stop(why) => return Err(explained(error, why)),
            };
            if let Some(found) = settled {
                return Ok(found);
            }
        }
    }

    fn decide(&self, happened: Option<AttemptOutcome>, context: &Context) -> Decision {
        let Some(happened) = happened else { return Decision::Stop(StopReason::Final) };
        let env = self.env();
        let progress = context.progress(context.attempts, env);
        decide(&env.policy, happened, Safety::Create, progress, env.rng.unit())
    }

    /// The name was taken, but by nothing that can be found: it is free again, or not to be seen yet.
    fn next_after_duplicate(&self, context: &Context) -> Result<Duration, StopReason> {
        match self.decide(Some(AttemptOutcome::NotSent), context) {
            Decision::Again(delay) => Ok(delay),
            Decision::Stop(why) | Decision::Reconcile(Err(why)) => Err(why),
            Decision::Reconcile(Ok(delay)) => Ok(delay),
        }
    }

    /// A create that was answered: compares the reply with what was asked. A reply about something else is none, most
    /// likely: then what that failure is comes with it.
    pub(crate) fn created(
        &self,
        create: &Create,
        call: &Call,
        exchange: Exchange,
        context: &mut Context,
    ) -> (Reply, Option<Failed>) {
        let entity = content(&exchange.body, call.envelope);
        let found = differences_outlined(&create.body, entity, exchange.outline.as_ref());
        let another = found.iter().find(|d| d.path == "name").map(|name| {
            let message = format!("the reply describes {}, not {}", name.got, name.asked);
            let error = no_entity(message, call, &exchange, &self.shared.base_url, context.attempts);
            Failed { error, happened: Some(AttemptOutcome::Broken) }
        });
        let mut reply = self.reply(exchange, context);
        reply.notices.extend(ignored(&found));
        (reply, another)
    }
}

/// Fields that the service did not take over.
fn ignored(found: &[Difference]) -> impl Iterator<Item = Notice> + '_ {
    found.iter().filter(|d| d.path != "providerSettings.providerName").map(|d| Notice {
        kind: NoticeKind::FieldIgnored,
        message: format!("Atlas did not take over {}: asked for {}, got {}", d.path, d.asked, d.got),
    })
}

/// Whether the look-up by name, too, was answered with another name: a mock server that describes what it likes.
fn says_another_name(taken: &Error) -> bool {
    is_duplicate(taken) && matches!(taken, Error::Api(api) if api.violations.iter().any(|v| v.path == "name"))
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Api(api) if api.error_code.as_deref() == Some("DUPLICATE_CLUSTER_NAME"))
}

/// What a wait has to know of a reply.
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
