//! Cases that are worked through side by side.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether all cases are wanted, and not the sample that `make test` does.
pub fn every_case() -> bool {
    std::env::var_os("EVERY_CASE").is_some()
}

/// Does `work` for each of `items`, by so many workers: each begins with what `begin` makes of its number, takes the next item
/// when it is done with one, and what it has at the end is given back.
pub fn share<W: Send, I: Sync>(
    workers: usize,
    begin: impl Fn(usize) -> W + Sync,
    items: &[I],
    work: impl Fn(&mut W, &I) + Sync,
) -> Vec<W> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|number| {
                let (next, begin, work) = (&next, &begin, &work);
                scope.spawn(move || {
                    let mut worker = begin(number);
                    while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                        work(&mut worker, item);
                    }
                    worker
                })
            })
            .collect();
        let ended = started.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|worker| worker.expect("a worker's own assertions")).collect()
    })
}
