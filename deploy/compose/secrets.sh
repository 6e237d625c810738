#!/bin/sh
# Makes the secrets of docker-compose.yml in ./secrets, which git ignores; what is there already stays as it is.
set -eu
umask 077
mkdir -p secrets
for name in consignee-key redis-projection redis-gateway grafana; do
    [ -s "secrets/$name" ] || head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '/+' '_-' > "secrets/$name"
done
# The processes in the containers are not you, so the files can be read by all, but the folder by you only.
digest() { sha256sum < "secrets/redis-$1" | cut -d ' ' -f 1; }
{
    echo 'user default off'
    echo "user tallygate-projection on #$(digest projection) resetchannels ~{tallygate}:* +@read +@write" \
        "+@connection +@transaction +eval +evalsha +script|load -@dangerous +config|get"
    echo "user tallygate-gateway on #$(digest gateway) resetchannels %R~{tallygate}:* +@read" \
        "+@connection +@transaction +eval +evalsha +script|load -@dangerous -scan"
} > secrets/redis-users
chmod 444 secrets/*
