#!/bin/bash
# Runs a class of Kafka's in a JVM with the options that the official image's script of this name takes from the environment.
set -e

: "${KAFKA_HEAP_OPTS:=-Xmx256M}"
: "${KAFKA_JVM_PERFORMANCE_OPTS:=-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true}"
: "${KAFKA_LOG4J_OPTS:=-Dlog4j2.configurationFile=/opt/kafka/config/tools-log4j2.yaml}"
: "${LOG_DIR:=/opt/kafka/logs}"
if [[ -n ${JMX_PORT:-} ]]; then
    KAFKA_JMX_OPTS="${KAFKA_JMX_OPTS:-} -Dcom.sun.management.jmxremote.port=$JMX_PORT"
fi

# Options are lists of words.
# shellcheck disable=SC2086
exec java $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS ${KAFKA_JMX_OPTS:-} -Dkafka.logs.dir="$LOG_DIR" \
    $KAFKA_LOG4J_OPTS ${KAFKA_OPTS:-} -cp "${CLASSPATH:+$CLASSPATH:}/opt/kafka/libs/*" "$@"
