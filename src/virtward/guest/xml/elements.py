"""Elements of a domain: parsed safely, found, made, changed, removed.

Rule: a text with a document type is refused, so there are no entities; changing an element never touches the
text inside its neighbours.
"""

from typing import TypeAlias

from lxml import etree

from ...errors import Error

Element: TypeAlias = etree._Element

NAMESPACE = "https://virtward.dev/xmlns/1"
PREFIX = "virtward"


def parse(text: str) -> Element:
    """The root of a domain's XML; raises Error for anything else."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)
    except etree.XMLSyntaxError as error:
        raise Error(f"unreadable domain XML: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise Error("unreadable domain XML: a document type isn't allowed")
    if root.tag != "domain":
        raise Error("unreadable domain XML: the root isn't a domain")
    return root


def unparse(element: Element) -> str:
    """The XML of an element, without what follows it."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def own(tag: str) -> str:
    """A tag of our own namespace, as lxml writes it."""
    return f"{{{NAMESPACE}}}{tag}"


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_at(parent: Element, path: str, default: str = "") -> str:
    """The text of the element at a path."""
    found = parent.find(path)
    return default if found is None or found.text is None else found.text


def attribute_at(parent: Element, path: str, name: str) -> str | None:
    """An attribute of the element at a path."""
    found = parent.find(path)
    return None if found is None else found.get(name)


def add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    """A new element, behind the last of its kind if there is one, otherwise at the end."""
    return insert(parent, make(tag, text, **attributes))


def make(tag: str, text: str | None = None, **attributes: str) -> Element:
    """An element that is nowhere yet."""
    element = etree.Element(tag, attributes, nsmap={PREFIX: NAMESPACE} if tag.startswith("{") else None)
    element.text = text
    return element


def insert(parent: Element, element: Element) -> Element:
    """Puts an element where `add` would."""
    alike = parent.findall(element.tag) if isinstance(element.tag, str) else []
    last = alike[-1] if alike else parent[-1] if len(parent) else None
    if last is None:
        parent.append(element)
        return element
    # White space between elements belongs to the one before it.
    tail, last.tail = last.tail, last.tail if last.getnext() is not None else parent.text
    last.addnext(element)
    element.tail = tail
    return element


def ensure(parent: Element, path: str) -> Element:
    """The element at a path of plain tags, made where it is missing."""
    for tag in path.split("/"):
        found = parent.find(tag)
        parent = add(parent, tag) if found is None else found
    return parent


def put(parent: Element, path: str, text: str | None = None, **attributes: str | None) -> Element:
    """As `ensure`; then sets the text, if given, and attributes, of which those that are None are removed."""
    element = ensure(parent, path)
    if text is not None:
        element.text = text
    set_attributes(element, attributes)
    return element


def set_attributes(element: Element, attributes: dict[str, str | None]) -> None:
    """Sets attributes; those that are None are removed."""
    for name, value in attributes.items():
        if value is None:
            element.attrib.pop(name, None)
        else:
            element.set(name, value)


def remove(element: Element) -> None:
    """Takes an element out."""
    parent = element.getparent()
    if parent is None:
        return
    before, tail = element.getprevious(), element.tail
    if element.getnext() is None and before is not None:
        before.tail = tail
    parent.remove(element)


def drop(parent: Element, *paths: str) -> None:
    """Takes out every element at these paths."""
    for path in paths:
        for element in parent.findall(path):
            remove(element)


def flag(parent: Element, tag: str, present: bool) -> None:
    """Makes an empty element be there, or not."""
    if present:
        ensure(parent, tag)
    else:
        drop(parent, tag)


def prune(parent: Element, path: str) -> None:
    """Takes out the element at a path if it holds nothing any more."""
    element = parent.find(path)
    if element is not None and not len(element) and not element.attrib and not (element.text or "").strip():
        remove(element)
