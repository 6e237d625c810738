"""The short forms of the measurements that need no broker."""
