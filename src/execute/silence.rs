//! Pulls, pushes and builds take as long as the network and the Dockerfile do. That nothing is heard of one is reported.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::Event;
use crate::ids::ServiceName;

/// When something was last heard.
pub(super) struct LastHeard(Cell<Instant>);

impl LastHeard {
    pub(super) fn now() -> Self {
        Self(Cell::new(Instant::now()))
    }

    pub(super) fn again(&self) {
        self.0.set(Instant::now());
    }
}

/// Does `work`, and says so whenever nothing was `heard` for `after`, then for twice that, and so on.
pub(super) async fn telling<T>(
    work: impl Future<Output = T>,
    heard: &LastHeard,
    after: Duration,
    service: Option<&ServiceName>,
    emit: &dyn Fn(Event),
) -> T {
    let mut work = std::pin::pin!(work);
    let (mut since, mut told) = (heard.0.get(), after);
    loop {
        // Also between what is reported: something may be heard meanwhile.
        let rest = told.saturating_sub(since.elapsed()).min(after);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(rest) => {}
        }
        if heard.0.get() != since {
            (since, told) = (heard.0.get(), after);
        }
        if since.elapsed() < told {
            continue;
        }
        emit(Event::Waiting {
            service: service.cloned().unwrap_or_else(|| ServiceName::new("engine")),
            text: format!(
                "the engine has reported nothing for {} s; press Ctrl-C to stop waiting",
                told.as_secs_f64()
            ),
        });
        told = told.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn silence_is_told_ever_more_seldom_and_again_after_a_word() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let told = RefCell::new(Vec::new());
        let emit = |event| match event {
            Event::Waiting { text, .. } => told.borrow_mut().push(text),
            other => panic!("{other:?}"),
        };
        runtime.block_on(async {
            let heard = LastHeard::now();
            let work = async {
                tokio::time::sleep(Duration::from_secs(130)).await;
                heard.again();
                tokio::time::sleep(Duration::from_secs(50)).await;
            };
            telling(work, &heard, Duration::from_secs(30), Some(&"app".into()), &emit).await;
        });
        let seconds: Vec<String> = told
            .into_inner()
            .iter()
            .map(|text| text.chars().filter(char::is_ascii_digit).collect())
            .collect();
        assert_eq!(seconds, ["30", "60", "120", "30"]);
    }
}
