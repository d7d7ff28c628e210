#!/usr/bin/env bash
# Asks the shipped sample policy the questions that Virtward is for. Needs `virtward` in PATH (make demo sees to it).
set -euo pipefail
cd "$(dirname "$0")/.."
policy=examples/user.cfg

ask() {
  printf '\n$ virtward %s --policy %s\n' "$*" "$policy"
  # A "no" is an answer here, not a failure (exit 1); 2 and above is one.
  virtward "$@" --policy "$policy" 2>/dev/null || [ $? -eq 1 ]
}

echo "The sample policy $policy: a web team with its pool, operators, an auditor, a pipeline's token."
ask can alice@pve VM.PowerMgmt /vms/110
ask can alice@pve VM.Config.Disk /vms/120
ask why alice@pve VM.Config.Disk /vms/120
ask why 'ci@pve!deploy' POST /nodes/n1/qemu/110/status/start
ask who-can VM.PowerMgmt /vms/101
ask what-can 'ci@pve!deploy'
ask check
ask upgrade-check
printf '\nYour own: virtward check --policy /etc/pve/user.cfg; virtward --help lists the commands.\n'
