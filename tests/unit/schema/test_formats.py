"""Named formats: what has them, what doesn't, and upstream's words."""

import pytest

from tests.unit.schema.examples import RIGHT, WRONG
from tests.unit.schema.formats import ALL
from virtward.errors import Error
from virtward.policy.names import FORMATS as IDS
from virtward.schema.formats import FORMATS, check
from virtward.schema.sizes import size_in_bytes, size_text


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_right(name: str, text: str) -> None:
    check(name, text, ALL)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_wrong(name: str, text: str) -> None:
    with pytest.raises(Error) as caught:
        check(name, text, ALL)
    assert caught.value.message.strip()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("address", "bad host!", "value does not look like a valid address: bad host!"),
        ("pve-storage-content-list", "iso,what", "invalid content type 'what'"),
        ("pve-dir-override", "what=x", "invalid content type 'what'"),
        ("pve-dir-override", "iso=..", "invalid override 'iso=..'"),
        ("pve-vlan-id-or-range", "7-5", "VLAN range must go from lower to higher tag '7-5'"),
        ("pve-vlan-id-or-range", "1", "invalid VLAN tag '1'"),
        ("IPorCIDR", "10.0.0.1/24", "Invalid prefix 10.0.0.1/24"),
        ("what-opt", "x", "undefined format 'what-opt'"),
        (
            "storage-pair-list",
            "ok1,x!",
            "entry 'x!' contains invalid ID - storage ID 'x!' contains illegal characters\n\n",
        ),
    ],
)
def test_words(name: str, text: str, words: str) -> None:
    with pytest.raises(Error) as caught:
        check(name, text, ALL)
    assert caught.value.message == words


def test_each_format_has_examples_of_both_kinds() -> None:
    assert ALL.keys() | {"bridge-pair", "storage-pair"} == RIGHT.keys()
    assert RIGHT.keys() - WRONG.keys() == {"string"}


def test_lists_are_checked_item_by_item_and_may_be_empty() -> None:
    for text in ("", ",", "n1", "n1, n2;n3", "n1\0n2"):
        check("pve-node-list", text, ALL)
    with pytest.raises(Error):
        check("pve-node-list", "n1,-n", ALL)


def test_an_optional_format_takes_what_perl_takes_for_false() -> None:
    for text in ("", "0", "a@b"):
        check("email-opt", text, ALL)
    with pytest.raises(Error):
        check("email-opt", "00", ALL)


def test_ids_that_the_policy_defines_are_not_defined_again() -> None:
    assert ALL.keys() - FORMATS.keys() == {
        *("pve-groupid", "pve-poolid", "pve-priv", "pve-realm", "pve-roleid"),
        *("pve-storage-id", "pve-tokenid", "pve-userid", "pve-vmid"),
    }
    assert len(IDS) == 8


@pytest.mark.parametrize(
    ("text", "size", "shortest"),
    [
        ("0", 0, "0T"),
        ("1", 1, "1"),
        ("1024", 1024, "1K"),
        ("512M", 512 << 20, "512M"),
        ("1.5G", 1536 << 20, "1536M"),
        ("8GiB", 8 << 30, "8G"),
        ("2048G", 2 << 40, "2T"),
        ("1.0001K", 1024, "1K"),
    ],
)
def test_sizes(text: str, size: int, shortest: str) -> None:
    assert size_in_bytes(text) == size
    assert size_text(size) == shortest


@pytest.mark.parametrize("text", ["", "8P", "-1", "1e3", "9" * 400, "K"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(Error):
        size_in_bytes(text)
