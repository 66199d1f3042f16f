//! Lines of other people's programs, as they print them, and the level of each. What only looks like an error has none.

use super::level;
use crate::logs::Level;

const FATAL: Option<Level> = Some(Level::Fatal);
const ERROR: Option<Level> = Some(Level::Error);
const WARNING: Option<Level> = Some(Level::Warning);
const INFO: Option<Level> = Some(Level::Info);
const DEBUG: Option<Level> = Some(Level::Debug);

/// `␛` stands for the character that begins a colour.
fn coloured(line: &str) -> String {
    line.replace('␛', &char::from(27).to_string())
}

fn check(lines: &[(&str, Option<Level>)]) {
    let wrong: Vec<_> = lines
        .iter()
        .map(|(line, wanted)| (line, level(coloured(line).as_bytes()), *wanted))
        .filter(|(_, got, wanted)| got != wanted)
        .collect();
    assert!(wrong.is_empty(), "line, got, wanted: {wrong:#?}");
}

#[test]
fn databases_and_brokers() {
    check(&[
        // `PostgreSQL`, also with `%q%u@%d`.
        (
            "2026-01-01 00:00:00.000 UTC [31] ERROR:  relation \"x\" does not exist at character 15",
            ERROR,
        ),
        (
            "2026-01-01 00:00:00.000 UTC [31] FATAL:  password authentication failed for user \"app\"",
            FATAL,
        ),
        (
            "2026-01-01 00:00:00.000 UTC [1] PANIC:  could not locate a valid checkpoint record",
            FATAL,
        ),
        (
            "2026-01-01 00:00:00.000 UTC [31] app@shop ERROR:  deadlock detected",
            ERROR,
        ),
        (
            "2026-01-01 00:00:00.000 CEST [31] WARNING:  there is no transaction in progress",
            WARNING,
        ),
        (
            "2026-01-01 00:00:00.000 UTC [1] LOG:  database system is ready to accept connections",
            INFO,
        ),
        (
            "2026-01-01 00:00:00.000 UTC [31] STATEMENT:  SELECT 'ERROR: no' FROM x",
            INFO,
        ),
        // `MySQL`, MariaDB, and the entry point of both.
        (
            "2026-01-01T00:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting",
            ERROR,
        ),
        (
            "2026-01-01T00:00:00.000000Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.",
            WARNING,
        ),
        (
            "2026-01-01T00:00:00.000000Z 0 [System] [MY-010931] [Server] ready for connections.",
            None,
        ),
        (
            "2026-01-01  0:00:00 0 [ERROR] InnoDB: Unable to lock ./ibdata1 error: 11",
            ERROR,
        ),
        (
            "2026-01-01 00:00:00+00:00 [ERROR] [Entrypoint]: Database is uninitialized",
            ERROR,
        ),
        (
            "2026-01-01 00:00:00+00:00 [Note] [Entrypoint]: Entrypoint script started.",
            None,
        ),
        // `MongoDB`, `ClickHouse`, `RabbitMQ`, Elasticsearch, Cassandra, ZooKeeper, InfluxDB.
        (
            r#"{"t":{"$date":"2026-01-01T00:00:00.000+00:00"},"s":"E","c":"NETWORK","id":1,"msg":"x"}"#,
            ERROR,
        ),
        (
            r#"{"t":{"$date":"2026-01-01T00:00:00.000+00:00"},"s":"I","c":"NETWORK","id":1,"msg":"E"}"#,
            INFO,
        ),
        (
            "2026.01.01 00:00:00.000000 [ 1 ] {} <Error> Application: DB::Exception: no",
            ERROR,
        ),
        (
            "2026.01.01 00:00:00.000000 [ 1 ] {} <Information> Application: Ready",
            INFO,
        ),
        (
            "2026-01-01 00:00:00.000000+00:00 [error] <0.123.0> closing AMQP connection",
            ERROR,
        ),
        (
            "[2026-01-01T00:00:00,000][ERROR][o.e.b.Elasticsearch    ] [node-1] fatal exception while booting",
            ERROR,
        ),
        ("[2026-01-01T00:00:00,000][WARN ][o.e.x.s.a] [node-1] slow", WARNING),
        (
            "ERROR [main] 2026-01-01 00:00:00,000 CassandraDaemon.java:900 - Exception encountered",
            ERROR,
        ),
        ("INFO  [main] 2026-01-01 00:00:00,000 Server.java:1 - Starting", INFO),
        (
            "2026-01-01 00:00:00,000 [myid:1] - ERROR [main:QuorumPeerMain@99] - Invalid config",
            ERROR,
        ),
        ("ts=2026-01-01T00:00:00Z lvl=error msg=\"failed\" log_id=1", ERROR),
    ]);
}

