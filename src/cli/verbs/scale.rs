//! `scale`: sets the number of containers of a service.

use clap::Args;

use crate::cli::Ended;
use crate::cli::args::MakeArgs;
use crate::cli::plan_run::PlanRun;
use crate::cli::session::Session;
use crate::cli::up::{bring_up, make_options};
use crate::compose::MOST_REPLICAS;
use crate::ids::ServiceName;

/// `scale`.
#[derive(Debug, Clone, Args)]
pub struct ScaleArgs {
    /// The number of containers (SERVICE=N)
    #[arg(value_name = "SERVICE=N", required = true, value_parser = parse)]
    scale: Vec<(ServiceName, u32)>,
    /// Don't start dependencies
    #[arg(long)]
    no_deps: bool,
}

/// `SERVICE=N`.
///
/// # Errors
/// A sentence with an example.
pub(crate) fn parse(text: &str) -> Result<(ServiceName, u32), String> {
    let wrong = || format!("`{text}` is not valid; use SERVICE=N, such as worker=3");
    let (service, count) = text.split_once('=').ok_or_else(wrong)?;
    let count: u32 = count.parse().map_err(|_| wrong())?;
    if count > MOST_REPLICAS {
        return Err(format!("a service can have at most {MOST_REPLICAS} containers"));
    }
    Ok((ServiceName::new(service), count))
}

pub(crate) async fn run(session: &Session, args: &ScaleArgs) -> Ended {
    let named: Vec<ServiceName> = args.scale.iter().map(|(service, _)| service.clone()).collect();
    let stack = session.stack_to_make(&named)?;
    let make = MakeArgs {
        scale: args.scale.clone(),
        ..MakeArgs::default()
    };
    let options = make_options(session, &stack, &named, !args.no_deps, &make)?;
    let engine = session.engine().await?;
    let _lock = crate::cli::lock::take(session, &stack.name).await?;
    let plan_run = PlanRun::new(session, &engine, "scale", &stack.name, Some(&stack));
    bring_up(session, &plan_run, &engine, &stack, options).await
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_a_service_and_a_number() {
        assert_eq!(parse("worker=3"), Ok(("worker".into(), 3)));
        for wrong in ["worker", "worker=", "worker=x", "worker=-1", "worker=99999999999"] {
            assert!(parse(wrong).unwrap_err().contains("worker=3"), "{wrong}");
        }
        assert_eq!(parse("worker=10000"), Ok(("worker".into(), 10_000)));
        for count in ["10001", "4000000000", "4294967295"] {
            assert!(parse(&format!("worker={count}")).unwrap_err().contains("10000"));
        }
    }
}
