//! Promises whose breaking random orders seldom notice: one order each that does.

use lockstep::RepairAction;
use lockstep::simulation::{Fate, Kind, Sabotage, Simulation};

use super::found::Script;
use super::judge::{Judge, Luck};
use super::process::Work;

const LUCK: Luck = Luck {
    bad: true,
    surprising: true,
};

/// Serves whatever a process asks for that can be served; true where its work came to its end.
async fn go_on(script: &mut Script, process: u8) -> bool {
    loop {
        let requests = script.simulation.requests();
        let mine = requests
            .iter()
            .find(|request| request.process == process && request.ready);
        let Some(request) = mine else {
            return !script.processes[usize::from(process)].is_busy();
        };
        script.simulation.answer(request.id, Fate::Served);
        script.settle().await;
    }
}

/// A lease runs out by a clock that leaps while a guarded transaction under it is open: the way back waits for that.
#[tokio::test(start_paused = true)]
async fn a_way_back_that_ignores_guarded_transactions_is_noticed() {
    for (sabotage, holds) in [(None, true), (Some(Sabotage::IgnoresGuards), false)] {
        let mut script = Script::on(Simulation::new(Kind::Journalled, sabotage), 2).await;
        script.begin(0, Work::Lease(0)).await;
        script.finish(0).await;
        script.begin(0, Work::Guarded).await;
        script.serve(0, &["begin a guarded transaction", "read"]).await;
        assert!(script.processes[0].inside().is_some());
        script.simulation.turn_clock(3_600_000_000);
        script.begin(1, Work::Reap).await;
        let done = go_on(&mut script, 1).await;
        assert_eq!(done, !holds, "{sabotage:?}");
        let judged = Judge::new(Kind::Journalled).judge(&script.simulation, &script.processes, LUCK);
        assert_eq!(judged.is_ok(), holds, "{sabotage:?}: {:?}", judged.err());
    }
}

/// A process loses the structural lock between two steps, and another undoes its work: the epoch stops what it still does.
#[tokio::test(start_paused = true)]
async fn a_journal_that_ignores_the_epoch_is_noticed() {
    for (sabotage, holds) in [(None, true), (Some(Sabotage::IgnoresTheEpoch), false)] {
        let mut script = Script::on(Simulation::new(Kind::Apart, sabotage), 2).await;
        script.begin(0, Work::Activate(0)).await;
        while !script
            .simulation
            .requests()
            .iter()
            .any(|request| request.may_be_orphaned)
        {
            let requests = script.simulation.requests();
            script.simulation.answer(requests[0].id, Fate::Served);
            script.settle().await;
        }
        // The first step ran and is journalled; the second is about to be.
        script.serve(0, &["run a statement", "write"]).await;
        assert!(script.simulation.lose_lock());
        script.begin(1, Work::Repair(0, RepairAction::Undo)).await;
        script.finish(1).await;
        script.serve(0, &["write"]).await;
        if sabotage.is_some() {
            script.serve(0, &["run a step", "write"]).await;
        }
        let peace = Judge::new(Kind::Apart).at_peace(&script.simulation, &script.processes, LUCK);
        assert_eq!(peace.is_ok(), holds, "{sabotage:?}: {peace:?}");
    }
}
