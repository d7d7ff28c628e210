"""What the guest shows: the graphics card, and where its picture goes.

Rule: a machine with a card gets a VNC server that listens nowhere: whoever may see it is handed the connection.
Other servers (SPICE, a VNC port) stay as they are.
"""

from ...schema.types import String
from .. import options
from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, ensure, put, remove, set_attributes

_MODELS = {"std": "vga", "cirrus": "cirrus", "vmware": "vmvga", "qxl": "qxl", "virtio": "virtio"}
_TYPES = {model: kind for kind, model in _MODELS.items()} | {"none": "none"}
_NO_CARD = ("none", "serial")
_DEFAULT = "std"
_DEFAULT_MEMORY = "16"
_OF_MODEL = ("vram", "vram64", "ram", "vgamem", "blob", "edid")


def read(domain: Domain) -> dict[str, str]:
    """Facts about card and keyboard."""
    facts: dict[str, str] = {}
    model = domain.root.find("devices/video/model")
    kind = "none" if model is None else _TYPES.get(model.get("type", ""), _DEFAULT)
    if kind != _DEFAULT:
        facts["vga.type"] = kind
    elif model is not None and model.get("type") == "vga":
        memory = model.get("vram", "")
        megabytes = str(int(memory) // 1024) if memory.isdecimal() else _DEFAULT_MEMORY
        facts |= {} if megabytes == _DEFAULT_MEMORY else {"vga.memory": megabytes}
    layout = attribute_at(domain.root, "devices/graphics[@type='vnc']", "keymap")
    if layout is not None and layout in _layouts():
        facts["keyboard"] = layout
    return facts


def _layouts() -> tuple[str, ...]:
    param = options.param("keyboard")
    return param.choices if isinstance(param, String) else ()


def write(domain: Domain, change: Change) -> None:
    """Writes card and keyboard, as far as they change."""
    if change.touches("vga"):
        _write_card(domain, change)
    vnc = domain.root.find("devices/graphics[@type='vnc']")
    if change.touches("keyboard", "vga") and vnc is not None:
        set_attributes(vnc, {"keymap": change.get("keyboard") or None})


def _write_card(domain: Domain, change: Change) -> None:
    kind = change.get("vga.type", _DEFAULT)
    card = ensure(domain.hardware, "video")
    if kind.startswith(_NO_CARD):
        for other in domain.root.findall("devices/video")[1:]:
            remove(other)
        _set_model(card, "none")
        return
    wanted = _MODELS[kind]
    if attribute_at(card, "model", "type") != wanted:
        _set_model(card, wanted)
    if kind == _DEFAULT:
        memory = change.get("vga.memory")
        put(card, "model", vram=str(int(memory) * 1024) if memory else None)
    if domain.root.find("devices/graphics") is None:
        add(add(domain.hardware, "graphics", type="vnc"), "listen", type="none")


def _set_model(card: Element, kind: str) -> None:
    """Another card: what described the old one goes."""
    drop(card, "driver", "address", "model/acceleration", "model/resolution")
    put(card, "model", type=kind, **dict.fromkeys(_OF_MODEL), heads=None, primary=None)
