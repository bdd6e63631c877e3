//! `rehearse`: a broken way back is found before anything is applied.

use crate::app::{Access, App, Open};
use crate::args::Rehearse;
use crate::exit;
use crate::files::Files;
use crate::output::documents::Rehearsed;
use crate::terminal;
use crate::trouble::{Result, Trouble};

pub(crate) async fn rehearse(app: &App, args: Rehearse) -> Result<u8> {
    // A throwaway database needs nothing of ours in the real one; in place, the locks are ours.
    let access = if args.in_place {
        Access::Create
    } else {
        Access::LookAhead
    };
    let runtime = app.open(Open::to(access, Files::Needed)).await?;
    if runtime.specs().is_empty() {
        let message = format!(
            "there are no schema files to rehearse in {}",
            app.project.schemas.display()
        );
        return Err(
            Trouble::input("no_schemas", message).next("name the folder with --schemas, or start with: lockstep init")
        );
    }
    // A temporary database is removed even if somebody presses Ctrl-C.
    app.takes_back();
    let work = runtime.rehearse(&args.wanted, args.in_place);
    let schemas = terminal::working("rehearsing", None, work).await?;
    app.show(&Rehearsed {
        command: "rehearse",
        in_place: args.in_place,
        schemas,
    });
    Ok(exit::DONE)
}