#[test]
fn servers_and_proxies() {
    check(&[
        (
            "2026/01/01 00:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting",
            ERROR,
        ),
        ("2026/01/01 00:00:00 [notice] 1#1: start worker processes", INFO),
        (
            "2026/01/01 00:00:00 [warn] 7#7: *1 a client request body is buffered",
            WARNING,
        ),
        (
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
            FATAL,
        ),
        (
            "[Thu Jan 01 00:00:00.000000 2026] [core:error] [pid 1:tid 2] AH00126: Invalid URI",
            ERROR,
        ),
        (
            "[Thu Jan 01 00:00:00.000000 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache configured",
            INFO,
        ),
        (
            "[2026-01-01 00:00:00.000][1][critical][main] [source/server/server.cc:1] error initializing",
            FATAL,
        ),
        (
            "[2026-01-01 00:00:00.000][1][info][main] [source/server/server.cc:1] error counters: 0",
            INFO,
        ),
        ("[ALERT]    (1) : config : Fatal errors found in configuration.", FATAL),
        ("[NOTICE]   (1) : New worker (8) forked", INFO),
        (
            "[2026-01-01 00:00:00 +0000] [7] [ERROR] Exception in worker process",
            ERROR,
        ),
        (
            "[2026-01-01 00:00:00 +0000] [7] [INFO] Booting worker with pid: 7",
            INFO,
        ),
        (
            "2026-01-01T00:00:00Z ERR error=\"no such host\" providerName=docker",
            ERROR,
        ),
        ("2026-01-01T00:00:00Z E! [outputs.influxdb] Post failed", ERROR),
        ("2026-01-01T00:00:00Z I! Loaded inputs: cpu", INFO),
        ("2026-01-01 00:00:00 +0000 [error]: #0 unexpected error", ERROR),
        ("2026-01-01T00:00:00.000Z [ERROR] core: failed to unseal", ERROR),
        ("2026-01-01 00:00:00,000 CRIT Supervisor is running as root.", FATAL),
    ]);
}

