//! Credentials in the environment: every name that MongoDB's own tools read.
use super::parts::{Field, Kind, Part};
use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::Machine;

/// What the environment has of one kind of credentials.
#[derive(Debug)]
pub(crate) enum Holding {
    /// None of its variables is set.
    Nothing,
    /// Variables that are set to nothing, as CI systems do with secrets they don't have: a clause that names them.
    Empty(String),
    /// One part without the other: a clause that says which.
    Half(String),
    /// Both parts.
    Complete(Pair),
}

/// Both parts of one kind.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) id: Option<Field>,
    pub(crate) secret: Field,
    /// About further variables that say something else.
    pub(crate) notices: Vec<Notice>,
}

impl Pair {
    /// `MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET`
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.id.iter().chain([&self.secret]).map(|field| field.name.as_str()).collect();
        names.join(", ")
    }
}

/// The variables of one part, in the order in which they count.
struct Row {
    part: Part,
    fields: Vec<Option<Field>>,
}

impl Row {
    fn read(part: Part, machine: &dyn Machine) -> Self {
        let read = |name: &&'static str| machine.var(name).map(|value| Field::new(*name, value));
        Self { part, fields: part.variables().iter().map(read).collect() }
    }

    /// The variable at this place, if it is set to something.
    fn at(&self, place: usize) -> Option<&Field> {
        self.fields.get(place)?.as_ref().filter(|field| !field.is_empty())
    }

    /// All that are set to something, with their places.
    fn full(&self) -> impl Iterator<Item = (usize, &Field)> {
        (0..self.fields.len()).filter_map(|place| Some((place, self.at(place)?)))
    }

    fn first(&self) -> Option<(usize, &Field)> {
        self.full().next()
    }

    /// The first that is set to nothing.
    fn first_empty(&self) -> Option<&str> {
        self.fields.iter().flatten().find(|field| field.is_empty()).map(|field| field.name.as_str())
    }

    /// A warning for every further variable that is set to something else.
    fn differing(&self, used: &Field) -> impl Iterator<Item = Notice> {
        let others = self.full().filter(|(_, field)| field.value != used.value);
        others.map(|(_, field)| {
            let (used, other) = (&used.name, &field.name);
            warning(format!("{used} and {other} are both set and differ; {used} was used: unset one of them"))
        })
    }
}

fn warning(message: String) -> Notice {
    Notice { kind: NoticeKind::Credential, message }
}

/// Looks for one kind.
pub(crate) fn holding(kind: Kind, machine: &dyn Machine) -> Holding {
    let secrets = Row::read(kind.secret(), machine);
    let Some(part) = kind.id() else { return of_one_part(&secrets) };
    let ids = Row::read(part, machine);
    // A pair of one tool's names goes before a pair put together out of two tools' names.
    let pair = ids.full().find_map(|(place, id)| Some((id, secrets.at(place)?, false)));
    let mixed = || Some((ids.first()?.1, secrets.first()?.1, true));
    let Some((id, secret, mixed)) = pair.or_else(mixed) else { return incomplete(&ids, &secrets) };
    let mut notices: Vec<Notice> = ids.differing(id).chain(secrets.differing(secret)).collect();
    if mixed {
        let (id, secret) = (&id.name, &secret.name);
        notices.push(warning(format!("{id} and {secret} are names of different tools; they were used together")));
    }
    Holding::Complete(Pair { id: Some(id.clone()), secret: secret.clone(), notices })
}

fn of_one_part(row: &Row) -> Holding {
    match (row.first(), row.first_empty()) {
        (Some((_, secret)), _) => {
            Holding::Complete(Pair { id: None, secret: secret.clone(), notices: row.differing(secret).collect() })
        }
        (None, Some(empty)) => Holding::Empty(format!("{empty} is set but empty")),
        (None, None) => Holding::Nothing,
    }
}

fn incomplete(ids: &Row, secrets: &Row) -> Holding {
    for (row, other) in [(ids, secrets), (secrets, ids)] {
        let Some((place, field)) = row.first() else { continue };
        return Holding::Half(match other.first_empty() {
            Some(empty) => format!("{} is set but {empty} is empty", field.name),
            None => {
                let twin = other.part.variables().get(place).copied().unwrap_or_default();
                format!("{} is set but {twin} is not", field.name)
            }
        });
    }
    match (ids.first_empty(), secrets.first_empty()) {
        (Some(id), Some(secret)) => Holding::Empty(format!("{id} and {secret} are set but empty")),
        (Some(one), None) | (None, Some(one)) => Holding::Empty(format!("{one} is set but empty")),
        (None, None) => Holding::Nothing,
    }
}
