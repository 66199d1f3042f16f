//! The page by which a service says that it can be used, where it has no healthcheck.

use crate::compose::Service;
use crate::failure::Failure;
use crate::labels;
use crate::ready_page::ReadyPage;

/// That of `service`, whose label has to make sense.
pub(super) fn wanted(service: &Service) -> Result<Option<ReadyPage>, Failure> {
    let Some(label) = service.labels.get(labels::READY) else {
        return Ok(None);
    };
    match ReadyPage::parse(label) {
        Some(page) => Ok(Some(page)),
        None => Err(
            Failure::invalid(format!("{}: the label {} is `{label}`", service.name, labels::READY))
                .because("it must name the page that answers once the service is ready")
                .hint("use PORT/PATH, such as `9080/ready`"),
        ),
    }
}
