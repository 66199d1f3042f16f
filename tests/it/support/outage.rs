//! What happens to engines.

use super::own_engine::OwnEngine;

impl OwnEngine {
    /// Stops the daemon in an orderly way and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.begin();
    }

    /// Kills the daemon and everything that it runs, at once.
    pub fn cut_power(&mut self) {
        self.kill();
        // What a machine keeps in memory is gone after a power cut.
        std::fs::remove_dir_all(self.path("exec")).expect("the run-time folder");
    }
}
