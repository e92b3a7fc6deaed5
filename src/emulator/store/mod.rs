//! What the emulated service stores: organizations, projects, instances, identities, tokens, nonces, rate limits, and the
//! requests that it received.

pub(crate) mod access;
pub(crate) mod backups;
pub(crate) mod buckets;
pub(crate) mod identity;
pub(crate) mod ids;
pub(crate) mod instances;
pub(crate) mod load;
pub(crate) mod nonces;
pub(crate) mod projects;
pub(crate) mod recent_changes;
pub(crate) mod request_log;
pub(crate) mod seed;
pub(crate) mod snapshot;
pub(crate) mod tokens;
pub(crate) mod transition;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use self::buckets::Buckets;
use self::identity::Identity;
use self::ids::Ids;
use self::instances::{Instance, State};
use self::nonces::Nonces;
use self::projects::{Org, Project};
use self::recent_changes::RecentChanges;
use self::request_log::RequestLog;
use self::tokens::Tokens;
use self::transition::TransitionEnd;
use crate::emulator::clock::Clock;
use crate::emulator::options::{Calendar, Options, Provisioning};

/// What `reset` brings back.
#[derive(Debug, Clone, Default)]
pub(crate) struct InitialState {
    pub(crate) orgs: Vec<Org>,
    pub(crate) projects: BTreeMap<u64, Project>,
    pub(crate) identities: BTreeMap<String, Identity>,
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) options: Options,
    pub(crate) initial_options: Options,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) orgs: Vec<Org>,
    /// By sequence number, so in the order of creation.
    pub(crate) projects: BTreeMap<u64, Project>,
    pub(crate) project_index: HashMap<String, u64>,
    /// By client id or public key.
    pub(crate) identities: BTreeMap<String, Identity>,
    /// Client id and public key of the default identities.
    pub(crate) default_ids: (String, String),
    pub(crate) tokens: Tokens,
    pub(crate) nonces: Nonces,
    pub(crate) buckets: Buckets,
    pub(crate) request_log: RequestLog,
    pub(crate) recent_changes: RecentChanges,
    pub(crate) initial_state: InitialState,
    pub(crate) url: String,
    /// Whether something changed since the state was last saved.
    pub(crate) dirty: bool,
    /// Transitional states that end at a time: when, project, instance.
    due: BinaryHeap<Reverse<(i64, u64, u64)>>,
    sequence: u64,
}

