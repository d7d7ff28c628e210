"""libvirt itself takes what `render` writes, and gives back what reads to the same."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from virtward.guest import domainxml
from virtward.guest.config import Config

from .configs import RESOURCES, VMID, configs
from .test_foreign import CHANGES, FILES, adopted
from .test_foreign import RESOURCES as FOREIGN

SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")
VIRSH = shutil.which("virsh")

needs_schema = pytest.mark.skipif(
    not SCHEMA.exists(), reason="libvirt's schema isn't installed (libvirt-daemon, libvirt0)"
)
needs_virsh = pytest.mark.skipif(VIRSH is None, reason="virsh isn't installed (libvirt-clients)")


@pytest.fixture(scope="module")
def schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(SCHEMA))


def valid(schema: etree.RelaxNG, xml: str) -> str:
    """What is wrong with a domain; empty if nothing is."""
    return "" if schema.validate(etree.fromstring(xml)) else f"{schema.error_log}\n{xml}"


def defined(xml: str, folder: Path) -> str:
    """The domain as libvirt's test driver gives it back once it is defined."""
    path = folder / "domain.xml"
    path.write_text(xml, encoding="utf-8")
    name = etree.fromstring(xml).findtext("name")
    commands = f"define {path}; dumpxml --inactive '{name}'"
    command = [str(VIRSH), "-q", "-c", "test:///default", commands]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"<domain.*</domain>", done.stdout, re.DOTALL)
    assert found is not None, f"{done.stderr}\n{xml}"
    return found[0]


@needs_schema
@settings(max_examples=60, deadline=None)
@given(configs)
def test_new_machines_are_valid(schema: etree.RelaxNG, config: Config) -> None:
    assert not valid(schema, domainxml.render(VMID, config, None, RESOURCES))


@needs_schema
@pytest.mark.parametrize("option", CHANGES)
@pytest.mark.parametrize("name", FILES)
def test_changed_foreign_machines_are_valid(schema: etree.RelaxNG, name: str, option: str) -> None:
    assert not valid(schema, FILES[name])
    assert not valid(schema, with_change(name, option))


def with_change(name: str, option: str) -> str:
    xml = adopted(FILES[name])
    config = domainxml.read(xml, FOREIGN)[1]
    given = {option: CHANGES[option][0]} | ({"net7": CHANGES["net7"][0]} if option == "boot" else {})
    return domainxml.render("105", {**config, **given}, xml, FOREIGN)


@needs_virsh
@settings(max_examples=25, deadline=None)
@given(configs)
def test_libvirt_gives_new_machines_back(tmp_path_factory: pytest.TempPathFactory, config: Config) -> None:
    xml = domainxml.render(VMID, config, None, RESOURCES)
    vmid, found = domainxml.read(defined(xml, tmp_path_factory.mktemp("domain")), RESOURCES)
    # Without one given, libvirt makes up a UUID.
    assert (vmid, {**found, "smbios1": ""}) == (VMID, {**config, "smbios1": ""})


@needs_virsh
@pytest.mark.parametrize("name", FILES)
def test_libvirt_takes_foreign_machines_with_any_change(name: str, tmp_path: Path) -> None:
    for option in CHANGES:
        xml = with_change(name, option)
        before = domainxml.read(xml, FOREIGN)[1]
        after = domainxml.read(defined(xml, tmp_path), FOREIGN)[1]
        assert after[option] == before[option], option
