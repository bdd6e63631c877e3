//! Guarded transactions on the simulated database: a shared hold on a schema, and nothing else.

use async_trait::async_trait;

use super::gate::{Ask, Connection, Fate, broken};
use super::unsimulated;
use crate::engine::guard::{Claim, Entry, GuardedTransaction, refusal};
use crate::engine::{LeaseToken, StepConnection};
use crate::{Error, Result};

const BEGINNING: &str = "beginning a guarded transaction";

struct Simulated {
    connection: Connection,
}

/// The hold first, then whether the lease is ours.
pub(super) async fn begin(mut connection: Connection, claim: &Claim) -> Result<Entry> {
    let hold = Ask::Guard(claim.schema.clone());
    connection.own(BEGINNING, hold, |_, _| ()).await?;
    let held = connection
        .own(BEGINNING, Ask::Look, |world, _| {
            world.held(&claim.instance, &claim.handler_version)
        })
        .await?;
    Ok(match refusal(held.as_ref(), claim) {
        Some(why) => Entry::Refused(why),
        None => Entry::Open(Box::new(Simulated { connection })),
    })
}

#[async_trait]
impl GuardedTransaction for Simulated {
    fn connection(&mut self) -> Result<StepConnection<'_>> {
        Err(unsimulated("driver's connection").into())
    }

    async fn execute(&mut self, _sql: &str) -> Result<u64> {
        match self.connection.ask(Ask::Step).await {
            Fate::Served => Ok(1),
            _ => {
                self.connection.break_off();
                Err(broken("running a statement"))
            }
        }
    }

    async fn commit(mut self: Box<Self>, _renewal: Option<&LeaseToken>) -> Result<()> {
        match self.connection.ask(Ask::Step).await {
            Fate::Served => Ok(()),
            _ => Err(Error::Unknown {
                message: "the connection was cut".to_owned(),
            }),
        }
    }

    async fn rollback(self: Box<Self>, _renewal: Option<&LeaseToken>) -> bool {
        false
    }
}