impl Store {
    /// Nothing is stored yet: [`load::start`] fills it.
    pub(crate) fn new(options: Options) -> Self {
        Self {
            clock: Clock::new(options.clock),
            ids: Ids::new(options.random_seed),
            initial_options: options.clone(),
            request_log: RequestLog::default(),
            recent_changes: RecentChanges::default(),
            options,
            orgs: Vec::new(),
            projects: BTreeMap::new(),
            project_index: HashMap::new(),
            identities: BTreeMap::new(),
            default_ids: Default::default(),
            tokens: Tokens::default(),
            nonces: Nonces::default(),
            buckets: Buckets::default(),
            initial_state: InitialState::default(),
            url: String::new(),
            dirty: false,
            due: BinaryHeap::new(),
            sequence: 0,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    pub(crate) fn calendar(&self) -> Calendar {
        self.options.calendar.at(self.now())
    }

    /// Of access tokens, in milliseconds.
    pub(crate) fn token_lifetime(&self) -> i64 {
        i64::try_from(self.options.token_lifetime.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn org(&self, id: &str) -> Option<&Org> {
        self.orgs.iter().find(|org| org.id == id)
    }

    pub(crate) fn project(&self, id: &str) -> Option<&Project> {
        self.projects.get(self.project_index.get(id)?)
    }

    pub(crate) fn project_mut(&mut self, id: &str) -> Option<&mut Project> {
        self.projects.get_mut(self.project_index.get(id)?)
    }

    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(crate) fn add_project(&mut self, project: Project) {
        let sequence = self.next_sequence();
        self.project_index.insert(project.id.clone(), sequence);
        self.projects.insert(sequence, project);
        self.dirty = true;
    }

    pub(crate) fn remove_project(&mut self, id: &str) {
        if let Some(sequence) = self.project_index.remove(id) {
            self.projects.remove(&sequence);
            self.dirty = true;
        }
    }

    /// Stores an instance; its name must be free.
    pub(crate) fn add_instance(&mut self, group_id: &str, instance: Instance) {
        let sequence = self.next_sequence();
        let due = instance.due;
        if let Some(project) = self.project_mut(group_id) {
            project.insert(sequence, instance);
            self.schedule(group_id, sequence, due);
            self.dirty = true;
        }
    }

    pub(crate) fn remove_instance(&mut self, group_id: &str, name: &str) -> Option<Instance> {
        let project = self.project_mut(group_id)?;
        let (sequence, _) = project.find(name)?;
        let removed = project.remove(sequence);
        self.dirty = true;
        removed
    }

    /// Restores what was stored before a request that must not change anything.
    pub(crate) fn restore_instance(&mut self, group_id: &str, name: &str, before: Option<Instance>) {
        match before {
            None => {
                self.remove_instance(group_id, name);
            }
            Some(before) => {
                let Some(project) = self.project_mut(group_id) else { return };
                match project.find(name).map(|(sequence, _)| sequence) {
                    None => self.add_instance(group_id, before),
                    Some(sequence) => self.replace_instance(group_id, sequence, before),
                }
            }
        }
    }

    /// Puts an instance in the place of the one with this sequence number; its kind may be another.
    pub(crate) fn replace_instance(&mut self, group_id: &str, sequence: u64, instance: Instance) {
        let Some(project) = self.project_mut(group_id) else { return };
        let due = instance.due;
        project.remove(sequence);
        project.insert(sequence, instance);
        self.schedule(group_id, sequence, due);
        self.dirty = true;
    }

    /// Puts an instance into a state, which ends as `provisioning` says.
    pub(crate) fn begin_transition(&mut self, group_id: &str, name: &str, state: State, provisioning: Provisioning) {
        let due = TransitionEnd::new(provisioning, self.now());
        self.set_state(group_id, name, state, due);
    }

    pub(crate) fn set_state(&mut self, group_id: &str, name: &str, state: State, due: Option<TransitionEnd>) {
        let Some(project) = self.project_mut(group_id) else { return };
        let Some(sequence) = project.find(name).map(|(sequence, _)| sequence) else { return };
        let due = if state == State::Idle { None } else { due };
        if let Some(instance) = project.instances.get_mut(&sequence) {
            instance.state = state;
            instance.due = due;
        }
        project.track_reads(sequence, due);
        self.schedule(group_id, sequence, due);
        self.dirty = true;
    }

    fn schedule(&mut self, group_id: &str, sequence: u64, due: Option<TransitionEnd>) {
        if let (Some(TransitionEnd::At(at)), Some(project)) = (due, self.project_index.get(group_id)) {
            self.due.push(Reverse((at, *project, sequence)));
        }
    }

    /// Ends every transitional state whose time has come.
    pub(crate) fn end_due_states(&mut self) {
        let now = self.now();
        while let Some(Reverse((at, project, sequence))) = self.due.peek().copied() {
            if at > now {
                break;
            }
            self.due.pop();
            let still = self.projects.get(&project).and_then(|p| p.instances.get(&sequence));
            // An entry may be older than the instance's present state.
            if still.is_some_and(|instance| instance.due == Some(TransitionEnd::At(at))) {
                self.end_state(project, sequence);
            }
        }
    }

    fn end_state(&mut self, project: u64, sequence: u64) {
        let Some(project) = self.projects.get_mut(&project) else { return };
        project.by_reads.remove(&sequence);
        let Some(instance) = project.instances.get_mut(&sequence) else { return };
        if instance.state == State::Deleting {
            project.remove(sequence);
        } else {
            instance.state = State::Idle;
            instance.due = None;
        }
        self.dirty = true;
    }

    /// When the transitional state of an instance ends, if it ends at a time.
    pub(crate) fn change_ends(&self, group_id: &str, name: &str) -> Option<i64> {
        match self.project(group_id)?.find(name)?.1.due {
            Some(TransitionEnd::At(at)) => Some(at),
            _ => None,
        }
    }

    /// Counts a read of one instance, which may end its state, or remove it.
    pub(crate) fn read(&mut self, group_id: &str, name: &str) {
        let Some(project) = self.project_index.get(group_id).copied() else { return };
        let found = self.projects.get(&project).and_then(|p| p.find(name)).map(|(sequence, _)| sequence);
        if let Some(sequence) = found {
            self.count_read(project, sequence);
        }
    }

    /// Counts a read of every instance of a project, as a list is one.
    pub(crate) fn read_all(&mut self, group_id: &str) {
        let Some(project) = self.project_index.get(group_id).copied() else { return };
        let waiting: Vec<u64> =
            self.projects.get(&project).map(|p| p.by_reads.iter().copied().collect()).unwrap_or_default();
        for sequence in waiting {
            self.count_read(project, sequence);
        }
    }

    fn count_read(&mut self, project: u64, sequence: u64) {
        let instance = self.projects.get_mut(&project).and_then(|p| p.instances.get_mut(&sequence));
        match instance.and_then(|instance| instance.due.as_mut()) {
            Some(TransitionEnd::Reads(0)) => self.end_state(project, sequence),
            Some(TransitionEnd::Reads(left)) => *left -= 1,
            _ => {}
        }
    }

    /// Back to the start: stored things, settings, clock, counters and requests. Credentials and tokens stay valid.
    pub(crate) fn reset(&mut self) {
        self.options = self.initial_options.clone();
        self.clock.reset();
        self.orgs = self.initial_state.orgs.clone();
        self.projects = self.initial_state.projects.clone();
        self.identities = self.initial_state.identities.clone();
        self.reindex();
        self.tokens.reset(&self.identities);
        self.nonces = Nonces::default();
        self.buckets = Buckets::default();
        self.request_log.reset();
        self.recent_changes = RecentChanges::default();
        self.dirty = true;
    }

    /// Remembers the present state as the one that `reset` brings back.
    pub(crate) fn remember_initial_state(&mut self) {
        self.initial_state = InitialState {
            orgs: self.orgs.clone(),
            projects: self.projects.clone(),
            identities: self.identities.clone(),
        };
    }

    fn reindex(&mut self) {
        self.project_index = self.projects.iter().map(|(sequence, p)| (p.id.clone(), *sequence)).collect();
        self.due = self
            .projects
            .iter()
            .flat_map(|(project, p)| {
                p.instances.iter().filter_map(|(sequence, instance)| match instance.due {
                    Some(TransitionEnd::At(at)) => Some(Reverse((at, *project, *sequence))),
                    _ => None,
                })
            })
            .collect();
    }
}
