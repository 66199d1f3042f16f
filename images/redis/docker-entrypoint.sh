#!/bin/sh
# Does what the official image's entry point does.
set -e

# Only options, or a configuration file: they are redis-server's.
case ${1:-} in
-* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    # A volume that was written to by another user must not stop Redis.
    find . ! -user redis -exec chown redis '{}' +
    exec setpriv --reuid redis --regid redis --init-groups "$0" "$@"
fi

if [ "$1" = redis-server ]; then
    shift
    configuration=
    case ${1:-} in
    *.conf) configuration=$1 && shift ;;
    esac
    # The official image is compiled with protected mode off: it would refuse every other container. Here it is an
    # option, which yields to the user's own: a later option wins, and so must a line in the user's file.
    if [ -z "$configuration" ]; then
        set -- redis-server --protected-mode no "$@"
    elif grep -q '^[[:space:]]*protected-mode' "$configuration"; then
        set -- redis-server "$configuration" "$@"
    else
        set -- redis-server "$configuration" --protected-mode no "$@"
    fi
fi

# What Redis writes is nobody else's to read, unless a umask says otherwise.
if [ "$(umask)" = 0022 ]; then
    umask 0077
fi

exec "$@"
