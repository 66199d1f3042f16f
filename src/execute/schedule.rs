//! Which step may begin next, and which never will. Pure: time and the engine are elsewhere.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::plan::{Plan, StepId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Pending,
    Running,
    Over,
}

/// A step that waits for another.
#[derive(Debug, Clone, Copy)]
struct Edge {
    to: usize,
    /// It fails with the other; else it only comes after it.
    needs: bool,
}

/// A plan's steps on their way. Work is in proportion to its edges, however often it is asked.
#[derive(Debug)]
pub(super) struct Schedule {
    progress: Vec<Progress>,
    /// How many steps each still waits for.
    left: Vec<usize>,
    edges: Vec<Vec<Edge>>,
    /// How many steps follow on the longest way to an end.
    heights: Vec<usize>,
    /// May begin; the head of the longest chain first, as everything else fits beside it.
    ready: BTreeSet<(Reverse<usize>, usize)>,
}

/// A step that is left out, and the failed one that it needs.
pub(super) type LeftOut = (StepId, StepId);

impl Schedule {
    pub(super) fn new(plan: &Plan) -> Self {
        let count = plan.steps().len();
        let mut schedule = Self {
            progress: vec![Progress::Pending; count],
            left: vec![0; count],
            edges: vec![Vec::new(); count],
            heights: vec![0; count],
            ready: BTreeSet::new(),
        };
        for (id, step) in plan.iter() {
            let needs = step.needs.iter().map(|from| (from, true));
            for (from, needs) in needs.chain(step.after.iter().map(|from| (from, false))) {
                schedule.edges[from.index()].push(Edge { to: id.index(), needs });
                schedule.left[id.index()] += 1;
            }
        }
        // Steps wait only for earlier ones.
        for index in (0..count).rev() {
            let above = schedule.edges[index].iter().map(|edge| schedule.heights[edge.to] + 1);
            schedule.heights[index] = above.max().unwrap_or(0);
        }
        for index in 0..count {
            if schedule.left[index] == 0 {
                schedule.ready.insert((Reverse(schedule.heights[index]), index));
            }
        }
        schedule
    }

    /// The next step to begin, of those that `may` be begun now.
    pub(super) fn next(&mut self, may: impl Fn(StepId, usize) -> bool) -> Option<StepId> {
        let place = *self
            .ready
            .iter()
            .find(|(height, index)| may(StepId::of(*index), height.0))?;
        self.ready.remove(&place);
        self.progress[place.1] = Progress::Running;
        Some(StepId::of(place.1))
    }

    /// The steps that could begin now.
    pub(super) fn could_begin(&self) -> impl Iterator<Item = StepId> {
        self.ready.iter().map(|(_, index)| StepId::of(*index))
    }

    /// How many steps follow `id` on the longest way to an end.
    pub(super) fn height(&self, id: StepId) -> usize {
        self.heights[id.index()]
    }

    /// Takes note that a step has ended, and gives those that are left out because of it. Only its first end counts.
    pub(super) fn ended(&mut self, id: StepId, well: bool) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        if self.progress[id.index()] == Progress::Over {
            return left_out;
        }
        let mut over = vec![(id.index(), well)];
        while let Some((index, well)) = over.pop() {
            self.progress[index] = Progress::Over;
            for Edge { to, needs } in self.edges[index].clone() {
                self.left[to] -= 1;
                if self.progress[to] != Progress::Pending {
                    continue;
                }
                if needs && !well {
                    self.progress[to] = Progress::Over;
                    left_out.push((StepId::of(to), StepId::of(index)));
                    over.push((to, false));
                } else if self.left[to] == 0 {
                    self.ready.insert((Reverse(self.heights[to]), to));
                }
            }
        }
        left_out.sort();
        left_out
    }

    /// The steps that are not over, in order.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = StepId> {
        let over = |index: &usize| self.progress[*index] == Progress::Over;
        (0..self.progress.len())
            .filter(move |index| !over(index))
            .map(StepId::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Reason};

    fn step(plan: &mut Plan, needs: &[StepId]) -> StepId {
        let action = Action::RemoveVolume { name: "x".into() };
        plan.push(None, action, Reason::Command, needs.to_vec())
    }

    fn all(schedule: &mut Schedule) -> Vec<StepId> {
        std::iter::from_fn(|| schedule.next(|_, _| true)).collect()
    }

    #[test]
    fn the_head_of_the_longest_chain_is_first_and_each_step_comes_after_its_needs() {
        let mut plan = Plan::default();
        let alone = step(&mut plan, &[]);
        let head = step(&mut plan, &[]);
        let middle = step(&mut plan, &[head]);
        let end = step(&mut plan, &[middle, alone]);
        let mut schedule = Schedule::new(&plan);
        assert_eq!(all(&mut schedule), [head, alone]);
        assert_eq!(schedule.ended(head, true), []);
        assert_eq!(all(&mut schedule), [middle]);
        assert_eq!(schedule.ended(alone, true), []);
        assert_eq!(all(&mut schedule), []);
        assert_eq!(schedule.ended(middle, true), []);
        assert_eq!(all(&mut schedule), [end]);
        assert_eq!(schedule.unfinished().collect::<Vec<_>>(), [end]);
    }

    #[test]
    fn what_needs_a_failed_step_is_left_out_and_what_only_follows_it_is_not() {
        let mut plan = Plan::default();
        let fails = step(&mut plan, &[]);
        let needs = step(&mut plan, &[fails]);
        let needs_that = step(&mut plan, &[needs]);
        let follows = step(&mut plan, &[]);
        plan.order_after(follows, [needs_that]);
        let mut schedule = Schedule::new(&plan);
        assert_eq!(all(&mut schedule), [fails]);
        assert_eq!(schedule.ended(fails, false), [(needs, fails), (needs_that, needs)]);
        assert_eq!(all(&mut schedule), [follows]);
        assert_eq!(schedule.ended(fails, true), [], "it has ended before");
    }

    #[test]
    fn a_step_that_may_not_begin_now_holds_up_no_other() {
        let mut plan = Plan::default();
        let bounded = step(&mut plan, &[]);
        let head = step(&mut plan, &[]);
        step(&mut plan, &[bounded]);
        let mut schedule = Schedule::new(&plan);
        assert_eq!(schedule.next(|id, _| id != bounded), Some(head));
        assert_eq!(schedule.next(|id, _| id != bounded), None);
        assert_eq!(schedule.could_begin().collect::<Vec<_>>(), [bounded]);
        assert_eq!(schedule.next(|_, _| true), Some(bounded));
    }
}
