//! The command line: what is typed, gathered into the layers below, and told by a reporter.

mod args;
mod check;
mod completions;
mod config;
mod down;
mod duration;
mod exec;
mod explain;
mod explainer;
mod init;
#[cfg(test)]
mod json_tests;
mod lifecycle;
mod lock;
mod logs;
mod moment;
mod open;
mod plan;
mod plan_run;
mod planned;
mod rebuild;
mod recall;
mod recalled;
mod render;
mod session;
mod status;
mod stay;
mod terminal;
mod traces;
mod up;
mod values;
mod verbs;

use clap::FromArgMatches as _;

use crate::failure::{Exit, Failure};
use crate::files;
use crate::redact::Redactor;
use crate::report::{Out, print_failure};

use args::{Cli, Color, Command, Output};
use session::Session;

/// How a command ended when it did not fail: the exit code says it all, or something was already said.
pub(crate) type Ended = Result<Option<Exit>, Failure>;

/// Reads the command line, does what it says, and gives the process's exit code.
pub fn main() -> u8 {
    let parsed = args::command().try_get_matches().and_then(|matches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((Cli::from_arg_matches(&matches)?, name))
    });
    let (cli, name) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let typed: Vec<String> = std::env::args().collect();
            if let Some(failure) = verbs::compose_help::instead(&error, &typed) {
                print_failure(&Out::new(Redactor::default()), &failure);
                return failure.exit.code();
            }
            let text = error.render().ansi().to_string();
            Out::new(Redactor::default()).usage(&text, error.use_stderr());
            return if error.use_stderr() { Exit::Usage.code() } else { 0 };
        }
    };
    files::keep();
    let global = cli.global.with_ansi();
    set_colour(global.color);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::failed("the program can't start").because(error.to_string());
            print_failure(&Out::new(Redactor::default()), &failure);
            return failure.exit.code();
        }
    };
    let mut session = Session::new(global, name);
    traces::show(&session);
    let ended = runtime.block_on(dispatch(&mut session, cli.command));
    // Streams that are still open (logs, events) end with the process; nothing waits for them.
    runtime.shutdown_background();
    match ended {
        Ok(None) => 0,
        Ok(Some(exit)) => exit.code(),
        Err(failure) => {
            session.print_failure(&failure);
            failure.exit.code()
        }
    }
}

async fn dispatch(session: &mut Session, command: Command) -> Ended {
    if session.global.output == Output::Raw && !matches!(command, Command::Logs(_)) {
        return Err(Failure::usage("--output raw is for `logs`").hint("other commands print text or json"));
    }
    // `check` says itself what is wrong with the files, and never shows a key.
    if let (Some(refused), false) = (&session.refused, matches!(command, Command::Check(_))) {
        return Err(refused.clone());
    }
    session.calls_at_once()?;
    if session.global.dry_run && !command.can_be_tried() {
        return Err(
            Failure::usage(format!("`{}` has no --dry-run", session.command)).hint(match command {
                Command::Render(_) => "`magicctl render --diff` shows what it would write",
                Command::Check(_) => "`magicctl check` without --fix changes nothing",
                _ => "this command can't show its steps in advance",
            }),
        );
    }
    recall::recall(session, &command).await;
    let session = &*session;
    match command {
        Command::Init(args) => init::run(session, &args),
        Command::Check(args) => check::run(session, &args).await,
        Command::Explain(args) => explain::run(session, &args),
        Command::Config(args) => config::run(session, &args),
        Command::Render(args) => render::run(session, &args).await,
        Command::Plan(args) => plan::run(session, &args).await,
        Command::Up(args) => up::run(session, &args).await,
        Command::Status(args) => status::run(session, &args).await,
        Command::Logs(args) => logs::run(session, &args).await,
        Command::Rebuild(args) => rebuild::run(session, &args).await,
        Command::Restart(args) => lifecycle::restart(session, &args).await,
        Command::Stop(args) => lifecycle::stop(session, &args).await,
        Command::Start(args) => lifecycle::start(session, &args).await,
        Command::Exec(args) => exec::run(session, args).await,
        Command::Open(args) => open::run(session, &args).await,
        Command::Down(args) => down::run(session, &args).await,
        Command::Create(args) => verbs::create::run(session, &args).await,
        Command::Scale(args) => verbs::scale::run(session, &args).await,
        Command::Run(args) => verbs::run::run(session, &args).await,
        Command::Rm(args) => verbs::rm::run(session, &args).await,
        Command::Build(args) => verbs::build::run(session, &args).await,
        Command::Pull(args) => verbs::pull::run(session, &args).await,
        Command::Push(args) => verbs::push::run(session, &args).await,
        Command::Images(args) => verbs::images::run(session, &args).await,
        Command::Top(args) => verbs::top::run(session, &args).await,
        Command::Port(args) => verbs::port::run(session, &args).await,
        Command::Events(args) => verbs::events::run(session, &args).await,
        Command::Kill(args) => verbs::kill::run(session, &args).await,
        Command::Pause(args) => verbs::pause::run(session, &args, true).await,
        Command::Unpause(args) => verbs::pause::run(session, &args, false).await,
        Command::Version(args) => {
            verbs::version::run(session, &args).await;
            Ok(None)
        }
        Command::Wait(args) => verbs::wait::run(session, &args).await,
        Command::Cp(args) => verbs::cp::run(session, &args).await,
        Command::Ls(args) => verbs::ls::run(session, &args).await,
        Command::Volumes(args) => verbs::volumes::run(session, &args).await,
        Command::Stats(args) => verbs::stats::run(session, &args).await,
        Command::Attach(args) => verbs::attach::run(session, &args).await,
        Command::ComposeHelp(args) => verbs::compose_help::run(session, &args),
        Command::Completions { shell } => {
            completions::shell(session, shell);
            Ok(None)
        }
        Command::Man => completions::man(session),
    }
}

fn set_colour(color: Color) {
    match color {
        Color::Auto => {}
        Color::Always => {
            console::set_colors_enabled(true);
            console::set_colors_enabled_stderr(true);
        }
        Color::Never => {
            console::set_colors_enabled(false);
            console::set_colors_enabled_stderr(false);
        }
    }
}
