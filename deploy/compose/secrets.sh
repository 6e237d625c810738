#!/bin/sh
# Make the secrets of docker-compose.yml in ./secrets, which git ignores. Files that exist stay as they are.
set -eu
umask 077
mkdir -p secrets
for name in consignee-key redis-projection redis-gateway grafana; do
    [ -s "secrets/$name" ] || head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '/+' '_-' > "secrets/$name"
done
# The containers run as other users, so every user may read the files. But only you may enter the folder.
digest() { sha256sum < "secrets/redis-$1" | cut -d ' ' -f 1; }
{
    echo 'user default off'
    echo "user tallygate-projection on #$(digest projection) resetchannels ~{tallygate}:* +@read +@write" \
        "+@connection +@transaction +eval +evalsha +script|load -@dangerous +config|get"
    echo "user tallygate-gateway on #$(digest gateway) resetchannels %R~{tallygate}:* +@read" \
        "+@connection +@transaction +eval +evalsha +script|load -@dangerous -scan"
} > secrets/redis-users
chmod 444 secrets/*
