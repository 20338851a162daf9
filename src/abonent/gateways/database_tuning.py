"""Settings of the embedded PostgreSQL for this machine: its memory and its free disk."""

from pathlib import Path

import psutil

_MB = 1024 * 1024
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes() -> int:
    """Return the memory we may use: the machine's, or the container's when that is less."""
    available = int(psutil.virtual_memory().total)
    for limit in _CGROUP_LIMITS:
        if limit.exists() and (text := limit.read_text().strip()).isdigit():
            available = min(available, int(text))
    return available


def settings(*, socket_folder: Path, port: int, free_bytes: int) -> str:
    """Return the text of the configuration file."""
    memory_mb = memory_bytes() // _MB
    lines = {
        # Only whoever can enter the socket's folder can connect.
        "listen_addresses": "",
        "port": port,
        "unix_socket_directories": socket_folder,
        "unix_socket_permissions": "0700",
        "max_connections": 100,
        # Memory
        "shared_buffers": f"{max(64, min(2048, memory_mb // 4))}MB",
        "effective_cache_size": f"{max(128, memory_mb // 2)}MB",
        "maintenance_work_mem": f"{max(64, min(1024, memory_mb // 16))}MB",
        "work_mem": "64MB",
        # Month-end writes tens of gigabytes at once; checkpoints in between would write pages twice.
        "max_wal_size": f"{max(1024, min(16 * 1024, free_bytes // _MB // 4))}MB",
        "checkpoint_timeout": "30min",
        "checkpoint_completion_target": 0.9,
        # No replica reads this log, so COPY into a table made in the same transaction skips it.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "wal_buffers": "16MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "max_parallel_maintenance_workers": 2,
        "random_page_cost": 1.1,
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        # Statements and details carry people's names: whoever asked gets them, the log does not.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length_on_error": 0,
        "log_checkpoints": "off",
    }
    head = "# Written anew at every start. Put what you want otherwise into local.conf beside it.\n"
    return head + "".join(
        f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'\n" for name, value in lines.items()
    )
