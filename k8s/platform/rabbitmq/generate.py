"""Writes users.yaml: a user for each service, and what it may do, as warren/access.py has it.

python k8s/platform/rabbitmq/generate.py     # after a change there; a test says when it was forgotten
"""

from pathlib import Path
from typing import Any

import yaml

from warren import access

USERS = Path(__file__).parent / "users.yaml"
HEAD = "# Made of shared/warren/access.py by generate.py.\n"
VHOST = "warren"
DEPLOYED = (*access.SERVICES, "monitor", "flower")


def objects() -> list[dict[str, Any]]:
    """User, Permission and TopicPermissions of everybody."""
    table = access.table()
    return [item for user in DEPLOYED for item in _of_user(user, table[user])]


def _of_user(user: str, allowed: access.Access) -> list[dict[str, Any]]:
    permissions = {
        "configure": access.pattern(allowed.configure),
        "write": access.pattern(allowed.write),
        "read": access.pattern(allowed.read),
    }
    topics = [
        _object(
            "TopicPermission",
            f"{user}-{exchange.replace('_', '-')}",
            vhost=VHOST,
            user=user,
            permissions={"exchange": exchange, "write": keys, "read": ".*"},
        )
        for exchange, keys in allowed.topics.items()
    ]
    return [
        # Name and password come from a secret, so that the services know them before the broker does.
        _object("User", user, tags=list(allowed.tags), importCredentialsSecret={"name": f"{user}-broker"}),
        _object("Permission", user, vhost=VHOST, user=user, permissions=permissions),
        *topics,
    ]


def _object(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "rabbitmq.com/v1beta1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**spec, "rabbitmqClusterReference": {"name": "rabbitmq"}},
    }


def text() -> str:
    """The whole file."""
    return HEAD + yaml.safe_dump_all(objects(), sort_keys=False, width=200)


if __name__ == "__main__":
    USERS.write_text(text(), "utf-8")
