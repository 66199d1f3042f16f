//! What the verbs act on, and in which order.

use super::*;

#[test]
fn verbs_act_on_the_services_of_the_file_and_of_active_profiles() {
    let (stack, mut observed) = running();
    let narrow = |text: &str| self::stack(&format!("services:\n  redis: {{image: redis}}\n{text}"));
    let file = narrow("  app: {image: redis, profiles: [x]}\n");
    let scope = Scope::of(Some(&file), &[]).unwrap();
    let touched = |plan: &Plan| -> BTreeSet<ServiceName> {
        plan.steps().iter().filter_map(|step| step.service.clone()).collect()
    };
    let redis = BTreeSet::from(["redis".into()]);
    let plans = |observed: &Observed| {
        [
            stop("p", observed, &scope, None),
            restart("p", observed, &scope, Some(&scope), None),
            kill("p", observed, &scope, "KILL"),
            pause("p", observed, &scope),
            remove("p", observed, &scope, true, false),
        ]
    };
    for plan in plans(&observed) {
        assert_eq!(touched(&plan), redis, "{:?}", told(&plan));
    }
    play(&stack, &stop("p", &observed, &Scope::Everything, None), &mut observed);
    assert_eq!(touched(&start("p", &observed, &scope)), redis);
    assert_eq!(touched(&remove("p", &observed, &scope, false, false)), redis);
    // A file of which no profile is active names nothing to act on, which is not the same as everything.
    let none = self::stack("services:\n  redis: {image: redis, profiles: [x]}\n");
    let none = Scope::of(Some(&none), &[]).unwrap();
    assert!(start("p", &observed, &none).steps().is_empty());
    assert_eq!(Scope::of(None, &[]).unwrap(), Scope::Everything);
    assert_eq!(Scope::of(None, &["a".into()]).unwrap(), self::scope(&["a"]));
    Scope::of(Some(&file), &["kafka".into()]).unwrap_err();
}

#[test]
fn stop_start_and_restart_keep_the_order() {
    let (stack, mut observed) = running();
    let all = Scope::Everything;
    let plan = stop("p", &observed, &all, None);
    play(&stack, &plan, &mut observed);
    assert!(stop("p", &observed, &all, None).steps().is_empty());
    let plan = start("p", &observed, &all);
    let app = told(&plan)
        .into_iter()
        .find(|line| line.starts_with("start container p-app-1"))
        .unwrap();
    assert!(
        app.contains("wait until ready p-kafka-1") && app.contains("wait until ready p-redis-1"),
        "{app}"
    );
    play(&stack, &plan, &mut observed);
    assert!(start("p", &observed, &all).steps().is_empty());
    let plan = restart("p", &observed, &scope(&["redis"]), Some(&all), None);
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION             TARGET     AFTER  WHY
    0     redis    restart container  p-redis-1         requested by restart
    1     redis    wait until ready   p-redis-1  0      wait until ready
    ");
}

#[test]
fn a_job_is_started_again_until_it_has_ended() {
    let text = "services:\n  app: {image: kafka, depends_on: {job: {condition: service_completed_successfully}}}\n  job: {image: redis}\n";
    let stack = stack(text);
    let mut observed = images();
    let plan = up(&stack, &observed, &Contents::new(), &options(&stack)).unwrap();
    play(&stack, &plan, &mut observed);
    let all = Scope::Everything;
    play(&stack, &stop("p", &observed, &all, None), &mut observed);
    for plan in [
        start("p", &observed, &all),
        restart("p", &observed, &all, Some(&all), None),
    ] {
        let waits: Vec<String> = told(&plan)
            .iter()
            .filter(|step| step.starts_with("wait"))
            .filter_map(|step| step.split(" <- ").next().map(ToOwned::to_owned))
            .collect();
        assert_eq!(waits, ["wait until completed p-job-1", "wait until ready p-app-1"]);
    }
}

#[test]
fn a_job_is_one_also_when_only_it_is_brought_up() {
    let text = "services:\n  app: {image: kafka, depends_on: {job: {condition: service_completed_successfully}}}\n  job: {image: redis}\n";
    let stack = stack(text);
    let asked = UpOptions {
        services: BTreeSet::from(["job".into()]),
        ..options(&stack)
    };
    let plan = up(&stack, &images(), &Contents::new(), &asked).unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION                TARGET     AFTER  WHY
    0     -        create network        p_default         it is missing
    1     job      create container      p-job-1           it is missing
    2     job      start container       p-job-1    1,0    it is new
    3     job      wait until completed  p-job-1    2      app needs it completed
    ");
}
