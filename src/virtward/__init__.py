"""Virtward: the access control of Proxmox VE, for any libvirt/QEMU host and for offline questions."""

__version__ = "0.1.0"
