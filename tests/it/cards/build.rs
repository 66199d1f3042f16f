//! Builds that fail.

use super::{Project, app, card};

fn fails(name: &str, edit: impl Fn(&Project)) {
    let mut project = app(name, "print('hello')\n", "");
    edit(&project);
    // `up`'s own checks would name some of these before anything is built.
    card(name, &mut project, &["--quiet", "up", "--no-check"]);
}

fn with_step(project: &Project, step: &str) {
    project.edit("Dockerfile", "USER", &format!("{step}\nUSER"));
}

#[test]
fn steps() {
    fails("build-step", |project| {
        with_step(
            project,
            "RUN python -c \"import sys; print('compiling', file=sys.stderr); sys.exit('no template index.html')\"",
        );
    });
    fails("build-copy", |project| {
        with_step(project, "COPY magic_proxy ./magic_proxy");
    });
    fails("build-ignored", |project| {
        with_step(project, "COPY settings.yaml ./");
        project.write("settings.yaml", "");
        project.write(".dockerignore", "*\n!run.py\n!requirements.txt\n");
    });
    fails("build-dockerfile", |project| {
        with_step(project, "RUNN pip install redis");
    });
    fails("build-no-dockerfile", |project| {
        std::fs::remove_file(project.path("Dockerfile")).expect("a file");
    });
    fails("build-tool", |project| with_step(project, "RUN node --version"));
    fails("build-apt", |project| {
        with_step(project, "RUN apt-get install -qq -y ffmpegg");
    });
}

#[test]
fn packages() {
    let install = "RUN pip install --no-cache-dir -r requirements.txt";
    fails("build-package", |project| {
        project.write("requirements.txt", "redis==8.1.0\naiokafkaa==0.14.0\n");
        with_step(project, install);
    });
    fails("build-version", |project| {
        project.write("requirements.txt", "# pinned\nredis==99.1.0\n");
        with_step(project, install);
    });
    fails("build-requirement", |project| {
        project.write("requirements.txt", "redis==8.1.0\nuvicorn=0.54\n");
        with_step(project, install);
    });
}

#[test]
fn a_base_image_that_is_not_there() {
    fails("build-base", |project| {
        project.edit(
            "Dockerfile",
            "FROM magicproxy/python:3.11",
            "FROM 127.0.0.1:1/python:3.12-slim",
        );
    });
}