#[test]
fn languages_and_their_loggers() {
    check(&[
        // klog, logrus, zap, slog, zerolog.
        ("E0102 12:00:00.000000       1 main.go:10] klog failure", ERROR),
        ("F0102 12:00:00.000000       1 main.go:10] exiting", FATAL),
        ("W0102 12:00:00.000000       1 main.go:10] slow", WARNING),
        (
            "I0102 12:00:00.000000       1 main.go:10] ERROR is only a word here",
            INFO,
        ),
        ("ERRO[0000] can't listen                                 port=80", ERROR),
        ("INFO[0012] listening", INFO),
        ("2026-01-01T00:00:00.000Z\tERROR\tmain.go:10\tfailed\t{\"a\": 1}", ERROR),
        ("2026-01-01T00:00:00.000Z\terror\tmain.go:10\tfailed", ERROR),
        ("2026/01/01 00:00:00 ERROR failed err=EOF", ERROR),
        ("2026/01/01 00:00:00 INFO started", INFO),
        ("12:00AM ERR failed error=EOF", ERROR),
        (
            "panic: runtime error: invalid memory address or nil pointer dereference",
            FATAL,
        ),
        ("fatal error: all goroutines are asleep - deadlock!", FATAL),
        // Java: logback, slf4j-simple, Spring Boot, Tomcat, WildFly, java.util.logging.
        ("12:00:00.000 [main] ERROR com.App - logback", ERROR),
        ("12:00:00.000 [main] INFO  com.App - ERROR in the text", INFO),
        ("[main] ERROR com.App - slf4j-simple", ERROR),
        (
            "2026-01-01 00:00:00.000 ERROR 1 --- [main] c.e.App : spring boot",
            ERROR,
        ),
        (
            "2026-01-01T00:00:00.000+01:00 ERROR 1 --- [app] [main] c.e.App : spring boot 3",
            ERROR,
        ),
        (
            "01-Jan-2026 00:00:00.000 SEVERE [main] org.apache.catalina.core.X failed",
            ERROR,
        ),
        ("00:00:00,000 ERROR [org.jboss.as] (main) WFLYSRV0055", ERROR),
        ("SEVERE: Servlet.service() threw an exception", ERROR),
        // Node and npm.
        ("Error: Cannot find module 'x'", ERROR),
        ("TypeError: Cannot read properties of undefined (reading 'x')", ERROR),
        (
            "TypeError [ERR_INVALID_ARG_TYPE]: The \"path\" argument must be of type string.",
            ERROR,
        ),
        ("Uncaught ReferenceError: x is not defined", ERROR),
        ("[Error: ENOENT: no such file or directory, open 'x'] {", ERROR),
        ("(node:1) UnhandledPromiseRejectionWarning: Error: no", ERROR),
        ("(node:1) [DEP0005] DeprecationWarning: Buffer() is deprecated", WARNING),
        ("(node:1) ExperimentalWarning: The fetch API is experimental", WARNING),
        ("npm ERR! code ELIFECYCLE", ERROR),
        ("npm error code ENOENT", ERROR),
        (
            "npm WARN deprecated har-validator@5.1.5: this library is no longer supported",
            WARNING,
        ),
        ("error: something bad (git, cargo)", ERROR),
        ("warning: unused variable", WARNING),
        ("2026-01-01T00:00:00.000Z error: winston", ERROR),
        // .NET and serilog.
        ("fail: Microsoft.Hosting[0]", ERROR),
        ("crit: Microsoft.AspNetCore.Server.Kestrel[0]", FATAL),
        ("fail: Microsoft.Hosting[0] text of one line", ERROR),
        ("crit: Program[12] text of one line", FATAL),
        ("dbug: Program[0] text of one line", DEBUG),
        ("info: Microsoft.Hosting.Lifetime[14]", INFO),
        ("warn: Microsoft.AspNetCore.DataProtection.Repositories[60]", WARNING),
        ("dbug: Program[0]", DEBUG),
        ("Unhandled exception. System.InvalidOperationException: no", FATAL),
        ("[00:00:00 ERR] serilog", ERROR),
        ("[00:00:00 INF] ERR in the text", INFO),
        // Rust.
        (
            "␛[2m2026-01-01T00:00:00.000000Z␛[0m ␛[31mERROR␛[0m ␛[2mapp␛[0m␛[2m:␛[0m no",
            ERROR,
        ),
        (
            "␛[2m2026-01-01T00:00:00.000000Z␛[0m ␛[32m INFO␛[0m ␛[2mapp␛[0m␛[2m:␛[0m ERROR",
            INFO,
        ),
        ("2026-01-01T00:00:00.000000Z ERROR app::db: no", ERROR),
        ("[2026-01-01T00:00:00Z ERROR app] env_logger", ERROR),
        ("[2026-01-01T00:00:00Z INFO  app] ERROR in the text", INFO),
        ("thread 'main' panicked at src/main.rs:2:5:", FATAL),
        // Ruby, PHP, Python's others.
        ("E, [2026-01-01T00:00:00.000000 #1] ERROR -- : no", ERROR),
        ("I, [2026-01-01T00:00:00.000000 #1]  INFO -- : ERROR", INFO),
        ("PHP Fatal error:  Uncaught Exception: no in /app/index.php:3", FATAL),
        ("[2026-01-01 00:00:00] local.ERROR: no {\"exception\":\"x\"}", ERROR),
        ("[2026-01-01T00:00:00.000000+00:00] app.INFO: ERROR [] []", INFO),
        ("2026-01-01 00:00:00.000 | ERROR    | app:main:1 - loguru", ERROR),
        (
            "[2026-01-01 00:00:00,000: ERROR/MainProcess] Task app.add raised",
            ERROR,
        ),
        ("[2026-01-01 00:00:00,000: INFO/MainProcess] celery@host ready.", INFO),
        (
            "[2026-01-01T00:00:00.000+0000] {taskinstance.py:1} ERROR - Task failed",
            ERROR,
        ),
        ("ERROR:root:python basicConfig", ERROR),
        ("ValueError: no", ERROR),
    ]);
}

