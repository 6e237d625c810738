"""How we reach Kafka: connections and logins, errors, clients, topics, and the requests that aiokafka lacks.

Only this room and `agents/engine` build consumers or producers, or touch private parts of aiokafka.
"""
