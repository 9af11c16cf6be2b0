#!/bin/sh
# Runs both services and ends as soon as either ends, so that a world half there never looks whole.
# Arguments go to dnsmasq: which names are ours, and whom to ask for the rest.
dnsmasq --keep-in-foreground --log-facility=- --no-hosts --no-resolv --conf-file=/dev/null --user=root "$@" &
dns=$!
docker-registry serve /etc/registry.yml &
registry=$!
trap 'kill $dns $registry' TERM INT
while kill -0 $dns 2>/dev/null && kill -0 $registry 2>/dev/null; do sleep 1; done
kill $dns $registry 2>/dev/null
wait
