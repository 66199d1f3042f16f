//! What `up` does about what is not there, and about what was changed.

use super::*;

#[test]
fn from_nothing_everything_is_made_at_once_and_only_starts_wait() {
    let plan = planned(&stack(CORE), &images());
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION              TARGET     AFTER    WHY
    0     -        create network      p_default           it is missing
    1     -        create volume       p_data              it is missing
    2     kafka    create container    p-kafka-1  1        it is missing
    3     kafka    start container     p-kafka-1  2,0      it is new
    4     kafka    wait until healthy  p-kafka-1  3        app needs it healthy
    5     redis    create container    p-redis-1           it is missing
    6     redis    start container     p-redis-1  5,0      it is new
    7     redis    wait until healthy  p-redis-1  6        app needs it healthy
    8     app      create container    p-app-1             it is missing
    9     app      start container     p-app-1    8,0,4,7  it is new
    10    app      wait until ready    p-app-1    9        wait until ready
    ");
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    let (stack, observed) = running();
    assert_eq!(planned(&stack, &observed).to_string(), "nothing to do");
}

#[test]
fn a_changed_field_replaces_that_container_and_is_named() {
    let (_, observed) = running();
    let changed = stack(&CORE.replace("A: '1'", "A: '2', B: x"));
    let plan = planned(&changed, &observed);
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION            TARGET                AFTER  WHY
    0     app      create container  000000000000_p-app-1         environment.A changed, environment.B added
    1     app      stop container    p-app-1               0      environment.A changed, environment.B added
    2     app      remove container  p-app-1               1      environment.A changed, environment.B added
    3     app      rename container  p-app-1               2      the old one was removed
    4     app      start container   p-app-1               3,0    it is new
    5     app      wait until ready  p-app-1               4      wait until ready
    ");
}

#[test]
fn a_new_image_and_a_changed_mounted_file_are_reasons_too() {
    let (core, mut observed) = running();
    observed
        .images
        .insert("redis:latest".to_owned(), "sha256:0123456789abcdef".to_owned());
    insta::assert_snapshot!(shown(&planned(&core, &observed)), @r"
    STEP  SERVICE  ACTION              TARGET                  AFTER  WHY
    0     redis    create container    000000000000_p-redis-1         image redis: r → 0123456789ab
    1     redis    stop container      p-redis-1               0      image redis: r → 0123456789ab
    2     redis    remove container    p-redis-1               1      image redis: r → 0123456789ab
    3     redis    rename container    p-redis-1               2      the old one was removed
    4     redis    start container     p-redis-1               3,0    it is new
    5     redis    wait until healthy  p-redis-1               4      app needs it healthy
    ");

    let mounted = stack("services: {a: {image: redis, volumes: ['/etc/x:/x:ro']}}\n");
    let contents = |digest: &str| Contents::from([("/etc/x".to_owned(), digest.to_owned())]);
    let mut observed = images();
    let first = up(&mounted, &observed, &contents("1"), &options(&mounted)).unwrap();
    play(&mounted, &first, &mut observed);
    assert!(
        up(&mounted, &observed, &contents("1"), &options(&mounted))
            .unwrap()
            .steps()
            .is_empty()
    );
    let plan = up(&mounted, &observed, &contents("2"), &options(&mounted)).unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION            TARGET              AFTER  WHY
    0     a        create container  000000000000_p-a-1         the content of /etc/x changed
    1     a        stop container    p-a-1               0      the content of /etc/x changed
    2     a        remove container  p-a-1               1      the content of /etc/x changed
    3     a        rename container  p-a-1               2      the old one was removed
    4     a        start container   p-a-1               3,0    it is new
    5     a        wait until ready  p-a-1               4      wait until ready
    ");
}

#[test]
fn an_image_to_build_comes_first_when_a_container_may_depend_on_its_id() {
    let (stack, mut observed) = running();
    let mut options = options(&stack);
    options.build.insert("app".into());
    let plan = up(&stack, &observed, &Contents::new(), &options).unwrap();
    assert!(plan.again);
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION       TARGET  AFTER  WHY
    0     app      build image  p-app          requested on the command line
    ");
    play(&stack, &plan, &mut observed);
    options.build.clear();
    let plan = up(&stack, &observed, &Contents::new(), &options).unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION            TARGET                AFTER  WHY
    0     app      create container  000000000000_p-app-1         image p-app: a → new-p-app
    1     app      stop container    p-app-1               0      image p-app: a → new-p-app
    2     app      remove container  p-app-1               1      image p-app: a → new-p-app
    3     app      rename container  p-app-1               2      the old one was removed
    4     app      start container   p-app-1               3,0    it is new
    5     app      wait until ready  p-app-1               4      wait until ready
    ");
}

#[test]
fn a_container_of_several_networks_is_made_once_they_are_there() {
    let wanted = stack("services: {app: {image: redis, networks: [a, b]}}\nnetworks: {a: {}, b: {}}\n");
    insta::assert_snapshot!(shown(&planned(&wanted, &images())), @r"
    STEP  SERVICE  ACTION            TARGET   AFTER  WHY
    0     -        create network    p_a             it is missing
    1     -        create network    p_b             it is missing
    2     app      create container  p-app-1  0,1    it is missing
    3     app      start container   p-app-1  2,0,1  it is new
    4     app      wait until ready  p-app-1  3      wait until ready
    ");
}

#[test]
fn conditions_become_waits() {
    let text = "services:\n  app: {image: redis, depends_on: {once: {condition: service_completed_successfully}, \
        soft: {condition: service_healthy, required: false}, base: {condition: service_started, restart: true}}}\n  \
        once: {image: redis}\n  soft: {image: redis, healthcheck: {test: [CMD, 'true']}}\n  base: {image: redis}\n";
    let wanted = stack(text);
    let plan = planned(&wanted, &images());
    let start = told(&plan)
        .into_iter()
        .find(|line| line.starts_with("start container p-app-1"))
        .unwrap();
    assert_eq!(
        start,
        "start container p-app-1 <- create container p-app-1, create network p_default, start container p-base-1, wait until completed p-once-1, \
         (wait until healthy p-soft-1)"
    );
    // A new `base` restarts what says `restart: true`.
    let mut observed = images();
    play(&wanted, &plan, &mut observed);
    of(&mut observed, "once").state = State::Exited { code: 0 };
    assert_eq!(told(&planned(&wanted, &observed)), Vec::<String>::new());
    let changed = stack(&text.replace("base: {image: redis}", "base: {image: redis, hostname: h}"));
    let plan = planned(&changed, &observed);
    insta::assert_snapshot!(shown(&plan), @r"
    STEP  SERVICE  ACTION             TARGET                 AFTER  WHY
    0     base     create container   000000000000_p-base-1         hostname added
    1     base     stop container     p-base-1               0      hostname added
    2     base     remove container   p-base-1               1      hostname added
    3     base     rename container   p-base-1               2      the old one was removed
    4     base     start container    p-base-1               3,0    it is new
    5     base     wait until ready   p-base-1               4      wait until ready
    6     app      restart container  p-app-1                4      base is started, and depends_on has restart: true
    7     app      wait until ready   p-app-1                6      wait until ready
    ");
}
