//! What of a project is secret, so that none of it is ever printed: values whose names say so, and the contents of `secrets`.

use std::path::Path;

use crate::files;
use crate::secrets;

use super::dotenv::{self, Found};
use super::interpolate::Notes;
use super::model::{FileSource, Stack};
use super::open::LARGEST_ENV;
use super::variables::Variables;

/// A secret in a file is not larger.
const LARGEST_SECRET: u64 = 64 << 10;

/// The secret values of `stack`: of variables, environments and build arguments that are named like secrets, of the env files that it
/// is read with, and the contents of its `secrets`. What the file itself calls a service, an image or the like is public.
pub fn secret_values(stack: &Stack) -> Vec<String> {
    let mut values = Vec::new();
    for variable in &stack.interpolation {
        values.extend(
            variable
                .value
                .as_deref()
                .and_then(|value| secrets::value(&variable.name, value)),
        );
    }
    for service in stack.services.values().chain(stack.disabled.values()) {
        let build = service.build.iter().flat_map(|build| &build.args);
        for (name, value) in service.environment.iter().chain(build) {
            values.extend(value.as_deref().and_then(|value| secrets::value(name, value)));
        }
    }
    let written = stack.written_in_env_files.iter();
    values.extend(written.filter_map(|(name, value)| secrets::value(name, value)));
    for secret in stack.secrets.values() {
        let content = match &secret.source {
            FileSource::File(path) => files::text(path, LARGEST_SECRET).unwrap_or_default(),
            FileSource::Environment(variable) => variable.value.clone().unwrap_or_default(),
            FileSource::Content(text) => text.clone(),
        };
        values.extend(content.lines().map(|line| line.trim().to_owned()));
        values.push(content.trim().to_owned());
    }
    let public = public_words(stack);
    values.retain(|value| !public.iter().any(|word| word.eq_ignore_ascii_case(value)));
    values
}

/// The secret values of an env file that no Compose file was read with; none of one that can't be read.
pub fn values_of_env_file(path: &Path) -> Vec<String> {
    let Ok(text) = files::text(path, LARGEST_ENV) else {
        return Vec::new();
    };
    let mut found = Found::new();
    // What comes before a line that makes no sense is found all the same.
    let _broken = dotenv::parse(path, &text, &mut found, &Variables::default(), &mut Notes::default());
    let values = found.iter().filter_map(|(name, value)| secrets::value(name, value));
    values.collect()
}

/// What is written in the file for all to see: a password that is the name of its service hides nothing, and without that name no
/// sentence could be read.
fn public_words(stack: &Stack) -> Vec<String> {
    let mut texts = vec![stack.name.as_str()];
    for service in stack.services.values().chain(stack.disabled.values()) {
        texts.push(service.name.as_str());
        texts.extend(service.image.as_deref());
        texts.extend(service.container_name.as_deref());
    }
    for names in [
        stack.networks.keys().collect::<Vec<_>>(),
        stack.volumes.keys().collect(),
        stack.secrets.keys().collect(),
        stack.configs.keys().collect(),
    ] {
        texts.extend(names.into_iter().map(String::as_str));
    }
    let mut words: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    for text in texts {
        words.extend(text.split(['/', ':', '-', '_', '.', '@']).map(ToOwned::to_owned));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{Request, load};

    #[test]
    fn what_is_secret_of_a_project() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "compose.yaml",
            "name: shop\nservices:\n  postgres:\n    image: postgres:16\n    env_file: [more.env]\n    environment: {DB_PASSWORD: '${DB_PASSWORD}', POSTGRES_PASSWORD: postgres, PORT: '12345678'}\n    secrets: [s]\nsecrets: {s: {file: s.txt}}\n",
        );
        write(
            ".env",
            "DB_PASSWORD=dotenv-pass-word-1\nUNUSED_TOKEN=unused-token-2\nHOST=some-host-name\n",
        );
        write("more.env", "MY_TOKEN='envfile-pass-word-3'\n");
        write("s.txt", "first-line-4\nsecond-line-5\n");
        let request = Request {
            start_dir: folder.path().to_owned(),
            ..Request::default()
        };
        let mut values = secret_values(&load(&request).unwrap());
        values.sort();
        values.dedup();
        assert_eq!(
            values,
            [
                "dotenv-pass-word-1",
                "envfile-pass-word-3",
                "first-line-4",
                "first-line-4\nsecond-line-5",
                "second-line-5",
                "unused-token-2",
            ]
        );
    }
}
