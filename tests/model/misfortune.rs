//! What happens to instances: crashes, lost connections, leases that run out, renewals.

use super::decisions::{Answer, Call};
use super::explorer::Violation;
use super::protocol::{Moves, statement};
use super::setting::{Breakage, INSTANCES, PINS, VERSIONS};
use super::world::{At, Ghost, Handle, Phase, World};

impl Moves<'_> {
    pub(super) fn misfortune(&mut self, instance: u8) {
        let of = self.world.instances[usize::from(instance)];
        let who = INSTANCES[usize::from(instance)];
        let busy = of.at != At::Idle || of.unsure;
        let claims = of.held.iter().any(Option::is_some);
        if self.world.crashes > 0 && (busy || claims) {
            for orphaned in [false, true] {
                let Some(mut next) = self.severed(instance, orphaned) else {
                    continue;
                };
                Self::rest(&mut next, instance);
                next.crashes -= 1;
                let now = &mut next.instances[usize::from(instance)];
                now.incarnation += 1;
                // Its former self may only seem dead.
                if let Some(version) = (0..2u8).rev().find(|v| of.held[usize::from(*v)].is_some()) {
                    now.ghost = of.held[usize::from(version)].map(|handle| Ghost {
                        version,
                        incarnation: of.incarnation,
                        handle,
                    });
                }
                now.held = [None; 2];
                let how = if orphaned { ", its statement runs on" } else { "" };
                self.push_fault(who, format_args!("crashes and starts anew{how}"), next);
            }
        }
        if self.world.cuts > 0 && of.at.holds_lock() && of.connected {
            for orphaned in [false, true] {
                let Some(mut next) = self.severed(instance, orphaned) else {
                    continue;
                };
                next.cuts -= 1;
                let now = &mut next.instances[usize::from(instance)];
                now.connected = false;
                match of.at {
                    At::Holding { request } => {
                        now.connected = true;
                        now.at = At::Waiting { request, read: 0 };
                    }
                    // What became of the statement is unknown to it.
                    At::Working(work) if work.phase == Phase::Execute => {
                        Self::rest(&mut next, instance);
                    }
                    At::Working(_) => {}
                    _ => Self::rest(&mut next, instance),
                }
                let how = if orphaned { ", its statement runs on" } else { "" };
                self.push_fault(who, format_args!("loses its connection{how}"), next);
            }
        }
    }

    /// The world once the server noticed that an instance's connection is gone: the lock is free, unless a
    /// statement of it still runs.
    fn severed(&self, instance: u8, orphaned: bool) -> Option<World> {
        let of = self.world.instances[usize::from(instance)];
        let mut next = *self.world;
        let held = next.lock == Some(instance);
        if held {
            next.lock = None;
        }
        if orphaned {
            match of.at {
                At::Working(work) if held && work.phase == Phase::Execute => {
                    next.orphan = Some(statement(&work));
                }
                _ => return None,
            }
        }
        Some(next)
    }

    pub(super) fn leases(&mut self, instance: u8) {
        if instance == PINS {
            return;
        }
        let of = self.world.instances[usize::from(instance)];
        let who = INSTANCES[usize::from(instance)];
        let summary = self.model.store.summary(self.world.facts);
        for version in 0..2u8 {
            let at = usize::from(version);
            let Some(row) = summary.leases[usize::from(instance)][at] else {
                continue;
            };
            if self.model.setting().time && row.timed && !row.due {
                let mut next = *self.world;
                self.run_out(&mut next, instance, version, true);
                let what = format_args!("the lease of {who} on {} runs out", VERSIONS[at]);
                self.push_time(what, next);
            }
        }
        for version in 0..2u8 {
            if let Some(handle) = of.held[usize::from(version)]
                && !of.unsure
            {
                self.renew(instance, version, of.incarnation, handle, false);
            }
        }
        if let Some(ghost) = of.ghost {
            self.renew(instance, ghost.version, ghost.incarnation, ghost.handle, true);
        }
    }

    /// The answer to a commit is lost: the log is read once the scope's row is held. Or that fails, too: then the
    /// caller is told that the outcome is unknown, and what was granted has nobody who renews it.
    pub(super) fn resolve(&mut self, instance: u8) {
        let who = INSTANCES[usize::from(instance)];
        let mut next = *self.world;
        next.instances[usize::from(instance)].unsure = false;
        self.push(who, format_args!("reads the log: its commit counts"), next, None);
        let Some(mut next) = self.severed(instance, false) else {
            return;
        };
        Self::rest(&mut next, instance);
        next.instances[usize::from(instance)].held = [None; 2];
        self.push(who, format_args!("gives up, not knowing whether it counts"), next, None);
    }

    /// The database's clock is set: forward past every end of a lease and of a time of grace, or backward before them.
    pub(super) fn jump(&mut self) {
        if self.world.jumps == 0 || !self.model.setting().time {
            return;
        }
        for forward in [true, false] {
            let mut next = *self.world;
            next.jumps -= 1;
            if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, Call::Jump { forward }) {
                next.facts = rows.facts;
            }
            let way = if forward { "forward" } else { "backward" };
            self.push_fault("time", format_args!("the database's clock jumps {way}"), next);
        }
    }

    fn push_time(&mut self, what: std::fmt::Arguments<'_>, next: World) {
        self.push_any("time", what, next, None, false);
    }

    fn run_out(&self, next: &mut World, instance: u8, version: u8, over: bool) {
        let call = Call::RunOut {
            instance,
            version,
            over,
        };
        if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, call) {
            next.facts = rows.facts;
        }
    }

    /// R6: one conditional update; whoever gets no row, or comes too late, learns that the lease is lost.
    fn renew(&mut self, instance: u8, version: u8, incarnation: u8, handle: Handle, is_ghost: bool) {
        let (of, at) = (usize::from(instance), usize::from(version));
        let row = self.model.store.summary(self.world.facts).leases[of][at];
        let loose = self.model.setting().is_broken(Breakage::RenewsWithoutToken);
        let found = row.filter(|row| {
            let token = (row.incarnation, row.epoch) == (incarnation, handle.epoch);
            row.active && (token || loose) && !row.due
        });
        let mut next = *self.world;
        let start = if is_ghost { "a former start of " } else { "" };
        let who = INSTANCES[of];
        match found {
            Some(_) => {
                let broken = handle.ended.then(|| {
                    let found = format!("{start}{who} renews a lease that was taken from it");
                    Violation::of("R6", found)
                });
                // Otherwise nothing changes that a step depends on.
                if broken.is_none() {
                    return;
                }
                self.run_out(&mut next, instance, version, false);
                let what = format_args!("{start}{who} renews {}", VERSIONS[at]);
                self.push_any("lease", what, next, broken, false);
            }
            None => {
                let now = &mut next.instances[of];
                if is_ghost {
                    now.ghost = None;
                } else {
                    now.held[at] = None;
                }
                let what = format_args!("{start}{who} learns that {} is lost", VERSIONS[at]);
                self.push_any("lease", what, next, None, false);
            }
        }
    }
}
