"""Readings as ГИС ЖКХ takes and gives them in XML: importMeteringDeviceValuesRequest of the device-metering service.

The elements and their order are those of the public schemes of the service, version 11 (hcs-device-metering-types.xsd,
hcs-metering-device-base.xsd): at most 1000 meters in a request, one house each; values with 7 decimals; zones T1–T3.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from lxml import etree

METERS_OF_A_REQUEST = 1_000
VERSION = "10.0.1.1"
_DEVICE = "http://dom.gosuslugi.ru/schema/integration/device-metering/"
_BASE = "http://dom.gosuslugi.ru/schema/integration/base/"
_METER = "http://dom.gosuslugi.ru/schema/integration/metering-device-base/"
_PREFIXES = {"dm": _DEVICE, "base": _BASE, "mdb": _METER}
_ZONES = ("MeteringValueT1", "MeteringValueT2", "MeteringValueT3")
_MOST_BYTES = 256 << 20
_KINDS = {"CurrentValue": "Текущее", "ControlValue": "Контрольное"}
_HEADERS = [
    "Идентификатор ПУ в ГИС ЖКХ",
    "Вид показания",
    "Дата снятия",
    "Показание Т1",
    "Показание Т2",
    "Показание Т3",
]


class BadXml(ValueError):
    """Not a request with readings; `code`: damaged, not_readings, too_large; `facts` may name the line as `row`."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code}: {facts}" if facts else code)
        self.code, self.facts = code, facts


@dataclass(frozen=True, kw_only=True)
class GisReading:
    """A reading of a meter of electricity. `values`: kWh as decimal texts by T1, T2, T3.

    `meter` is the meter's root GUID, or that of its version where `of_version`; `house` its house in ФИАС.
    """

    house: str
    meter: str
    taken_on: date | str
    values: tuple[str, ...]
    control: bool = False
    of_version: bool = False
    transport: str = ""


def is_xml(path: Path, *, name: str) -> bool:
    """Tell by the ending of the name and the first bytes."""
    if not name.lower().endswith(".xml"):
        return False
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read(content: bytes, /) -> list[GisReading]:
    """Read the current and control readings of electricity meters, in a SOAP envelope or without one.

    Namespaces are told apart by nothing but the local names: their prefixes and versions differ from release to
    release. Raises BadXml.
    """
    if len(content) > _MOST_BYTES:
        raise BadXml("too_large", megabytes=len(content) >> 20, most=_MOST_BYTES >> 20)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise BadXml("damaged", cause=str(error), **({"row": line} if line else {})) from error
    if root.getroottree().docinfo.doctype:
        raise BadXml("damaged", cause="a document type is not allowed here", row=1)
    found = [
        reading
        for request in _all(root, "importMeteringDeviceValuesRequest")
        for reading in _request(request)
    ]
    if not found:
        raise BadXml("not_readings")
    return found


def table(readings: Sequence[GisReading], /) -> list[list[str]]:
    """Return readings as lines of the table people fill in by hand, with its header: line n + 1 is reading n."""
    return [
        list(_HEADERS),
        *(
            [
                reading.meter,
                "Контрольное" if reading.control else "Текущее",
                str(reading.taken_on),
                *(*reading.values, "", "", "")[:3],
            ]
            for reading in readings
        ),
    ]


def write(readings: Iterable[GisReading], /) -> Iterator[bytes]:
    """Yield the requests that carry readings: one for each house and up to 1000 of its meters.

    Every value gets a transport GUID, unless it has one, by which the answer tells what came of it. Raises ValueError
    for a GUID that is none or for figures that do not fit (15 digits and 7 decimals).
    """
    ordered = sorted(readings, key=lambda one: (one.house, one.meter))
    for house, of_house in groupby(ordered, key=lambda one: one.house):
        meters = [
            list(group) for _meter, group in groupby(of_house, key=lambda one: (one.meter, one.of_version))
        ]
        for start in range(0, len(meters), METERS_OF_A_REQUEST):
            yield _written(house, meters[start : start + METERS_OF_A_REQUEST])


def _all(root: Any, name: str) -> Iterator[Any]:
    yield from root.iter(f"{{*}}{name}")


def _child(element: Any, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return "" if found is None else (found.text or "").strip()


def _request(request: Any) -> Iterator[GisReading]:
    house = _child(request, "FIASHouseGuid")
    for meter in _all(request, "MeteringDevicesValues"):
        root, version = _child(meter, "MeteringDeviceRootGUID"), _child(meter, "MeteringDeviceVersionGUID")
        for device in _all(meter, "ElectricDeviceValue"):
            for value in device:
                kind = etree.QName(value).localname if isinstance(value.tag, str) else ""
                if kind in _KINDS:
                    yield GisReading(
                        house=house,
                        meter=root or version,
                        of_version=not root,
                        taken_on=_child(value, "DateValue")[:10],
                        values=tuple(_child(value, zone) for zone in _ZONES),
                        control=kind == "ControlValue",
                        transport=_child(value, "TransportGUID"),
                    )


def _written(house: str, meters: Sequence[Sequence[GisReading]]) -> bytes:
    request = etree.Element(f"{{{_DEVICE}}}importMeteringDeviceValuesRequest", nsmap=_PREFIXES)
    request.set("Id", "signed-data-container")
    request.set(f"{{{_BASE}}}version", VERSION)
    _put(request, _DEVICE, "FIASHouseGuid", str(UUID(house)))
    for readings in meters:
        meter = etree.SubElement(request, f"{{{_DEVICE}}}MeteringDevicesValues")
        of_version = readings[0].of_version
        name = "MeteringDeviceVersionGUID" if of_version else "MeteringDeviceRootGUID"
        _put(meter, _DEVICE, name, str(UUID(readings[0].meter)))
        device = etree.SubElement(meter, f"{{{_DEVICE}}}ElectricDeviceValue")
        for reading in sorted(readings, key=lambda one: (one.control, str(one.taken_on))):
            kind = "ControlValue" if reading.control else "CurrentValue"
            value = etree.SubElement(device, f"{{{_DEVICE}}}{kind}")
            for zone, figure in zip(_ZONES, reading.values, strict=False):
                if figure:
                    _put(value, _METER, zone, _figure(figure))
            _put(value, _DEVICE, "DateValue", str(reading.taken_on))
            _put(value, _BASE, "TransportGUID", reading.transport or str(uuid4()))
    written: bytes = etree.tostring(request, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _put(parent: Any, namespace: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _figure(text: str) -> str:
    """Write 12345.678 as 12345.6780000."""
    whole, _mark, fraction = text.partition(".")
    if not (
        whole.isascii()
        and whole.isdigit()
        and len(whole) <= 15
        and len(fraction) <= 7
        and (not fraction or fraction.isdigit())
    ):
        raise ValueError(f"not a reading of at most 15 digits and 7 decimals: {text!r}")
    return f"{whole}.{fraction:0<7}"
