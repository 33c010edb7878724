"""Ways out of a container, as shell commands that succeed where the way is open; for a shell of any image."""

MARK = "attacks.mark"
"""In the environment of a process of the host."""

PROBES = {
    "mount": "mkdir -p /tmp/m && mount -t tmpfs none /tmp/m",
    "node of the host's disk": "rm -f /tmp/disk; mknod /tmp/disk b $DISK",
    "mount namespace": "unshare -m true",
    "kernel setting": 'p=/proc/sys/kernel/core_pattern; v=$(cat $p); echo "$v" > $p',
    "cgroups of the host": "mkdir -p /tmp/cg && { mount -t cgroup -o memory none /tmp/cg || mount -t cgroup2 none /tmp/cg; }",
    "namespaces of the host": f"nsenter -t $PID -u true && grep -q {MARK} /proc/$PID/environ",
    "memory of the host": f"tr '\\0' '\\n' < /proc/$PID/environ | grep {MARK}",
}
"""What each does, in a word or two. None does harm where it succeeds: what it writes is what was there."""
MODULE = "if command -v perl; then perl -e 'syscall(175, 0, 0, 0); print \"$!\\n\"'; else insmod /proc/self/exe; fi"
"""Load a kernel module from nothing: who may is told that there is none, who may not is told so."""
STATUS = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status"


def script(probes: dict[str, str]) -> list[str]:
    """Lines of a job's script: each probe's name before what it says, and at its end how it ended."""
    return [
        *(
            line
            for name, probe in probes.items()
            for line in (f'echo "probe={name}"', f"({probe}) 2>&1 && echo ended=0 || echo ended=$?")
        ),
        "echo probe=end",
    ]


def as_one(probes: dict[str, str]) -> str:
    """The same as one script of a container's shell."""
    return "\n".join(script(probes))


def ended_well(said: str) -> bool:
    """Whether a probe succeeded."""
    return said.splitlines()[-1:] == ["ended=0"]
