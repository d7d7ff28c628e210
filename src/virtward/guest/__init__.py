"""What a machine is: its options, its disks, the libvirt domain it becomes, its cloud-init data.

Rule: pure. Randomness, and all that only the host knows (volumes, networks, what the emulator can do), are
arguments. `domainxml` and `xml` need lxml; nothing else here does.
"""
