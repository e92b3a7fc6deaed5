//! Which resource a call is about, as its arguments say it.
use super::resource::required_name;
use crate::core::error::Error;
use crate::core::spec::model::{Kind, Node};
use crate::core::spec::validate;

/// Project and name, by position and by keyword.
#[derive(Debug, Default)]
pub struct Target {
    /// At most the project and the name.
    pub positional: Vec<Option<String>>,
    pub group_id: Option<String>,
    pub name: Option<String>,
}

impl Target {
    /// The project, if one is given, and the name. `changes`: the kind of what is changed, whose name stays.
    ///
    /// # Errors
    /// The name is missing, or one of the two is given twice: what was probably meant.
    pub fn resolve(self, changes: Option<Kind>) -> Result<(Option<String>, String), Error> {
        let mut positional = self.positional.into_iter();
        let (first, second) = (positional.next().flatten(), positional.next().flatten());
        let name = match (second, self.name) {
            (Some(name), Some(other)) => return Err(name_given_twice(&name, &other, changes)),
            (name, other) => name.or(other),
        };
        match (first, self.group_id) {
            (Some(first), Some(_)) if name.is_none() => {
                let advice = format!("give the name as name=\"{first}\"");
                let message = format!(
                    "is required: group_id= is given, and so is the first positional argument, which is the project too; {advice}"
                );
                Err(violation("name", "required", message, &first))
            }
            (Some(first), Some(_)) => {
                let message = "is given twice, as the first positional argument and as group_id=; keep one";
                Err(violation("groupId", "given-twice", message.to_owned(), &first))
            }
            (group_id, other) => {
                let group_id = group_id.or(other);
                let name = required_name("name", group_id.as_deref(), name.as_deref())?.to_owned();
                Ok((group_id, name))
            }
        }
    }
}

fn name_given_twice(name: &str, other: &str, changes: Option<Kind>) -> Error {
    match changes {
        Some(kind) => {
            let noun = kind.noun();
            let message =
                format!("can't be changed after creation; name= says which {noun} it is, and \"{name}\" does already");
            violation("name", "unchangeable", message, other)
        }
        None => {
            let message = "is given twice, as the second positional argument and as name=; keep one";
            violation("name", "given-twice", message.to_owned(), other)
        }
    }
}

fn violation(path: &str, rule: &str, message: String, given: &str) -> Error {
    Error::Validation(vec![validate::violation(path, rule, message, &Node::text(given))])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "32b6e34b3d91647abb20e7b8";

    fn resolve(
        positional: &[Option<&str>],
        group_id: Option<&str>,
        name: Option<&str>,
        changes: Option<Kind>,
    ) -> Result<(Option<String>, String), String> {
        let text = |text: &&str| (*text).to_owned();
        let target = Target {
            positional: positional.iter().map(|given| given.as_ref().map(text)).collect(),
            group_id: group_id.as_ref().map(text),
            name: name.as_ref().map(text),
        };
        target.resolve(changes).map_err(|error| error.to_string())
    }

    #[test]
    fn project_and_name_are_given_by_position_or_by_keyword() {
        let (group, name) = (Some(GROUP), Some("orders"));
        let both = Ok((Some(GROUP.to_owned()), "orders".to_owned()));
        let alone = Ok((None, "orders".to_owned()));
        for (positional, group_id, keyword, expected) in [
            (&[group, name] as &[_], None, None, &both),
            (&[group], None, name, &both),
            (&[], group, name, &both),
            (&[None, name], group, None, &both),
            (&[group, None], None, name, &both),
            (&[None, name], None, None, &alone),
            (&[None], None, name, &alone),
            (&[], None, name, &alone),
        ] {
            assert_eq!(&resolve(positional, group_id, keyword, None), expected, "{positional:?}");
        }
    }

    #[test]
    fn what_is_missing_or_given_twice_says_what_was_meant() {
        let (group, name) = (Some(GROUP), Some("orders"));
        let flex = Some(Kind::Flex);
        for (positional, group_id, keyword, changes, said) in [
            (&[name] as &[_], None, None, None, "name: is required: the first positional argument is the project"),
            (&[name], group, None, None, "the project too; give the name as name=\"orders\""),
            (&[group], group, name, None, "groupId: is given twice, as the first positional argument and as group_id="),
            (&[group, name], None, Some("new"), None, "name: is given twice"),
            (
                &[group, name],
                None,
                Some("new"),
                flex,
                "name= says which Flex cluster it is, and \"orders\" does already",
            ),
            (&[], group, None, None, "name: is required and was not given, or was None"),
        ] {
            let error = resolve(positional, group_id, keyword, changes).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
