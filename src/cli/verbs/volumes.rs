//! `volumes`: those of the project.

use clap::Args;
use serde_json::json;

use crate::cli::Ended;
use crate::cli::session::Session;
use crate::ids::{ServiceName, VolumeName};
use crate::labels;
use crate::observed::Volume;
use crate::report::table;

use super::images::Form;

/// `volumes`.
#[derive(Debug, Clone, Args)]
pub struct VolumesArgs {
    /// Only volumes of these services; all by default
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// As a table or as JSON (with -q only the names)
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
}

pub(crate) async fn run(session: &Session, args: &VolumesArgs) -> Ended {
    let (project, stack) = session.project_with(&args.services)?;
    if let Some(stack) = &stack {
        stack.select(&args.services, false)?;
    }
    let engine = session.engine().await?;
    let observed = engine.observe().await?;
    let users = |name: &VolumeName| -> Vec<ServiceName> {
        let mut users: Vec<ServiceName> = observed
            .of_project(&project)
            .filter(|container| container.volumes.iter().any(|volume| volume == name))
            .filter_map(|container| container.service().cloned())
            .collect();
        users.sort_unstable();
        users.dedup();
        users
    };
    let mut rows: Vec<(&Volume, Vec<ServiceName>)> = observed
        .volumes
        .iter()
        .filter(|volume| volume.labels.get(labels::PROJECT) == Some(&project))
        .map(|volume| (volume, users(&volume.name)))
        .filter(|(_, users)| args.services.is_empty() || users.iter().any(|user| args.services.contains(user)))
        .collect();
    rows.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let rows = rows.into_iter();
    if session.json() {
        let object = |(volume, services): (&Volume, Vec<ServiceName>)| json!({ "name": volume.name, "driver": volume.driver, "services": services });
        let volumes: Vec<_> = rows.map(object).collect();
        session.out.answer(&json!({ "project": project, "volumes": volumes }));
    } else if args.format == Form::Json {
        for (volume, _) in rows {
            if !session.out.json(&as_compose(volume)) {
                break;
            }
        }
    } else if session.global.quiet {
        session.out.lines(rows.map(|(volume, _)| volume.name.as_str()));
    } else {
        let rows = rows.map(|(volume, users)| vec![volume.driver.clone(), volume.name.to_string(), users.join(", ")]);
        let rows: Vec<Vec<String>> = rows.collect();
        let header = ["DRIVER", "VOLUME NAME", "SERVICES"];
        session.out.lines(table(&session.out, &header, rows));
    }
    Ok(None)
}

/// As Compose 5.6.1 prints one. What only a cluster or `docker system df` knows is `N/A` there, too.
fn as_compose(volume: &Volume) -> serde_json::Value {
    let labels = volume.labels.iter().map(|(name, value)| format!("{name}={value}"));
    json!({
        "Availability": "N/A",
        "Driver": volume.driver,
        "Group": "N/A",
        "Labels": labels.collect::<Vec<_>>().join(","),
        "Links": "N/A",
        "Mountpoint": volume.mountpoint,
        "Name": volume.name,
        "Scope": volume.scope,
        "Size": "N/A",
        "Status": "N/A",
    })
}

#[cfg(test)]
mod tests {
    use super::{Volume, as_compose};

    #[test]
    fn a_volume_has_the_fields_that_compose_prints() {
        let volume = Volume {
            name: "p_data".into(),
            driver: "local".to_owned(),
            mountpoint: "/var/lib/docker/volumes/p_data/_data".to_owned(),
            scope: "local".to_owned(),
            labels: [("a", "1"), ("b", "2")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        let compose = r#"{"Availability":"N/A","Driver":"local","Group":"N/A","Labels":"a=1,b=2","Links":"N/A","Mountpoint":"/var/lib/docker/volumes/p_data/_data","Name":"p_data","Scope":"local","Size":"N/A","Status":"N/A"}"#;
        let expected: serde_json::Value = serde_json::from_str(compose).unwrap();
        assert_eq!(as_compose(&volume), expected);
    }
}
