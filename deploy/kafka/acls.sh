#!/bin/sh
# Written by `make docs` from agents/ops/access/roles.toml; `tallygate access acls` prints it for another prefix.
set -eu
: "${BROKERS:?where is Kafka?}"

# topics-admin: `tallygate topics create`, `topics check`: creates topics and reads their settings; reads no record
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-topics-admin --operation Create --operation Describe --operation DescribeConfigs \
  --topic tallygate. --resource-pattern-type prefixed
# publisher: a fulfilment system: may add shipment events, but cannot read any
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-publisher --operation Write \
  --topic tallygate.shipments.v1 --resource-pattern-type literal
# manifest: worker of the manifest step: the only process that reads shipment events all day
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Read --operation DescribeConfigs \
  --topic tallygate.shipments.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Read --operation Write --operation DescribeConfigs \
  --topic tallygate.manifest.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Read --operation Write --operation DescribeConfigs \
  --topic tallygate.control.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Write --operation DescribeConfigs \
  --topic tallygate.postings.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Write --operation DescribeConfigs \
  --topic tallygate.shipments.v1.dlq --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Write --operation DescribeConfigs \
  --topic tallygate.dead-letter-notices.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Describe --operation DescribeConfigs \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Describe --operation DescribeConfigs \
  --topic tallygate.alerts.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Read \
  --group tallygate.manifest.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-manifest --operation Write \
  --transactional-id tallygate.manifest.e --resource-pattern-type prefixed
# withholding: worker of the withholding step: sees consignee keys, never a name
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Read --operation DescribeConfigs \
  --topic tallygate.postings.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Read --operation Write --operation DescribeConfigs \
  --topic tallygate.withholding.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Read --operation Write --operation DescribeConfigs \
  --topic tallygate.control.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Write --operation DescribeConfigs \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Write --operation DescribeConfigs \
  --topic tallygate.alerts.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Describe --operation DescribeConfigs \
  --topic tallygate.shipments.v1.dlq --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Describe --operation DescribeConfigs \
  --topic tallygate.dead-letter-notices.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Read \
  --group tallygate.withholding.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-withholding --operation Write \
  --transactional-id tallygate.withholding.e --resource-pattern-type prefixed
# projection: fills the read model in Redis; also used for `tallygate rebuild read-model`
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-projection --operation Read \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-projection --operation Read \
  --topic tallygate.alerts.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-projection --operation Read \
  --group tallygate.projection.e --resource-pattern-type prefixed
# gateway: answers scanners and officers, and accepts events over HTTP: may add shipment events, but cannot read any
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-gateway --operation Write \
  --topic tallygate.shipments.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-gateway --operation Read \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-gateway --operation Read \
  --topic tallygate.alerts.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-gateway --operation Read \
  --topic tallygate.dead-letter-notices.v1 --resource-pattern-type literal
# webhooks: `tallygate webhooks`: sends decisions to receivers outside; sees consignee keys, and sends none
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-webhooks --operation Read \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-webhooks --operation Read --operation Write \
  --topic tallygate.control.v1 --resource-pattern-type literal
# auditor: `tallygate explain`, and replays of postings into decisions: sees consignee keys, never a name
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-auditor --operation Read \
  --topic tallygate.postings.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-auditor --operation Read \
  --topic tallygate.decisions.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-auditor --operation Read \
  --topic tallygate.alerts.v1 --resource-pattern-type literal
# operator: `tallygate resume`, `doctor`, `topics check`: sees the state of the whole system, reads no shipment event
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-operator --operation Describe --operation DescribeConfigs \
  --topic tallygate. --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-operator --operation Read --operation Write \
  --topic tallygate.control.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-operator --operation Describe \
  --group tallygate. --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-operator --operation Describe --cluster
# dead-letters: `tallygate dead-letters`: reads dead letters, with names and addresses in them, and sends them again
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-dead-letters --operation Read \
  --topic tallygate.shipments.v1.dlq --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-dead-letters --operation Write \
  --topic tallygate.shipments.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-dead-letters --operation Read --operation Write \
  --topic tallygate.control.v1 --resource-pattern-type literal
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-dead-letters --operation Write \
  --transactional-id tallygate.dead-letters-retry --resource-pattern-type literal
# rebuild: `tallygate rebuild tables`: runs both steps in another epoch for some hours; remove its login afterwards
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Create --operation Describe --operation DescribeConfigs --operation Read --operation Write \
  --topic tallygate. --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Delete \
  --topic tallygate.rebuilt- --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Read --operation Describe \
  --group tallygate. --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Write \
  --transactional-id tallygate.manifest.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Write \
  --transactional-id tallygate.withholding.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Write \
  --transactional-id tallygate.rebuilt-decisions.e --resource-pattern-type prefixed
kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add \
  --allow-principal User:tallygate-rebuild --operation Write \
  --transactional-id tallygate.rebuilt-alerts.e --resource-pattern-type prefixed
