//! `graph`: what builds on what.

use crate::app::{Access, App, Open};
use crate::args::Format;
use crate::exit;
use crate::files::Files;
use crate::graph::{dot, mermaid, nodes, svg};
use crate::output::documents::GraphAnswer;
use crate::terminal;
use crate::trouble::Result;

pub(crate) async fn graph(app: &App) -> Result<u8> {
    let runtime = app.open(Open::to(Access::LookAhead, Files::Needed)).await?;
    let status = app.in_time(async { Ok(runtime.report().await?) }).await?;
    let nodes = nodes(&runtime.specs(), &status);
    match app.format {
        Format::Dot => terminal::print(&dot(&nodes)),
        Format::Mermaid => terminal::print(&mermaid(&nodes)),
        Format::Svg => terminal::print(&svg(&nodes)),
        _ => app.show(&GraphAnswer {
            command: "graph",
            nodes: &nodes,
        }),
    }
    Ok(exit::DONE)
}
