//! The two kinds of resource, their fields and regions, as data that validation, tests and documentation read.
pub mod cluster;
pub mod connect;
pub mod fields;
pub mod node;
pub mod regions;
pub mod suggestions;
pub mod text_form;

pub use self::node::{Key, MAX_DEPTH, Node};

/// A serverless instance, or its successor, a Flex cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `…/groups/{groupId}/serverless`
    Serverless,
    /// `…/groups/{groupId}/flexClusters`
    Flex,
}

/// What an API call does with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// POST on the collection.
    Create,
    /// GET of one resource.
    Get,
    /// GET of the collection.
    List,
    /// PATCH of one resource.
    Update,
    /// DELETE of one resource.
    Delete,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Serverless, Self::Flex];

    /// The last segment of the collection's path.
    #[must_use]
    pub const fn path_segment(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::Flex => "flexClusters",
        }
    }

    /// The kind as one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::Flex => "flex",
        }
    }

    /// The kind in a sentence, without an article.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Serverless => "serverless instance",
            Self::Flex => "Flex cluster",
        }
    }

    /// The operation's id in the published API description.
    #[must_use]
    pub const fn operation_id(self, operation: Operation) -> &'static str {
        match (self, operation) {
            (Self::Serverless, Operation::Create) => "createServerlessInstance",
            (Self::Serverless, Operation::Get) => "getServerlessInstance",
            (Self::Serverless, Operation::List) => "listServerlessInstances",
            (Self::Serverless, Operation::Update) => "updateServerlessInstance",
            (Self::Serverless, Operation::Delete) => "deleteServerlessInstance",
            (Self::Flex, Operation::Create) => "createGroupFlexCluster",
            (Self::Flex, Operation::Get) => "getGroupFlexCluster",
            (Self::Flex, Operation::List) => "listGroupFlexClusters",
            (Self::Flex, Operation::Update) => "updateGroupFlexCluster",
            (Self::Flex, Operation::Delete) => "deleteGroupFlexCluster",
        }
    }

    #[must_use]
    pub const fn fields(self) -> &'static fields::Object {
        match self {
            Self::Serverless => &fields::SERVERLESS,
            Self::Flex => &fields::FLEX,
        }
    }
}