#[test]
fn words_in_brackets_colours_and_json() {
    check(&[
        ("[ERROR] bracketed", ERROR),
        ("[INFO] bracketed", INFO),
        ("[DBG] bracketed", DEBUG),
        ("INFO  padded", INFO),
        ("2026-01-01T00:00:00Z [error] bracket", ERROR),
        ("␛[31mERROR␛[0m: coloured", ERROR),
        ("␛[1;31m[ERROR]␛[0m coloured", ERROR),
        ("␛[31mlevel=error␛[0m msg=x a=b", ERROR),
        (r#"{"log.level":"ERROR","message":"ecs style"}"#, ERROR),
        (
            r#"{"log":{"level":"error","logger":"x"},"message":"ecs nested"}"#,
            ERROR,
        ),
        (r#"{"log":{"level":"info"},"message":"level: error"}"#, INFO),
        (r#"{"@t":"2026-01-01T00:00:00Z","@l":"Error","@m":"serilog"}"#, ERROR),
        (r#"{"@level":"error","@message":"hclog"}"#, ERROR),
        (
            r#"{"EventId":0,"LogLevel":"Error","Category":"x","Message":"dotnet"}"#,
            ERROR,
        ),
        (r#"{"Level":"Warning","MessageTemplate":"serilog"}"#, WARNING),
        (r#"{"message":"monolog","level":400,"level_name":"ERROR"}"#, ERROR),
        (r#"{"message":"monolog","level":200,"level_name":"INFO"}"#, INFO),
        (r#"{"severityText":"ERROR","body":"otel"}"#, ERROR),
    ]);
}

#[test]
fn what_only_looks_like_an_error_is_none() {
    check(&[
        ("no ERROR: here", None),
        ("3 ERROR lines were found", None),
        ("error: 0", None),
        ("errors: 12", None),
        ("Errors were not found", None),
        ("Error handling is set up", None),
        ("error handling is set up", None),
        ("fail: 0 pass: 10", None),
        ("fail: [0] pass[x] 10", None),
        ("2026-01-01 00:00:00 Error while", None),
        (
            "127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /ERROR HTTP/1.1\" 200 5 \"-\" \"error: x\"",
            None,
        ),
        ("[2026-01-01 00:00:00] GET /error", None),
        ("[7] worker of the queue ERROR", None),
        ("[errors] queue is empty", None),
        ("(error) is a word in brackets", None),
        ("<error>of a page</error>", None),
        ("thread 'main' is up", None),
        ("npm run error", None),
        ("E0102 is a code", None),
        ("Exported: ERROR", None),
        ("NoErrorHere: x", None),
        ("AppError is a class", None),
        ("␛[32mall is well␛[0m ERROR", None),
        (r#"{"log":"level=error","a":{"log":{"level":"error"}}}"#, None),
        (r#"{"s":"E is a letter","error":"none"}"#, None),
        (r#"{"logger":{"level":"error"}}"#, None),
    ]);
}
