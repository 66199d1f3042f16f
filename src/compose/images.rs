//! The names of images, parsed as soon as the file is read.

use crate::failure::Failure;
use crate::ids::ServiceName;
use crate::image::{self, ImageRef};

use super::interpolate::shown;
use super::model::{BadImages, Separator};
use super::tree::{Map, Tree, wrong_at};

/// What `services` of `project` name that can't be an image's name.
pub(super) fn bad(services: &Map, project: &str, separator: Separator) -> BadImages {
    let mut bad = BadImages::default();
    for (name, entry) in services {
        let (service, called) = (&entry.tree, ServiceName::new(name));
        let image = service
            .get("image")
            .filter(|image| !image.is_null() && image.text() != Some(""));
        let failure = if let Some(image) = image {
            wrong(image, &format!("services.{name}.image"))
        } else {
            // The name of its own that a built image gets.
            let own = [project, name].join(separator.text());
            ImageRef::parse(&own).err().map(|why| {
                let what = format!("its image would be named `{own}`, which is not a valid image name");
                wrong_at(&entry.key, &format!("services.{name}"), what)
                    .because(why.to_string())
                    .hint("set a name with `image`")
            })
        };
        bad.images.extend(failure.map(|failure| (called.clone(), failure)));
        let tags = service.get("build").and_then(|build| build.get("tags"));
        let mut tags = tags.and_then(Tree::list).into_iter().flatten().enumerate();
        let failure = tags.find_map(|(index, tag)| wrong(tag, &format!("services.{name}.build.tags[{index}]")));
        bad.tags.extend(failure.map(|failure| (called, failure)));
    }
    bad
}

/// Why what stands there is not an image's name.
fn wrong(tree: &Tree, path: &str) -> Option<Failure> {
    let text = tree.printed();
    let why = ImageRef::parse(&text).err()?;
    // Of a file outside of the project no line is quoted, nor a part of one.
    let is_hidden = tree.span.place(false).source.is_none();
    let shown = if is_hidden {
        "the value".to_owned()
    } else {
        shown(&text, tree.is_from_variable())
    };
    let failure = tree.wrong(path, format!("{shown} is not a valid image name"));
    Some(failure.because(why.to_string()).hint(image::ALLOWED))
}

#[cfg(test)]
mod tests {
    use crate::compose::{Printed, Project, Request, Stack, project};
    use crate::failure::{Exit, Failure};

    fn read(text: &str, variables: &[(&str, &str)]) -> Project {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
        let variables = variables.iter();
        let request = Request {
            start_dir: folder.path().to_owned(),
            project_name: Some("p".to_owned()),
            environment: variables
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Request::default()
        };
        project(&request).unwrap()
    }

    fn image_of(stack: &Stack, service: &str) -> Result<String, Failure> {
        let image = stack.image_of(&stack.services[service])?;
        Ok(image.to_string())
    }

    /// Line, column and width of the caret, and what is said.
    #[track_caller]
    fn told(failure: &Failure) -> ((usize, usize, usize), &str) {
        let place = failure.place.as_ref().unwrap();
        assert_eq!(failure.exit, Exit::InvalidFile);
        ((place.line, place.column, place.width), &failure.what)
    }

    #[test]
    fn a_bad_image_is_refused_at_its_line_when_it_is_needed_and_printed_before() {
        for (image, width) in [
            ("'../volumes/prune?'", 19),
            ("Redis", 5),
            ("a b", 3),
            ("'redis:'", 8),
            ("'a#b'", 5),
        ] {
            let text = format!("services:\n  good: {{image: redis}}\n  bad:\n    image: {image}\n");
            let project = read(&text, &[]);
            assert!(project.unusable().is_none());
            let name = image.trim_matches('\'');
            assert!(project.printed(Printed::Yaml).unwrap().contains(name));
            assert_eq!(image_of(&project.stack, "good").unwrap(), "redis");
            let failure = image_of(&project.stack, "bad").unwrap_err();
            let what = format!("services.bad.image: `{name}` is not a valid image name");
            assert_eq!(told(&failure), ((4, 12, width), what.as_str()));
            assert!(
                failure.hint.as_ref().unwrap().contains("[HOST[:PORT]/]NAME"),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn a_variables_value_is_not_quoted() {
        let text = "services:\n  a: {image: 'redis:$TAG'}\n";
        let failure = image_of(&read(text, &[("TAG", "s3cret/../x")]).stack, "a").unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        assert_eq!(image_of(&read(text, &[("TAG", "8")]).stack, "a").unwrap(), "redis:8");
        // `redis:` without its tag: Compose refuses it too.
        image_of(&read(text, &[]).stack, "a").unwrap_err();
    }

    #[test]
    fn a_value_of_a_file_outside_of_the_project_is_not_quoted() {
        let outside = tempfile::tempdir().unwrap();
        let other = outside.path().join("other.yaml");
        std::fs::write(&other, "services:\n  a:\n    image: s3cret and more\n").unwrap();
        let text = format!(
            "services:\n  a: {{extends: {{file: {}, service: a}}}}\n",
            other.display()
        );
        let failure = image_of(&read(&text, &[]).stack, "a").unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        assert!(
            failure.what.contains("the value is not a valid image name"),
            "{failure:?}"
        );
    }

    #[test]
    fn a_built_image_is_called_after_project_and_service() {
        let text = "services:\n  a: {build: .}\n  empty: {build: ., image: ''}\n  Upper: {build: .}\n";
        let stack = read(text, &[]).stack;
        assert_eq!(image_of(&stack, "a").unwrap(), "p-a");
        assert_eq!(image_of(&stack, "empty").unwrap(), "p-empty");
        let failure = image_of(&stack, "Upper").unwrap_err();
        let (place, what) = told(&failure);
        assert_eq!(place, (4, 3, 5));
        assert!(what.contains("`p-Upper`, which is not a valid image name"), "{what}");
    }

    #[test]
    fn each_tag_of_a_build_is_a_name() {
        let text = "services:\n  a:\n    build:\n      context: .\n      tags: [r.example/a:1, '../../x?']\n";
        let stack = read(text, &[]).stack;
        let failure = stack.tags_of(&stack.services["a"]).unwrap_err();
        let what = "services.a.build.tags[1]: `../../x?` is not a valid image name";
        assert_eq!(told(&failure), ((5, 29, 10), what));
        assert_eq!(image_of(&stack, "a").unwrap(), "p-a");
    }
}
