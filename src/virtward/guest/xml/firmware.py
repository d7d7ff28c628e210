"""Machine type, firmware, UEFI variables, TPM.

Rule: libvirt chooses the firmware's files and keeps the variables and the TPM's state beside the machine, so that
`efidisk0` and `tpmstate0` take no volume; what they name is noted only.
"""

from .. import disks
from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, ensure, make, prune, put, remove

_DEFAULT = "pc"
_SLEEP = {"enable-s3": "suspend-to-mem", "enable-s4": "suspend-to-disk"}
_TPM = {"v1.2": ("1.2", "tpm-tis"), "v2.0": ("2.0", "tpm-crb")}
_DEFAULT_TPM = "v1.2"
_KEYS = ("secure-boot", "enrolled-keys")


def read(domain: Domain) -> dict[str, str]:
    """Facts about machine type and firmware."""
    root, facts = domain.root, {"machine.type": domain.machine}
    if attribute_at(root, "os", "firmware") == "efi" or attribute_at(root, "os/loader", "type") == "pflash":
        facts["bios"] = "ovmf"
    if attribute_at(root, "os/firmware/feature[@name='enrolled-keys']", "enabled") == "yes":
        facts["efidisk0.pre-enrolled-keys"] = "1"
    for key, tag in _SLEEP.items():
        enabled = attribute_at(root, f"pm/{tag}", "enabled")
        if enabled is not None:
            facts[f"machine.{key}"] = "1" if enabled == "yes" else "0"
    version = attribute_at(root, "devices/tpm/backend[@type='emulator']", "version")
    if version is not None and f"v{version}" in _TPM:
        facts["tpmstate0.version"] = f"v{version}"
    return {name: text for name, text in facts.items() if text}


def write(domain: Domain, change: Change) -> None:
    """Writes machine type, firmware and TPM, as far as they change."""
    if change.touches("machine"):
        _write_machine(domain, change)
    if change.touches("bios", "efidisk0"):
        _write_firmware(domain, change)
    if change.touches("tpmstate0") and (change.get("tpmstate0.file") or change.was("tpmstate0.file")):
        _write_tpm(domain, change)


def _write_machine(domain: Domain, change: Change) -> None:
    root, wanted = domain.root, change.get("machine.type") or _DEFAULT
    if change.is_new or wanted != change.was("machine.type", _DEFAULT):
        was_q35 = domain.is_q35
        put(root, "os/type", "hvm", machine=domain.resources.platform.machines.get(wanted, wanted))
        if not change.is_new and was_q35 != domain.is_q35:
            _replug(domain)
    for key, tag in _SLEEP.items():
        if f"machine.{key}" in change.after:
            put(root, f"pm/{tag}", enabled="yes" if change.get(f"machine.{key}") == "1" else "no")
        else:
            drop(root, f"pm/{tag}")
    prune(root, "pm")


def _replug(domain: Domain) -> None:
    """Takes every device off its PCI slot and every disk off the IDE or SATA bus: the other machine has others."""
    hardware = domain.hardware
    for controller in hardware.findall("controller"):
        if controller.get("type") in ("pci", "ide", "sata"):
            remove(controller)
    for device in hardware:
        drop(device, "address[@type='pci']")
    for slot, disk in domain.devices.items():
        if disks.is_slot(slot) and slot.startswith(("ide", "sata")):
            drop(disk, "address")


def _write_firmware(domain: Domain, change: Change) -> None:
    root, uefi = domain.root, change.get("bios") == "ovmf"
    secure = uefi and change.get("efidisk0.pre-enrolled-keys") == "1"
    if not change.is_new and uefi == (change.was("bios") == "ovmf") and secure == _is_secure(change):
        return
    drop(root, "os/loader", "os/nvram", *(f"os/firmware/feature[@name='{key}']" for key in _KEYS))
    system = ensure(root, "os")
    system.attrib.pop("firmware", None)
    if uefi:
        system.set("firmware", "efi")
    if secure:
        for key in _KEYS:
            add(ensure(system, "firmware"), "feature", enabled="yes", name=key)
        # Without system management mode, the guest could write the variables itself.
        put(root, "features/smm", state="on")
    prune(system, "firmware")


def _is_secure(change: Change) -> bool:
    return change.was("bios") == "ovmf" and change.was("efidisk0.pre-enrolled-keys") == "1"


def _write_tpm(domain: Domain, change: Change) -> None:
    old = domain.root.find("devices/tpm")
    if not change.get("tpmstate0.file"):
        if old is not None:
            remove(old)
        return
    version, model = _TPM[change.get("tpmstate0.version", _DEFAULT_TPM)]
    if old is not None and _is_emulated(old, version):
        return
    tpm = old if old is not None else add(domain.hardware, "tpm")
    tpm.set("model", model)
    drop(tpm, "backend", "address")
    tpm.append(make("backend", type="emulator", version=version))


def _is_emulated(tpm: Element, version: str) -> bool:
    return attribute_at(tpm, "backend[@type='emulator']", "version") == version
