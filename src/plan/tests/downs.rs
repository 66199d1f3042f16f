//! What `down` takes away, and what it leaves.

use super::*;

#[test]
fn down_stops_dependents_first_and_leaves_volumes_unless_told() {
    let (_, observed) = running();
    let plan = down("p", &observed, &DownOptions::default());
    insta::assert_snapshot!(told(&plan).join("\n"), @r"
    stop container p-app-1
    stop container p-redis-1 <- (stop container p-app-1)
    stop container p-kafka-1 <- (stop container p-app-1)
    remove container p-kafka-1 <- stop container p-kafka-1
    remove container p-redis-1 <- stop container p-redis-1
    remove container p-app-1 <- stop container p-app-1
    remove network p_default <- remove container p-kafka-1, remove container p-redis-1, remove container p-app-1
    ");
    assert_eq!(plan.notes, ["keeping volumes: p_data"]);
    let all = DownOptions {
        volumes: true,
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &all);
    assert!(told(&plan).last().unwrap().starts_with("remove volume p_data"));
    assert!(down("other", &observed, &all).steps().is_empty());
}

#[test]
fn down_names_what_the_file_no_longer_does() {
    let (_, observed) = running();
    let options = DownOptions {
        file: Some(InFile {
            services: BTreeSet::from(["app".into(), "redis".into()]),
            volumes: BTreeSet::new(),
        }),
        ..DownOptions::default()
    };
    let plan = down("p", &observed, &options);
    insta::assert_snapshot!(shown(&plan), @r"
    note: keeping volumes: p_data
    STEP  SERVICE  ACTION            TARGET     AFTER  WHY
    0     app      stop container    p-app-1           the stack is being removed
    1     redis    stop container    p-redis-1  0      the stack is being removed
    2     kafka    stop container    p-kafka-1  0      the stack is being removed
    3     kafka    remove container  p-kafka-1  2      it is no longer in the Compose file
    4     redis    remove container  p-redis-1  1      the stack is being removed
    5     app      remove container  p-app-1    0      the stack is being removed
    6     -        remove network    p_default  3,4,5  the stack is being removed
    ");
}

#[test]
fn down_leaves_services_of_inactive_profiles_and_their_networks() {
    let (_, mut observed) = running();
    for container in &mut observed.containers {
        container.addresses.insert("p_default".into(), "10.0.0.2".to_owned());
    }
    for services in [BTreeSet::new(), BTreeSet::from(["redis".into()])] {
        let options = DownOptions {
            // It depends on both others.
            inactive: BTreeSet::from(["app".into()]),
            services: services.clone(),
            ..DownOptions::default()
        };
        let plan = down("p", &observed, &options);
        let touched: BTreeSet<&str> = plan
            .steps()
            .iter()
            .filter_map(|step| Some(step.service.as_ref()?.as_str()))
            .collect();
        let others = if services.is_empty() {
            vec!["kafka", "redis"]
        } else {
            vec!["redis"]
        };
        assert_eq!(touched, others.into_iter().collect());
        assert!(
            plan.notes
                .iter()
                .any(|note| note.contains("keeping network p_default: p-")),
            "{:?}",
            plan.notes
        );
    }
}
