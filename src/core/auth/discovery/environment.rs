//! Credentials in the environment, under all names that MongoDB's own tools read.
use super::parts::{CredentialPart, CredentialValue, id_part, secret_part};
use crate::core::auth::credentials::CredentialKind;
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::Machine;

/// What the environment has of one kind of credentials.
#[derive(Debug)]
pub(crate) enum EnvCredentials {
    /// None of its variables is set.
    Absent,
    /// Variables are set to empty text, as CI systems do with secrets that they do not have; which.
    Empty(String),
    /// One part without the other; which.
    Incomplete(String),
    /// Both parts.
    Complete(Pair),
}

/// Both parts of one kind.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) id: Option<CredentialValue>,
    pub(crate) secret: CredentialValue,
    /// About variables that are set to other values.
    pub(crate) notices: Vec<Notice>,
}

impl Pair {
    /// `MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET`
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.id.iter().chain([&self.secret]).map(|field| field.name.as_str()).collect();
        names.join(", ")
    }
}

/// The variables of one part, in order of precedence.
struct Variables {
    part: CredentialPart,
    fields: Vec<Option<CredentialValue>>,
}

impl Variables {
    fn read(part: CredentialPart, machine: &dyn Machine) -> Self {
        let read = |name: &&'static str| machine.var(name).map(|value| CredentialValue::new(*name, value));
        Self { part, fields: part.variables().iter().map(read).collect() }
    }

    /// The variable at this index, unless it is empty.
    fn at(&self, index: usize) -> Option<&CredentialValue> {
        self.fields.get(index)?.as_ref().filter(|field| !field.is_empty())
    }

    /// All that are not empty, with their indexes.
    fn non_empty(&self) -> impl Iterator<Item = (usize, &CredentialValue)> {
        (0..self.fields.len()).filter_map(|index| Some((index, self.at(index)?)))
    }

    fn first(&self) -> Option<(usize, &CredentialValue)> {
        self.non_empty().next()
    }

    /// The name of the first that is empty.
    fn first_empty(&self) -> Option<&str> {
        self.fields.iter().flatten().find(|field| field.is_empty()).map(|field| field.name.as_str())
    }

    /// A warning for each variable that is set to another value.
    fn differing(&self, used: &CredentialValue) -> impl Iterator<Item = Notice> {
        let others = self.non_empty().filter(|(_, field)| field.value != used.value);
        others.map(|(_, field)| {
            let (used, other) = (&used.name, &field.name);
            warning(format!("{used} and {other} are both set and differ; {used} was used: unset one of them"))
        })
    }
}

fn warning(message: String) -> Notice {
    Notice { kind: NoticeKind::Credential, message }
}

/// Looks for credentials of one kind.
pub(crate) fn look_up(kind: CredentialKind, machine: &dyn Machine) -> EnvCredentials {
    let secrets = Variables::read(secret_part(kind), machine);
    let Some(part) = id_part(kind) else { return single_part(&secrets) };
    let ids = Variables::read(part, machine);
    // A pair of variables of the same tool takes precedence over a pair from two tools.
    let pair = ids.non_empty().find_map(|(index, id)| Some((id, secrets.at(index)?, false)));
    let mixed = || Some((ids.first()?.1, secrets.first()?.1, true));
    let Some((id, secret, mixed)) = pair.or_else(mixed) else { return incomplete(&ids, &secrets) };
    let mut notices: Vec<Notice> = ids.differing(id).chain(secrets.differing(secret)).collect();
    if mixed {
        let (id, secret) = (&id.name, &secret.name);
        notices.push(warning(format!("{id} and {secret} are names of different tools; they were used together")));
    }
    EnvCredentials::Complete(Pair { id: Some(id.clone()), secret: secret.clone(), notices })
}

fn single_part(variables: &Variables) -> EnvCredentials {
    match (variables.first(), variables.first_empty()) {
        (Some((_, secret)), _) => EnvCredentials::Complete(Pair {
            id: None,
            secret: secret.clone(),
            notices: variables.differing(secret).collect(),
        }),
        (None, Some(empty)) => EnvCredentials::Empty(format!("{empty} is set but empty")),
        (None, None) => EnvCredentials::Absent,
    }
}

fn incomplete(ids: &Variables, secrets: &Variables) -> EnvCredentials {
    for (variables, other) in [(ids, secrets), (secrets, ids)] {
        let Some((index, field)) = variables.first() else { continue };
        return EnvCredentials::Incomplete(match other.first_empty() {
            Some(empty) => format!("{} is set but {empty} is empty", field.name),
            None => {
                let missing = other.part.variables().get(index).copied().unwrap_or_default();
                format!("{} is set but {missing} is not", field.name)
            }
        });
    }
    match (ids.first_empty(), secrets.first_empty()) {
        (Some(id), Some(secret)) => EnvCredentials::Empty(format!("{id} and {secret} are set but empty")),
        (Some(one), None) | (None, Some(one)) => EnvCredentials::Empty(format!("{one} is set but empty")),
        (None, None) => EnvCredentials::Absent,
    }
}
