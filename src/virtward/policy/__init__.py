"""Who may do what: Proxmox VE's permission model, pure and without I/O."""
