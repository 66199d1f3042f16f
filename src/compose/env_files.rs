//! The env files of a request: `.env`, or those that are named.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::failure::Failure;

use super::documents::EnvFiles;
use super::dotenv::{self, Found};
use super::interpolate::Notes;
use super::open::{self, LARGEST_ENV};
use super::request::Request;
use super::variables::{Origin, Variables};

/// Reads `files`, unless the command has done so, and adds what they set to `variables`. Of several the last one wins; what is known
/// already wins over all.
pub(super) fn read(request: &Request, files: &[PathBuf], variables: &mut Variables) -> Result<Rc<EnvFiles>, Failure> {
    let is_it = |read: &&Rc<EnvFiles>| read.files == files && read.outer == *variables;
    let known = request.documents.env.borrow().iter().find(is_it).cloned();
    let read = if let Some(read) = known {
        read
    } else {
        let read = Rc::new(parsed(request, files, variables)?);
        request.documents.env.borrow_mut().push(Rc::clone(&read));
        read
    };
    variables.clone_from(&read.variables);
    Ok(read)
}

fn parsed(request: &Request, files: &[PathBuf], outer: &Variables) -> Result<EnvFiles, Failure> {
    let mut found = Found::new();
    let mut written = Vec::new();
    let mut notes = Notes::default();
    // By a variable's place in `found`, which file has set it last.
    let mut origins: Vec<Arc<Path>> = Vec::new();
    for file in files {
        let recalled = request.recalled.iter().find(|(path, _)| path == file);
        let text = recalled.map_or_else(|| open::text(file, LARGEST_ENV), |(_, text)| Ok(text.clone()));
        let text = text.map_err(|unreadable| {
            let failure = if unreadable.missing {
                Failure::usage(format!("the env file {} doesn't exist", file.display()))
            } else {
                Failure::usage(format!("the env file {} can't be read", file.display())).because(unreadable.why)
            };
            failure.hint("it comes from --env-file or COMPOSE_ENV_FILES, or is the project's .env")
        })?;
        let set = dotenv::parse(file, &text, &mut found, outer, &mut notes)?;
        let origin: Arc<Path> = Arc::from(file.as_path());
        origins.resize(found.len(), Arc::clone(&origin));
        for place in set {
            origins[place] = Arc::clone(&origin);
            written.extend(
                found
                    .get_index(place)
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
    }
    let mut variables = outer.clone();
    // What is known already stays.
    for ((name, value), origin) in found.into_iter().zip(origins) {
        variables.add(name, value, Origin::File(origin));
    }
    Ok(EnvFiles {
        files: files.to_vec(),
        outer: outer.clone(),
        variables,
        written,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{asked_for, load};

    #[test]
    fn requests_that_share_their_documents_parse_an_env_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "a.yaml",
            "services: {a: {image: '${IMAGE}', environment: {B: '${B}'}}}\n",
        );
        write(".env", "COMPOSE_FILE=a.yaml\nIMAGE=from-file\nB=$C\n");
        let mut request = Request {
            start_dir: folder.path().to_owned(),
            ..Request::default()
        };
        assert_eq!(asked_for(&request).unwrap(), [folder.path().join("a.yaml")]);
        let image = |request: &Request| load(request).unwrap().services["a"].image.clone();
        assert_eq!(image(&request).as_deref(), Some("from-file"));
        assert_eq!(request.documents.env.borrow().len(), 1);
        // Other variables may give a file another meaning.
        request.environment = [("C".to_owned(), "c".to_owned())].into();
        let stack = load(&request).unwrap();
        assert_eq!(stack.services["a"].environment["B"].as_deref(), Some("c"));
        assert_eq!(request.documents.env.borrow().len(), 2);
    }
}
