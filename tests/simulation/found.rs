//! Mistakes that random schedules found, each as the order of requests that shows it.

use std::time::Duration;

use lockstep::simulation::{Fate, Kind, Simulation};
use lockstep::{Policy, RepairAction, SchemaState};

use super::process::{Process, Work, schema};
use super::schedule::quiet;

pub(super) struct Script {
    pub(super) simulation: Simulation,
    pub(super) processes: Vec<Process>,
}

impl Script {
    async fn of(kind: Kind, processes: u8) -> Self {
        Self::on(Simulation::new(kind, None), processes).await
    }

    pub(super) async fn on(simulation: Simulation, processes: u8) -> Self {
        let mut started = Vec::new();
        for number in 0..processes {
            started.push(Process::start(&simulation, usize::from(number), number, Policy::Rollback).await);
        }
        Self {
            simulation,
            processes: started,
        }
    }

    pub(super) async fn settle(&mut self) {
        quiet().await;
        for process in &mut self.processes {
            process.collect().await.expect("no bug");
        }
    }

    pub(super) async fn begin(&mut self, process: u8, work: Work) {
        assert!(self.processes[usize::from(process)].begin(work));
        self.settle().await;
    }

    /// Serves a process's requests, which must be these.
    pub(super) async fn serve(&mut self, process: u8, asked: &[&str]) {
        for what in asked {
            let requests = self.simulation.requests();
            let found = requests
                .iter()
                .find(|request| request.process == process && request.ready);
            let request = found.unwrap_or_else(|| panic!("{process} asks for nothing: {requests:?}"));
            assert_eq!(request.what, *what, "of {requests:?}");
            self.simulation.answer(request.id, Fate::Served);
            self.settle().await;
        }
    }

    /// Serves what a process asks for up to this, which is refused.
    async fn refuse(&mut self, process: u8, what: &str) {
        for _ in 0..50 {
            let requests = self.simulation.requests();
            let found = requests
                .iter()
                .find(|request| request.process == process && request.ready);
            let request = found.unwrap_or_else(|| panic!("{process} asks for nothing: {requests:?}"));
            let fate = if request.what == what {
                Fate::Refused
            } else {
                Fate::Served
            };
            self.simulation.answer(request.id, fate);
            self.settle().await;
            if fate == Fate::Refused {
                return;
            }
        }
        panic!("start {process} never asks to {what}");
    }

    /// Serves whatever a process asks for until its work is done.
    pub(super) async fn finish(&mut self, process: u8) {
        for _ in 0..200 {
            if !self.processes[usize::from(process)].is_busy() {
                return;
            }
            let requests = self.simulation.requests();
            match requests
                .iter()
                .find(|request| request.process == process && request.ready)
            {
                Some(request) => self.simulation.answer(request.id, Fate::Served),
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            self.settle().await;
        }
        panic!("start {process} does not come to an end");
    }
}

const LOCK: &str = "lock the scope's row";

/// Two starts of a deploy at once: the second announced itself, and then found that the lease was there already.
#[tokio::test(start_paused = true)]
async fn whoever_finds_the_lease_granted_takes_its_announcement_back() {
    for kind in [Kind::Transactional, Kind::Journalled] {
        let mut script = Script::of(kind, 2).await;
        script.begin(0, Work::Activate(0)).await;
        script.serve(0, &[LOCK, "write"]).await;
        script.begin(1, Work::Activate(0)).await;
        script.serve(1, &[LOCK, "lock the structure", "read"]).await;
        script.finish(0).await;
        script.finish(1).await;
        let facts = script.simulation.contents().facts;
        assert_eq!(facts.leases.len(), 1);
        assert_eq!(facts.operation, None, "{kind:?}");
    }
}

/// The same of two who take the last lease back at once.
#[tokio::test(start_paused = true)]
async fn whoever_finds_the_lease_given_back_takes_its_announcement_back() {
    for kind in [Kind::Transactional, Kind::Journalled] {
        let mut script = Script::of(kind, 2).await;
        script.begin(0, Work::Activate(0)).await;
        script.finish(0).await;
        script.begin(0, Work::Deactivate(0)).await;
        script.serve(0, &[LOCK, "write"]).await;
        script.begin(1, Work::Deactivate(0)).await;
        script.serve(1, &[LOCK, "lock the structure", "read"]).await;
        script.finish(0).await;
        script.finish(1).await;
        let facts = script.simulation.contents().facts;
        assert_eq!(facts.state_of(&schema(0)), SchemaState::RolledBack, "{kind:?}");
        assert_eq!(facts.operation, None, "{kind:?}");
    }
}

/// A step failed, its process let go of the lock to record that, and another undid the work meanwhile: what failed is not on
/// record any more, and must not be put there again.
#[tokio::test(start_paused = true)]
async fn a_failure_is_not_recorded_over_the_work_of_a_successor() {
    for kind in [Kind::Journalled, Kind::Apart] {
        let mut script = Script::of(kind, 2).await;
        script.begin(0, Work::Activate(0)).await;
        script.refuse(0, "run a statement").await;
        script.serve(0, &["read", "write"]).await;
        script.begin(1, Work::Repair(0, RepairAction::Undo)).await;
        script.finish(1).await;
        let facts = script.simulation.contents().facts;
        assert_eq!(facts.state_of(&schema(0)), SchemaState::RolledBack, "{kind:?}");
        // Told that its work was taken over, the first begins anew.
        script.finish(0).await;
        let facts = script.simulation.contents().facts;
        assert_eq!(facts.state_of(&schema(0)), SchemaState::Applied, "{kind:?}");
        assert_eq!(facts.leases.len(), 1);
    }
}

/// Between the last look and the way back somebody wrote, and then the process that took it back died: whoever goes on looks
/// again, and loses nothing that nobody allowed to go.
#[tokio::test(start_paused = true)]
async fn what_was_written_since_a_way_back_began_is_not_lost_by_its_recovery() {
    for kind in [Kind::Journalled, Kind::Apart] {
        let mut script = Script::of(kind, 2).await;
        script.begin(0, Work::Activate(0)).await;
        script.finish(0).await;
        script.begin(0, Work::Deactivate(0)).await;
        while script.simulation.contents().facts.state_of(&schema(0)) != SchemaState::Reverting {
            let requests = script.simulation.requests();
            let request = requests.iter().find(|request| request.ready).expect("it goes on");
            script.simulation.answer(request.id, Fate::Served);
            script.settle().await;
        }
        assert!(script.simulation.write_row("users"));
        script.simulation.crash(0, false);
        script.begin(1, Work::Reap).await;
        script.finish(1).await;
        let contents = script.simulation.contents();
        assert_eq!(contents.lost, 0, "{kind:?}");
        assert_eq!(contents.facts.state_of(&schema(0)), SchemaState::Failed, "{kind:?}");
        assert!(contents.objects.tables.contains("users"));
    }
}
